"""The newest frames, each stored once: who shows one keeps its number instead of a copy."""

import numpy as np
from takeover.data.transition import ReplayError


class FrameStore:
    """A ring of rows; numbers count up from 0 and are never given again."""

    def __init__(self, capacity: int, size: int, dtype: str = 'uint8') -> None:
        """Reserve the memory; the system provides its pages as they are filled.

        :param capacity: frames kept.
        :param size: numbers in a frame.
        """
        self._rows = np.zeros((capacity, size), dtype)
        self._count = 0

    @property
    def oldest(self) -> int:
        """Number of the oldest frame that is still there."""
        return max(0, self._count - len(self._rows))

    def append(self, frame: np.ndarray) -> int:
        """Store a frame, flat; return its number. The oldest one makes room.

        :raises ReplayError: it has another size.
        """
        if frame.shape != self._rows.shape[1:]:
            raise ReplayError(
                f'a frame must have {self._rows.shape[1]} numbers, has {list(frame.shape)}'
            )
        self._rows[self._count % len(self._rows)] = frame
        self._count += 1
        return self._count - 1

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Return copies of frames, [..., size], for numbers [...].

        :raises ReplayError: one was never given, or its frame was overwritten.
        """
        if numbers.size and not (self.oldest <= numbers.min() and numbers.max() < self._count):
            raise ReplayError(
                f'frames {numbers.min()} to {numbers.max()} are asked for, there are '
                f'{self.oldest} to {self._count - 1}'
            )
        return self._rows.take(numbers % len(self._rows), axis=0)
