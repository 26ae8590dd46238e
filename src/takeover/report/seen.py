"""What a policy saw, as pictures for people: the pixels of a step in the task's form, as RGB."""

from dataclasses import dataclass
import math

import numpy as np
from takeover.errors import TakeoverError
from takeover.image_form import CHANNELS, ImageForm
from takeover.observation_spec import FeatureSpec
from takeover.specs import Contract, stack_of


class SeenError(TakeoverError):
    """Pixels are not what the task says, or there are none."""


@dataclass(frozen=True)
class SeenImage:
    """The newest picture of one image feature."""

    name: str
    height: int
    width: int
    encoding: str
    """Of `takeover.image_form.CHANNELS`."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, CHANNELS[self.encoding]

    def as_rgb(self, pixels: np.ndarray) -> np.ndarray:
        """Return pixels uint8 [h, w, c], or flat, as RGB uint8 [h, w, 3]."""
        picture = pixels.reshape(self.shape)
        if self.encoding == 'mono8':
            return np.broadcast_to(picture, (self.height, self.width, 3))
        return picture[..., ::-1] if self.encoding == 'bgr8' else picture


def seen_images(contract: Contract) -> tuple[SeenImage, ...]:
    """Return the pictures that each step of a task has, in order.

    :raises SeenError: the task has none.
    """
    if not contract.images:
        raise SeenError(
            'the task has no image feature, so its policy sees no picture; legal: a task with a '
            'feature of kind image'
        )
    return tuple(_seen(feature) for feature in contract.images)


def pictures(images: tuple[SeenImage, ...], pixels: np.ndarray) -> list[np.ndarray]:
    """Return the pictures of a step, RGB uint8 [h, w, 3].

    :param pixels: of all pictures, flat, one after the other (`Step.pixels`).
    :raises SeenError: their number is not that of the pictures.
    """
    sizes = [math.prod(image.shape) for image in images]
    if pixels.size != sum(sizes):
        shapes = ', '.join(f'{image.name} {list(image.shape)}' for image in images)
        raise SeenError(f'{pixels.size} pixels, must be {sum(sizes)}: {shapes}')
    parts = np.split(pixels, np.cumsum(sizes)[:-1])
    return [image.as_rgb(part) for image, part in zip(images, parts)]


def _seen(feature: FeatureSpec) -> SeenImage:
    height, width, channels = feature.shape
    form = feature.form or ImageForm(encoding='rgb8' if channels % 3 == 0 else 'mono8')
    if CHANNELS[form.encoding] * stack_of(feature) != channels:
        raise SeenError(f'{feature.name}: {channels} channels are no picture of {form.encoding}')
    return SeenImage(feature.name, height, width, form.encoding)
