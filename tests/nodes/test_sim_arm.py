"""The simulated arm behind its topics, alone and in a loop with the safety gate, without DDS."""

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import TwistStamped
import numpy as np
import pytest
from std_msgs.msg import Bool, Float64MultiArray
from takeover.safety.estop import EstopConfig
from takeover.safety.gate import GateState
from takeover.task import load_task_and_robot
from takeover_nodes import arm_messages
from takeover_nodes.conversions import ns_to_stamp, stamp_to_ns
from takeover_nodes.robot_gates import ArmFeedback, make_gate, NOT_READY
from takeover_nodes.robot_outputs import make_output
from takeover_nodes.sim_arm import SimulatedArm
from takeover_nodes.sim_robot import Pacing
from tests.nodes.wire import Wire
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

PERIOD_S, TICKS = 0.02, 2
TRAJECTORY, GRIPPER = (
    'joint_trajectory_controller/joint_trajectory',
    'gripper_controller/commands',
)
# As the gate's of an arm at rest that is measured: nothing moves by more than this.
STILL_RAD = 1e-4


class Arm:
    """A simulated arm on a wire, with an episode under way."""

    def __init__(self, name='arm_reach', interface='joint_trajectory', cameras=False):
        self.wire = Wire()
        self.task, robot = load_task_and_robot(name)
        controller = robot.controller.model_copy(update={'interface': interface})
        self.robot = robot.model_copy(update={'controller': controller})
        self.node = self.wire.node()
        self.pacing = Pacing(self.stamp_ns, 1.0, running=True)
        self.sim = SimulatedArm(self.node, self.pacing, self.task, self.robot, 0, cameras)
        self.simulation = self.sim.simulation
        self.sim.tell()

    def stamp_ns(self, sample_ns):
        return round(1e9 * self.wire.now_s) - (self.simulation.time_ns - sample_ns)

    def pass_time(self, duration_s=PERIOD_S):
        """Let time pass, as sim_node does."""
        for _ in range(round(duration_s / PERIOD_S)):
            self.simulation.step(TICKS)
            self.wire.now_s += PERIOD_S
            self.sim.publish(silent=False)

    def place(self, seed):
        """Put it to another start."""
        self.simulation.reset(seed)
        self.sim.forget()

    @property
    def joints(self):
        """Where the joints are."""
        return self.simulation.joints().positions[:7]


def trajectory(arm, by_rad=0.05, **changes):
    """Return a trajectory of one point with the first joint moved."""
    positions = arm.joints.copy()
    positions[0] += by_rad
    point = {
        'positions': positions.tolist(),
        'time_from_start': Duration(nanosec=40_000_000),
    } | changes.pop('point', {})
    message = {
        'joint_names': list(arm.robot.joint_names),
        'points': [JointTrajectoryPoint(**point)],
    }
    return JointTrajectory(**(message | changes))


def moves(arm, topic, command):
    """Return how far the first joint goes by a command."""
    before = arm.joints[0]
    arm.wire.say(topic, command)
    arm.pass_time(0.3)
    return arm.joints[0] - before


def test_a_trajectory_moves_the_joints_by_name_in_any_order():
    arm = Arm()
    command = trajectory(arm)
    command.joint_names.reverse()
    command.points[0].positions.reverse()
    assert moves(arm, TRAJECTORY, command) == pytest.approx(0.05, abs=5e-3)
    assert arm.node.warnings == []


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'joint_names': ['a'] * 7}, 'legal: panda_joint1'),
        ({'joint_names': ['panda_joint1']}, 'legal: panda_joint1'),
        ({'points': []}, '0 points; legal: 1'),
        ({'points': [JointTrajectoryPoint()] * 2}, '2 points; legal: 1'),
        ({'point': {'velocities': [0.1] * 7}}, 'velocity that is not zero'),
        ({'point': {'positions': [0.0]}}, '1 positions for 7 joints'),
        ({'point': {'positions': [float('nan')] * 7}}, 'not finite'),
        ({'start_s': 990.0}, 'ended 9.960 s ago'),
    ],
)
def test_a_trajectory_that_a_controller_would_refuse_is_refused(change, said):
    arm = Arm()
    change = dict(change)
    start_s = change.pop('start_s', 0.0)
    command = trajectory(arm, **change)
    command.header.stamp = ns_to_stamp(round(1e9 * start_s))
    assert moves(arm, TRAJECTORY, command) == pytest.approx(0.0, abs=STILL_RAD)
    assert len(arm.node.warnings) == 1 and said in arm.node.warnings[0]


