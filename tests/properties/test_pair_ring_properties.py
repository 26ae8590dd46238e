"""A ring of pairs is a list of which the oldest, and those taken back, are gone."""

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from takeover.data.pair_ring import PairRing
from takeover.data.transition import ArraySpec

CAPACITY = 7
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just('append'), st.lists(st.integers(0, 2), max_size=CAPACITY + 3)),
        st.tuples(st.just('forget_last'), st.integers(0, 9)),
        st.tuples(st.just('forget_until'), st.integers(0, 40)),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(CHANGES)
def test_it_is_the_list_it_stands_for(changes):
    ring = PairRing(CAPACITY, {'frames': ArraySpec((2,), 'int64')}, 1)
    pairs, frame, name = [], 0, 0
    for what, value in changes:
        if what == 'append':
            rows = []
            for rise in value:
                frame, name = frame + rise, name + 1
                rows.append((frame, name))
            numbers = np.array(rows, np.int64).reshape(-1, 2)
            ring.append({'frames': numbers}, numbers[:, 1:].astype(np.float32))
            pairs = (pairs + rows)[-CAPACITY:]
        elif what == 'forget_last':
            ring.forget_last(value)
            pairs = pairs[: max(len(pairs) - value, 0)]
        else:
            ring.forget_until('frames', value)
            pairs = [pair for pair in pairs if pair[0] >= value]
        observations, actions = ring.all()
        assert len(ring) == len(pairs)
        assert [tuple(row) for row in observations['frames'].tolist()] == pairs
        assert actions[:, 0].tolist() == [name for _, name in pairs]
        if pairs:
            drawn, _ = ring.sample(5, np.random.default_rng(0))
            assert {tuple(row) for row in drawn['frames'].tolist()} <= set(pairs)
