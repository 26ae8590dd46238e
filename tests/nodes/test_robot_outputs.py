"""From an output of the safety gate to the messages that each controller takes."""

from geometry_msgs.msg import Twist, TwistStamped
import numpy as np
import pytest
from std_msgs.msg import Float64MultiArray
from takeover.safety.arm_gate import ArmOutput
from takeover.safety.gate import GateOutput, GateState
from takeover.specs import ActionSpec
from takeover.task import load_task_and_robot
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.robot_outputs import make_output, OutputError
from tests.nodes.wire import Wire
from trajectory_msgs.msg import JointTrajectory

PERIOD_S = 0.02
UNSTAMPED = {'message': 'twist'}
TOPIC, GRIPPER_TOPIC = 'arm/commands', 'gripper/commands'
POSITIONS = np.linspace(-0.3, 0.3, 7)
VALUES = (0.01, -0.02, 0.03, 0.1, -0.2, 0.3, -0.05)


@pytest.fixture(scope='module')
def reach():
    """Return task and robot of arm_reach."""
    return load_task_and_robot('arm_reach')


def output_of(reach, interface, action=None, **controller):
    """Return wire and output for a controller."""
    task, robot = reach
    changed = {'interface': interface, 'topic': TOPIC, 'gripper_topic': GRIPPER_TOPIC} | controller
    robot = robot.model_copy(update={'controller': robot.controller.model_copy(update=changed)})
    wire = Wire()
    return wire, make_output(wire.node(), action or task.action, robot, PERIOD_S)


def moving(**changes):
    """Return an output of the gate of an arm."""
    fields = {'values': VALUES, 'positions': POSITIONS, 'velocities': POSITIONS, 'width_m': 0.05}
    return ArmOutput(state=GateState.FORWARDING, reason='', **(fields | changes))


def test_a_base_gets_its_twist_and_zeros_at_the_end(task_and_robot):
    task, robot = task_and_robot
    wire = Wire()
    output = make_output(wire.node(), task.action, robot, PERIOD_S)
    assert output.topics == ['cmd_vel']
    sent = GateOutput((0.3, -0.2), GateState.FORWARDING, '')
    output.publish(sent)
    twist = wire.last('cmd_vel')
    assert (twist.twist.linear.x, twist.twist.angular.z) == (0.3, -0.2)
    assert twist.header.frame_id == task.action.frame
    assert stamp_to_ns(twist.header.stamp) == round(1e9 * wire.now_s)
    output.rest(sent)
    assert wire.last('cmd_vel').twist == TwistStamped().twist


def test_a_base_that_takes_no_stamps_gets_none(task_and_robot):
    task, robot = task_and_robot
    robot = robot.model_copy(update={'command': robot.command.model_copy(update=UNSTAMPED)})
    wire = Wire()
    output = make_output(wire.node(), task.action, robot, PERIOD_S)
    sent = GateOutput((0.3, -0.2), GateState.FORWARDING, '')
    output.publish(sent)
    twist = wire.last('cmd_vel')
    assert isinstance(twist, Twist)
    assert (twist.linear.x, twist.angular.z) == (0.3, -0.2)
    output.rest(sent)
    assert wire.last('cmd_vel') == Twist()


def test_a_trajectory_has_one_point_two_periods_away_from_now_and_no_velocity(reach):
    wire, output = output_of(reach, 'joint_trajectory')
    output.publish(moving())
    trajectory = wire.last(TOPIC)
    assert isinstance(trajectory, JointTrajectory)
    assert tuple(trajectory.joint_names) == reach[1].joint_names
    (point,) = trajectory.points
    assert list(point.positions) == POSITIONS.tolist()
    assert not point.velocities and not point.accelerations and not point.effort
    assert stamp_to_ns(point.time_from_start) == 40_000_000
    assert stamp_to_ns(trajectory.header.stamp) == 0, 'at once'


def test_forwarded_positions_are_in_the_order_of_the_robot_file(reach):
    wire, output = output_of(reach, 'forward_position')
    output.publish(moving())
    assert isinstance(wire.last(TOPIC), Float64MultiArray)
    assert list(wire.last(TOPIC).data) == POSITIONS.tolist()


def test_servo_gets_the_twist_without_the_gripper_in_the_frame_of_the_action(reach):
    wire, output = output_of(reach, 'servo_twist')
    output.publish(moving())
    message = wire.last(TOPIC)
    twist = message.twist
    got = [getattr(v, axis) for v in (twist.linear, twist.angular) for axis in 'xyz']
    assert got == list(VALUES[:6])
    assert message.header.frame_id == reach[0].action.frame
    assert stamp_to_ns(message.header.stamp) == round(1e9 * wire.now_s)


@pytest.mark.parametrize('interface', ['joint_trajectory', 'forward_position', 'servo_twist'])
def test_the_gripper_gets_equal_shares_of_the_width(reach, interface):
    wire, output = output_of(reach, interface)
    assert output.topics == [TOPIC, GRIPPER_TOPIC]
    output.publish(moving())
    assert list(wire.last(GRIPPER_TOPIC).data) == [0.025, 0.025]


@pytest.mark.parametrize('interface', ['joint_trajectory', 'forward_position', 'servo_twist'])
def test_what_was_never_measured_is_not_commanded(reach, interface):
    wire, output = output_of(reach, interface)
    output.publish(moving(positions=None, velocities=None, width_m=None))
    assert not wire.said[TOPIC] and not wire.said[GRIPPER_TOPIC]


def test_at_the_end_the_joints_are_held_and_a_twist_is_zero(reach):
    wire, output = output_of(reach, 'joint_trajectory')
    output.rest(moving())
    assert list(wire.last(TOPIC).points[0].positions) == POSITIONS.tolist()
    wire, output = output_of(reach, 'servo_twist')
    output.rest(moving())
    assert wire.last(TOPIC).twist == TwistStamped().twist


def test_an_action_without_a_gripper_leaves_the_gripper_alone(reach):
    action = reach[0].action.model_copy(update={'components': reach[0].action.components[:6]})
    wire, output = output_of(reach, 'joint_trajectory', action, gripper_topic=None)
    output.publish(moving(values=VALUES[:6]))
    assert output.topics == [TOPIC] and len(wire.said[TOPIC]) == 1


def test_an_action_that_the_controller_cannot_execute_is_refused(reach):
    with pytest.raises(OutputError, match='gripper_topic of franka is needed'):
        output_of(reach, 'joint_trajectory', gripper_topic=None)
    joints = ActionSpec(
        kind='joint_velocity',
        frame=None,
        components=({'name': 'panda_joint1', 'unit': 'rad/s', 'low': -1.0, 'high': 1.0},),
    )
    with pytest.raises(OutputError, match='servo_twist, which executes twists.*joint_velocity'):
        output_of(reach, 'servo_twist', joints)
    output_of(reach, 'joint_trajectory', joints)
