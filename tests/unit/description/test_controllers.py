"""Parameters of the controllers agree with the robot file and the URDF."""

import pytest
from tests.unit.description.conftest import links
import yaml


@pytest.fixture(scope='module')
def controllers(package) -> dict[str, dict]:
    """Return the parameters of controller_manager and diff_drive_controller."""
    document = yaml.safe_load((package / 'config' / 'rover_controllers.yaml').read_text())
    return {name.removeprefix('/**/'): node['ros__parameters'] for name, node in document.items()}


@pytest.fixture
def drive(controllers) -> dict:
    return controllers['diff_drive_controller']


def test_every_controller_has_a_type(controllers):
    manager = controllers['controller_manager']
    types = {name: given['type'] for name, given in manager.items() if isinstance(given, dict)}
    assert types == {
        'joint_state_broadcaster': 'joint_state_broadcaster/JointStateBroadcaster',
        'diff_drive_controller': 'diff_drive_controller/DiffDriveController',
    }
    assert set(controllers) - {'controller_manager'} <= set(types)


def test_sizes_are_those_of_the_robot_file(drive, robot):
    geometry = robot.geometry
    assert (drive['wheel_separation'], drive['wheel_radius']) == (
        geometry.track_m,
        geometry.wheel_radius_m,
    )


def test_it_stops_by_itself_when_the_robot_file_says(drive, robot):
    assert drive['cmd_vel_timeout'] == robot.timeouts.controller_s
    assert drive['cmd_vel_timeout'] > robot.timeouts.gate_s


@pytest.mark.parametrize('component', ['linear.x', 'angular.z'])
def test_its_limits_are_never_tighter_than_the_gates(drive, robot, component):
    limit = robot.limits[component]
    assert drive[f'{component}.max_velocity'] >= limit.max_velocity
    assert drive[f'{component}.min_velocity'] <= limit.min_velocity
    assert drive[f'{component}.max_acceleration'] >= limit.max_acceleration
    assert drive[f'{component}.max_deceleration'] <= -limit.max_deceleration


def test_its_accelerations_are_those_of_the_simulated_base(drive, robot):
    physics = robot.simulation
    assert drive['linear.x.max_acceleration'] == physics.max_acceleration_m_s2
    assert drive['angular.z.max_acceleration'] == physics.max_angular_acceleration_rad_s2


def test_joints_and_frames_are_those_of_the_urdf(drive, expand):
    urdf = expand('rover.urdf.xacro', hardware='mock')
    for side in ('left', 'right'):
        (joint,) = drive[f'{side}_wheel_names']
        assert f'<joint name="{joint}" type="continuous">' in urdf
    assert drive['base_frame_id'] in links(urdf)
    assert drive['odom_frame_id'] == 'odom'


def test_numbers_have_the_types_that_the_controller_declares(controllers, drive):
    # An int for a parameter declared as a double stops the controller at its start.
    whole = {name for name, value in drive.items() if type(value) is int}
    assert whole == set()
    assert type(controllers['controller_manager']['update_rate']) is int
