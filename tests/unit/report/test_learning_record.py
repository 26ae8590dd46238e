from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.command import Source
from takeover.report.learning_record import (
    LearningEpisode,
    LearningSession,
    mean_of_last,
    MOST_BARS,
    parts,
    stretches,
    version_spans,
)


def session(*lengths, onsets=(), versions=None):
    """Return a session of episodes of so many steps; `onsets` are steps of the whole."""
    episodes, begin = [], 0
    for number, length in enumerate(lengths, 1):
        steps = np.arange(begin, begin + length)
        episodes.append(
            LearningEpisode(
                number,
                'goal',
                0.05 * np.arange(length),
                np.where(steps % 4 == 0, int(Source.HUMAN), int(Source.POLICY)),
                np.zeros(length),
                np.isin(steps, onsets),
                versions[number - 1] if versions else ('a',) * length,
            )
        )
        begin += length
    return LearningSession(Path(), period_s=0.05, episodes=episodes)


def test_each_minute_has_its_own_take_overs():
    found = stretches(session(1000, 2600, onsets=(0, 1199, 1200, 2400, 2401, 2402)))
    assert [each.takeovers for each in found] == [2, 1, 3]
    assert [each.takeovers_per_minute for each in found] == pytest.approx([2.0, 1.0, 3.0])
    assert [each.person_share for each in found] == pytest.approx([0.25] * 3)


def test_a_short_rest_joins_the_last_minute_and_counts_by_its_time():
    found = stretches(session(1300, onsets=(1250,)))
    assert [(each.start_s, each.end_s) for each in found] == [(0.0, 65.0)]
    assert found[0].takeovers_per_minute == pytest.approx(60.0 / 65.0)


def test_a_long_rest_has_a_bar_of_its_own():
    found = stretches(session(1800, onsets=(1799,)))
    assert [each.end_s for each in found] == pytest.approx([60.0, 90.0])
    assert found[1].takeovers_per_minute == pytest.approx(2.0)


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=4), st.integers(1, 5))
def test_stretches_cover_the_driven_time_and_every_take_over(lengths, every):
    whole = session(*lengths, onsets=range(0, sum(lengths), every))
    found = stretches(whole)
    assert found[0].start_s == 0.0 and found[-1].end_s == pytest.approx(whole.driven_s)
    assert all(a.end_s == b.start_s for a, b in zip(found, found[1:]))
    assert sum(each.takeovers for each in found) == whole.takeovers
    assert len(found) <= MOST_BARS + 1


def test_nothing_driven_has_no_stretches():
    assert stretches(session()) == [] and parts(session(), 3) == []
    assert version_spans(session()) == []


def test_parts_are_equally_long():
    found = parts(session(90, onsets=(0, 1, 89)), 3)
    assert [each.takeovers for each in found] == [2, 0, 1]
    assert [each.end_s for each in found] == pytest.approx([1.5, 3.0, 4.5])


def test_a_version_goes_on_over_episodes():
    versions = (('a', 'a', 'b'), ('b', 'c'))
    spans = version_spans(session(3, 2, versions=versions))
    assert [version for _, _, version in spans] == ['a', 'b', 'c']
    assert [end for _, end, _ in spans] == pytest.approx([0.1, 0.2, 0.25])


def test_the_mean_of_the_last_ones_looks_back_only():
    assert mean_of_last(np.array([1.0, 0.0, 0.0, 4.0]), 2).tolist() == [1.0, 0.5, 0.0, 2.0]
