"""The ring of frames: numbers go on for ever, frames do not."""

import numpy as np
import pytest
from takeover.data.frame_store import FrameStore
from takeover.data.transition import ReplayError


def filled(count, capacity=4):
    store = FrameStore(capacity, 3)
    assert [store.append(np.full(3, k, np.uint8)) for k in range(count)] == list(range(count))
    return store


@pytest.mark.parametrize('count', [1, 3, 4, 5, 11])
def test_the_newest_frames_are_there(count):
    store = filled(count)
    assert store.oldest == max(0, count - 4)
    numbers = np.arange(store.oldest, count)
    assert store.take(numbers).tolist() == [[k] * 3 for k in numbers]


def test_frames_are_taken_in_any_shape_and_order_as_copies():
    store = filled(4)
    found = store.take(np.array([[3, 0], [2, 2]]))
    assert found.shape == (2, 2, 3) and found.dtype == np.uint8
    assert found[..., 0].tolist() == [[3, 0], [2, 2]]
    found[:] = 9
    assert store.take(np.array([0])).tolist() == [[0, 0, 0]]
    assert store.take(np.zeros((0, 2), int)).shape == (0, 2, 3)


@pytest.mark.parametrize('numbers', [[1], [1, 5], [6], [-1], [3, 6]])
def test_a_frame_that_is_not_there_is_refused(numbers):
    with pytest.raises(ReplayError, match='are asked for, there are 2 to 5'):
        filled(6).take(np.array(numbers))


def test_a_frame_of_another_size_is_refused():
    store = FrameStore(4, 3)
    for frame in (np.zeros(4, np.uint8), np.zeros((3, 1), np.uint8)):
        with pytest.raises(ReplayError, match='a frame must have 3 numbers, has'):
            store.append(frame)
    assert store.append(np.ones(3, np.uint8)) == 0


def test_features_keep_their_digits():
    store = FrameStore(2, 2, 'float32')
    store.append(np.array([0.1, -3e7], np.float32))
    assert store.take(np.array([0]))[0].tolist() == np.array([0.1, -3e7], np.float32).tolist()
