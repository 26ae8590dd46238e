"""doctor_node's facts: what it keeps of a message, who fits whom, what controllers answer."""

from geometry_msgs.msg import Twist, TwistStamped
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, Joy
from takeover.command_topics import ARM_COMMANDS, BASE_COMMANDS
from takeover.doctor.controller import ASKED
from takeover.doctor.needs import MESSAGE_TYPES
from takeover_nodes import qos
from takeover_nodes.controller_questions import ask_controllers
from takeover_nodes.conversions import ns_to_stamp
from takeover_nodes.doctor_node import (
    DEVICE_MESSAGES,
    DoctorNode,
    gate_offer,
    misfit_of,
    sample_of,
)
from takeover_nodes.input_messages import INPUT_MESSAGES
from takeover_nodes.robot_outputs import ARM_OUTPUTS

STAMP_NS = 5_000_000_000


def type_name(message):
    package, folder, _ = message.__module__.split('.', 2)
    return f'{package}/{folder}/{message.__name__}'


def test_the_library_names_the_messages_of_the_nodes():
    messages = {kind: type_name(message) for kind, (message, _) in INPUT_MESSAGES.items()}
    messages |= {kind: type_name(message) for kind, message in DEVICE_MESSAGES.items()}
    assert messages == MESSAGE_TYPES


def test_the_library_names_what_the_gate_publishes():
    sent = {name: type_name(output.MESSAGE) for name, output in ARM_OUTPUTS.items()}
    assert sent == ARM_COMMANDS
    bases = {'twist_stamped': type_name(TwistStamped), 'twist': type_name(Twist)}
    assert bases == BASE_COMMANDS


def test_of_a_picture_its_age_and_a_digest_are_kept():
    message = Image(data=[1, 2, 3])
    message.header.stamp, message.header.frame_id = ns_to_stamp(STAMP_NS), 'camera'
    sample = sample_of(message, b'12345', 7.0, STAMP_NS + 20_000_000)
    assert (sample.arrived_s, sample.size, sample.frame) == (7.0, 5, 'camera')
    assert sample.age_s == pytest.approx(0.02)
    other = sample_of(Image(data=[1, 2, 4]), b'', 7.0, 0)
    assert sample.digest and sample.digest != other.digest


def test_of_a_device_axes_and_buttons_are_kept():
    sample = sample_of(Joy(axes=[0.5], buttons=[0, 1]), b'', 0.0, 0)
    assert (sample.axes, sample.buttons) == ((0.5,), (0, 1))


def profile(reliability, durability=DurabilityPolicy.VOLATILE):
    return QoSProfile(depth=1, reliability=reliability, durability=durability)


RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.mark.parametrize(
    ('offered', 'requested', 'fits'),
    [(profile(RELIABLE), qos.SENSOR, True), (profile(BEST_EFFORT), qos.SENSOR, True),
     (profile(BEST_EFFORT), qos.INPUT, False), (profile(RELIABLE), qos.LATCHED, False),
     (gate_offer(), profile(RELIABLE), True), (gate_offer(), profile(BEST_EFFORT), True),
     (gate_offer(), qos.LATCHED, False)],
)  # fmt: skip
def test_quality_of_service_is_judged_as_dds_does(offered, requested, fits):
    assert bool(misfit_of(offered, requested)) is not fits


@pytest.fixture
def rig(ros, repository, tmp_path):
    """Return doctor_node, a controller under a manager, and what lets them talk."""
    config = repository / 'config'
    given = {
        'task_file': config / 'tasks' / 'rover_path.yaml',
        'robot_file': config / 'robots' / 'rover.yaml',
        'facts_file': tmp_path / 'facts.json',
    }
    words = [word for name, value in given.items() for word in ('-p', f"{name}:='{value}'")]
    ros(*words)
    node = DoctorNode()
    controller = rclpy.create_node('base_controller', use_global_arguments=False)
    manager = rclpy.create_node('controller_manager', use_global_arguments=False)
    executor = SingleThreadedExecutor()
    for each in (node, controller, manager):
        executor.add_node(each)
    yield node, controller, manager, lambda: executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    for each in (node, controller, manager):
        each.destroy_node()


def test_a_controller_tells_its_time_out_and_its_manager_the_type(rig):
    node, controller, manager, spin_once = rig
    controller.declare_parameter('cmd_vel_timeout', 0.25)
    controller.declare_parameter('wheel_radius', 0.1)
    manager.declare_parameter('base_controller.type', 'a/Controller')
    (facts,) = ask_controllers(node, ['/base_controller'], spin_once)
    assert facts.parameters == {'cmd_vel_timeout': 0.25, 'type': 'a/Controller'}
    assert 'wheel_radius' not in ASKED


def test_a_controller_without_such_parameters_answers_nothing_of_them(rig):
    node, _, _, spin_once = rig
    (facts,) = ask_controllers(node, ['/base_controller'], spin_once)
    assert facts.parameters == {'type': None}


def test_a_node_that_does_not_answer_is_told_from_that(rig, monkeypatch):
    from takeover_nodes import controller_questions

    monkeypatch.setattr(controller_questions, 'PATIENCE_S', 0.2)
    node, _, _, spin_once = rig
    (facts,) = ask_controllers(node, ['/nobody'], spin_once)
    assert facts.parameters is None
