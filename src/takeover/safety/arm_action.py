"""What an action of an arm means: from its values to joint velocities, and back.

Forth: twists in the base frame are turned into the tool frame; components that the action lacks
are zero; motion towards a wall of the workspace becomes slower; the joints follow by differential
inverse kinematics. Back: the action that was really executed, which is what a learner learns from.
"""

from collections.abc import Sequence

import numpy as np
from takeover.arm.differential_ik import DifferentialIk
from takeover.arm.kinematics import ArmKinematics
from takeover.arm_spec import ArmSpec
from takeover.safety.joint_motion import JOINT_MARGIN_RAD, WALL_MARGIN_M
from takeover.safety.limits import AxisLimits
from takeover.specs import ActionSpec, GRIPPER, TWIST

# Motion ends this much before the hard limits, which therefore do not act on it.
_MARGINS = 2.0
# 1/s: how fast the tool goes back to that distance when a turn has brought it nearer.
_RETURN_RATE = 5.0
# Of a twist: a difference of this share means that the arm could not follow it.
_NOTICEABLE = 0.02


class ArmAction:
    """Translates for one action and one arm. Values are SI, in the order of the components."""

    def __init__(
        self,
        action: ActionSpec,
        kinematics: ArmKinematics,
        limits: Sequence[AxisLimits],
        period_s: float,
    ):
        """Look up where each component belongs.

        :param limits: of the components; no executed action is beyond their velocities.
        """
        robot = kinematics.robot
        names = [component.name for component in action.components]
        axes = TWIST if action.kind == 'twist' else robot.joint_names
        moving = [name for name in names if name != GRIPPER]
        self.gripper = names.index(GRIPPER) if GRIPPER in names else None
        self._kinematics = kinematics
        self._ik = DifferentialIk(
            kinematics, kinematics.robot.slack_rad + _MARGINS * JOINT_MARGIN_RAD
        )
        self._is_twist = action.kind == 'twist'
        self._in_base = action.frame == robot.base_frame
        self._here = [names.index(name) for name in moving]  # in the values
        self._there = [axes.index(name) for name in moving]  # in twist or joints
        self._count = len(axes)
        self._low = np.array([axis.min_velocity for axis in limits])
        self._high = np.array([axis.max_velocity for axis in limits])
        self._period_s = period_s
        self._walls = _Walls(robot)

    def joint_velocity(
        self, values: Sequence[float], q: np.ndarray
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the joint velocities [n], rad/s, for these values, and what limits them."""
        asked = np.zeros(self._count)
        asked[self._there] = np.asarray(values, dtype=float)[self._here]
        if not asked.any():
            return np.zeros(len(q)), ()
        return self._of_twist(asked, q) if self._is_twist else self._of_joints(asked, q)

    def executed(self, dq: np.ndarray, gripper: float, q: np.ndarray) -> tuple[float, ...]:
        """Return the action that joint velocities [n] and the gripper's rate amount to."""
        moving = dq
        if self._is_twist:
            moving = self._kinematics.tool_twist(q, dq)
            if self._in_base:
                moving = _turned(self._kinematics.tool_matrix(q), moving)
        values = np.zeros(len(self._low))
        values[self._here] = moving[self._there]
        if self.gripper is not None:
            values[self.gripper] = gripper
        return tuple((np.clip(values, self._low, self._high) + 0.0).tolist())

    def _of_twist(self, asked: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        position, matrix = self._kinematics.tool_position(q), self._kinematics.tool_matrix(q)
        twist = asked if self._in_base else _turned(matrix, asked)
        linear = self._walls.slowed(position, twist[:3])
        is_slowed = (linear != twist[:3]).any()
        twist = _turned(matrix.T, np.concatenate([linear, twist[3:]]))
        dq = self._ik.joint_velocity(q, twist, self._period_s)
        followed = self._kinematics.followed
        missed = (self._kinematics.tool_twist(q, dq) - twist)[followed]
        limited = ['tool/workspace'] if is_slowed else []
        if np.linalg.norm(missed) > _NOTICEABLE * np.linalg.norm(twist[followed]):
            limited.append('tool/kinematics')
        return dq, tuple(limited)

    def _of_joints(self, asked: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        dq = np.clip(asked, *self._ik.velocity_bounds(q))
        limited = ['joints/position'] if (dq != asked).any() else []
        velocity = self._kinematics.tool_matrix(q) @ self._kinematics.tool_twist(q, dq)[:3]
        share = self._walls.share(self._kinematics.tool_position(q), velocity).min()
        return dq * share, tuple(limited + (['tool/workspace'] if share < 1.0 else []))


class _Walls:
    """The soft walls of the workspace."""

    def __init__(self, robot: ArmSpec):
        margin_m = robot.workspace.margin_m + _MARGINS * WALL_MARGIN_M
        self._low = np.array(robot.workspace.low_m) + margin_m
        self._high = np.array(robot.workspace.high_m) - margin_m
        self._soft_m = robot.workspace.soft_m

    def share(self, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Return the share [3] that is left of a velocity in the base frame, 0 at a wall."""
        distance = np.where(velocity > 0.0, self._high - position, position - self._low)
        share = np.clip(distance / self._soft_m, 0.0, 1.0)
        return np.where(velocity == 0.0, 1.0, share)

    def slowed(self, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Return a velocity [3] in the base frame, slower towards walls, back where too near."""
        slower = velocity * self.share(position, velocity)
        too_low, too_high = self._low - position, position - self._high
        back = _RETURN_RATE * (
            np.clip(too_low, 0.0, WALL_MARGIN_M) - np.clip(too_high, 0.0, WALL_MARGIN_M)
        )
        return np.where(
            too_low > 0.0,
            np.maximum(slower, back),
            np.where(too_high > 0.0, np.minimum(slower, back), slower),
        )


def _turned(matrix: np.ndarray, twist: np.ndarray) -> np.ndarray:
    """Return a twist [6] in other axes; the point it belongs to stays the tool's origin."""
    return np.concatenate([matrix @ twist[:3], matrix @ twist[3:]])
