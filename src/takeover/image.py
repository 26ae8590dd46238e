"""From a camera's picture to the pixels a policy sees: crop, then resize, then order of colours.

The one path of pictures: the camera node, the simulator's environment and whoever shows what a
policy sees call this. On one machine the same picture and form give the same bytes, wherever the
picture lies in memory.
"""

import cv2
import numpy as np
from takeover.errors import TakeoverError
from takeover.image_form import CHANNELS, crop_box, ImageForm

_CONVERSIONS = {
    ('rgb8', 'bgr8'): cv2.COLOR_RGB2BGR,
    ('bgr8', 'rgb8'): cv2.COLOR_BGR2RGB,
    ('rgb8', 'mono8'): cv2.COLOR_RGB2GRAY,
    ('bgr8', 'mono8'): cv2.COLOR_BGR2GRAY,
    ('mono8', 'rgb8'): cv2.COLOR_GRAY2RGB,
    ('mono8', 'bgr8'): cv2.COLOR_GRAY2BGR,
}


class ImageError(TakeoverError):
    """A picture that cannot be brought into the form asked for."""


def shape_picture(
    picture: np.ndarray, encoding: str, form: ImageForm, height: int, width: int
) -> np.ndarray:
    """Return one picture as the policy sees it, uint8 [height, width, channels].

    :param picture: uint8 [H, W, 3], or [H, W] or [H, W, 1] of mono8.
    :param encoding: of the picture; a key of CHANNELS.
    :raises ImageError: another type, shape or encoding.
    """
    if encoding not in CHANNELS:
        raise ImageError(f'encoding is {encoding!r}; legal: {", ".join(CHANNELS)}')
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise ImageError(
            f'a picture must be uint8 [height, width, channels], is {picture.dtype} '
            f'{list(picture.shape)}'
        )
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels != CHANNELS[encoding]:
        raise ImageError(
            f'a picture of {encoding} has {CHANNELS[encoding]} channels, not {channels}'
        )
    top, left, bottom, right = crop_box(form, *picture.shape[:2])
    pixels = picture[top:bottom, left:right]
    if pixels.shape[:2] != (height, width):
        shrinks = pixels.shape[0] >= height and pixels.shape[1] >= width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, (width, height), interpolation=method)
    if encoding != form.encoding:
        pixels = cv2.cvtColor(np.ascontiguousarray(pixels), _CONVERSIONS[encoding, form.encoding])
    # A copy always: a camera may use its memory again.
    return np.array(pixels.reshape(height, width, CHANNELS[form.encoding]))
