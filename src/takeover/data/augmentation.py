"""Random shifts of images, which is what makes critics learn from pixels, and random colours.

Without shifts a critic of images learns the pictures by heart (Kostrikov et al. 2020, "Image
Augmentation Is All You Need", DrQ, arXiv 2004.13649, section 3.1). A robot's camera is never
mounted twice in the same way; a policy that was trained with shifts does not mind.
"""

import cv2
import numpy as np
from takeover.errors import TakeoverError

DEFAULT_PAD = 4


class AugmentationError(TakeoverError):
    """What was given is no batch of images, or cannot be shifted so."""


def random_shift(
    images: np.ndarray, rng: np.random.Generator, pad: int = DEFAULT_PAD
) -> np.ndarray:
    """Return copies of images, each shifted by up to `pad` pixels in both directions.

    What a shift uncovers is filled with the nearest pixel of the edge. Every image has a shift of
    its own, uniform over the (2 pad + 1)^2 possible ones; the channels of one image share it, and
    so do the pictures of a stack, or a shift would look like motion.

    :param images: uint8 [B, height, width, channels].
    :param pad: pixels, 0 or more.
    :returns: uint8 [B, height, width, channels], always in memory of its own.
    :raises AugmentationError: another type or shape, or a negative pad.
    """
    _check(images)
    if pad < 0:
        raise AugmentationError(f'pad is {pad}; legal: 0 or more')
    count, height, width, _ = images.shape
    shifted = np.empty(images.shape, np.uint8)
    offsets = rng.integers(0, 2 * pad + 1, (count, 2)) - pad
    for image, target, (down, right) in zip(images, shifted, offsets.tolist()):
        rows, above, below = _kept(down, height)
        columns, before, behind = _kept(right, width)
        # A third of the time it takes to pad all images and cut them out again.
        cv2.copyMakeBorder(
            image[rows, columns], above, below, before, behind, cv2.BORDER_REPLICATE, dst=target
        )
    return shifted


def _kept(offset: int, size: int) -> tuple[slice, int, int]:
    """Return what stays in view along an axis, and how much is uncovered before and behind it."""
    start, stop = min(max(offset, 0), size - 1), max(size + min(offset, 0), 1)
    uncovered = size - (stop - start)
    return slice(start, stop), uncovered * (offset < 0), uncovered * (offset >= 0)


def random_colours(images: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Return copies of images in other colours, as other paint, floor and light would give.

    Every image has its own: the order of its channels, whether it is a negative, and for each
    channel a contrast of 1 - strength to 1 + strength and a brightness of up to strength / 2 of
    the range. A policy that is to follow lines by their shape learns that colours do not matter.

    :param images: uint8 [B, height, width, channels].
    :param strength: 0 or more, less than 1.
    :returns: uint8 [B, height, width, channels], always in memory of its own.
    :raises AugmentationError: another type, shape or strength.
    """
    _check(images)
    if not 0.0 <= strength < 1.0:
        raise AugmentationError(f'strength is {strength}; legal: 0 to less than 1')
    count, channels = len(images), images.shape[3]
    order = rng.permuted(np.tile(np.arange(channels), (count, 1)), axis=1)
    contrast = rng.uniform(1.0 - strength, 1.0 + strength, (count, channels))
    contrast *= rng.choice((-1.0, 1.0), (count, 1))
    middle = 127.5 * (1.0 + strength * rng.uniform(-1.0, 1.0, (count, channels)))
    levels = contrast[..., None] * (np.arange(256) - 127.5) + middle[..., None]
    tables = levels.clip(0.0, 255.0).astype(np.uint8)
    coloured = np.empty_like(images)
    for row in range(count):
        for channel in range(channels):
            source = images[row, :, :, order[row, channel]]
            coloured[row, :, :, channel] = tables[row, channel].take(source)
    return coloured


def _check(images: np.ndarray) -> None:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise AugmentationError(
            f'images are {images.dtype} {list(images.shape)}; legal: uint8 [batch, height, '
            'width, channels]'
        )
