"""How all joints of an arm move within velocity, acceleration and jerk, and how they stop.

A joint's velocity is the sum of two curves: the motion that was asked for, and a correction that
brings the command to where the arm was measured (see `takeover.safety.joint_motion`). Each has its
share of the joint's limits, so that together they never exceed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from takeover.arm_spec import ArmSpec
from takeover.safety.limits import AxisLimits
from takeover.safety.profile import advance

CORRECTION_SHARE = 0.1
# Joints that change little are slowed to arrive with the others, but never below this share.
_SLOWEST = 0.05
_LONGEST_STOP_S = 10.0


@dataclass(frozen=True, eq=False)
class JointState:
    """Where the command of all joints is, float64 [n] or [2, n]: velocity, acceleration."""

    positions: np.ndarray  # rad
    motion: np.ndarray  # rad/s and rad/s^2 of what was asked for
    correction: np.ndarray  # the same of the way to the measured position
    offset: np.ndarray  # rad, what is left of that way

    @classmethod
    def standing(cls, positions: np.ndarray) -> 'JointState':
        """Return rest at `positions`, with nothing to correct."""
        n = len(positions)
        return cls(np.array(positions), np.zeros((2, n)), np.zeros((2, n)), np.zeros(n))

    @property
    def velocities(self) -> np.ndarray:
        """Velocities of the command [n], rad/s."""
        return self.motion[0] + self.correction[0]

    def after(self, motion: np.ndarray, correction: np.ndarray, dt_s: float) -> 'JointState':
        """Return the state `dt_s` later, when the curves have come to these values."""
        corrected = 0.5 * dt_s * (self.correction[0] + correction[0])
        moved = 0.5 * dt_s * (self.motion[0] + motion[0])
        return JointState(
            self.positions + moved + corrected, motion, correction, self.offset - corrected
        )

    def middle(self, after: 'JointState', dt_s: float) -> np.ndarray:
        """Return the positions [n] half-way to the state `dt_s` later."""
        return self.positions + dt_s * (3.0 * self.velocities + after.velocities) / 8.0


class JointCurves:
    """Moves the curves of all joints together."""

    def __init__(self, robot: ArmSpec):
        """Divide the limits of the joints of `robot`."""
        self.motion = _limits(robot, 1.0 - CORRECTION_SHARE)
        self.correction = _limits(robot, CORRECTION_SHARE)

    def towards(
        self, state: JointState, motion: np.ndarray, correction: np.ndarray, dt_s: float
    ) -> JointState:
        """Return the state after `dt_s` on the way to these velocities [n], rad/s."""
        return state.after(
            moved(state.motion, motion, together(state.motion, motion, self.motion), dt_s),
            moved(state.correction, correction, self.correction, dt_s),
            dt_s,
        )

    def worst_stop_s(self) -> float:
        """Return how long a stop of the motion takes at most.

        All joints take as long as the one that needs most: its velocity over its acceleration,
        and the time of the jerk three times: to end a wrong acceleration, to begin, to end.
        """
        return max(axis.max_velocity / axis.max_acceleration for axis in self.motion) + 3.0 * max(
            axis.max_acceleration / axis.max_jerk for axis in self.motion
        )


class StopPlan:
    """The stop of all joints from one state on, so that following it later is the same stop."""

    def __init__(
        self, start: JointState, curves: JointCurves, period_s: float, straight: bool = True
    ):
        """Work out the states at each period until all joints stand.

        :param straight: whether all joints take as long as the one that needs most, so that the
            tool keeps its direction; else each stops as soon as it can.
        """
        self._period_s = period_s
        zero = np.zeros_like(start.positions)
        limits = together(start.motion, zero, curves.motion) if straight else curves.motion
        self._states = [start]
        while self._states[-1].motion.any() or self._states[-1].correction.any():
            state = self._states[-1]
            if len(self._states) * period_s > _LONGEST_STOP_S:
                break
            motion = moved(state.motion, zero, limits, period_s)
            correction = moved(state.correction, zero, curves.correction, period_s)
            self._states.append(state.after(motion, correction, period_s))

    @property
    def ends(self) -> bool:
        """Whether all joints stand at its end."""
        last = self._states[-1]
        return not (last.motion.any() or last.correction.any())

    def positions(self) -> np.ndarray:
        """Return positions of the joints on the way, twice in each period, [m, n], rad."""
        way = [self._states[0].positions]
        for state, after in zip(self._states, self._states[1:]):
            way += [state.middle(after, self._period_s), after.positions]
        return np.array(way)

    def at(self, time_s: float) -> JointState:
        """Return the state `time_s` after the beginning; between two periods it is a parabola."""
        index = int(time_s / self._period_s)
        if index >= len(self._states) - 1:
            return self._states[-1]
        state, after = self._states[index], self._states[index + 1]
        left_s = time_s - index * self._period_s
        share = left_s / self._period_s
        return state.after(
            state.motion + share * (after.motion - state.motion),
            state.correction + share * (after.correction - state.correction),
            left_s,
        )


def moved(
    curve: np.ndarray, goal: np.ndarray, limits: Sequence[AxisLimits], dt_s: float
) -> np.ndarray:
    """Return velocities and accelerations [2, n] after `dt_s` on the way to `goal` [n]."""
    result = curve.copy()
    rows = zip(curve[0].tolist(), curve[1].tolist(), goal.tolist(), limits)
    for index, (velocity, acceleration, target, axis) in enumerate(rows):
        if velocity != target or acceleration != 0.0:
            target = min(max(target, axis.min_velocity), axis.max_velocity)
            result[:, index] = advance(velocity, acceleration, target, axis, dt_s, _unnamed)
    return result


def together(
    curve: np.ndarray, goal: np.ndarray, limits: Sequence[AxisLimits]
) -> list[AxisLimits]:
    """Return limits with which all joints need as long as the one that needs most.

    So the velocities go straight to `goal`, and the tool does not leave its direction.
    """
    needed_s = np.abs(goal - curve[0]) / [axis.max_acceleration for axis in limits]
    longest_s = needed_s.max()
    if longest_s == 0.0:
        return list(limits)
    return [
        replace(axis, max_acceleration=slower, max_deceleration=slower)
        for axis, share in zip(limits, np.maximum(needed_s / longest_s, _SLOWEST).tolist())
        for slower in (share * axis.max_acceleration,)
    ]


def _limits(robot: ArmSpec, share: float) -> list[AxisLimits]:
    return [
        AxisLimits(
            min_velocity=-share * joint.max_velocity_rad_s,
            max_velocity=share * joint.max_velocity_rad_s,
            max_acceleration=share * joint.max_acceleration_rad_s2,
            max_deceleration=share * joint.max_acceleration_rad_s2,
            max_jerk=share * joint.max_jerk_rad_s3,
        )
        for joint in robot.joints
    ]


def _unnamed(_limit: str) -> None:
    """Take no note of the limit that acted: one of the joints always does."""
