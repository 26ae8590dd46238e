"""How an episode of an arm ends and how well it goes, judged from the truth.

A goal counts once it was held for `HOLD_S`. See `takeover.simulation.episode` for what a
termination and a truncation are.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
import math

import numpy as np
from takeover.arm.pose import matrix_of
from takeover.arm_samples import PoseSample
from takeover.episode_spec import EpisodeSpec, PegEpisodeSpec, ReachEpisodeSpec
from takeover.outcome import Outcome
from takeover.simulation.ticks import TICK_S

HOLD_S = 0.2
_HOLD_TICKS = round(HOLD_S / TICK_S)


@dataclass(frozen=True)
class ArmProgress:
    """Numbers of an episode so far, from the truth."""

    elapsed_s: float
    share: float
    """Of the way from the start to the goal, 0 to 1."""
    distance_m: float
    """That the tool moved, along its own track."""
    mean_speed_m_s: float
    largest_force_n: float
    """That the wrist felt."""


@dataclass(frozen=True, eq=False)
class ArmState:
    """What an episode is judged by."""

    position: np.ndarray
    """Of the tool [3] in the base frame, m."""
    turn: np.ndarray
    """Of the tool, a rotation matrix [3, 3]: its columns are the tool's axes."""
    width_m: float
    """Of the gripper."""
    force_n: float
    """That the wrist feels."""


class ArmMonitor(ABC):
    """Follows one episode; the first outcome stays."""

    def __init__(self, spec: EpisodeSpec, goal: PoseSample, start: ArmState) -> None:
        """Begin the episode at `start`."""
        self._spec = spec
        self._goal, self._goal_turn = goal.position, matrix_of(goal.rotation)
        self.outcome = Outcome.RUNNING
        self._held_ticks = 0
        self._elapsed_s = self._distance_m = self._force_n = 0.0
        self._position = start.position
        self._first_way = self._way = max(self._way_of(start), 1e-9)

    def observe(self, time_s: float, state: ArmState) -> None:
        """Take the state one tick later."""
        self._elapsed_s = time_s
        self._distance_m += math.dist(state.position, self._position)
        self._position = state.position
        self._force_n = max(self._force_n, state.force_n)
        self._way = self._way_of(state)
        self._held_ticks = self._held_ticks + 1 if self._at_goal(state) else 0
        if self.outcome is Outcome.RUNNING:
            self.outcome = self._judge(time_s, state)

    @property
    def progress(self) -> ArmProgress:
        """Numbers so far; they go on after an outcome for as long as the episode is observed."""
        return ArmProgress(
            self._elapsed_s,
            min(max(1.0 - self._way / self._first_way, 0.0), 1.0),
            self._distance_m,
            self._distance_m / self._elapsed_s if self._elapsed_s else 0.0,
            self._force_n,
        )

    def _judge(self, time_s: float, state: ArmState) -> Outcome:
        if self._breaks(state):
            return Outcome.COLLISION
        if self._held_ticks >= _HOLD_TICKS:
            return Outcome.GOAL
        return Outcome.TIME_LIMIT if time_s >= self._spec.time_limit_s else Outcome.RUNNING

    @abstractmethod
    def _way_of(self, state: ArmState) -> float:
        """Return how far it is to the goal; 0 at the goal."""

    @abstractmethod
    def _at_goal(self, state: ArmState) -> bool:
        """Tell whether this is the goal."""

    def _breaks(self, state: ArmState) -> bool:
        return False


class ReachMonitor(ArmMonitor):
    """Judges whether the tool is at the target and the gripper closed."""

    _spec: ReachEpisodeSpec

    def _errors(self, state: ArmState) -> tuple[float, float, float]:
        """Return what is left of each of the three, in tolerances."""
        spec = self._spec
        # The trace of the rotation that is left, which is 1 + 2 cos(angle).
        cosine = 0.5 * (float(np.vdot(self._goal_turn, state.turn)) - 1.0)
        return (
            math.dist(state.position, self._goal) / spec.position_tolerance_m,
            math.acos(min(max(cosine, -1.0), 1.0)) / spec.angle_tolerance_rad,
            1.0 + (state.width_m - spec.closed_m) / spec.position_tolerance_m,
        )

    def _way_of(self, state: ArmState) -> float:
        return sum(max(error - 1.0, 0.0) for error in self._errors(state))

    def _at_goal(self, state: ArmState) -> bool:
        return max(self._errors(state)) <= 1.0


class PegMonitor(ArmMonitor):
    """Judges whether the peg is in the hole, and whether it was pushed too hard."""

    _spec: PegEpisodeSpec

    def depth_m(self, state: ArmState) -> float:
        """Return how far the tip is below the rim; 0 outside the hole.

        A peg that is pushed on the rim is some tenths of a millimetre deep: contacts give way.
        """
        x, y, z = self._tip(state).tolist()
        inside = math.hypot(x, y) < 0.5 * self._spec.peg_diameter_m
        return max(z, 0.0) if inside else 0.0

    def _tip(self, state: ArmState) -> np.ndarray:
        """Return the middle of the peg's tip [3] as seen from the hole, z into it."""
        tip = state.position + self._spec.peg_length_m * state.turn[:, 2]
        return (tip - self._goal) @ self._goal_turn

    def _way_of(self, state: ArmState) -> float:
        x, y, z = self._tip(state).tolist()
        aside_m = max(math.hypot(x, y) - self._spec.clearance_m, 0.0)
        return aside_m + max(self._spec.inserted_m - z, 0.0)

    def _at_goal(self, state: ArmState) -> bool:
        return self.depth_m(state) >= self._spec.inserted_m

    def _breaks(self, state: ArmState) -> bool:
        return state.force_n > self._spec.max_force_n
