"""From a camera's picture to the pixels of a policy: crop, size, colours, and what is refused."""

import hashlib

import numpy as np
from pydantic import ValidationError
import pytest
from takeover.image import ImageError, shape_picture
from takeover.image_form import CHANNELS, ImageForm, MAX_STACK

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def test_a_picture_that_fits_stays_as_it_is():
    found = shape_picture(PICTURE, 'rgb8', ImageForm(), 48, 64)
    assert found.dtype == np.uint8 and (found == PICTURE).all()


def test_a_crop_is_of_shares_of_height_and_width():
    form = ImageForm(crop=(0.25, 0.5, 0.75, 1.0))
    assert (shape_picture(PICTURE, 'rgb8', form, 24, 32) == PICTURE[12:36, 32:64]).all()


def test_a_smaller_picture_is_made_of_means():
    found = shape_picture(PICTURE, 'rgb8', ImageForm(), 12, 16)
    means = PICTURE.reshape(12, 4, 16, 4, 3).mean(axis=(1, 3))
    assert np.abs(found - means).max() <= 0.5 + 1e-9


def test_a_larger_picture_lies_between_its_pixels():
    steps = np.repeat(np.array([[[10], [20]]], np.uint8), 2, axis=0)
    found = shape_picture(steps, 'mono8', ImageForm(encoding='mono8'), 4, 8)
    assert found.shape == (4, 8, 1)
    assert (np.diff(found[0, :, 0].astype(int)) >= 0).all() and set(found[0, :, 0]) > {10, 20}


@pytest.mark.parametrize('to', CHANNELS)
@pytest.mark.parametrize('encoding', CHANNELS)
def test_colours_come_in_the_order_asked_for(encoding, to):
    red, green, blue = 200, 100, 50
    pixel = {'rgb8': [red, green, blue], 'bgr8': [blue, green, red], 'mono8': [124]}
    picture = np.full((4, 4, CHANNELS[encoding]), pixel[encoding], np.uint8)
    wanted = [124] * 3 if encoding == 'mono8' and to != 'mono8' else pixel[to]
    found = shape_picture(picture, encoding, ImageForm(encoding=to), 2, 2)
    assert found.shape == (2, 2, CHANNELS[to]) and found.flags.c_contiguous
    assert (found == wanted).all()


def test_grey_may_come_without_an_axis_of_channels():
    form = ImageForm(encoding='mono8')
    for size in ((48, 64), (12, 16)):
        flat = shape_picture(PICTURE[..., 0], 'mono8', form, *size)
        assert flat.shape == (*size, 1)
        assert (flat == shape_picture(PICTURE[..., :1], 'mono8', form, *size)).all()


def test_the_same_picture_gives_the_same_bytes_wherever_it_lies():
    form = ImageForm(crop=(0.3, 0.0, 1.0, 1.0))
    wide = np.zeros((48, 128, 3), np.uint8)
    wide[:, ::2] = PICTURE
    digests = {
        hashlib.sha256(shape_picture(picture, 'bgr8', form, 20, 20).tobytes()).hexdigest()
        for picture in (PICTURE, PICTURE.copy(), wide[:, ::2], np.asfortranarray(PICTURE))
    }
    assert len(digests) == 1


def test_a_picture_is_not_changed():
    before = PICTURE.copy()
    shape_picture(PICTURE, 'rgb8', ImageForm(encoding='bgr8'), 48, 64)
    assert (PICTURE == before).all()


@pytest.mark.parametrize(
    ('picture', 'encoding', 'said'),
    [
        (PICTURE, 'rgba8', "encoding is 'rgba8'; legal: rgb8, bgr8, mono8"),
        (PICTURE.astype(np.float32), 'rgb8', r'must be uint8 .*, is float32 \[48, 64, 3\]'),
        (PICTURE[None], 'rgb8', r'is uint8 \[1, 48, 64, 3\]'),
        (PICTURE[0, 0], 'rgb8', r'is uint8 \[3\]'),
        (PICTURE[:0], 'rgb8', r'is uint8 \[0, 64, 3\]'),
        (PICTURE, 'mono8', 'a picture of mono8 has 1 channels, not 3'),
        (PICTURE[..., 0], 'bgr8', 'a picture of bgr8 has 3 channels, not 1'),
    ],
)
def test_what_is_no_picture_is_refused(picture, encoding, said):
    with pytest.raises(ImageError, match=said):
        shape_picture(picture, encoding, ImageForm(), 4, 4)


def test_a_form_counts_the_channels_of_its_stack():
    assert ImageForm().channels == 3
    assert ImageForm(encoding='mono8', stack=4).channels == 4
    assert ImageForm(encoding='bgr8', stack=MAX_STACK).channels == 3 * MAX_STACK


@pytest.mark.parametrize(
    ('fields', 'said'),
    [
        ({'crop': (0.5, 0.0, 0.5, 1.0)}, r'crop \[0.5, 0.0, 0.5, 1.0\] must be \[top, left'),
        ({'crop': (0.0, 0.9, 1.0, 0.1)}, 'left < right'),
        ({'crop': (-0.1, 0.0, 1.0, 1.0)}, '0 <= top'),
        ({'crop': (0.0, 0.0, 1.0, 1.1)}, 'right <= 1'),
        ({'crop': (float('nan'), 0.0, 1.0, 1.0)}, 'crop'),
        ({'crop': (0.0, 0.0, 1.0)}, 'crop'),
        ({'encoding': 'yuv422'}, "'rgb8', 'bgr8' or 'mono8'"),
        ({'stack': 0}, 'greater than or equal to 1'),
        ({'stack': MAX_STACK + 1}, f'less than or equal to {MAX_STACK}'),
        ({'size': 3}, 'size'),
    ],
)
def test_a_form_that_is_none_is_refused(fields, said):
    with pytest.raises(ValidationError, match=said):
        ImageForm(**fields)
