"""Noise on the policy's action while it learns.

A deterministic policy shows its critics one action for each state, and what another would have
been worth stays unknown. The noise changes slowly, so that a robot drifts rather than trembles.
"""

import math

import numpy as np
from takeover.action import ActionContract
from takeover.errors import TakeoverError

NOISE_TIME_S = 0.22


class ExplorationError(TakeoverError):
    """A setting of the noise that is not legal."""


class ExplorationNoise:
    """Gaussian noise with a memory (Ornstein-Uhlenbeck), in units of half the action's range."""

    def __init__(self, action: ActionContract, std: float, period_s: float, seed: int) -> None:
        """Start without a push in either direction.

        :param std: standard deviation in units of half the range, 0 to 1; 0: no noise.
        :param period_s: between two actions.
        :raises ExplorationError: `std` is outside [0, 1].
        """
        if not 0.0 <= std <= 1.0:
            raise ExplorationError(f'the exploration noise is {std}; legal: 0 to 1')
        self._action = action
        self._size = 0.5 * std * (action.high - action.low)
        self._keep = math.exp(-period_s / NOISE_TIME_S)
        self._spread = math.sqrt(1.0 - self._keep**2)
        self._rng = np.random.default_rng([seed, 5])
        self._noise = np.zeros(action.size)

    def add(self, values: np.ndarray) -> np.ndarray:
        """Return an action [m], SI, with noise on it, within its bounds."""
        drawn = self._rng.standard_normal(self._action.size)
        self._noise = self._keep * self._noise + self._spread * drawn
        return self._action.clip(values + self._size * self._noise)
