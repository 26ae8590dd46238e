"""The scripted operator of an arm: what it sees coming, with a SpaceMouse in hand.

It takes over when the tool comes no nearer to the goal, goes away from it, pushes too hard, or,
with a peg, is about to meet the board beside the hole.
"""

import math

import numpy as np
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec
from takeover.simulation.arm.driver import ArmDriver, catch_m
from takeover.simulation.arm.view import ArmView, goal_error
from takeover.simulation.hand import SpaceMouseHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.specs import TaskSpec

# Skill against the amount of defects it stands for, of each task; see `OperatorConfig.skill`.
SKILLS = {
    'reach': ((0.1, 0.84), (0.4, 0.65), (0.9, 0.5), (1.0, 0.0)),
    'peg': ((0.1, 1.7), (0.4, 1.1), (0.9, 0.6), (1.0, 0.0)),
}
# An arm is at its goal in three seconds: who watches one loses patience sooner than with a rover,
# looks less far ahead, and helps for longer.
WATCHFUL = OperatorConfig(
    horizon_s=0.2, stall_s=1.5, reaction_s=(0.2, 0.35), hold_s=(0.8, 1.4), safe_s=0.2
)
# Lengths and angles that count alike in the way to the goal.
_LENGTH_M, _ANGLE_RAD = 0.1, 0.5
# So much nearer, in these, is some way; so much farther is away.
_NEARER, _AWAY = 0.05, 0.3
_HARD_N = 25.0
_LOW_M = 0.006
_BEGUN_M = 0.015


class ArmOperator(ScriptedOperator):
    """Turns what it wants by how the tool is turned, as its device needs it."""

    _hand: SpaceMouseHand

    def _message(self, values: np.ndarray | None, view: ArmView) -> tuple[list[float], list[int]]:
        return self._hand.message(values, view.true_tool().rotation)


def arm_operator(
    task: TaskSpec,
    robot: ArmSpec,
    hand: SpaceMouseHand,
    config: OperatorConfig = WATCHFUL,
    seed: int = 0,
) -> ArmOperator:
    """Return a person with the SpaceMouse of an arm in hand, asked at the rate of the task.

    :param seed: of reactions, habits and noise.
    """
    skills, amounts = zip(*SKILLS[task.episode.kind])
    amount = float(np.interp(config.skill, skills, amounts))
    driver = ArmDriver(task, robot, amount)
    return ArmOperator(hand, driver, ArmWatch(task, config), config, seed)


class ArmWatch:
    """Sees whether the arm is about to fail, from where its tool really is and how it moves."""

    def __init__(self, task: TaskSpec, config: OperatorConfig) -> None:
        """Prepare to watch."""
        self._stall_s = config.stall_s
        self._horizon_s = config.horizon_s
        self._peg = task.episode if isinstance(task.episode, PegEpisodeSpec) else None
        self.reset()

    def reset(self) -> None:
        """Forget how near the tool came."""
        self._nearest = math.inf
        self._nearest_s = -math.inf

    def danger(self, view: ArmView) -> str | None:
        """Say what is about to go wrong, or None."""
        if view.contact_force_n > _HARD_N:
            return 'pushes too hard'
        position, turn = goal_error(view)
        if self._peg is not None and self._misses(view, position):
            return 'about to miss the hole'
        return self._gets_nowhere(view.time_s, position, turn, view.width_m)

    def busy(self, view: ArmView) -> bool:
        """Return whether the peg is about to go in: nobody lets go of it then."""
        if self._peg is None:
            return False
        position, _ = goal_error(view)
        above = position[2] - self._peg.peg_length_m
        return above < _BEGUN_M and math.hypot(*position[:2]) < 2.0 * catch_m(self._peg)

    def _misses(self, view: ArmView, position: np.ndarray) -> bool:
        """Return whether the tip, going on as it moves, meets the board before it is over it."""
        above = position[2] - self._peg.peg_length_m
        soon = above - max(view.true_tool().linear_m_s[2], 0.0) * self._horizon_s
        if above < 0.0 or soon > _LOW_M:
            return False
        moved = position[:2] - view.true_tool().linear_m_s[:2] * self._horizon_s
        beside = min(math.hypot(*moved), math.hypot(*position[:2]))
        return beside > catch_m(self._peg)

    def _gets_nowhere(
        self, now_s: float, position: np.ndarray, turn: np.ndarray, width_m: float
    ) -> str | None:
        way = np.linalg.norm(position) / _LENGTH_M
        if self._peg is None:
            way += np.linalg.norm(turn) / _ANGLE_RAD + width_m / _LENGTH_M
        if way < self._nearest - _NEARER:
            self._nearest, self._nearest_s = way, now_s
        if way > self._nearest + _AWAY:
            return 'goes away from the goal'
        return 'makes no way' if now_s - self._nearest_s >= self._stall_s else None
