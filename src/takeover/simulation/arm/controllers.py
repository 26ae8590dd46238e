"""The controllers of a simulated arm: from commands to the references of its servos.

They behave as those that drive real arms:

* ros2_control, joint_trajectory_controller, given trajectories of one point: positions are
  interpolated linearly from the present reference (`interpolate_from_desired_state`) until
  `time_from_start` is over, then held.
* ros2_control, forward_command_controller on positions: hands on what it got, at once, and has no
  time-out: the last command holds.
* MoveIt Servo on twists: integrates joint velocities from differential inverse kinematics, and
  after its `incoming_command_timeout` decelerates to a halt.

Whatever they ask for, the reference stays within the positions of the joints and never moves
faster than they may, as ros2_control's `enforce_command_limits` sees to. After the time-out
(`timeouts.controller_s`) no reference goes on towards an old command.
"""

import math

import numpy as np
from takeover.arm.differential_ik import DifferentialIk
from takeover.arm.kinematics import ArmKinematics
from takeover.arm_spec import ArmSpec
from takeover.simulation.ticks import TICK_S

TRAJECTORY_S = 0.02
_NONE, _JOINTS, _TWIST = range(3)


class ArmControllers:
    """The reference of the joints; whichever controller got a command last moves it."""

    def __init__(self, robot: ArmSpec, kinematics: ArmKinematics) -> None:
        """Prepare the controllers of one arm."""
        self._kinematics = kinematics
        self._ik = DifferentialIk(kinematics)
        self._low, self._high = kinematics.low_rad, kinematics.high_rad
        self._step = TICK_S * np.array([joint.max_velocity_rad_s for joint in robot.joints])
        self._brake = TICK_S * np.array([joint.max_acceleration_rad_s2 for joint in robot.joints])
        self._timeout_ticks = math.ceil(robot.timeouts.controller_s / TICK_S - 1e-9)
        self.reset(np.array(robot.home_rad))

    def reset(self, positions: np.ndarray) -> None:
        """Stand at `positions` [n] without a command."""
        self.positions = positions.astype(float)
        """Reference of the joints now, rad."""
        self.velocities = np.zeros_like(self.positions)
        """Of the reference, rad/s."""
        self._mode = _NONE
        self._silent_ticks = 0
        self._goal = self.positions
        self._remaining_ticks = 0
        self._twist = np.zeros(6)
        self._in_tool_frame = True

    def move_to(self, positions: np.ndarray, duration_s: float) -> bool:
        """Take positions [n] to be reached in `duration_s`; 0: at once, as far as limits allow.

        :returns: False when it was ignored: not finite, or not one for each joint.
        """
        if positions.shape != self.positions.shape or not np.isfinite(positions).all():
            return False
        self._goal = np.clip(positions, self._low, self._high)
        self._remaining_ticks = max(1, round(duration_s / TICK_S))
        self._mode, self._silent_ticks = _JOINTS, 0
        return True

    def move_like(self, twist: np.ndarray, in_tool_frame: bool) -> bool:
        """Take a twist [6] of the tool: m/s, rad/s; it holds until the next.

        :param in_tool_frame: whether its axes are those of the tool or of the base.
        :returns: False when it was ignored: not finite, or not six numbers.
        """
        if twist.shape != (6,) or not np.isfinite(twist).all():
            return False
        self._twist, self._in_tool_frame = twist.copy(), in_tool_frame
        self._mode, self._silent_ticks = _TWIST, 0
        return True

    def advance(self) -> None:
        """Let a tick pass."""
        timely = self._silent_ticks < self._timeout_ticks
        self._silent_ticks += 1
        if self._mode == _TWIST:
            wanted = self._servo() if timely else np.zeros_like(self.positions)
            step = self._brake_towards(wanted) if not timely else wanted * TICK_S
        elif self._mode == _JOINTS and timely:
            step = (self._goal - self.positions) / max(1, self._remaining_ticks)
            self._remaining_ticks -= 1
        else:
            step = np.zeros_like(self.positions)
        step = np.clip(step, -self._step, self._step)
        reference = np.clip(self.positions + step, self._low, self._high)
        self.velocities = (reference - self.positions) / TICK_S
        self.positions = reference

    def _servo(self) -> np.ndarray:
        twist = self._twist
        if not self._in_tool_frame:
            turn = self._kinematics.tool_matrix(self.positions).T
            twist = np.concatenate([turn @ twist[:3], turn @ twist[3:]])
        return self._ik.joint_velocity(self.positions, twist, TICK_S)

    def _brake_towards(self, wanted: np.ndarray) -> np.ndarray:
        change = np.clip(wanted - self.velocities, -self._brake, self._brake)
        return (self.velocities + change) * TICK_S


class GripperController:
    """The reference of the gripper's joints; it follows no faster than the gripper may move."""

    def __init__(self, robot: ArmSpec) -> None:
        """Prepare the controller of one gripper."""
        gripper, limit = robot.gripper, robot.limits['gripper']
        self._low, self._high = gripper.min_width_m, gripper.max_width_m
        self._down, self._up = TICK_S * limit.min_velocity, TICK_S * limit.max_velocity
        self._count = len(gripper.joints)
        self.reset(self._high)

    def reset(self, width_m: float) -> None:
        """Hold `width_m`."""
        self.width_m = self._goal_m = width_m

    @property
    def positions(self) -> float:
        """Reference of each of the gripper's joints."""
        return self.width_m / self._count

    def move_to(self, width_m: float) -> bool:
        """Take a width; it holds until the next.

        :returns: False when it was ignored because it is not finite.
        """
        if not math.isfinite(width_m):
            return False
        self._goal_m = min(max(width_m, self._low), self._high)
        return True

    def advance(self) -> None:
        """Let a tick pass."""
        self.width_m += min(max(self._goal_m - self.width_m, self._down), self._up)
