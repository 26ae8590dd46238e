"""Pairs to clone: what can be drawn of them, and that they are copies."""

import numpy as np
import pytest
from takeover.data.pair_ring import PairRing
from takeover.data.transition import ArraySpec, ReplayError

FORM = {'vector': ArraySpec((3,), 'float32'), 'frames': ArraySpec((2,), 'int64')}


def ring_of(count, capacity=10):
    ring = PairRing(capacity, FORM, 2)
    ring.append(*pairs(np.arange(count)))
    return ring


def pairs(numbers):
    vectors = np.repeat(numbers[:, None], 3, axis=1).astype(np.float32)
    observations = {'vector': vectors, 'frames': np.stack([numbers, numbers + 1], axis=1)}
    return observations, np.repeat(numbers[:, None], 2, axis=1).astype(np.float32)


def test_what_is_drawn_belongs_together_and_is_drawn_evenly():
    observations, actions = ring_of(10).sample(2000, np.random.default_rng(0))
    assert observations['vector'].shape == (2000, 3) and actions.shape == (2000, 2)
    assert observations['vector'].dtype == actions.dtype == np.float32
    assert (observations['vector'][:, 0] == actions[:, 0]).all()
    assert (observations['frames'][:, 1] == actions[:, 0] + 1).all()
    assert np.bincount(actions[:, 0].astype(int), minlength=10).min() > 130


def test_what_is_given_is_a_copy():
    ring = ring_of(3)
    for observations, actions in (ring.all(), ring.sample(3, np.random.default_rng(0))):
        observations['vector'][:] = actions[:] = -1.0
    assert ring.all()[1][:, 0].tolist() == [0.0, 1.0, 2.0]
    assert ring.all()[0]['vector'][:, 0].tolist() == [0.0, 1.0, 2.0]


def test_a_pair_that_was_taken_back_is_not_the_oldest_of_a_full_ring():
    ring = ring_of(12)
    ring.forget_last(1)
    assert ring.all()[1][:, 0].tolist() == [*range(2, 11)]


def test_of_nothing_nothing_is_drawn():
    for ring in (ring_of(0), ring_of(3)):
        ring.forget_last(3)
        with pytest.raises(ReplayError, match='no pairs to clone'):
            ring.sample(1, np.random.default_rng(0))
        assert len(ring.all()[1]) == 0
