"""Properties of the replay buffer: against a model that keeps everything and numbers its slots."""

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec

STREAMS = 3
SPECS = {'pixels': ArraySpec((2, 1), 'uint8'), 'state': ArraySpec((), 'float32')}
# Enough rows that every one of at most a dozen transitions is drawn, but for 1 in e^80.
ROWS = 1_000


class Model:
    """Every slot ever handed out, in order; those among the last `capacity` are there."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.slots = []
        self.steps = {}
        self.open = [None] * STREAMS

    def present(self, slot):
        return slot >= len(self.slots) - self.capacity

    def add(self, before, outcome, after, ended, stream):
        start = self.open[stream]
        # The successor takes the oldest slot: a start that is there only until then is no start.
        after_next = len(self.slots) + 1 - self.capacity
        if start is None or start < after_next or self.slots[start] != before:
            start = len(self.slots)
            self.slots.append(before)
        self.steps[start] = (before, *outcome, after)
        self.open[stream] = None if ended else len(self.slots)
        self.slots.append(after)

    def sampleable(self):
        return [step for start, step in self.steps.items() if self.present(start)]


class Driver:
    """Drives a buffer and the model alike; an observation is a number, here from 0 to 3."""

    def __init__(self, capacity):
        self.buffer = ReplayBuffer(capacity, SPECS, 1, STREAMS)
        self.model = Model(capacity)
        self.last = [0] * STREAMS
        self.count = 0

    def do(self, kind, stream, seen):
        """Apply one event; `seen` is what comes next, or what comes out of nowhere."""
        if kind == 'break':
            self.buffer.break_stream(stream)
            self.model.open[stream] = None
            return
        before = seen if kind == 'jump' else self.last[stream]
        terminated, truncated = kind in ('terminated', 'both'), kind in ('truncated', 'both')
        self.count += 1
        action, reward = (self.count % 64) / 64, float(self.count)
        self.buffer.add(
            arrays(before),
            np.array([action], np.float32),
            reward,
            terminated,
            truncated,
            arrays(seen),
            stream,
        )
        outcome = (action, reward, 1.0 - terminated)
        self.model.add(before, outcome, seen, terminated or truncated, stream)
        self.last[stream] = seen

    def check(self, rng):
        """Exactly the model's transitions can be sampled, each as it was added."""
        expected = self.model.sampleable()
        assert len(self.buffer) == len(expected) and self.buffer.inserted == self.count
        if expected:
            assert set(rows(self.buffer.sample(ROWS, rng))) == set(expected)


def arrays(value):
    return {
        'pixels': np.full((2, 1), value, np.uint8),
        'state': np.array(-0.5 * value, np.float32),
    }


def rows(batch):
    """Return the rows as the model knows them; the arrays of one observation must agree."""
    values = []
    for observation in (batch.observation, batch.next_observation):
        assert np.array_equal(observation['pixels'][:, 0], observation['pixels'][:, 1])
        assert np.array_equal(-0.5 * observation['pixels'][:, 0, 0], observation['state'])
        values.append(observation['pixels'][:, 0, 0].tolist())
    columns = (batch.action[:, 0], batch.reward, batch.mask)
    return list(zip(values[0], *(column.tolist() for column in columns), values[1]))


def effort(examples):
    """Run so many examples, however slow the machine."""
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


kinds = st.sampled_from(['step'] * 6 + ['terminated', 'truncated', 'both', 'break', 'jump'])
events = st.lists(st.tuples(kinds, st.integers(0, STREAMS - 1), st.integers(0, 3)), max_size=50)
capacities = st.integers(2, 12)


@effort(150)
@given(capacities, events)
def test_exactly_the_true_transitions_of_the_newest_slots_are_sampled(capacity, sequence):
    """At every moment, whatever the order of streams, ends, gaps and lookalikes."""
    driver = Driver(capacity)
    for index, event in enumerate(sequence):
        driver.do(*event)
        driver.check(np.random.default_rng(index))


@effort(100)
@given(capacities, st.lists(st.integers(1, 4), min_size=STREAMS, max_size=STREAMS))
def test_streams_of_different_speed_do_not_mix(capacity, periods):
    """Each steps at its own period; the slow ones may lose their open slot to the fast ones."""
    driver = Driver(capacity)
    for tick in range(24):
        for stream, period in enumerate(periods):
            if tick % period == 0:
                driver.do('step', stream, tick % 4)
        driver.check(np.random.default_rng(tick))


@effort(100)
@given(capacities, events, events, st.booleans())
def test_a_restored_buffer_behaves_identically(capacity, before, after, used):
    """The same additions and draws give the same batches bit for bit, and the same state."""
    driver, other = Driver(capacity), Driver(capacity)
    for event in before:
        driver.do(*event)
    if used:
        for event in after:
            other.do(*event)
    original, restored = driver.buffer, other.buffer
    restored.load_state_dict(original.state_dict())
    twin = Driver(capacity)
    twin.buffer, twin.last, twin.count = restored, list(driver.last), driver.count
    rngs = [np.random.default_rng(7) for _ in range(2)]
    for event in [('step', 0, 1), *after]:
        driver.do(*event)
        twin.do(*event)
        batches = [b.sample(8, rng) for b, rng in zip((original, restored), rngs)]
        assert rows(batches[0]) == rows(batches[1])
    states = original.state_dict(), restored.state_dict()
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        assert np.asarray(value).tobytes() == np.asarray(states[1][name]).tobytes()
