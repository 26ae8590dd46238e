"""Labels of any order of steps, ends, buttons, gaps and reports."""

from hypothesis import given, settings
from hypothesis import strategies as st
from takeover.command import Source
from takeover.intervention.episode_tracker import DecidedStep, EpisodeTracker
from takeover.intervention.human_command import Press
from takeover.rewards.rlif import InterventionLabeller, LabelConfig

PERIOD_S, PERIOD_NS = 0.05, 50_000_000

drivers = st.sampled_from([Source.POLICY, Source.POLICY, Source.HUMAN, Source.HOLD])
# Periods until the next step, with the jitter of messages; over 1.5 it does not follow.
gaps = st.one_of(st.floats(0.6, 1.4), st.just(1.0), st.floats(1.6, 8.0))
events = st.one_of(
    st.tuples(st.just('step'), drivers, gaps),
    st.tuples(st.just('step'), drivers, st.just(1.0)),
    st.tuples(st.just('skip')),
    st.tuples(st.just('report'), st.integers(1, 4), st.integers(0, 5)),
    st.tuples(st.just('press'), st.sampled_from([Press.SUCCESS, Press.FAILURE, Press.ABORT])),
    st.tuples(st.just('stop')),
)


def run(episodes, trace):
    """Return the steps given, what came back, the last steps of episodes, and those that were
    parted from the next by a report of another episode or a stop.
    """
    tracker = EpisodeTracker(episodes, InterventionLabeller(LabelConfig(), PERIOD_S), PERIOD_S)
    now_ns, sequence, number = 10**15, 7, 0
    given_steps, known, ends, parted = [], [], [], []
    for kind, *event in trace:
        before = tracker.episode
        if kind == 'step':
            sequence, now_ns = sequence + 1, now_ns + round(event[1] * PERIOD_NS)
            step = DecidedStep(sequence, event[0], (), now_ns, now_ns, now_ns)
            given_steps.append(step)
            known += tracker.step(step)
        elif kind == 'skip':
            sequence += 1
        elif kind == 'report':
            if number != event[0] and given_steps:
                parted.append(given_steps[-1].sequence)
            number, outcome = event
            known += tracker.report(number, outcome in (1, 2, 3), outcome > 3, outcome, now_ns)
        elif kind == 'press':
            known += tracker.press(event[0], now_ns)
        else:
            parted += [given_steps[-1].sequence] if given_steps else []
            known += tracker.stop()
        if before and not tracker.episode and given_steps:
            ends.append(given_steps[-1].sequence)
    return given_steps, known + tracker.stop(), ends, parted


@settings(max_examples=300, deadline=None)
@given(episodes=st.sampled_from(['topic', 'operator']), trace=st.lists(events, max_size=60))
def test_labels(episodes, trace):
    """Each step once and in order; -1 on the policy's last step before a take-over, else 0."""
    steps, known, ends, parted = run(episodes, trace)
    assert [labelled.step for labelled in known] == steps
    labels = [labelled.label for labelled in known]
    followers = [*zip(known[1:], known), (None, known[-1])] if known else []
    for follower, labelled in followers:
        step, label = labelled.step, labelled.label
        assert label.source is step.source
        taken_over = (
            follower is not None
            and (step.source, follower.step.source) == (Source.POLICY, Source.HUMAN)
            and follower.step.sequence == step.sequence + 1
            and follower.step.policy_ns - step.policy_ns <= 1.5 * PERIOD_NS
            and label.episode == follower.label.episode != 0
            and step.sequence not in ends + (parted if episodes == 'topic' else [])
        )
        assert label.onset == taken_over and label.reward == -float(taken_over)
        if label.terminated or label.truncated:
            assert step.sequence in ends and label.episode
    numbers = [label.episode for label in labels if label.episode]
    if episodes == 'operator':
        assert numbers == sorted(numbers)
