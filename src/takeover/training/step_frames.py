"""Which stored pictures a step shows: its own of each camera, and those of the stack before it.

A step is met several times (as the end of one transition, as the start of the next, as something
to clone), its pictures are stored once. With a frozen encoder it is their features that are
stored: they are computed once, too. A stack may show steps that nothing is learned from; they are
stored only if it does. A stack never shows what another robot saw.
"""

from collections import defaultdict, deque, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
import math
from types import MappingProxyType
from typing import Protocol
import zlib

import numpy as np
from takeover.data.frame_store import FrameStore
from takeover.data.step import Step
from takeover.errors import TakeoverError
from takeover.picture_stacks import LONGEST_STEP_PERIODS
from takeover.pictures import split_pictures
from takeover.specs import Contract, stack_of


class FrozenFeatures(Protocol):
    """An encoder that does not learn: the same picture always has the same features."""

    feature_shape: tuple[int, ...]

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return features float32 [N, ...] of pictures uint8 [N, height, width, channels]."""


@dataclass
class _Trail:
    """The newest of what one robot saw."""

    seen: deque[Step] = field(default_factory=deque)
    """An assembler asks for the step before the newest one."""
    last: Step | None = None
    """Of those whose pictures are stored."""
    numbers: np.ndarray | None = None
    """Of the frames that it shows."""


class StepFrames:
    """Stores what steps show; the newest make the oldest go."""

    def __init__(
        self,
        contract: Contract,
        capacity: int,
        frozen: Mapping[str, FrozenFeatures] = MappingProxyType({}),
    ) -> None:
        """Start empty.

        :param capacity: steps whose pictures are kept.
        :param frozen: by the name of each image feature; empty: the pictures themselves are kept.
        :raises TakeoverError: an image of a stack, and a frozen encoder.
        """
        self._images, self.frozen = contract.images, dict(frozen)
        self.stack = max(map(stack_of, contract.images), default=0)
        """How many frames a step shows at most; 0 without images."""
        if frozen and self.stack > 1:
            raise TakeoverError(
                f'a frozen encoder sees one picture at a time; the task stacks {self.stack}'
            )
        size = contract.pixels_size
        if frozen:
            size = sum(math.prod(each.feature_shape) for each in frozen.values())
        dtype = 'float32' if frozen else 'uint8'
        # A stack may reach back behind the oldest step that is kept.
        self._store = FrameStore(capacity + self.stack, max(size, 1), dtype)
        self._pixels_size = contract.pixels_size
        self._longest_ns = round(LONGEST_STEP_PERIODS * 1e9 / contract.rate_hz)
        self._known: OrderedDict[tuple[int, ...], np.ndarray] = OrderedDict()
        self._capacity = capacity
        self._trails = defaultdict(lambda: _Trail(deque(maxlen=self.stack + 1)))

    @property
    def oldest(self) -> int:
        """Number of the oldest frame that is still there."""
        return self._store.oldest

    def see(self, step: Step) -> None:
        """Take note of the next step: those after it may show its pictures."""
        self._trails[step.robot].seen.append(step)

    def holds(self, step: Step) -> bool:
        """Tell whether a step's pictures are stored; of a task without images always."""
        return not self.stack or _key(step) in self._known

    def numbers(self, step: Step) -> np.ndarray:
        """Return the numbers of the frames that a step shows, int64 [stack], the oldest first.

        :raises TakeoverError: its pictures are not those of the task.
        """
        if not self.stack:
            return np.zeros(0, np.int64)
        found = self._known.get(_key(step))
        if found is None:
            for before in self._before(step):
                if _key(before) not in self._known:
                    self._add(before)
            found = self._add(step)
        return found

    def shown(self, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Return what is shown, for numbers [B, stack], by the names of the image features.

        Pictures uint8 [B, height, width, channels], or features float32 [B, ...].
        """
        rows = self._store.take(numbers)
        shown, start = {}, 0
        for image in self._images:
            height, width, channels = image.shape
            if self.frozen:
                shape = self.frozen[image.name].feature_shape
                size = math.prod(shape)
                shown[image.name] = rows[:, 0, start : start + size].reshape(-1, *shape)
            else:
                stack = stack_of(image)
                size = height * width * channels // stack
                part = rows[:, self.stack - stack :, start : start + size]
                part = part.reshape(len(rows), stack, height, width, -1)
                part = part.transpose(0, 2, 3, 1, 4).reshape(len(rows), *image.shape)
                shown[image.name] = np.ascontiguousarray(part)
            start += size
        return shown

    def _before(self, step: Step) -> list[Step]:
        """Return the seen steps that the stack of a step reaches back to, the oldest first."""
        found = [step]
        for before in reversed(self._trails[step.robot].seen):
            if len(found) < self.stack and self._follows(found[0], before):
                found.insert(0, before)
        return found[:-1]

    def _add(self, step: Step) -> np.ndarray:
        number = self._store.append(self._row(step))
        trail = self._trails[step.robot]
        if trail.last is not None and self._follows(step, trail.last):
            found = np.append(trail.numbers[1:], number)
        else:
            found = np.full(self.stack, number)
        trail.last, trail.numbers = step, found
        self._known[_key(step)] = found
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return found

    def _row(self, step: Step) -> np.ndarray:
        if step.pixels.shape != (self._pixels_size,):
            raise TakeoverError(
                f'step {step.sequence} has {step.pixels.size} numbers in its pictures, the task '
                f'has {self._pixels_size}'
            )
        if not self.frozen:
            return step.pixels
        pictures = split_pictures(self._images, step.pixels)
        return np.concatenate(
            [self.frozen[name].features(each[None]).ravel() for name, each in pictures.items()]
        )

    def _follows(self, step: Step, last: Step) -> bool:
        """Whether the policy that saw a step had seen the other one right before it."""
        age_ns = step.stamp_ns - last.stamp_ns
        return step.sequence == last.sequence + 1 and 0 < age_ns <= self._longest_ns


def _key(step: Step) -> tuple[int, ...]:
    return step.robot, step.sequence, step.stamp_ns, zlib.crc32(step.pixels)