def test_forwarded_positions_and_twists_move_it_too():
    arm = Arm(interface='forward_position')
    positions = arm.joints + [0.05, 0, 0, 0, 0, 0, 0]
    command = Float64MultiArray(data=positions.tolist())
    assert moves(arm, TRAJECTORY, command) == pytest.approx(0.05, abs=5e-3)
    arm.wire.say(TRAJECTORY, Float64MultiArray(data=[0.0]))
    assert 'needs 7 finite numbers' in arm.node.warnings[0]

    arm = Arm(interface='servo_twist')
    start = arm.simulation.true_tool().position
    twist = TwistStamped()
    twist.header.frame_id, twist.twist.linear.z = arm.robot.base_frame, 0.05
    for _ in range(20):
        arm.wire.say(TRAJECTORY, twist)
        arm.pass_time()
    assert arm.simulation.true_tool().position[2] - start[2] > 0.01
    twist.header.frame_id = 'base_link'
    arm.wire.say(TRAJECTORY, twist)
    assert "frame is 'base_link'; legal: panda_hand_tcp, panda_link0" in arm.node.warnings[0]


def test_the_gripper_takes_the_positions_of_its_joints():
    arm = Arm()
    arm.wire.say(GRIPPER, Float64MultiArray(data=[0.01, 0.01]))
    arm.pass_time(1.5)
    assert arm.simulation.width_m == pytest.approx(0.02, abs=1e-3)
    arm.wire.say(GRIPPER, Float64MultiArray(data=[0.01]))
    assert '1 positions for 2 joints' in arm.node.warnings[0]


def test_it_tells_joints_wrench_target_and_the_truth_with_their_stamps():
    arm = Arm()
    arm.pass_time(0.2)
    said = arm.wire.said
    assert {len(said[topic]) for topic in ('joint_states', 'wrench', 'ground_truth/tool')} == {10}
    joints = said['joint_states'][-1]
    assert tuple(joints.name) == arm.robot.joint_names + arm.robot.gripper.joints
    assert stamp_to_ns(joints.header.stamp) == round(1e9 * arm.wire.now_s)
    assert said['ground_truth/joints'][-1] == joints
    assert said['wrench'][-1].header.frame_id == arm.robot.tool_frame
    tool = arm_messages.tool_sample(said['ground_truth/tool'][-1])
    assert tool.position == pytest.approx(arm.simulation.true_tool().position)
    goal = arm_messages.pose_sample(said['ground_truth/goal'][0])
    assert goal.position == pytest.approx(arm.simulation.goal().position)
    assert said['target'] == said['ground_truth/goal']
    assert [ready.data for ready in said['robot_ready']] == [True]


def test_of_a_peg_the_hole_is_told_as_truth_alone():
    arm = Arm('arm_peg')
    assert arm.wire.said['ground_truth/goal'] and not arm.wire.said['target']


def test_its_cameras_are_rendered_here_when_asked_for_and_somebody_listens():
    arm = Arm(cameras=True)
    if not all(camera.works for camera in arm.sim.cameras):
        pytest.skip('no offscreen renderer')
    seen = []
    arm.wire.hearers['wrist_camera/image_raw'].append(seen.append)
    for _ in range(10):
        arm.pass_time()
        arm.sim.publish_pictures()
    spec = arm.robot.simulation.wrist_camera
    assert len(seen) == pytest.approx(0.2 * spec.rate_hz, abs=1)
    assert (seen[0].width, seen[0].height) == (spec.width, spec.height)
    assert seen[0].header.frame_id == 'wrist_camera_optical_frame'
    assert len(arm.wire.said['wrist_camera/camera_info']) == len(seen)
    assert not arm.wire.said['front_camera/image_raw'], 'nobody looks'
    arm.simulation.close()


