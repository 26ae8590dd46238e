"""The safety gate of an arm with its clocks, a sender that counts and an arm that follows."""

import numpy as np
from takeover.arm.kinematics import ArmKinematics
from takeover.arm_samples import JointSample, WrenchSample
from takeover.safety.arm_gate import ArmGate
from takeover.specs import ActionSpec
from takeover.task import load_robot, load_task

PERIOD_S = 0.02
ROBOT = load_robot('franka')
TOOL_TWIST = load_task('arm_reach').action
KINEMATICS = ArmKinematics(ROBOT)
# Where the command ends; the arm itself has the margins of the robot file.
LOW, HIGH = KINEMATICS.low_rad + ROBOT.slack_rad, KINEMATICS.high_rad - ROBOT.slack_rad
BOX_LOW = np.array(ROBOT.workspace.low_m) + ROBOT.workspace.margin_m
BOX_HIGH = np.array(ROBOT.workspace.high_m) - ROBOT.workspace.margin_m
FASTEST = np.array([joint.max_velocity_rad_s for joint in ROBOT.joints])
STEEPEST = np.array([joint.max_acceleration_rad_s2 for joint in ROBOT.joints])
DOWN = np.array([1.0, 0.0, 0.0, 0.0])
START = KINEMATICS.joints_for(np.array([0.45, 0.0, 0.30]), DOWN, np.array(ROBOT.home_rad))
# Twist in the base frame without two of the turns, and without a gripper.
BASE_TWIST = ActionSpec(
    kind='twist',
    frame=ROBOT.base_frame,
    components=TOOL_TWIST.components[:3] + TOOL_TWIST.components[5:6],
)
JOINTS = ActionSpec(
    kind='joint_velocity',
    frame=None,
    components=tuple(
        {'name': name, 'unit': 'rad/s', 'low': -1.0, 'high': 1.0} for name in ROBOT.joint_names
    ),
)


def joints_at(position, rotation=DOWN):
    """Return joints with the tool at a position, pointing down unless told otherwise."""
    joints = KINEMATICS.joints_for(np.array(position), rotation, START)
    assert joints is not None
    return joints


class ArmRig:
    """A gate whose arm stands at the command of `lag` senses ago, plus `offset`."""

    def __init__(self, action=TOOL_TWIST, start=START, robot=ROBOT, lag=2, **settings):
        self.gate = ArmGate(action, robot, PERIOD_S, **settings)
        self.robot, self.lag = robot, lag
        self.now_s, self.now_ns, self.sequence = 100.0, 10**18, 0
        self.offset = np.zeros(len(robot.joints))
        self.sent = [np.array(start)] * (lag + 1)
        self.seen = self.measured  # as the gate was told the last time
        self.width_m, self.object_m, self.force_n = 0.05, 0.0, 0.0  # object: between the fingers
        self.feels_joints = self.feels_wrench = True
        self.on_stop = lambda output: None  # is shown the first output of a protective stop
        self.zero = (0.0,) * len(action.components)
        self.gate.activate(self.now_s)
        self.sense()

    @property
    def measured(self):
        """Where the arm is."""
        return self.sent[-1 - self.lag] + self.offset

    def sample(self, positions=None, names=None):
        """Return a sample of the joints as the robot sends it."""
        fingers = self.robot.gripper.joints if self.robot.gripper else ()
        names = names or self.robot.joint_names + fingers
        positions = self.measured if positions is None else positions
        numbers = np.concatenate([positions, [self.width_m / len(fingers) for _ in fingers]])
        return JointSample(self.now_ns, names, numbers, np.zeros(len(names)))

    def wrench(self, force_n=0.0, torque_n_m=0.0):
        """Feel a wrench now."""
        sample = WrenchSample(
            self.now_ns, np.array([0.0, 0.6, 0.8]) * force_n, np.array([0.0, 0.0, torque_n_m])
        )
        return self.gate.on_wrench(sample, self.now_ns, self.now_s)

    def sense(self):
        """Measure what there is to measure."""
        if self.feels_joints:
            refused = self.gate.on_joints(self.sample(), self.now_ns, self.now_s)
            assert refused in (None, 'joint state: not newer than the last one')
            self.seen = self.seen if refused else self.measured
        first = self.wrench(self.force_n) if self.feels_wrench else None
        if first is not None:
            self.on_stop(self.follow(first))

    def wait(self, gap_s):
        """Let time pass on both clocks."""
        self.now_s += gap_s
        self.now_ns += round(gap_s * 1e9)
        return self

    def command(self, values, source=None):
        """Send a command now."""
        self.sequence += 1
        return self.follow(
            self.gate.command(
                values, self.sequence, self.now_ns, self.now_ns, self.now_s, source=source
            )
        )

    def tick(self, gap_s=PERIOD_S):
        """Measure and tick, later."""
        self.wait(gap_s).sense()
        return self.follow(self.gate.tick(self.now_s))

    def follow(self, output):
        """Let the arm go where it is sent."""
        if getattr(output, 'positions', None) is not None:
            self.sent.append(output.positions)
        if getattr(output, 'width_m', None) is not None:
            self.width_m = max(output.width_m, self.object_m)
        return output

    def drive(self, values, duration_s=0.5, source=None):
        """Command at 10 Hz and tick at 50 Hz; return all outputs."""
        outputs = []
        for index in range(round(duration_s / PERIOD_S)):
            if index % 5 == 0:
                outputs.append(self.command(values, source))
            outputs.append(self.tick())
        return outputs

    def coast(self, duration_s):
        """Only tick; return all outputs."""
        return [self.tick() for _ in range(round(duration_s / PERIOD_S))]

    def tool(self):
        """Return the commanded position of the tool in the base frame."""
        return KINEMATICS.tool_position(self.sent[-1])
