"""Returns of several steps: what they sum, where they stop, and what is still to be added."""

import numpy as np
import pytest
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, ReplayError, VECTOR

SPEC = {VECTOR: ArraySpec((2,), 'float32')}


def seen(value):
    return {VECTOR: np.full(2, value, np.float32)}


class Drive:
    """A buffer and a stream through it: observations count up, rewards are -1, -2, -4, ..."""

    def __init__(self, capacity=64, streams=1):
        self.buffer = ReplayBuffer(capacity, SPEC, 1, streams)
        self.places = [100 * stream for stream in range(streams)]

    def go(self, count=1, end='', stream=0):
        """Add so many transitions; the last one ends so."""
        for left in reversed(range(count)):
            place = self.places[stream]
            self.places[stream] += 1
            ended = end if not left else ''
            self.buffer.add(
                seen(place),
                np.zeros(1, np.float32),
                -(2.0 ** (place % 100)),
                ended == 'terminated',
                ended == 'truncated',
                seen(place + 1),
                stream,
            )
        if end:
            self.places[stream] += 1
        return self

    def returns(self, steps, discount):
        """Return (reward, mask, next observation) by the observation of the start."""
        batch = self.buffer.sample(500, np.random.default_rng(0), steps, discount)
        assert batch.reward.dtype == batch.mask.dtype == np.float32
        columns = (
            batch.observation[VECTOR][:, 0],
            batch.reward,
            batch.mask,
            batch.next_observation[VECTOR][:, 0],
        )
        return {start: tuple(row) for start, *row in zip(*(one.tolist() for one in columns))}


def test_rewards_are_summed_discounted_and_the_mask_holds_what_is_left():
    """The target multiplies the mask by one more discount."""
    found = Drive().go(4).returns(3, 0.5)
    assert found[0] == (-1 - 0.5 * 2 - 0.25 * 4, 0.25, 3)
    assert found[1] == (-2 - 0.5 * 4 - 0.25 * 8, 0.25, 4)


def test_a_return_stops_at_the_newest_step():
    found = Drive().go(4).returns(3, 0.5)
    assert found[2] == (-4 - 0.5 * 8, 0.5, 4) and found[3] == (-8, 1.0, 4)


def test_a_return_stops_at_a_termination_without_a_future():
    found = Drive().go(3, 'terminated').go(2).returns(5, 0.5)
    assert found[0] == (-1 - 0.5 * 2 - 0.25 * 4, 0.0, 3)
    assert found[2] == (-4, 0.0, 3) and found[4] == (-16 - 0.5 * 32, 0.5, 6)


def test_a_return_stops_at_a_truncation_and_keeps_its_future():
    found = Drive().go(3, 'truncated').go(2).returns(5, 0.5)
    assert found[0] == (-1 - 0.5 * 2 - 0.25 * 4, 0.25, 3) and found[2] == (-4, 1.0, 3)


def test_a_return_stops_at_a_gap_even_where_both_sides_look_alike():
    drive = Drive().go(2)
    drive.buffer.break_stream()
    found = drive.go(2).returns(4, 0.5)
    assert found[0] == (-1 - 0.5 * 2, 0.5, 2) and found[2] == (-4 - 0.5 * 8, 0.5, 4)


def test_a_return_stops_at_a_gap_that_nobody_announced():
    drive = Drive().go(2)
    drive.places[0] = 5
    assert drive.go(2).returns(4, 0.5)[0] == (-1 - 0.5 * 2, 0.5, 2)


def test_a_return_stays_in_its_stream():
    drive = Drive(streams=2)
    for _ in range(3):
        drive.go(stream=0).go(stream=1)
    found = drive.returns(3, 0.5)
    assert found[0] == (-3, 0.25, 3) and found[100] == (-3, 0.25, 103)


@pytest.mark.parametrize('count', range(4, 12))
def test_a_return_is_whole_wherever_the_ring_begins(count):
    """Five slots hold four transitions."""
    found = Drive(capacity=5).go(count).returns(3, 0.5)
    first = count - 4
    assert sorted(found) == [first, first + 1, first + 2, first + 3]
    assert found[first] == (-3.0 * 2.0**first, 0.25, count - 1)
    assert found[count - 1] == (-(2.0 ** (count - 1)), 1.0, count)


def test_the_same_rows_are_drawn_for_every_number_of_steps():
    """So that returns of different length are compared on the same starts."""
    drive = Drive(capacity=16).go(40)
    generators = [np.random.default_rng(3) for _ in range(3)]
    batches = [
        drive.buffer.sample(50, rng, steps, 0.9) for steps, rng in zip((1, 2, 7), generators)
    ]
    for batch in batches:
        assert np.array_equal(batch.observation[VECTOR], batches[0].observation[VECTOR])
    assert generators[0].bit_generator.state == generators[2].bit_generator.state


def filled():
    """Return a ring that has gone round, with terminations and truncations."""
    buffer = ReplayBuffer(24, SPEC, 1)
    for place in range(40):
        end = place % 7
        action, reward = np.array([place / 40], np.float32), -place / 3
        buffer.add(seen(place), action, reward, end == 6, end == 3, seen(place + 1))
    return buffer


@pytest.mark.parametrize('arguments', [{}, {'steps': 1}, {'steps': 1, 'discount': 0.5}])
def test_one_step_is_the_transition_itself_bit_for_bit(arguments):
    """The rows are pinned: runs of before must come out the same."""
    batch = filled().sample(16, np.random.default_rng(11), **arguments)
    drawn = [34, 30, 30, 32, 38, 26, 36, 29, 29, 33, 36, 37, 30, 25, 28, 27]
    assert batch.observation[VECTOR][:, 0].tolist() == drawn
    assert batch.next_observation[VECTOR][:, 0].tolist() == [place + 1 for place in drawn]
    rewards = np.array([-place / 3 for place in drawn], np.float32)
    masks = np.array([place % 7 != 6 for place in drawn], np.float32)
    assert batch.reward.tobytes() == rewards.tobytes()
    assert batch.mask.tobytes() == masks.tobytes()
    assert {batch.reward.dtype, batch.mask.dtype} == {np.dtype('float32')}


@pytest.mark.parametrize('steps', [0, -1])
def test_a_return_needs_a_step(steps):
    with pytest.raises(ReplayError, match=f'steps must be at least 1, is {steps}'):
        Drive().go(2).buffer.sample(1, np.random.default_rng(0), steps, 0.9)
