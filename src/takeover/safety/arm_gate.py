"""The safety gate of an arm: the rules of `takeover.safety.gate`, and those of joints and tool.

The base class limits the components of the action. What is left of them becomes a motion of the
joints (`takeover.safety.arm_action`) that never leaves the limits of joints and workspace
(`takeover.safety.joint_motion`). Beside the base class's rules:

* Joints that were never measured, or not for `observation_s`: no motion. The same for a wrench
  that is configured.
* A joint farther from its command than the tolerance: stop, and then send nothing until the own
  controller of the robot has stopped, too. The command begins anew where the arm is, which moves
  once a zero was commanded: who pushed on does not push again by himself.
* Joints that fall silent: the same, but for the zero if the arm comes back where it was. Whoever
  took it over, or started its controller anew, may have moved it.
* A wrench above its limits: a protective stop that latches like an e-stop.
* Hold is the measured position: the command comes to it once the arm has settled, and at each
  hand-over, as near as the slack. Nearer, an arm that hangs below its command would sink by as
  much each time, and one that follows late would be set back. It never jumps there; see below.

The bound. Between two outputs less than `controller_timeout_s` apart, no joint command moves more
than its maximal velocity times their distance in time, and no joint velocity changes by more than
its maximal acceleration times that distance: whoever commands, whenever he takes over or lets go,
and wherever the joints are measured. After a longer silence, and after `activate`, the robot's own
controller has stopped the arm, and the command begins where the arm is, or within the slack of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
from takeover.arm.kinematics import ArmKinematics
from takeover.arm_samples import JointSample, ToolSample, WrenchSample
from takeover.arm_spec import ArmSpec
from takeover.safety.acceptance import Rejection
from takeover.safety.arm_action import ArmAction
from takeover.safety.arm_senses import ArmSenses
from takeover.safety.estop import EstopConfig
from takeover.safety.gate import GateOutput, GateState, SafetyGate, WAITING
from takeover.safety.gripper_motion import GripperMotion
from takeover.safety.joint_motion import JointMotion
from takeover.safety.limits import limits_for_action
from takeover.specs import ActionSpec

# After this long at rest the arm has come to where it was sent, as near as it will.
SETTLED_S = 0.25


@dataclass(frozen=True, eq=False)
class ArmOutput(GateOutput):
    """What goes to the arm now; `values` are the action that is really executed.

    While a command is being brought to the measured position, the joints of the command move, the
    arm does not: `velocities` contain that, `values` do not.
    """

    positions: np.ndarray | None = None  # float64 [n], rad; None: not measured yet, send nothing
    velocities: np.ndarray | None = None  # float64 [n], rad/s
    width_m: float | None = None  # of the gripper; None: the action has none, or not measured yet


class ArmGate(SafetyGate):
    """See the top of this file. Not thread-safe; called from one executor."""

    def __init__(
        self,
        action: ActionSpec,
        robot: ArmSpec,
        period_s: float = 0.02,
        estop: EstopConfig = EstopConfig(),
    ):
        """Start in STANDBY; call `activate` when motion may begin.

        :param action: a twist in the tool's or the base frame, or joint velocities.
        :param period_s: of `tick`.
        :raises LimitsError, ValueError: naming what cannot be used.
        """
        limits = limits_for_action(action, robot)
        super().__init__(
            [component.name for component in action.components],
            limits,
            timeout_s=robot.timeouts.gate_s,
            period_s=period_s,
            estop=estop,
            controller_timeout_s=robot.timeouts.controller_s,
        )
        self._robot = robot
        # MoveIt Servo makes joint positions of the twist itself; those of the gate follow them.
        self._integrates = robot.controller.interface == 'servo_twist'
        self._kinematics = ArmKinematics(robot)
        self._action = ArmAction(action, self._kinematics, limits, period_s)
        self._motion = JointMotion(self._kinematics, period_s)
        self._gripper = (
            GripperMotion(robot.gripper, limits[self._action.gripper])
            if self._action.gripper is not None
            else None
        )
        self._senses = ArmSenses(robot)
        self._seeded = False  # whether the command is known to be where the arm is
        self._sent = False  # whether it has gone to the arm since
        self._joints_fresh = False
        self._untracked: str | None = None  # which joint does not follow
        self._pushed = False  # whether one did not while it was commanded, and no zero came since
        self._lost: str | None = None  # why nobody knows where the arm will be when it is found
        self._told_s = -math.inf  # when positions were sent last
        self._settled_s = 0.0
        self._held = False  # whether the command has come to the measured position since at rest
        self._source: int | None = None
        self._arm_limited: tuple[str, ...] = ()

    def begin_anew(self, now_s: float) -> None:
        """Begin as `activate` does, wherever the arm is measured from now on.

        For an arm that others have moved, while its controller took nothing from this gate.
        """
        self.activate(now_s)
        self._motion.forget()
        if self._gripper is not None:
            self._gripper.forget()
        self._source, self._pushed = None, False

    def command(
        self,
        values: Sequence[float],
        sequence: int,
        stamp_ns: int,
        now_ns: int,
        now_s: float,
        source: int | None = None,
    ) -> ArmOutput | Rejection:
        """Take a command as the base class does.

        :param source: who commands; when it changes, the command of the joints comes to where
            they are measured. None: not told.
        """
        output = super().command(values, sequence, stamp_ns, now_ns, now_s)
        if not isinstance(output, Rejection) and source is not None and source != self._source:
            self._source = source
            self._correct()
        return output

    def on_joints(self, sample: JointSample, now_ns: int, now_s: float) -> str | None:
        """Take measured joints, or say why they are not used."""
        fault = self._senses.on_joints(sample, now_ns, now_s)
        if fault is not None:
            return fault
        measured = self._senses.positions
        self._joints_fresh = True
        if not self._sent:
            if self._lost and now_s - self._told_s < self._controller_timeout_s:
                return None
            self._begin(measured)
        elif self._integrates:
            self._motion.follow(measured)
        self._untracked = self._not_tracking(measured)
        if self._untracked:
            self._held = False
        if self._gripper is not None and self._senses.width_m is not None:
            self._gripper.measure(self._senses.width_m)
        return None

    def on_wrench(self, sample: WrenchSample, now_ns: int, now_s: float) -> ArmOutput | None:
        """Feel the wrench; return the first output of the protective stop if this latches it."""
        excess = self._senses.on_wrench(sample, now_ns, now_s)
        if excess is None or self._estop.latched:
            return None
        return self.estop(f'wrench: {excess}', now_s)

    def tool(self) -> ToolSample | None:
        """Return where the tool is and how it moves, by the newest joints, stamped like them."""
        joints = self._senses.joints
        return None if joints is None else self._kinematics.tool_sample(joints)

    def stop_bound_s(self) -> float:
        """Return how long after the last good command the output is zero, at the latest.

        That of the action, and the longest stop of the joints, which may be behind it.
        """
        return super().stop_bound_s() + self._motion.worst_stop_s()

    def _update(self, now_s: float) -> None:
        super()._update(now_s)
        self._joints_fresh = self._senses.joints_silence(now_s) is None
        hindrance = self._hindrance(now_s)
        if hindrance is not None and self.state is GateState.FORWARDING:
            self._pushed |= self._untracked is not None
            self._stop(hindrance)
        if self._seeded and self._at_rest():
            self._lost = self._senses.joints_silence(now_s) or self._untracked
            if self._lost:
                self._rest_where_sent()

    def _follow(self, values: tuple[float, ...], now_s: float, age_s: float) -> None:
        hindrance = self._hindrance(now_s)
        if hindrance is None and self._pushed and any(values):
            hindrance = WAITING
        if hindrance is not None:
            self.reason = hindrance
            return
        self._pushed = False
        super()._follow(values, now_s, age_s)

    def _hindrance(self, now_s: float) -> str | None:
        """Say why the arm must not move now, or None."""
        return self._senses.silence(now_s) or self._untracked or self._lost

    def _advance(self, dt_s: float) -> None:
        super()._advance(dt_s)
        if not self._seeded:
            return
        self._hold(dt_s)
        values = [axis.velocity for axis in self._axes]
        dq, limited = self._action.joint_velocity(values, self._motion.state.positions)
        self._motion.step(dq, dt_s)
        if self._gripper is not None:
            self._gripper.step(values[self._action.gripper], dt_s)
        self._arm_limited = limited + (('joints/stop',) if self._motion.refused else ())

    def _hold(self, dt_s: float) -> None:
        """Once the arm has settled, bring the command to where it is, one time."""
        if self.state is GateState.FORWARDING or not self._at_rest():
            self._settled_s, self._held = 0.0, False
            return
        self._settled_s += dt_s
        if self._settled_s >= SETTLED_S and not self._held:
            self._held = True
            self._correct()

    def _correct(self) -> None:
        """Bring the command near the measured joints; old ones say nothing of where they are."""
        if self._seeded and self._joints_fresh:
            measured, stopped = self._senses.positions, self._estop.latched
            # What presses must give way wholly, wherever it is.
            slack = 0.0 if stopped else self._robot.slack_rad
            ahead = np.clip(self._motion.state.positions - measured, -slack, slack)
            self._motion.correct(measured + ahead, outside=stopped)

    def _begin(self, measured: np.ndarray) -> None:
        """Know again where the arm is: the command is there, or within the slack of it."""
        state = self._motion.state
        if self._lost and self._not_tracking(measured):
            self._pushed = True
        if state is None or np.abs(measured - state.positions).max() > self._robot.slack_rad:
            self._motion.seed(measured)
        self._seeded, self._lost = True, None

    def _not_tracking(self, measured: np.ndarray) -> str | None:
        """Say which joint is too far from its command, or None."""
        error = np.abs(measured - self._motion.state.positions)
        worst = int(error.argmax())
        if error[worst] <= self._robot.tracking_tolerance_rad:
            return None
        return (
            f'{self._robot.joint_names[worst]} is {error[worst]:.3f} rad from its command, at '
            f'most {self._robot.tracking_tolerance_rad:g} rad'
        )

    def _stand(self) -> None:
        """Be at rest at once, and wait for joints that are measured from now on."""
        self._rest_where_sent()
        self._senses.forget_joints()
        self._lost = None

    def _rest_where_sent(self) -> None:
        """Be at rest at once, and send nothing until it is known where the arm is."""
        super()._stand()
        self._motion.stand()
        if self._gripper is not None:
            self._gripper.stand()
        self._seeded, self._sent, self._untracked = False, False, None

    def _move(self, now_s: float) -> ArmOutput:
        output = super()._move(now_s)
        state = self._motion.state
        common = {'state': output.state, 'reason': output.reason, 'requested': output.requested}
        if not self._seeded:
            return ArmOutput(values=self._zero, **common)
        self._sent, self._told_s = True, now_s
        gripper = 0.0 if self._gripper is None else self._gripper.rate_m_s
        return ArmOutput(
            values=self._action.executed(state.motion[0], gripper, state.positions),
            limited_by=output.limited_by + self._arm_limited,
            positions=state.positions.copy(),
            velocities=state.velocities,
            width_m=None if self._gripper is None else self._gripper.width_m,
            **common,
        )

    def _obstacle_to_reset(self, now_s: float) -> str | None:
        return (
            super()._obstacle_to_reset(now_s)
            or self._senses.excess
            or self._senses.wrench_silence(now_s)
        )

    def _at_rest(self) -> bool:
        gripper_rests = self._gripper is None or self._gripper.at_rest
        return super()._at_rest() and self._motion.at_rest and gripper_rests
