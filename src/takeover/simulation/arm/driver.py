"""A person who moves the tool of an arm to its goal, well or less well.

The sure hand is a proportional controller on the pose of the goal as seen from the tool. With a
peg it stays above the board until the peg is over the hole, the lower the nearer, and only then
pushes down. It has no memory: what it does is a function of what is seen.

All defects grow together with one number, `amount`: the goal is seen where it is not (a bias for
the length of an episode, and noise that changes slowly), and late.
"""

from collections import deque
import math

import numpy as np
from takeover.action import ActionContract
from takeover.arm.pose import matrix_of
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec
from takeover.simulation.arm.view import ArmView, goal_error
from takeover.simulation.operator import OperatorError
from takeover.specs import GRIPPER, TaskSpec, TWIST

REACH_GAIN_1_S, PEG_GAIN_1_S = 2.5, 1.8
# The gripper closes when the tool is this near to the target.
CLOSE_WITHIN_M, CLOSE_WITHIN_RAD = 0.012, 0.12
# Over the hole: so near that the tip goes in, as a share of what may be.
OVER_HOLE_SHARE = 0.5
HOVER_M = 0.010
HOVER_SLOPE = 1.5
PUSH_M_S = 0.025
DOWN_1_S = 1.0
# Of a driver with amount 1.
_NOISE_TIME_S = 0.8
_DELAY_S = 0.3
# Metres and radians by which the goal is seen elsewhere; of a peg that has two millimetres of play
# a person sees more than of a target in the air.
_REACH_SPREAD = np.array([0.008] * 3 + [0.08] * 3)
_PEG_SPREAD = np.array([0.002] * 3 + [0.03] * 3)
_ANY_RATE_M_S = 1.0  # faster than any gripper: the bounds decide


def catch_m(episode: PegEpisodeSpec) -> float:
    """Return how far beside the hole the tip may be and still goes in."""
    return 0.5 * episode.clearance_m + episode.chamfer_m


class ArmDriver:
    """See the top of this file; `reset` before each episode."""

    def __init__(self, task: TaskSpec, robot: ArmSpec, amount: float) -> None:
        """Prepare a driver.

        :param amount: 0 drives as well as the controller can, 1 hardly ever arrives.
        :raises OperatorError: the action of the task is not a twist.
        """
        if task.action.kind != 'twist':
            raise OperatorError(
                f'task {task.task}: action.kind is {task.action.kind}; a simulated person moves '
                'the tool of an arm; legal: twist'
            )
        self._action = ActionContract(task.action)
        self._in_base = task.action.frame == robot.base_frame
        self._peg = task.episode if isinstance(task.episode, PegEpisodeSpec) else None
        self._amount = amount
        self._spread = _PEG_SPREAD if self._peg else _REACH_SPREAD
        self._keep = math.exp(-1.0 / (task.rate_hz * _NOISE_TIME_S))
        self._delay = round(_DELAY_S * amount * task.rate_hz)

    def reset(self, rng: np.random.Generator) -> None:
        """Draw the habits of an episode."""
        self._bias = self._amount * self._spread * rng.standard_normal(6)
        self._noise = np.zeros(6)
        self._wanted: deque[np.ndarray] = deque(maxlen=self._delay + 1)

    def act(self, view: ArmView, rng: np.random.Generator) -> np.ndarray:
        """Return what it asks for now, float64 [m], SI, in the order of the action."""
        spread = math.sqrt(1.0 - self._keep**2)
        self._noise = self._keep * self._noise + spread * rng.standard_normal(6)
        wrong = self._bias + self._amount * self._spread * self._noise
        position, turn = goal_error(view)
        seen = position + wrong[:3], turn + wrong[3:]
        twist = self._insert(*seen) if self._peg else self._approach(*seen)
        self._wanted.append(self._values(view, twist, seen))
        return self._wanted[0]

    def _approach(self, position: np.ndarray, turn: np.ndarray) -> np.ndarray:
        return REACH_GAIN_1_S * np.concatenate([position, turn])

    def _insert(self, position: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """Return the twist [6] that brings the peg over the hole and into it."""
        beside = math.hypot(position[0], position[1])
        above = position[2] - self._peg.peg_length_m  # of the tip over the rim
        lined_up = beside < OVER_HOLE_SHARE * catch_m(self._peg)
        inside = above < 0.0
        height = HOVER_M + HOVER_SLOPE * max(beside - HOVER_M, 0.0)
        down = PUSH_M_S if lined_up or inside else DOWN_1_S * (above - height)
        across = 0.0 if inside and not lined_up else 1.0
        across *= PEG_GAIN_1_S
        upright = PEG_GAIN_1_S * np.array([turn[0], turn[1], 0.0])
        return np.concatenate([across * position[:2], [down], upright])

    def _values(
        self, view: ArmView, twist: np.ndarray, seen: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Return a twist in the tool frame as the action has it, within its bounds.

        What is too fast is slowed as a whole, so that it leads where it was meant to.
        """
        if self._in_base:
            turn = matrix_of(view.true_tool().rotation)
            twist = np.concatenate([turn @ twist[:3], turn @ twist[3:]])
        by_name = dict(zip(TWIST, twist)) | {GRIPPER: self._grip(seen)}
        values = np.array([by_name[name] for name in self._action.names])
        bounds = np.where(values > 0.0, self._action.high, -self._action.low)
        for part in ('linear', 'angular'):
            rows = [row for row, name in enumerate(self._action.names) if name.startswith(part)]
            values[rows] /= max(1.0, np.max(np.abs(values[rows]) / bounds[rows], initial=0.0))
        return self._action.clip(values)

    def _grip(self, seen: tuple[np.ndarray, np.ndarray]) -> float:
        near = (
            np.linalg.norm(seen[0]) < CLOSE_WITHIN_M and np.linalg.norm(seen[1]) < CLOSE_WITHIN_RAD
        )
        return -_ANY_RATE_M_S if near else _ANY_RATE_M_S
