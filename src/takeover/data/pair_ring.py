"""The newest pairs of what was seen and what was done there, to be cloned."""

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
from takeover.data.transition import ArraySpec, ReplayError


class PairRing:
    """Pairs of an observation, arrays by name, and an action float32 [m]; the oldest make room."""

    def __init__(
        self, capacity: int, observation: Mapping[str, ArraySpec], action_size: int
    ) -> None:
        """Reserve the memory; the system provides its pages as they are filled."""
        self._observations = {
            name: np.zeros((capacity, *spec.shape), spec.dtype)
            for name, spec in observation.items()
        }
        self._actions = np.zeros((capacity, action_size), np.float32)
        self._count = self._forgotten = 0

    def __len__(self) -> int:
        """Return the number of pairs that can be sampled."""
        return min(self._count - self._forgotten, len(self._actions))

    def append(self, observations: Mapping[str, np.ndarray], actions: np.ndarray) -> None:
        """Add pairs in order: arrays [N, ...] by name, and [N, m]; N may be 0."""
        if not len(actions):
            return
        rows = (self._count + np.arange(len(actions))) % len(self._actions)
        for name, column in self._observations.items():
            column[rows] = observations[name]
        self._actions[rows] = actions
        self._count += len(actions)

    def forget_last(self, count: int) -> None:
        """Take back the pairs that were added last; what they overwrote stays lost."""
        pairs = len(self)
        self._forgotten = self._count - pairs
        self._count -= min(count, pairs)

    def forget_until(self, name: str, least: int) -> None:
        """Take back the oldest pairs whose array `name` begins with a number below `least`.

        For numbers that never fall from one pair to the next, such as those of frames.
        """
        column = self._observations[name].reshape(len(self._actions), -1)
        places = range(len(self))
        gone = bisect_left(places, least, key=lambda place: column[self._rows(place), 0])
        self._forgotten = self._count - len(self) + gone

    def sample(
        self, count: int, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Draw pairs, with replacement; copies.

        :raises ReplayError: when there are none.
        """
        if not len(self):
            raise ReplayError('there are no pairs to clone; at least one is needed')
        return self.at(rng.integers(len(self), size=count))

    def all(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return all pairs, the oldest first; copies."""
        return self.at(np.arange(len(self)))

    def at(self, places: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the pairs at some places, counted from the oldest one; copies."""
        rows = self._rows(places)
        observations = {name: column[rows] for name, column in self._observations.items()}
        return observations, self._actions[rows]

    def _rows(self, places: np.ndarray | int) -> np.ndarray | int:
        """Return where pairs lie, counted from the oldest one."""
        return (self._count - len(self) + places) % len(self._actions)
