"""Transitions of any stream of steps: nothing bridged, nothing lost, however it is cut."""

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.step import Step
from takeover.rewards.rlif import InterventionLabeller, LabelConfig

PERIOD_S, PERIOD_NS = 0.05, 50_000_000


def step(sequence, stamp_ns, episode, source, stored, end):
    """Return a step whose observation and commands tell its sequence."""
    return Step(
        sequence=sequence,
        stamp_ns=stamp_ns,
        episode=episode,
        source=source,
        observation=np.array([sequence], np.float32),
        policy_action=np.array([-float(sequence)]),
        commanded=np.array([float(sequence)]),
        executed=np.zeros(1),
        reward=-1.0 / sequence,
        stored=stored,
        terminated=end in ('terminated', 'both'),
        truncated=end in ('truncated', 'both'),
    )


@st.composite
def streams(draw):
    """Return steps in order of sequence, with everything that may part two of them."""
    parts = draw(
        st.lists(
            st.tuples(
                st.sampled_from([1] * 9 + [2, 4]),  # sequences
                st.sampled_from([1.0] * 6 + [0.6, 1.4, 1.6, 5.0, -1.0, 0.0]),  # periods
                st.sampled_from([0] * 12 + [1, None]),  # to the next episode, or to none
                st.sampled_from(list(Source) + 3 * [Source.POLICY, Source.HUMAN]),
                st.sampled_from([True] * 6 + [False]),
                st.sampled_from([''] * 9 + ['terminated', 'truncated', 'both']),
            ),
            max_size=40,
        )
    )
    sequence, stamp_ns, number, made = 5, 10**12, 1, []
    for skipped, periods, moved, source, stored, end in parts:
        sequence += skipped
        stamp_ns += round(periods * PERIOD_NS)
        number += moved or 0
        episode = 0 if moved is None else number
        made.append(step(sequence, stamp_ns, episode, source, stored, end))
    return made


def told(transitions):
    return [
        (
            transition.step.sequence,
            transition.next_observation.tolist(),
            transition.terminated,
            transition.truncated,
        )
        for transition in transitions
    ]


def may_start(one):
    return one.stored and one.episode > 0 and one.source in (Source.POLICY, Source.HUMAN)


def may_follow(one, other):
    late_ns = other.stamp_ns - one.stamp_ns
    return (
        one.episode == other.episode
        and one.sequence + 1 == other.sequence
        and 0 < late_ns <= 1.5 * PERIOD_NS
        and not (one.terminated or one.truncated)
    )


def expected(steps):
    """Return what each step starts, looked up one by one in the whole stream."""
    by_sequence = {one.sequence: one for one in steps}
    found = []
    for one in filter(may_start, steps):
        after = by_sequence.get(one.sequence + 1)
        if one.terminated:
            found.append((one.sequence, [one.sequence], True, False))
        elif after is not None and may_follow(one, after):
            cut_off = after.truncated and not after.terminated
            found.append((one.sequence, [after.sequence], False, cut_off))
    return found


# So many examples, however slow the machine.
effort = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@effort
@given(streams())
def test_exactly_what_really_followed_becomes_a_transition(steps):
    transitions = list(TransitionAssembler(PERIOD_S).assemble(steps))
    assert told(transitions) == expected(steps)
    for transition in transitions:
        assert any(transition.step is one for one in steps)
        assert transition.step.commanded.tolist() == [transition.step.sequence]


@effort
@given(streams(), st.lists(st.integers(0, 40), max_size=5))
def test_pieces_give_the_same_transitions_as_the_whole(steps, cuts):
    """Wherever a log is cut, and however little of it is there at a time."""
    assembler, found = TransitionAssembler(PERIOD_S), []
    bounds = [0, *sorted(cuts), len(steps)]
    for first, last in zip(bounds, bounds[1:]):
        found += assembler.assemble(steps[first:last])
    whole = TransitionAssembler(PERIOD_S)
    assert told(found) == told(whole.assemble(steps)) and assembler.gaps == whole.gaps


@effort
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([Source.POLICY, Source.HUMAN]), min_size=1, max_size=20),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.sampled_from(['onset', 'reference']),
)
def test_every_label_reaches_the_learner(episodes, penalise):
    """Of whole episodes: each take-over is one transition of -1 whose action is the policy's."""
    labeller = InterventionLabeller(LabelConfig(penalise), PERIOD_S)
    assembler = TransitionAssembler(PERIOD_S)
    labels, take_overs, sequence = [], 0, 0
    for number, (drivers, terminated) in enumerate(episodes, 1):
        for source in drivers:
            sequence += 1
            labels += labeller.step(sequence, source, number)
        labels += labeller.end(terminated, not terminated, 2 if terminated else 4)
        pairs = zip(drivers, drivers[1:])
        take_overs += sum(pair == (Source.POLICY, Source.HUMAN) for pair in pairs)
    steps = [
        Step(
            sequence=label.sequence,
            stamp_ns=label.sequence * PERIOD_NS,
            episode=label.episode,
            source=label.source,
            observation=np.zeros(1, np.float32),
            policy_action=np.zeros(1),
            commanded=np.zeros(1),
            executed=np.zeros(1),
            reward=label.reward,
            stored=label.stored,
            terminated=label.terminated,
            truncated=label.truncated,
        )
        for label in labels
    ]
    transitions = list(assembler.assemble(steps))
    blamed = [transition.step for transition in transitions if transition.step.reward]
    assert [one.reward for one in blamed] == [-1.0] * take_overs
    assert all(one.source is Source.POLICY for one in blamed)
    assert assembler.gaps == 0
    if penalise == 'onset':
        lost = sum(not terminated for _, terminated in episodes)
        assert len(transitions) == sequence - lost
