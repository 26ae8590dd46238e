"""The newest pairs of what was seen and what was done there, to be cloned."""

import numpy as np
from takeover.data.transition import ReplayError


class PairRing:
    """Pairs of an observation float32 [n] and an action float32 [m]; the oldest make room."""

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        """Reserve the memory; the system provides its pages as they are filled."""
        self._observations = np.zeros((capacity, observation_size), np.float32)
        self._actions = np.zeros((capacity, action_size), np.float32)
        self._count = 0

    def __len__(self) -> int:
        """Return the number of pairs that can be sampled."""
        return min(self._count, len(self._actions))

    def append(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Add pairs, [N, n] and [N, m], in order."""
        rows = (self._count + np.arange(len(actions))) % len(self._actions)
        self._observations[rows], self._actions[rows] = observations, actions
        self._count += len(actions)

    def forget_last(self, count: int) -> None:
        """Take back the pairs that were added last; what they overwrote stays lost."""
        self._count -= min(count, len(self))

    def sample(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw pairs, with replacement; copies.

        :raises ReplayError: when there are none.
        """
        if not len(self):
            raise ReplayError('there are no pairs to clone; at least one is needed')
        rows = rng.integers(len(self), size=count)
        return self._observations[rows], self._actions[rows]

    def all(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all pairs; views."""
        return self._observations[: len(self)], self._actions[: len(self)]
