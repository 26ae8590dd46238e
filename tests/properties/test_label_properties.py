"""Labels of any order of drivers, episodes, gaps, interruptions and ends."""

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import pytest
from takeover.command import Source
from takeover.rewards.rlif import InterventionLabeller, LabelConfig

PERIOD_S = 0.05
P, E, H, N = Source.POLICY, Source.HUMAN, Source.HOLD, Source.NONE


class Trace:
    """Runs a labeller, and keeps beside it which steps followed each other: the chains."""

    def __init__(self, events, config):
        self.labeller = InterventionLabeller(config, PERIOD_S)
        self.delay = max(1, round(config.window_s / PERIOD_S))
        self.chains, self.given, self.known, self.ends = [[]], [], [], {}
        self.sequence, self.episode = 10, 1
        for kind, value in events:
            getattr(self, kind)(value)
        self.interrupt(None)

    def step(self, source):
        self.sequence += 1
        self.given.append((self.sequence, source, self.episode))
        if self.chains[-1]:
            before, _, episode = self.chains[-1][-1]
            if (before + 1, episode) != (self.sequence, self.episode):
                self.chains.append([])
        self.chains[-1].append(self.given[-1])
        self.known += self.labeller.step(*self.given[-1])
        # All are known but the newest, and these belong to one chain.
        waiting = len(self.given) - len(self.known)
        assert waiting == min(self.delay, len(self.chains[-1]))

    def skip(self, count):
        self.sequence += count

    def interrupt(self, _):
        self.known += self.labeller.interrupt()
        self.close()

    def new_episode(self, number):
        """The end of the one before was missed, or there was none."""
        self.episode = number

    def end(self, terminated):
        """Of the last step given, if nothing was told since; a missing step is not seen yet."""
        if len(self.given) > len(self.known) and self.given[-1][2]:
            self.ends[self.given[-1][0]] = (terminated, not terminated, 3)
        self.known += self.labeller.end(terminated, not terminated, 3)
        self.close()

    def close(self):
        assert len(self.known) == len(self.given)
        self.chains.append([])

    def edges(self):
        """Return the steps of the policy right before a take-over, as (chain, place in it)."""
        return [
            (chain, place)
            for chain in self.chains
            for place in range(len(chain) - 1)
            if (chain[place][1], chain[place + 1][1]) == (P, E) and chain[place][2]
        ]


def blamed(trace):
    """Return the reward of every blamed sequence: each edge shares -1 back over the window."""
    rewards = {}
    for chain, place in trace.edges():
        first = place
        while first and chain[first - 1][1] is P and place - first + 1 < trace.delay:
            first -= 1
        for row in chain[first : place + 1]:
            rewards[row[0]] = -1.0 / (place - first + 1)
    return rewards


sources = st.sampled_from([P, P, P, E, E, H, N])
events = st.lists(
    st.one_of(
        st.tuples(st.just('step'), sources),
        st.tuples(st.just('step'), sources),
        st.tuples(st.just('step'), sources),
        st.tuples(st.just('skip'), st.integers(1, 3)),
        st.tuples(st.just('interrupt'), st.none()),
        st.tuples(st.just('new_episode'), st.integers(0, 3)),
        st.tuples(st.just('end'), st.booleans()),
    ),
    max_size=60,
)
# So many examples, however slow the machine.
effort = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@effort
@given(events, st.integers(0, 6))
def test_every_take_over_costs_one_and_nothing_else_costs(trace_events, window):
    trace = Trace(trace_events, LabelConfig(window_s=window * PERIOD_S))
    assert [(known.sequence, known.source, known.episode) for known in trace.known] == trace.given
    edges = trace.edges()
    rewards = {known.sequence: known.reward for known in trace.known if known.reward}
    assert rewards == blamed(trace)
    assert sum(rewards.values()) == pytest.approx(-len(edges))
    assert {known.sequence for known in trace.known if known.onset} == {
        chain[place][0] for chain, place in edges
    }
    for known in trace.known:
        assert known.reward == 0.0 or (known.source is P and known.episode and known.stored)
        assert known.stored == (known.source in (P, E) and known.episode > 0)


@effort
@given(events, st.integers(0, 6), st.sampled_from(['onset', 'reference', 'every_step']))
def test_ends_are_told_by_the_last_step_and_by_no_other(trace_events, window, penalise):
    window_s = window * PERIOD_S if penalise == 'onset' else 0.0
    trace = Trace(trace_events, LabelConfig(penalise, window_s))
    assert [(known.sequence, known.source, known.episode) for known in trace.known] == trace.given
    for known in trace.known:
        end = (known.terminated, known.truncated, known.outcome)
        assert end == trace.ends.get(known.sequence, (False, False, 0))


@effort
@given(events)
def test_blaming_every_step_of_a_person_blames_no_other(trace_events):
    trace = Trace(trace_events, LabelConfig('every_step'))
    for known in trace.known:
        assert known.reward == (-1.0 if known.source is E and known.episode else 0.0)
        assert known.onset == any(known.sequence == chain[at][0] for chain, at in trace.edges())


@effort
@given(events, st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_the_outcome_comes_on_top_of_the_labels(trace_events, success, failure):
    """Here every end is a failure."""
    plain = Trace(trace_events, LabelConfig())
    trace = Trace(trace_events, LabelConfig(success_reward=success, failure_reward=failure))
    for known, other in zip(trace.known, plain.known, strict=True):
        added = failure if known.terminated and known.source is P else 0.0
        assert known.reward == other.reward + added


@effort
@given(st.lists(st.lists(st.sampled_from([P, E]), min_size=1, max_size=30), max_size=4))
def test_the_released_rule_keeps_what_its_loop_inserts(episodes):
    """Whole episodes, walked through as that loop does: it inserts the step before, or not."""
    labeller = InterventionLabeller(LabelConfig('reference'), PERIOD_S)
    known, inserted, sequence = [], {}, 0
    for number, drivers in enumerate(episodes, 1):
        for place, source in enumerate(drivers):
            sequence += 1
            known += labeller.step(sequence, source, number)
            if place and source is E and drivers[place - 1] is P:
                inserted[sequence - 1] = -1.0
            elif place and source is P:
                inserted[sequence - 1] = 0.0
        known += labeller.end(False, True, 4)
    assert len(known) == sequence
    assert {label.sequence: label.reward for label in known if label.stored} == inserted
    assert all(label.reward == 0.0 for label in known if not label.stored)
