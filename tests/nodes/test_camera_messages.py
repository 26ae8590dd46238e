"""Frames as messages and back: pixels, size, encoding, stamp and lens stay what they are."""

import array

import numpy as np
import pytest
from sensor_msgs.msg import Image
from takeover.camera.frame import Intrinsics
from takeover.camera.source import CameraError
from takeover_nodes.camera_messages import (
    DEPTH_ENCODING,
    image_message,
    image_pixels,
    info_lens,
    info_message,
)
from takeover_nodes.conversions import stamp_to_ns

STAMP_NS = 1_700_000_000_123_456_789
LENS = Intrinsics(64, 48, 60.0, 61.0, 31.5, 23.5, 'plumb_bob', (0.1, 0.2, 0.3, 0.4, 0.5))


@pytest.mark.parametrize(('encoding', 'channels'), [('rgb8', 3), ('bgr8', 3), ('mono8', 1)])
def test_a_picture_comes_back_as_it_was(encoding, channels):
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, channels), dtype=np.uint8)
    message = image_message(pixels[:, ::2], encoding, STAMP_NS, 'optical')
    assert (message.height, message.width, message.step) == (48, 32, 32 * channels)
    assert (image_pixels(message) == pixels[:, ::2]).all()
    assert stamp_to_ns(message.header.stamp) == STAMP_NS
    assert (message.encoding, message.header.frame_id) == (encoding, 'optical')


def test_depth_is_millimetres_of_16_bits():
    depth = np.arange(12, dtype=np.uint16).reshape(3, 4) * 1000
    message = image_message(depth, DEPTH_ENCODING, STAMP_NS, 'optical')
    assert (message.encoding, message.step, message.is_bigendian) == ('16UC1', 8, 0)
    assert (np.frombuffer(message.data, '<u2').reshape(3, 4) == depth).all()


def test_rows_with_padding_are_read_without_it():
    data = array.array('B', range(2 * 8))
    message = Image(height=2, width=2, encoding='rgb8', step=8, data=data)
    assert image_pixels(message).reshape(2, 6).tolist() == [[*range(6)], [*range(8, 14)]]


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        ({'encoding': 'yuv422', 'step': 4}, "'yuv422'; legal: rgb8, bgr8, mono8"),
        ({'encoding': 'rgb8', 'step': 5}, 'rows of 5 are no 2x2 rgb8'),
        ({'encoding': 'rgb8', 'step': 6}, '8 bytes in rows of 6 are no 2x2'),
    ],
)
def test_what_cannot_be_a_picture_is_refused(fields, message):
    image = Image(height=2, width=2, data=array.array('B', bytes(8)), **fields)
    with pytest.raises(CameraError, match=message):
        image_pixels(image)


def test_a_lens_comes_back_as_it_was_and_none_is_uncalibrated():
    message = info_message(LENS, 64, 48, STAMP_NS, 'optical')
    assert info_lens(message) == LENS
    assert message.p[0] == message.k[0] == 60.0 and message.p[2] == message.k[2]
    assert stamp_to_ns(message.header.stamp) == STAMP_NS
    unknown = info_message(None, 64, 48, STAMP_NS, 'optical')
    assert (unknown.width, unknown.height) == (64, 48) and info_lens(unknown) is None
