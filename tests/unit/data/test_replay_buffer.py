"""The replay buffer: what can be sampled, what is refused, and what survives a restart."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, ReplayError, TransitionBatch, VECTOR

SPEC = {VECTOR: ArraySpec((2,), 'float32')}


def seen(value):
    return {VECTOR: np.full(2, value, np.float32)}


def add(buffer, before, after, terminated=False, truncated=False, stream=0):
    """Add a step whose reward tells which one it was."""
    action = np.array([(before % 10) / 10], np.float32)
    reward = 100.0 * before + after
    buffer.add(seen(before), action, reward, terminated, truncated, seen(after), stream)


def pairs(buffer, count=500, seed=0):
    """Return the (before, after) of everything that can be sampled."""
    batch = buffer.sample(count, np.random.default_rng(seed))
    before, after = batch.observation[VECTOR][:, 0], batch.next_observation[VECTOR][:, 0]
    assert np.array_equal(batch.reward, 100.0 * before + after)
    return set(zip(before.astype(int).tolist(), after.astype(int).tolist()))


def used_slots(buffer):
    return len(buffer.state_dict()['valid'])


def test_a_batch_has_the_promised_shapes_and_types():
    specs = {'image': ArraySpec((4, 3, 3), 'uint8'), 'still': ArraySpec((), 'bool')}
    buffer = ReplayBuffer(8, specs, action_size=2)
    observation = {'image': np.full((4, 3, 3), 7, np.uint8), 'still': np.array(True)}
    buffer.add(observation, np.array([0.5, -1.0]), 1, True, False, observation)
    batch = buffer.sample(5, np.random.default_rng(0))
    assert isinstance(batch, TransitionBatch) and len(batch) == 5
    for arrays in (batch.observation, batch.next_observation):
        assert arrays['image'].shape == (5, 4, 3, 3) and arrays['image'].dtype == np.uint8
        assert arrays['still'].shape == (5,) and arrays['still'].dtype == np.bool_
    assert batch.action.shape == (5, 2) and batch.reward.shape == batch.mask.shape == (5,)
    assert {batch.action.dtype, batch.reward.dtype, batch.mask.dtype} == {np.dtype('float32')}


def test_a_batch_is_a_copy():
    buffer = ReplayBuffer(4, SPEC, 1)
    add(buffer, 1, 2)
    buffer.sample(3, np.random.default_rng(0)).observation[VECTOR][:] = 9.0
    assert pairs(buffer) == {(1, 2)}


def test_what_was_added_may_be_changed_by_the_caller_afterwards():
    buffer = ReplayBuffer(4, SPEC, 1)
    before, after = seen(1), seen(2)
    buffer.add(before, np.zeros(1, np.float32), 102.0, False, False, after)
    before[VECTOR][:], after[VECTOR][:] = 8.0, 9.0
    assert pairs(buffer) == {(1, 2)}


def test_observations_are_stored_once():
    buffer = ReplayBuffer(100, SPEC, 1)
    for step in range(10):
        add(buffer, step, step + 1)
    assert used_slots(buffer) == 11 and len(buffer) == buffer.inserted == 10


@pytest.mark.parametrize(
    ('terminated', 'truncated', 'mask'),
    [(False, False, 1.0), (True, False, 0.0), (False, True, 1.0), (True, True, 0.0)],
)
def test_only_termination_clears_the_mask_and_both_are_kept(terminated, truncated, mask):
    buffer = ReplayBuffer(4, SPEC, 1)
    add(buffer, 1, 2, terminated, truncated)
    assert buffer.sample(1, np.random.default_rng(0)).mask.tolist() == [mask]
    state = buffer.state_dict()
    assert state['terminated'].tolist() == [terminated, False]
    assert state['truncated'].tolist() == [truncated, False]


@pytest.mark.parametrize('end', [{'terminated': True}, {'truncated': True}])
def test_an_episode_never_continues_into_the_next_even_where_they_look_alike(end):
    buffer = ReplayBuffer(10, SPEC, 1)
    add(buffer, 1, 2, **end)
    add(buffer, 2, 3)
    assert used_slots(buffer) == 4
    assert pairs(buffer) == {(1, 2), (2, 3)}


def test_an_announced_gap_starts_anew():
    buffer = ReplayBuffer(10, SPEC, 1)
    add(buffer, 1, 2)
    buffer.break_stream()
    add(buffer, 2, 3)
    assert used_slots(buffer) == 4
    assert pairs(buffer) == {(1, 2), (2, 3)}


def test_a_gap_nobody_announced_starts_anew():
    buffer = ReplayBuffer(10, SPEC, 1)
    add(buffer, 1, 2)
    add(buffer, 5, 6)
    assert pairs(buffer) == {(1, 2), (5, 6)} and used_slots(buffer) == 4


def test_zero_of_another_sign_is_another_observation():
    buffer = ReplayBuffer(10, SPEC, 1)
    action = np.zeros(1, np.float32)
    buffer.add(seen(1.0), action, 0.0, False, False, seen(0.0))
    buffer.add(seen(-0.0), action, 0.0, False, False, seen(1.0))
    assert used_slots(buffer) == 4


def test_overwritten_transitions_are_gone():
    buffer = ReplayBuffer(4, SPEC, 1)
    for step in range(9):
        add(buffer, step, step + 1)
    assert pairs(buffer) == {(6, 7), (7, 8), (8, 9)}
    assert len(buffer) == 3 and buffer.inserted == 9


def test_two_slots_are_enough_for_one_transition():
    buffer = ReplayBuffer(2, SPEC, 1)
    for step in range(5):
        add(buffer, step, step + 1)
        assert pairs(buffer) == {(step, step + 1)} and len(buffer) == 1


def test_interleaved_streams_keep_their_own_sequences():
    buffer = ReplayBuffer(50, SPEC, 1, streams=2)
    for step in range(6):
        add(buffer, step, step + 1, stream=0)
        if step % 3 == 0:
            add(buffer, 20 + step // 3, 21 + step // 3, stream=1)
    assert pairs(buffer) == {(n, n + 1) for n in range(6)} | {(20, 21), (21, 22)}
    assert used_slots(buffer) == 7 + 3


def test_a_stream_whose_open_slot_was_overwritten_is_broken():
    buffer = ReplayBuffer(5, SPEC, 1, streams=2)
    add(buffer, 20, 21, stream=1)
    for step in range(5):
        add(buffer, step, step + 1, stream=0)
    add(buffer, 21, 22, stream=1)
    assert pairs(buffer) == {(3, 4), (4, 5), (21, 22)} and len(buffer) == 3


def test_a_stream_whose_open_slot_is_the_next_to_be_overwritten_survives():
    buffer = ReplayBuffer(4, SPEC, 1, streams=2)
    add(buffer, 20, 21, stream=1)
    for step in range(2):
        add(buffer, step, step + 1, stream=0)
    add(buffer, 21, 22, stream=1)
    assert pairs(buffer) == {(1, 2), (21, 22)} and len(buffer) == 2


def test_every_transition_is_drawn_equally_often():
    buffer = ReplayBuffer(32, SPEC, 1)
    for step in range(10):
        add(buffer, 2 * step, 2 * step + 1, terminated=True)
    before = buffer.sample(50_000, np.random.default_rng(1)).observation[VECTOR][:, 0]
    counts = np.bincount((before / 2).astype(int), minlength=10)
    # Five standard deviations of a binomial of 50 000 and 1/10.
    assert np.abs(counts - 5_000).max() < 5 * np.sqrt(50_000 * 0.1 * 0.9)


def test_few_transitions_among_many_slots_are_drawn_equally_often():
    """Nearly every slot is the open one of some stream, its start long overwritten."""
    streams = 20
    buffer = ReplayBuffer(streams + 3, SPEC, 1, streams=streams)
    for joined in range(1, streams + 2):
        for stream in range(min(joined, streams)):
            step = joined - stream
            add(buffer, 100 * stream + step, 100 * stream + step + 1, stream=stream)
    rows = buffer.sample(9_000, np.random.default_rng(2)).reward
    counts = np.unique(rows, return_counts=True)[1]
    assert len(buffer) == len(counts) == 3 and used_slots(buffer) == 23
    assert np.abs(counts - 3_000).max() < 5 * np.sqrt(9_000 * 2 / 9)


def test_the_same_generator_gives_the_same_batch():
    buffer = ReplayBuffer(32, SPEC, 1)
    for step in range(20):
        add(buffer, step, step + 1)
    first, second = (buffer.sample(64, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.reward, second.reward)


def test_an_empty_buffer_cannot_be_sampled():
    with pytest.raises(ReplayError, match='empty'):
        ReplayBuffer(4, SPEC, 1).sample(1, np.random.default_rng(0))


def test_a_batch_needs_a_row():
    buffer = ReplayBuffer(4, SPEC, 1)
    add(buffer, 1, 2)
    with pytest.raises(ReplayError, match='batch_size must be at least 1, is 0'):
        buffer.sample(0, np.random.default_rng(0))


GOOD = {
    'observation': seen(1),
    'action': np.zeros(1, np.float32),
    'reward': 0.0,
    'terminated': False,
    'truncated': False,
    'next_observation': seen(2),
    'stream': 0,
}
REFUSED = [
    ('observation', {}, r"observation must map exactly \['vector'\]"),
    ('observation', np.zeros(2, np.float32), 'observation must map exactly'),
    ('observation', {VECTOR: [1.0, 2.0]}, "observation 'vector' must be a float32 array"),
    ('observation', {VECTOR: np.zeros(2)}, r'float32 array of shape \[2\], is float64'),
    ('next_observation', {VECTOR: np.zeros(3, np.float32)}, r"next_observation 'vector'.*\[3\]"),
    ('next_observation', seen(np.nan), "next_observation 'vector' must be finite"),
    ('observation', seen(np.inf), "observation 'vector' must be finite"),
    ('action', np.zeros(2, np.float32), r'action must be .*\[1\], has shape \[2\]'),
    ('action', np.zeros(1, np.int64), 'action must be a floating-point array'),
    ('action', [0.0], 'action must be a floating-point array'),
    ('action', np.array([1.00001]), r'action must be finite and in \[-1, 1\]'),
    ('action', np.array([-np.inf]), 'action must be finite'),
    ('action', np.array([np.nan]), 'action must be finite'),
    ('reward', np.nan, 'reward must be a finite number'),
    ('reward', 1e39, 'reward must be a finite number of float32'),
    ('reward', None, 'reward must be a finite number'),
    ('terminated', 1, 'terminated must be True or False'),
    ('truncated', None, 'truncated must be True or False'),
    ('stream', 1, r'stream must be an integer in \[0, 1\)'),
    ('stream', -1, 'stream must be an integer'),
    ('stream', 0.0, 'stream must be an integer'),
]


@pytest.mark.parametrize(('name', 'value', 'message'), REFUSED)
def test_a_refused_addition_names_the_field_and_changes_nothing(name, value, message):
    buffer = ReplayBuffer(8, SPEC, 1)
    add(buffer, 0, 1)
    before = buffer.state_dict()
    with pytest.raises(ReplayError, match=message):
        buffer.add(**{**GOOD, name: value})
    after = buffer.state_dict()
    assert all(np.array_equal(before[key], after[key]) for key in before)
    buffer.add(**GOOD)
    assert used_slots(buffer) == 3


def test_an_action_rounded_beyond_its_bounds_is_brought_back():
    buffer = ReplayBuffer(4, SPEC, 2)
    buffer.add(**{**GOOD, 'action': np.array([1.0 + 5e-7, -1.0 - 5e-7])})
    assert buffer.sample(1, np.random.default_rng(0)).action.tolist() == [[1.0, -1.0]]


def test_break_stream_refuses_a_stream_that_is_not_there():
    with pytest.raises(ReplayError, match=r'stream must be an integer in \[0, 2\), is 2'):
        ReplayBuffer(4, SPEC, 1, streams=2).break_stream(2)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'capacity': 1}, 'capacity must be an integer of at least 2, is 1'),
        ({'capacity': 1e6}, 'capacity must be an integer'),
        ({'action_size': 0}, 'action_size must be an integer of at least 1'),
        ({'streams': 0}, 'streams must be an integer of at least 1'),
        ({'observation': {}}, 'at least one array'),
    ],
)
def test_a_buffer_that_could_hold_nothing_is_refused(arguments, message):
    with pytest.raises(ReplayError, match=message):
        ReplayBuffer(**{'capacity': 4, 'observation': SPEC, 'action_size': 1, **arguments})


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'dtype': 'float64'}, "dtype is 'float64'; legal: bool, uint8"),
        ({'shape': (0,)}, 'shape must be a tuple of positive integers'),
        ({'shape': [2]}, 'shape must be a tuple'),
        ({'shape': (True,)}, 'shape must be a tuple'),
    ],
)
def test_an_array_that_cannot_be_stored_is_refused(change, message):
    with pytest.raises(ReplayError, match=message):
        replace(SPEC[VECTOR], **change)


def filled(steps=7):
    buffer = ReplayBuffer(5, SPEC, 1)
    for step in range(steps):
        add(buffer, step, step + 1)
    return buffer


def test_a_state_holds_only_used_slots_and_is_a_copy():
    buffer = ReplayBuffer(1_000_000, SPEC, 1)
    add(buffer, 1, 2)
    state = buffer.state_dict()
    assert all(len(value) <= 2 for value in state.values() if isinstance(value, np.ndarray))
    assert all(isinstance(value, (int, np.ndarray)) for value in state.values())
    state['observation/vector'][:] = 9.0
    assert pairs(buffer) == {(1, 2)}


@pytest.mark.parametrize('steps', [0, 2, 7])
def test_a_restored_buffer_goes_on_in_the_same_way(steps, tmp_path):
    original, restored = filled(steps), filled(3)
    np.savez(tmp_path / 'replay.npz', **original.state_dict())
    with np.load(tmp_path / 'replay.npz') as state:
        restored.load_state_dict(state)
    for buffer in (original, restored):
        add(buffer, steps, steps + 1)
    first, second = original.state_dict(), restored.state_dict()
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[key], second[key]) for key in first)
    assert pairs(original) == pairs(restored) and len(original) == len(restored)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'capacity': 6}, 'capacity of the state is 6, must be 5'),
        ({'action_size': 2}, 'action_size of the state is 2, must be 1'),
        ({'streams': 2}, 'streams of the state is 2, must be 1'),
        ({'allocated': 3, 'inserted': 2}, r'action of the state must be .*\[3, 1\]'),
        ({'reward': np.zeros(5)}, 'reward of the state must be .*float32.*is float64'),
        ({'next': np.full(5, 5)}, r'next of the state must be in \[0, 5\)'),
        ({'open': np.array([-2])}, r'open of the state must be in \[-1, 5\)'),
        ({'observation/image': np.zeros(5)}, "differs in .*'observation/image'"),
        ({'inserted': -1}, r'inserted of the state must be in \[0, 8\], is -1'),
    ],
)
def test_a_state_of_another_form_is_refused_and_changes_nothing(change, message):
    buffer = filled(6)
    state = {**filled().state_dict(), **change}
    with pytest.raises(ReplayError, match=message):
        buffer.load_state_dict(state)
    assert pairs(buffer) == pairs(filled(6))
