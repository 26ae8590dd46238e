"""A driver who is not as good as the expert: noisy, biased, late, and at times on the wrong side.

RLIF is made for people who are worse than what they teach; so the scripted operator must be able
to be. All defects grow together with one number, `amount`.
"""

from collections import deque
import math

import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.robot import RoverSpec
from takeover.simulation.expert import ExpertConfig, PathExpert
from takeover.simulation.rover_view import RoverView

# Of a driver with amount 1; m/s and rad/s.
_NOISE_STD = np.array([0.05, 0.45])
_BIAS_STD = np.array([0.02, 0.15])
_NOISE_TIME_S = 0.5
_DELAY_S = 0.2
_WRONG_SIDES = 0.35
_LOST_MARGIN_M = 0.12


class ClumsyDriver:
    """`PathExpert` with defects.

    They are: noise that changes slowly (Ornstein-Uhlenbeck), a bias for the length of an episode,
    delay, less room to obstacles, and some obstacles passed on the side that costs more.
    """

    def __init__(
        self, robot: RoverSpec, episode: PathEpisodeSpec, period_s: float, amount: float
    ) -> None:
        """Prepare a driver; `reset` before each episode.

        :param period_s: between two calls of `act`.
        :param amount: 0 drives as the expert, 1 hardly ever arrives.
        """
        sound = ExpertConfig()
        config = ExpertConfig(
            margin_m=sound.margin_m - _LOST_MARGIN_M * amount,
            tangent_margin_m=sound.tangent_margin_m - _LOST_MARGIN_M * amount,
        )
        self._expert = _Sidestepper(robot, episode, config, _WRONG_SIDES * amount)
        self._amount = amount
        self._keep = math.exp(-period_s / _NOISE_TIME_S)
        self._delay = round(_DELAY_S * amount / period_s)

    def reset(self, rng: np.random.Generator) -> None:
        """Draw the habits of an episode."""
        self._expert.habit = int(rng.integers(1 << 31))
        self._bias = self._amount * _BIAS_STD * rng.standard_normal(2)
        self._noise = np.zeros(2)
        self._wanted: deque[np.ndarray] = deque(maxlen=self._delay + 1)

    def act(self, rover: RoverView, rng: np.random.Generator) -> np.ndarray:
        """Return the twist it asks for now, float64 [2]: m/s, rad/s."""
        spread = math.sqrt(1.0 - self._keep**2)
        self._noise = self._keep * self._noise + spread * rng.standard_normal(2)
        self._wanted.append(np.array(self._expert.act(rover)))
        return self._wanted[0] + self._bias + self._amount * _NOISE_STD * self._noise


class _Sidestepper(PathExpert):
    """Passes a share of the obstacles on the wrong side; which ones is the habit of an episode."""

    habit = 0

    def __init__(
        self, robot: RoverSpec, episode: PathEpisodeSpec, config: ExpertConfig, share: float
    ) -> None:
        super().__init__(robot, episode, config)
        self._share = share

    def _side(self, obstacle, d_m: float) -> float:
        side = super()._side(obstacle, d_m)
        # The radius tells obstacles of a course apart.
        key = [self.habit, round(1e6 * obstacle.radius_m)]
        if np.random.default_rng(key).random() >= self._share:
            return side
        other = 2.0 * obstacle.d_m - side
        return other if abs(other) <= self._max_offset_m else side
