"""Pixels of a step as pictures for people."""

import numpy as np
import pytest
from takeover.report.seen import pictures, seen_images, SeenError, SeenImage
from tests.pictured_logs import pictured_steps, RED, TASK

RGB, BGR = SeenImage('a', 2, 3, 'rgb8'), SeenImage('b', 1, 2, 'bgr8')
GREY = SeenImage('c', 2, 1, 'mono8')


def test_pictures_of_several_cameras_come_one_after_the_other_in_the_order_of_the_task():
    pixels = np.arange(18 + 6 + 2, dtype=np.uint8)
    first, second, third = pictures((RGB, BGR, GREY), pixels)
    np.testing.assert_array_equal(first, np.arange(18).reshape(2, 3, 3))
    np.testing.assert_array_equal(second, [[[20, 19, 18], [23, 22, 21]]])
    np.testing.assert_array_equal(third, [[[24] * 3], [[25] * 3]])


def test_a_wrong_number_of_pixels_is_refused_with_the_shapes():
    with pytest.raises(SeenError, match=r'7 pixels, must be 18: a \[2, 3, 3\]'):
        pictures((RGB,), np.zeros(7, np.uint8))


def test_the_shapes_are_those_of_the_task():
    images = seen_images(TASK)
    assert images == (SeenImage('forward', 64, 64, 'rgb8'),)
    (picture,) = pictures(images, pictured_steps(1)[0].pixels)
    assert tuple(picture[0, 0]) == RED


def test_of_a_stack_the_newest_picture_is_seen():
    values = TASK.model_dump()
    (image,) = [feature for feature in values['features'] if feature['kind'] == 'image']
    image |= {'shape': (64, 64, 3), 'size': 64 * 64 * 3}
    image['form'] |= {'encoding': 'mono8', 'stack': 3}
    assert seen_images(type(TASK)(**values)) == (SeenImage('forward', 64, 64, 'mono8'),)


def test_a_task_without_pictures_is_refused(task):
    with pytest.raises(SeenError, match='no image feature'):
        seen_images(task)
