"""Which version drives, whether it is clean, and which one to trust."""

from dataclasses import replace

import pytest
from takeover.command import Source
from takeover.training.driven_versions import DrivenVersions
from tests.takeover_logs import demonstration, episode, undo

OLD, NEW = 'a' * 12, 'b' * 12


def after(*parts) -> DrivenVersions:
    driven = DrivenVersions(0.05)
    for part in parts:
        for event in part if isinstance(part, list) else [part]:
            driven.take(event)
    return driven


def clean_episode(number, version=OLD, **changes):
    return episode(number, version, taken_over_at=None, **changes)


def test_nobody_has_driven_yet():
    driven = after()
    assert (driven.driving, driven.clean) == ('', '')
    assert driven.best({OLD}) is None


def test_a_version_is_clean_from_its_first_step_until_it_is_corrected():
    steps = episode(1)
    assert after(steps[:1]).clean == OLD
    assert after(steps[:7]).clean == OLD
    assert after(steps[:8]).clean == '', 'the step before the take-over has the label'
    assert after(steps, clean_episode(2)).clean == '', 'it stays corrected'


@pytest.mark.parametrize(('outcome', 'clean'), [(1, OLD), (2, ''), (4, '')])
def test_an_episode_that_does_not_end_at_the_goal_is_a_failure(outcome, clean):
    assert after(clean_episode(1, outcome=outcome)).clean == clean


def test_a_truncated_episode_is_a_failure():
    *steps, last = clean_episode(1)
    assert after(steps, replace(last, terminated=False, truncated=True, outcome=4)).clean == ''


def test_a_person_who_drives_a_whole_episode_says_nothing_of_the_policy():
    person = [
        replace(step, onset=False, source=Source.HUMAN, outcome=2 if step.terminated else 0)
        for step in demonstration(2)
    ]
    assert after(clean_episode(1), person).clean == OLD
    assert after(person).driving == ''


def test_another_version_begins_clean_and_so_does_one_that_comes_back():
    assert after(episode(1, OLD), clean_episode(2, NEW)).clean == NEW
    assert after(episode(1, OLD), clean_episode(2, NEW), clean_episode(3, OLD)).clean == OLD


def test_steps_of_no_episode_count_for_nothing():
    idle = [replace(step, episode=0) for step in episode(1)]
    driven = after(idle)
    assert driven.driving == '' and not driven.evidence.versions


def test_the_one_to_trust_is_among_those_that_are_there():
    driven = after(clean_episode(1, OLD, length=60), episode(2, NEW), clean_episode(3, 'c' * 12))
    assert driven.best({OLD, NEW}).version == OLD
    assert driven.best({NEW}).version == NEW
    assert driven.best({'d' * 12}) is None


def test_an_episode_taken_back_counts_for_nothing():
    first, second = episode(1), episode(2, outcome=2)
    without, taken_back = after(first), after(first, second, undo(second))
    assert vars(taken_back.evidence.of(OLD)) == pytest.approx(vars(without.evidence.of(OLD)))
    nothing = after(second, undo(second))
    assert nothing.evidence.of(OLD).driven_s == 0.0 and nothing.best({OLD}) is None


def test_an_episode_is_taken_back_while_the_next_one_has_begun():
    first, second = episode(1), episode(2)
    found, wanted = after(first, second[:5], undo(first)), after(second[:5])
    assert vars(found.evidence.of(OLD)) == pytest.approx(vars(wanted.evidence.of(OLD)))
