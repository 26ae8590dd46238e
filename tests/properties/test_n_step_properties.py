"""Returns of several steps against a plain walk over what was added."""

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, VECTOR

STREAMS = 2
SPEC = {VECTOR: ArraySpec((), 'float32')}
# Enough rows that every one of at most 15 transitions is drawn, but for 1 in e^60.
ROWS = 1_000


class Walk:
    """A buffer, every transition added to it, and which one went on from which."""

    def __init__(self, capacity):
        self.buffer = ReplayBuffer(capacity, SPEC, 1, STREAMS)
        self.added, self.after = [], {}
        self.newest = [None] * STREAMS
        self.places = list(range(STREAMS))
        self.unused = STREAMS

    def do(self, kind, stream, reward):
        if kind == 'break':
            self.buffer.break_stream(stream)
            self.newest[stream] = None
        elif kind == 'jump':
            self.places[stream] = self.fresh()
            self.newest[stream] = None
        else:
            self.step(kind, stream, reward)

    def step(self, kind, stream, reward):
        terminated, truncated = kind in ('terminated', 'both'), kind in ('truncated', 'both')
        index, before, after = len(self.added), self.places[stream], self.fresh()
        self.buffer.add(
            {VECTOR: np.array(before, np.float32)},
            np.array([index / 256], np.float32),
            reward,
            terminated,
            truncated,
            {VECTOR: np.array(after, np.float32)},
            stream,
        )
        self.added.append((float(reward), terminated, after))
        if self.newest[stream] is not None:
            self.after[self.newest[stream]] = index
        self.newest[stream] = None if terminated or truncated else index
        # The next episode begins where this one ended: it looks alike, and is another one.
        self.places[stream] = after

    def fresh(self):
        self.unused += 1
        return self.unused

    def expected(self, index, steps, discount, present):
        """Return reward, mask and next observation of the return from one transition on."""
        total, factor = 0.0, 1.0
        for left in reversed(range(steps)):
            reward, terminated, after = self.added[index]
            total += factor * reward
            index = self.after.get(index)
            if not left or index not in present:
                return total, factor * (not terminated), after
            factor *= discount

    def check(self, steps, discount, seed):
        if not len(self.buffer):
            return
        present = set(indices(self.buffer.sample(ROWS, np.random.default_rng(seed))))
        assert len(present) == len(self.buffer)
        batch = self.buffer.sample(ROWS, np.random.default_rng(seed), steps, discount)
        columns = (batch.reward, batch.mask, batch.next_observation[VECTOR])
        rows = list(zip(indices(batch), *(column.tolist() for column in columns)))
        assert {row[0] for row in rows} == present
        for index, *row in set(rows):
            # Exact: rewards are small integers, discounts powers of two.
            assert tuple(row) == self.expected(index, steps, discount, present)


def indices(batch):
    return (256 * batch.action[:, 0]).astype(int).tolist()


kinds = st.sampled_from(['step'] * 10 + ['terminated', 'truncated', 'both', 'break', 'jump'])
events = st.lists(st.tuples(kinds, st.integers(0, STREAMS - 1), st.integers(-3, 3)), max_size=60)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    capacity=st.integers(2, 16),
    trace=events,
    steps=st.integers(1, 6),
    discount=st.sampled_from([1.0, 0.5, 0.25, 0.0]),
)
def test_a_return_is_what_a_walk_over_the_transitions_sums(capacity, trace, steps, discount):
    """With ends, gaps announced or not, lookalikes, two streams, and a ring that goes round."""
    walk = Walk(capacity)
    for place, event in enumerate(trace):
        walk.do(*event)
        if place % 5 == 4 or place == len(trace) - 1:
            walk.check(steps, discount, place)
