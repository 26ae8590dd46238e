"""The pictures of an observation, and those of the builds before it that stand beside them.

A stack of pictures holds those of the builds before this one; after a pause of more than one and a
half periods, or a clear, it begins with copies of the newest.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
from takeover.samples import ImageSample
from takeover.specs import Contract, VECTOR_FIELD

LONGEST_STEP_PERIODS = 1.5


class PictureStacks:
    """Puts vector and pictures of each build into one record; remembers pictures for stacks."""

    def __init__(self, task: Contract):
        """Begin without pictures.

        :param task: gives the image features, and the record as `observation_dtype`.
        """
        self._images = task.images
        self._dtype = task.observation_dtype
        self._longest_step_ns = round(LONGEST_STEP_PERIODS * 1e9 / task.rate_hz)
        self._stacks: dict[str, deque[np.ndarray]] = {
            image.name: deque(maxlen=image.form.stack) for image in self._images
        }
        self._built_ns: int | None = None

    def clear(self) -> None:
        """Let every stack begin anew."""
        self._built_ns = None

    def packed(
        self, vector: np.ndarray, pictures: Sequence[ImageSample], now_ns: int
    ) -> np.ndarray:
        """Put the vector and the stacks of pictures into one record.

        :param vector: float32 [n].
        :param pictures: the newest of each image feature, in order.
        :param now_ns: ROS time of the build.
        :returns: read-only record of `observation_dtype`; the vector itself without images.
        """
        if not self._images:
            return vector
        goes_on = (
            self._built_ns is not None and 0 < now_ns - self._built_ns <= self._longest_step_ns
        )
        self._built_ns = now_ns
        packed = np.empty((), self._dtype)
        packed[VECTOR_FIELD] = vector
        for image, picture in zip(self._images, pictures):
            stack = self._stacks[image.name]
            if not goes_on:
                stack.extend([picture.pixels] * image.form.stack)
            stack.append(picture.pixels)
            packed[image.name] = np.concatenate(stack, axis=2)
        packed.flags.writeable = False
        return packed
