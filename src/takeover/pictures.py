"""The pictures of a step, which lie one after the other: each by the name of its feature."""

from collections.abc import Iterable
import math

import numpy as np
from takeover.observation_spec import FeatureSpec
from takeover.specs import stack_of


def split_pictures(images: Iterable[FeatureSpec], pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Return one picture of each image feature, uint8 [height, width, channels], by its name.

    :param pixels: of all of them, flat, in the order of the features; what is returned are views.
    """
    pictures, start = {}, 0
    for image in images:
        height, width, channels = image.shape
        shape = height, width, channels // stack_of(image)
        end = start + math.prod(shape)
        pictures[image.name], start = pixels[start:end].reshape(shape), end
    return pictures
