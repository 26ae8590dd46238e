"""Which steps become transitions: what may follow what, and what starts nothing."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.step import Step
from takeover.data.transition import ReplayError

PERIOD_S, PERIOD_NS = 0.05, 50_000_000
DRIVERS = {'P': Source.POLICY, 'E': Source.HUMAN, 'H': Source.HOLD, 'N': Source.NONE}
PERSON, POLICY = 0.7, -0.2


def steps(who, episode=1, first=1, **last):
    """Return a step for each letter; `last` are fields of the last one.

    The number of a step is its observation and stamps it; what was commanded is what the driver
    asked for.
    """
    made = [
        Step(
            sequence=number,
            stamp_ns=number * PERIOD_NS,
            episode=episode,
            source=DRIVERS[letter],
            observation=np.full(2, number, np.float32),
            policy_action=np.array([POLICY]),
            commanded=np.array([{'P': POLICY, 'E': PERSON}.get(letter, 0.0)]),
            executed=np.zeros(1),
            reward=-0.5 * number,
        )
        for number, letter in enumerate(who, first)
    ]
    return [*made[:-1], replace(made[-1], **last)]


def told(transitions):
    """Return (start, next observation, terminated, truncated) of each."""
    return [
        (
            transition.step.sequence,
            int(transition.next_observation[0]),
            transition.terminated,
            transition.truncated,
        )
        for transition in transitions
    ]


def assemble(*parts):
    assembler = TransitionAssembler(PERIOD_S)
    return told(assembler.assemble([step for part in parts for step in part]))


def plain(*starts):
    """Return the transitions from these steps to the next ones, as `told` does."""
    return [(start, start + 1, False, False) for start in starts]


def test_steps_that_follow_each_other_become_transitions():
    """As soon as the second is there."""
    assembler = TransitionAssembler(PERIOD_S)
    assert [told(assembler.push(step)) for step in steps('PPEP')] == [
        [],
        plain(1),
        plain(2),
        plain(3),
    ]
    assert assembler.gaps == 0


def test_a_transition_holds_the_step_it_starts_with():
    """What was commanded there is the action of whoever drove, and its reward."""
    policy, person, after = steps('PEP')
    first, second = TransitionAssembler(PERIOD_S).assemble([policy, person, after])
    assert first.step is policy and second.step is person
    assert first.next_observation is person.observation
    assert second.next_observation is after.observation
    assert first.step.commanded.tolist() == [POLICY] and not first.step.intervened
    assert second.step.commanded.tolist() == [PERSON] and second.step.intervened
    assert second.step.policy_action.tolist() == [POLICY]


def test_a_terminated_step_closes_with_its_own_observation():
    assert assemble(steps('PPP', terminated=True)) == [*plain(1, 2), (3, 3, True, False)]


def test_a_terminated_step_of_a_person_closes_too():
    assert assemble(steps('PE', terminated=True)) == [*plain(1), (2, 2, True, False)]


def test_a_terminated_step_after_a_gap_closes_alone():
    assert assemble(steps('P', terminated=True)) == [(1, 1, True, False)]
    assert assemble(steps('P'), steps('P', first=3, terminated=True)) == [(3, 3, True, False)]


def test_a_truncated_step_moves_its_end_to_the_transition_before():
    """Its own future is not known."""
    assert assemble(steps('PPP', truncated=True)) == [*plain(1), (2, 3, False, True)]
    assert assemble(steps('P', truncated=True)) == []


def test_a_truncated_step_that_is_not_stored_still_cuts_off():
    """The released rule stores no last step; the time limit is one all the same."""
    end = {'truncated': True, 'stored': False}
    assert assemble(steps('PPP', **end)) == [*plain(1), (2, 3, False, True)]


def test_a_terminated_step_that_is_not_stored_does_not_terminate_the_one_before():
    end = {'terminated': True, 'stored': False}
    assert assemble(steps('PPP', **end)) == plain(1, 2)


def test_an_end_that_is_both_is_a_true_end():
    end = {'terminated': True, 'truncated': True}
    assert assemble(steps('PPP', **end)) == [*plain(1, 2), (3, 3, True, False)]


@pytest.mark.parametrize('end', [{'terminated': True}, {'truncated': True}, {}])
def test_no_transition_leads_into_another_episode(end):
    """Also where the end was missed."""
    first, second = steps('PP', **end), steps('PP', episode=2, first=3)
    starts = [start for start, *_ in assemble(first, second)]
    assert starts == ([1, 2, 3] if end.get('terminated') else [1, 3])
    assert assemble(first, second)[-1] == (3, 4, False, False)


@pytest.mark.parametrize('end', [{'terminated': True}, {'truncated': True}])
def test_no_transition_leads_on_from_an_end_of_the_same_episode(end):
    """A second end of one episode, or one that goes on after it, joins nothing."""
    transitions = assemble(steps('PP', **end), steps('PP', first=3))
    assert (2, 3, False, False) not in transitions and transitions[-1] == plain(3)[0]


def test_a_missing_step_is_not_bridged():
    assembler = TransitionAssembler(PERIOD_S)
    stream = [*steps('PPP'), *steps('PPP', first=5)]
    assert told(assembler.assemble(stream)) == plain(1, 2, 5, 6)
    assert assembler.gaps == 1


def test_a_missing_number_is_a_gap_even_where_the_stamps_fit():
    assembler = TransitionAssembler(PERIOD_S)
    first, second = steps('PP')
    assert told(assembler.assemble([first, replace(second, sequence=3)])) == []
    assert assembler.gaps == 1


@pytest.mark.parametrize(
    ('delay', 'follows'),
    [(1.0, True), (0.1, True), (1.49, True), (1.51, False), (0.0, False), (-1.0, False)],
)
def test_only_a_step_within_a_period_and_a_half_follows(delay, follows):
    """A stamp that stands still or goes back is a gap as well."""
    assembler = TransitionAssembler(PERIOD_S)
    first, second = steps('PP')
    late = replace(second, stamp_ns=first.stamp_ns + round(delay * PERIOD_NS))
    assert told(assembler.assemble([first, late])) == (plain(1) if follows else [])
    assert assembler.gaps == (not follows)


def test_a_change_of_episode_is_no_gap():
    assembler = TransitionAssembler(PERIOD_S)
    list(assembler.assemble([*steps('PP'), *steps('PP', episode=2, first=8)]))
    assert assembler.gaps == 0


@pytest.mark.parametrize('nobody', ['H', 'N'])
def test_a_step_that_nobody_drove_starts_nothing(nobody):
    """It is what the step before it led to."""
    assert assemble(steps(f'PP{nobody}{nobody}PP')) == plain(1, 2, 5)
    assert assemble(steps(f'P{nobody}', terminated=True)) == plain(1)


def test_a_step_that_is_not_stored_starts_nothing():
    first, second, third = steps('PPP')
    assert assemble([first, replace(second, stored=False), third]) == plain(1)


def test_a_step_of_no_episode_starts_nothing():
    assert assemble(steps('PPP', episode=0, terminated=True)) == []
    assert assemble(steps('PP', episode=0), steps('PP', first=3)) == plain(3)


@pytest.mark.parametrize('sequence', [1, 2])
def test_a_step_out_of_order_is_refused_and_changes_nothing(sequence):
    assembler = TransitionAssembler(PERIOD_S)
    first, second, third = steps('PPP')
    list(assembler.assemble([first, second]))
    with pytest.raises(ReplayError, match=f'step {sequence} came after step 2'):
        assembler.push(replace(third, sequence=sequence))
    assert told(assembler.push(third)) == plain(2) and assembler.gaps == 0


@pytest.mark.parametrize('period_s', [0.0, -1.0, np.nan, np.inf])
def test_a_period_that_is_none_is_refused(period_s):
    with pytest.raises(ReplayError, match='period_s must be positive and finite'):
        TransitionAssembler(period_s)
