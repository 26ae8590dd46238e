"""Symmetric sampling: half prior, half online, in every slice of even length."""

import numpy as np
import pytest
from takeover.data.mixing import symmetric_batch, SymmetricReplay
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, ReplayError, VECTOR


def buffer_of(count, sign, shape=(3,), name=VECTOR, action_size=2):
    """Return a buffer all of whose numbers have this sign."""
    buffer = ReplayBuffer(50, {name: ArraySpec(shape, 'float32')}, action_size)
    for step in range(1, count + 1):
        before, after = (
            {name: np.full(shape, sign * value, np.float32)} for value in (step, step + 0.5)
        )
        action = np.full(action_size, sign / step)
        buffer.add(before, action, sign * step, sign > 0, False, after)
    return buffer


def test_even_rows_are_prior_and_odd_rows_online_in_every_field():
    batch = symmetric_batch(buffer_of(3, 1), buffer_of(20, -1), 64, np.random.default_rng(0))
    assert len(batch) == 64
    signs = np.tile([1.0, -1.0], 32)
    assert np.array_equal(np.sign(batch.reward), signs)
    assert np.array_equal(batch.mask, np.tile([0.0, 1.0], 32))
    assert np.array_equal(np.sign(batch.action), np.repeat(signs[:, None], 2, axis=1))
    for arrays in (batch.observation, batch.next_observation):
        assert np.array_equal(np.sign(arrays[VECTOR]), np.repeat(signs[:, None], 3, axis=1))


def test_rows_stay_transitions():
    batch = symmetric_batch(buffer_of(9, 1), buffer_of(9, -1), 32, np.random.default_rng(0))
    assert np.array_equal(batch.observation[VECTOR][:, 0], batch.reward)
    after = batch.reward + 0.5 * np.sign(batch.reward)
    assert np.array_equal(batch.next_observation[VECTOR][:, 0], after)
    assert batch.reward.dtype == batch.observation[VECTOR].dtype == np.float32


@pytest.mark.parametrize('size', [-2, 0, 1, 7])
def test_an_odd_or_empty_batch_is_refused(size):
    with pytest.raises(ReplayError, match=f'batch_size must be even and at least 2, is {size}'):
        symmetric_batch(buffer_of(3, 1), buffer_of(3, -1), size, np.random.default_rng(0))


@pytest.mark.parametrize(('counts', 'name'), [((3, 0), 'online'), ((0, 3), 'prior')])
def test_an_empty_side_is_refused_by_name(counts, name):
    replay = SymmetricReplay(buffer_of(counts[0], 1), buffer_of(counts[1], -1))
    assert len(replay) == 0
    with pytest.raises(ReplayError, match=f'the {name} replay is still empty'):
        replay.sample(4, np.random.default_rng(0))


@pytest.mark.parametrize(
    ('form', 'message'),
    [
        ({'shape': (1,)}, r"observation 'vector' .* float32 \[3\] in prior and float32 \[1\]"),
        ({'name': 'state'}, r"observation .*\['vector'\] in prior and \['state'\] in online"),
        ({'action_size': 1}, r'action must have the same form in both replays'),
    ],
)
def test_replays_of_different_form_are_refused(form, message):
    with pytest.raises(ReplayError, match=message):
        symmetric_batch(buffer_of(3, 1), buffer_of(3, -1, **form), 4, np.random.default_rng(0))


def test_both_sides_as_one_source():
    replay = SymmetricReplay(buffer_of(3, 1), buffer_of(5, -1))
    assert len(replay) == 8
    batch = replay.sample(6, np.random.default_rng(4))
    same = symmetric_batch(replay.prior, replay.online, 6, np.random.default_rng(4))
    assert np.array_equal(batch.reward, same.reward)