def test_dead_sensors_say_nothing_and_the_truth_goes_on():
    arm = Arm()
    arm.simulation.step(TICKS)
    arm.sim.publish(silent=True)
    said = {topic for topic, messages in arm.wire.said.items() if messages}
    assert 'joint_states' not in said and 'wrench' not in said
    assert {'ground_truth/tool', 'ground_truth/joints'} <= said


def test_between_episodes_the_brake_is_on_and_commands_are_ignored():
    arm = Arm()
    arm.wire.say(TRAJECTORY, trajectory(arm, 0.3, point={'time_from_start': Duration(sec=1)}))
    arm.pass_time(0.1)
    arm.pacing.running = False
    arm.sim.brake()
    assert [ready.data for ready in arm.wire.said['robot_ready']] == [True, False]
    arm.pass_time(1.0)
    stood = arm.joints.copy()
    assert moves(arm, TRAJECTORY, trajectory(arm)) == pytest.approx(0.0, abs=STILL_RAD)
    assert np.abs(arm.joints - stood).max() < STILL_RAD
    assert arm.node.warnings == []


class Loop(Arm):
    """The same with the safety gate around it, as safety_node has it."""

    def __init__(self, name='arm_reach', interface='joint_trajectory'):
        super().__init__(name, interface)
        action = self.task.action
        self.gate = make_gate(action, self.robot, PERIOD_S, EstopConfig())
        node = self.wire.node()
        self.output = make_output(node, action, self.robot, PERIOD_S)
        self.stops = []
        self.feedback = ArmFeedback(node, self.gate, self.robot, self.stops.append)
        self.gate.activate(self.wire.now_s)
        self.sequence = 0

    def drive(self, values, duration_s):
        """Command at 10 Hz and tick at 50 Hz."""
        for step in range(round(duration_s / PERIOD_S)):
            self.pass_time()
            now_s, now_ns = self.wire.now_s, round(1e9 * self.wire.now_s)
            if step % 5 == 0:
                self.sequence += 1
                command = values, self.sequence, now_ns, now_ns, now_s
                self.send(self.gate.command(*command, source=1))
            self.feedback.tick(now_s)
            self.send(self.gate.tick(now_s))

    def send(self, output):
        if self.feedback.ready or not self.gate.at_rest:
            self.output.publish(output)

    def end(self):
        """End the episode, as sim_node does."""
        self.pacing.running = False
        self.sim.brake()

    def begin(self, seed):
        """Begin the next one, as sim_node does."""
        self.place(seed)
        self.pacing.running = True
        self.sim.tell()


@pytest.fixture
def loop():
    """Return a loop that has driven for a while."""
    loop = Loop()
    loop.drive((0.0,) * 7, 0.2)
    return loop


SIDEWAYS = (0.1, 0.05, 0.0, 0.0, 0.0, 0.5, -0.05)


def test_the_tool_goes_where_it_is_told(loop):
    before = loop.simulation.true_tool()
    loop.drive((0.0, 0.0, 0.05, 0.0, 0.0, 0.0, 0.0), 1.0)
    moved = loop.simulation.true_tool().position - before.position
    assert moved[2] == pytest.approx(-0.05, abs=0.012), 'out of the hand is down'
    tools = loop.wire.said['tool_state']
    assert tools[-1].header.frame_id == loop.robot.base_frame
    assert tools[-1].child_frame_id == loop.robot.tool_frame
    assert tools[-1].header.stamp == loop.wire.said['joint_states'][-1].header.stamp


