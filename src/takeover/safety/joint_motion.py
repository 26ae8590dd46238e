"""The integrated joint command of an arm, which never leaves joint limits and workspace.

Invariant: there is always a stop, worked out beforehand from the state the joints are in, that
keeps every joint within its position limits and the tool inside its box. A step is taken only if
the same is true of the state after it; otherwise the known stop is followed. So no sequence of
commands, however irregular, leads outside. An arm that swings behind its command stays inside by
the margins of the robot file, `slack_rad` of the joints and `margin_m` of the box, by which these
limits are narrower.

Where an arm is outside already, the limit stands where the arm is: no farther out, but back. As
it comes back, the limit comes with it, behind by the stop that was worked out last.

The command and the arm are never at quite the same place. `correct` brings the command to where
the arm was measured, without a jump: as a slow motion of its own, with a tenth of the limits of
each joint, while the motion that is asked for has the rest.
"""

import numpy as np
from takeover.arm.kinematics import ArmKinematics
from takeover.safety.joint_state import JointCurves, JointState, StopPlan

# Kept to the limits beside the robot's own margins, so that the way between two checked positions
# is inside as well.
WALL_MARGIN_M = 1e-3
JOINT_MARGIN_RAD = 1e-3
# Steps longer than this are no steps of a control loop; the stop is followed instead.
_MAX_PERIODS = 2.0 + 1e-6
# 1/s: how fast a correction slows down towards its end, and when it is there.
_CORRECTION_RATE = 10.0
_CORRECTED_RAD = 1e-5


class JointMotion:
    """Positions and velocities commanded to the joints; see the top of this file.

    Not seeded, it has no positions and does not move.
    """

    def __init__(self, kinematics: ArmKinematics, period_s: float):
        """Begin without positions; `seed` gives them.

        :param period_s: of the steps; one may be up to twice as long.
        """
        robot = kinematics.robot
        self.state: JointState | None = None
        self.refused = False  # whether the last step was the stop and not what was asked for
        self._place: np.ndarray | None = None  # [3], m, outside the box: so far the command may go
        self._kinematics = kinematics
        self._curves = JointCurves(robot)
        self._period_s = period_s
        joint_margin_rad = robot.slack_rad + JOINT_MARGIN_RAD
        wall_margin_m = robot.workspace.margin_m + WALL_MARGIN_M
        self._low = kinematics.low_rad + joint_margin_rad
        self._high = kinematics.high_rad - joint_margin_rad
        self._box_low = np.array(robot.workspace.low_m) + wall_margin_m
        self._box_high = np.array(robot.workspace.high_m) - wall_margin_m
        self._fastest = np.array([axis.max_velocity for axis in self._curves.motion])
        self._correction_fastest = np.array(
            [axis.max_velocity for axis in self._curves.correction]
        )
        self._correction_braking = np.array(
            [axis.max_acceleration for axis in self._curves.correction]
        )

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves that was asked for; a correction may go on."""
        return self.state is None or not self.state.motion.any()

    def seed(self, measured: np.ndarray) -> None:
        """Stand at the measured positions [n], rad, wherever the command was before."""
        self._place = None
        self._take(JointState.standing(measured))

    def forget(self) -> None:
        """Have no positions until the next `seed`."""
        self.state = None

    def follow(self, measured: np.ndarray) -> None:
        """Go on from the measured positions [n], rad, with the same velocities.

        For an arm that is sent the velocities alone: where they lead it is its own affair.
        """
        zero = JointState.standing(measured)
        self._take(JointState(zero.positions, self.state.motion, zero.correction, zero.offset))

    def stand(self) -> None:
        """Stand at once where the command is: the arm is known to stand."""
        if self.state is not None:
            self.seed(self.state.positions)

    def correct(self, measured: np.ndarray, outside: bool = False) -> bool:
        """Bring the command to the measured positions [n], rad, by and by; whether it will.

        Not if the tool would leave its box: the command, which is inside, leads back.

        :param outside: also then, as far out as the arm is: it presses against something.
        """
        state = self.state
        low, high = self._limits(state)
        goal = np.clip(measured, low, high)
        self._place = self._kinematics.tool_position(goal) if outside else None
        inside = self._inside_box(state, goal[None, :])
        offset = goal - state.positions if inside else np.zeros_like(goal)
        self.state = JointState(state.positions, state.motion, state.correction, offset)
        return inside

    def step(self, goal: np.ndarray, dt_s: float) -> None:
        """Move towards the velocities `goal` [n], rad/s, for `dt_s`, or stop.

        Too fast ones are slowed together, so that the direction of the motion is kept.
        """
        if self.state is None or dt_s <= 0.0:
            return
        goal = goal / max(1.0, float(np.max(np.abs(goal) / self._fastest)))
        self.refused = dt_s > _MAX_PERIODS * self._period_s or not self._try(goal, dt_s)
        if self.refused:
            self._stopped_s += dt_s
            offset = self.state.offset - self._plan.at(self._stopped_s - dt_s).offset
            after = self._plan.at(self._stopped_s)
            self.state = JointState(
                after.positions, after.motion, after.correction, after.offset + offset
            )

    def worst_stop_s(self) -> float:
        """Return how long the joints need at most until they stand, once asked to."""
        return self._curves.worst_stop_s() + self._period_s

    def _try(self, goal: np.ndarray, dt_s: float) -> bool:
        """Take the step if from its end there is a stop inside the limits."""
        state = self.state
        after = self._curves.towards(state, goal, self._correction(state.offset), dt_s)
        for straight in (True, False):
            plan = StopPlan(after, self._curves, self._period_s, straight)
            way = np.vstack([state.middle(after, dt_s), plan.positions()])
            if plan.ends and self._inside_joints(state, way) and self._inside_box(state, way):
                self._take(after, plan)
                return True
        return False

    def _take(self, state: JointState, plan: StopPlan | None = None) -> None:
        self.state = state
        self._plan = plan or StopPlan(state, self._curves, self._period_s)
        self._stopped_s = 0.0

    def _correction(self, offset: np.ndarray) -> np.ndarray:
        """Return the velocities [n] that work off `offset`, from which it can still brake."""
        way = np.abs(offset)
        speed = np.minimum(np.sqrt(self._correction_braking * way), _CORRECTION_RATE * way)
        speed = np.where(way < _CORRECTED_RAD, 0.0, np.minimum(speed, self._correction_fastest))
        return np.copysign(speed, offset)

    def _limits(self, state: JointState) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions [n] between which the joints may be, coming from `state`."""
        return np.minimum(self._low, state.positions), np.maximum(self._high, state.positions)

    def _inside_joints(self, state: JointState, way: np.ndarray) -> bool:
        """Whether the joints stay inside their limits on the way [m, n], coming from `state`."""
        low, high = self._limits(state)
        return bool((way >= low).all() and (way <= high).all())

    def _inside_box(self, state: JointState, way: np.ndarray) -> bool:
        """Whether the tool stays inside its box on the way [m, n], coming from `state`."""
        here = [self._kinematics.tool_position(state.positions)]
        if self._place is not None:
            here.append(self._place)
        low, high = np.min([self._box_low, *here], axis=0), np.max([self._box_high, *here], axis=0)
        tool = np.array([self._kinematics.tool_position(positions) for positions in way])
        return bool((tool >= low).all() and (tool <= high).all())
