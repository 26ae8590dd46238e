"""What takes the commands, and when it stops by itself."""

import pytest
from takeover.doctor.controller import check
from takeover.doctor.finding import Severity
from takeover.doctor.graph import ControllerFacts, Endpoint
from tests.unit.doctor.healthy import changed, graph_of, setting_of, topics_of, worst

DIFF = '/diff_drive_controller'
TRAJECTORY = 'joint_trajectory_controller/joint_trajectory'


def with_parameters(parameters, task='rover_path', robot=''):
    setting = setting_of(task, robot)
    asked = ControllerFacts(node=DIFF, parameters=parameters)
    return check(setting, graph_of(setting, controllers=(asked,)))


def with_listener(**end):
    setting = setting_of()
    end = Endpoint(**({'node': DIFF, 'type': 'geometry_msgs/msg/TwistStamped'} | end))
    facts = changed(topics_of(setting)['cmd_vel'], subscriptions=(end,))
    return worst(check(setting, graph_of(setting, topics={'cmd_vel': facts})))


def test_the_time_out_of_the_robot_file_is_well():
    (finding,) = with_parameters({'cmd_vel_timeout': 0.5})
    assert finding.severity is Severity.OK and 'cmd_vel_timeout is 0.5 s' in finding.found


@pytest.mark.parametrize(
    ('timeout_s', 'severity', 'cause'),
    [(0.0, Severity.ERROR, 'switches the time-out off'),
     (2.0, Severity.ERROR, 'longer than timeouts.controller_s'),
     (0.2, Severity.WARNING, 'before the gate does')],
)  # fmt: skip
def test_another_time_out_is_judged(timeout_s, severity, cause):
    (finding,) = with_parameters({'cmd_vel_timeout': timeout_s})
    assert finding.severity is severity and cause in finding.cause
    assert f'ros2 param set {DIFF} cmd_vel_timeout 0.5' in finding.remedy


def test_servo_names_its_time_out_otherwise():
    (finding,) = with_parameters({'moveit_servo.incoming_command_timeout': 3.0})
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize('parameters', [None, {}])
def test_a_time_out_that_cannot_be_asked_for_is_told_with_a_way_by_hand(parameters):
    (finding,) = with_parameters(parameters)
    assert finding.severity is Severity.INFO
    assert 'unknown' in finding.found and 'lifted' in finding.remedy


def test_nobody_who_listens_is_an_error():
    setting = setting_of()
    facts = changed(topics_of(setting)['cmd_vel'], subscriptions=())
    (finding,) = check(setting, graph_of(setting, topics={'cmd_vel': facts}))
    assert finding.severity is Severity.ERROR and 'nobody listens' in finding.found


def test_an_unstamped_controller_is_an_error_with_both_types():
    finding = with_listener(type='geometry_msgs/msg/Twist')
    assert finding.severity is Severity.ERROR
    assert finding.found.endswith('geometry_msgs/msg/Twist') and 'TwistStamped' in finding.cause


def test_a_base_that_takes_unstamped_commands_says_so_in_its_file(tmp_path, repository):
    text = (repository / 'config' / 'robots' / 'rover.yaml').read_text()
    file = tmp_path / 'rover.yaml'
    file.write_text(text.replace('\nlimits:', '\ncommand: {message: twist}\n\nlimits:', 1))
    (finding,) = with_parameters({'cmd_vel_timeout': 0.5}, robot=str(file))
    assert finding.severity is Severity.OK


def test_a_controller_that_requests_more_than_the_gate_offers_does_not_hear_it():
    finding = with_listener(misfit='Durability: transient local requested')
    assert finding.severity is Severity.ERROR and 'transient local' in finding.cause


def test_the_simulated_robot_keeps_the_time_out_of_its_file():
    finding = with_listener(node='/sim_node')
    assert finding.severity is Severity.OK and '0.5 s' in finding.found


def franka_joints():
    return list(setting_of('arm_reach').robot.joint_names)


def test_a_trajectory_controller_with_the_joints_of_the_robot_is_told_to_have_no_time_out():
    parameters = {
        'joints': franka_joints()[::-1],
        'interpolate_from_desired_state': True,
        'type': 'joint_trajectory_controller/JointTrajectoryController',
    }
    finding, gripper = with_parameters(parameters, 'arm_reach')
    assert finding.severity is Severity.INFO and 'no time-out' in finding.cause
    assert 'JointTrajectoryController' in finding.found
    assert gripper.severity is Severity.OK and 'gripper' in gripper.found


def test_other_joints_are_an_error():
    finding = worst(with_parameters({'joints': ['a', 'b']}, 'arm_reach'))
    assert finding.severity is Severity.ERROR and 'panda_joint1' in finding.cause


def test_the_order_of_joints_matters_where_positions_have_no_names(tmp_path, repository):
    text = (repository / 'config' / 'robots' / 'franka.yaml').read_text()
    file = tmp_path / 'franka.yaml'
    file.write_text(text.replace('interface: joint_trajectory', 'interface: forward_position'))
    turned = {'joints': franka_joints()[::-1]}
    finding = worst(with_parameters(turned, 'arm_reach', str(file)))
    assert finding.severity is Severity.ERROR and 'another joint' in finding.cause


def test_a_trajectory_controller_that_begins_at_the_measured_state_is_a_warning():
    finding = worst(with_parameters({'interpolate_from_desired_state': False}, 'arm_reach'))
    assert finding.severity is Severity.WARNING