def test_a_new_episode_begins_where_it_starts_and_nothing_drives_the_arm_back(loop):
    loop.drive(SIDEWAYS, 1.5)
    width_m = loop.simulation.width_m
    loop.end()
    loop.drive(SIDEWAYS, 0.5)
    loop.place(7)
    start = loop.joints.copy()
    loop.drive(SIDEWAYS, 0.5)
    commands = len(loop.wire.said[TRAJECTORY])
    loop.begin(7)
    assert np.abs(start - loop.joints).max() < STILL_RAD
    loop.drive((0.0,) * 7, 0.5)
    assert np.abs(loop.joints - start).max() < STILL_RAD
    sent = np.array([c.points[0].positions for c in loop.wire.said[TRAJECTORY][commands:]])
    assert len(sent) > 20 and np.abs(sent - start).max() < STILL_RAD
    assert loop.simulation.width_m > width_m + 0.02, 'the gripper is open as at every start'
    loop.drive(SIDEWAYS, 0.5)
    assert np.abs(loop.joints - start).max() > 0.01, 'and it is driven again'


@pytest.mark.parametrize('interface', ['joint_trajectory', 'forward_position', 'servo_twist'])
def test_gate_and_arm_stay_together_whichever_controller_is_between(interface):
    loop = Loop(interface=interface)
    loop.drive((0.0,) * 7, 0.2)
    bounds = np.array([component.high for component in loop.task.action.components])
    for share in np.random.default_rng(1).uniform(-0.7, 0.7, (10, 7)):
        loop.drive(tuple(share * bounds), 1.0)
        apart = np.abs(loop.gate.tick(loop.wire.now_s).positions - loop.joints).max()
        assert apart < 0.6 * loop.robot.tracking_tolerance_rad
    assert loop.gate.stops == 0 and loop.node.warnings == []


def test_while_the_robot_is_not_ready_nothing_is_sent_once_the_gate_stands(loop):
    loop.drive(SIDEWAYS, 0.5)
    loop.end()
    loop.drive(SIDEWAYS, 0.5)
    sent = len(loop.wire.said[TRAJECTORY])
    loop.drive(SIDEWAYS, 0.5)
    assert len(loop.wire.said[TRAJECTORY]) == sent
    assert 'takes no commands' in loop.gate.tick(loop.wire.now_s).reason


def test_a_latched_stop_stays_latched_through_a_new_episode(loop):
    loop.gate.estop('pressed', loop.wire.now_s)
    loop.end()
    loop.drive(SIDEWAYS, 0.5)
    loop.begin(3)
    start = loop.joints.copy()
    loop.drive(SIDEWAYS, 0.5)
    assert np.abs(loop.joints - start).max() < STILL_RAD
    assert 'pressed' in loop.gate.reason


def test_what_a_gate_hears_twice_changes_nothing(loop):
    loop.drive(SIDEWAYS, 0.3)
    before = loop.gate.state
    loop.wire.say('robot_ready', Bool(data=True))
    loop.drive(SIDEWAYS, PERIOD_S)
    assert loop.gate.state is before


def test_ready_again_while_it_stops_the_gate_first_comes_to_rest(loop):
    """A robot that is not ready for a moment does not make the command jump back to the arm."""
    loop.drive(SIDEWAYS, 0.6)
    loop.wire.say('robot_ready', Bool(data=False))
    loop.wire.say('robot_ready', Bool(data=True))
    assert not loop.gate.at_rest and loop.gate.reason == NOT_READY
    loop.drive(SIDEWAYS, 0.6)
    assert loop.gate.state is GateState.FORWARDING


def test_a_wrench_above_its_limit_stops_at_once_and_latches(loop):
    wrench = loop.wire.last('wrench')
    wrench.wrench.force.z = 2.0 * loop.robot.wrench.max_force_n
    loop.wire.say('wrench', wrench)
    (stop,) = loop.stops
    assert 'force is 80.0 N' in stop.reason
