"""Mean and deviation of the observations seen so far, to bring all of them to one scale.

Off, it is the identity and costs nothing. The replay keeps observations as they came; they are
normalised when sampled, with the newest numbers, which become part of the exported policy.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

SMALLEST_SCALE = 1e-2


class ObservationNormaliser:
    """Running mean and variance, by the pairwise update of Chan, Golub and LeVeque (1979)."""

    def __init__(self, size: int, enabled: bool) -> None:
        """Start with nothing seen: the identity."""
        self.enabled = enabled
        self.count = 0
        self._mean = np.zeros(size)
        self._squares = np.zeros(size)
        self.mean = np.zeros(size, np.float32)
        self.scale = np.ones(size, np.float32)

    def update(self, observations: np.ndarray) -> None:
        """Take in observations, float32 [N, n]."""
        if not self.enabled:
            return
        count = len(observations)
        total = self.count + count
        mean = observations.mean(axis=0, dtype=np.float64)
        difference = mean - self._mean
        self._squares += ((observations - mean) ** 2).sum(axis=0)
        self._squares += difference**2 * (self.count * count / total)
        self._mean += difference * (count / total)
        self.count = total
        self._set_mean_and_scale()

    def apply(self, observations: np.ndarray) -> np.ndarray:
        """Return (observations - mean) / scale, float32 [N, n]."""
        return (observations - self.mean) / self.scale if self.enabled else observations

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen."""
        return {
            'count': self.count,
            'mean': torch.from_numpy(self._mean.copy()),
            'squares': torch.from_numpy(self._squares.copy()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what was seen."""
        self.count = state['count']
        self._mean = state['mean'].numpy().copy()
        self._squares = state['squares'].numpy().copy()
        if self.count:
            self._set_mean_and_scale()

    def _set_mean_and_scale(self) -> None:
        self.mean = self._mean.astype(np.float32)
        deviation = np.sqrt(self._squares / self.count)
        self.scale = np.maximum(deviation, SMALLEST_SCALE).astype(np.float32)
