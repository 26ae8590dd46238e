"""The URDF as Gazebo reads it: valid, sensors in place, topics those that the bridge carries."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from takeover.camera.config import load_camera
from takeover.simulation.lidar import FRAME
from tests.sdformat import as_sdf, complaints
import yaml

# Systems of Gazebo Harmonic, and the topics that each of them hears and publishes.
SYSTEMS = {
    'gz-sim-diff-drive-system': 'gz::sim::systems::DiffDrive',
    'gz-sim-odometry-publisher-system': 'gz::sim::systems::OdometryPublisher',
    'gz-sim-joint-state-publisher-system': 'gz::sim::systems::JointStatePublisher',
}
# Read by gz-sensors; SDF 1.9 does not define them.
UNKNOWN_TO_SDF = ('gz_frame_id', 'camera_info_topic')
CARRIED = {
    'DiffDrive/topic': ('gz.msgs.Twist', 'ROS_TO_GZ'),
    'OdometryPublisher/odom_topic': ('gz.msgs.Odometry', 'GZ_TO_ROS'),
    'OdometryPublisher/tf_topic': ('gz.msgs.Pose_V', 'GZ_TO_ROS'),
    'JointStatePublisher/topic': ('gz.msgs.Model', 'GZ_TO_ROS'),
    'lidar/topic': ('gz.msgs.LaserScan', 'GZ_TO_ROS'),
    'camera/topic': ('gz.msgs.Image', 'GZ_TO_ROS'),
    'camera/camera/camera_info_topic': ('gz.msgs.CameraInfo', 'GZ_TO_ROS'),
}


@pytest.fixture(scope='module')
def rover(described) -> ElementTree.Element:
    """Return the rover as SDF."""
    return as_sdf(described.file).find('model')


def parts(rover: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Return systems and sensors by name."""
    systems = {plugin.get('name').split('::')[-1]: plugin for plugin in rover.findall('plugin')}
    return systems | {sensor.get('name'): sensor for sensor in rover.iter('sensor')}


def text(rover: ElementTree.Element, path: str) -> str:
    """Return the text of an element below a system or a sensor."""
    name, _, rest = path.partition('/')
    return parts(rover)[name].findtext(rest)


def number(rover: ElementTree.Element, path: str) -> float:
    return float(text(rover, path))


def test_libsdformat_says_nothing_against_it(described):
    assert complaints(described.file, UNKNOWN_TO_SDF) == []


def test_libsdformat_says_something_against_a_broken_one(described, tmp_path):
    file = tmp_path / 'broken.urdf'
    file.write_text(described.urdf.replace('child link="left_wheel_link"', 'child link="nowhere"'))
    assert complaints(file, UNKNOWN_TO_SDF)


def test_libsdformat_does_not_know_a_misspelt_element(described, tmp_path):
    file = tmp_path / 'misspelt.urdf'
    file.write_text(described.urdf.replace('update_rate>', 'updates>'))
    assert complaints(file, UNKNOWN_TO_SDF) == ['no element of SDF: updates']


def test_its_wheels_are_turned_by_gazebos_own_systems(rover):
    plugins = {plugin.get('filename'): plugin.get('name') for plugin in rover.findall('plugin')}
    assert plugins == SYSTEMS


def test_the_drive_has_the_sizes_and_ramps_of_the_robot_file(described, rover):
    geometry, physics = described.robot.geometry, described.robot.simulation
    expected = {
        'wheel_separation': geometry.track_m,
        'wheel_radius': geometry.wheel_radius_m,
        'max_linear_acceleration': physics.max_acceleration_m_s2,
        'min_linear_acceleration': -physics.max_acceleration_m_s2,
        'max_angular_acceleration': physics.max_angular_acceleration_rad_s2,
        'min_angular_acceleration': -physics.max_angular_acceleration_rad_s2,
    }
    found = {name: number(rover, f'DiffDrive/{name}') for name in expected}
    assert found == pytest.approx(expected)
    joints = {joint.get('name') for joint in rover.findall('joint')}
    drive = parts(rover)['DiffDrive']
    assert {drive.findtext('left_joint'), drive.findtext('right_joint')} == joints
    assert {name.text for name in parts(rover)['JointStatePublisher'].iter('joint_name')} == joints


def test_odometry_is_that_of_the_path_at_the_rate_of_the_robot_file(described, rover):
    odometry = parts(rover)['OdometryPublisher']
    assert odometry.findtext('odom_frame') == 'odom'
    assert odometry.findtext('robot_base_frame') == 'base_link'
    rate_hz = number(rover, 'OdometryPublisher/odom_publish_frequency')
    assert rate_hz == described.robot.simulation.odometry.rate_hz
    # Two publishers of one topic would be two robots.
    topics = [element.text for element in rover.iter() if element.tag.endswith('topic')]
    assert len(topics) == len(set(topics))


def test_the_lidar_is_that_of_the_robot_file(described, rover):
    spec = described.robot.simulation.lidar
    last_rad = spec.angle_min_rad + (spec.beams - 1) * spec.angle_increment_rad
    expected = {
        'update_rate': spec.rate_hz,
        'lidar/scan/horizontal/samples': spec.beams,
        'lidar/scan/horizontal/min_angle': spec.angle_min_rad,
        'lidar/scan/horizontal/max_angle': last_rad,
        'lidar/range/min': spec.range_min_m,
        'lidar/range/max': spec.range_max_m,
        'lidar/noise/stddev': spec.noise_m,
    }
    found = {name: number(rover, f'lidar/{name}') for name in expected}
    assert found == pytest.approx(expected)
    assert parts(rover)['lidar'].get('type') == 'gpu_lidar'


def test_the_camera_is_that_of_the_robot_file(described, rover):
    spec = described.robot.simulation.camera
    assert parts(rover)['camera'].get('type') == 'camera'
    assert number(rover, 'camera/update_rate') == spec.rate_hz
    size = [number(rover, f'camera/camera/image/{side}') for side in ('width', 'height')]
    assert size == [spec.width, spec.height]
    # Square pixels: as far apart from top to bottom as from left to right.
    half_rad = 0.5 * number(rover, 'camera/camera/horizontal_fov')
    assert math.tan(half_rad) / spec.width == pytest.approx(
        math.tan(0.5 * spec.fov_y_rad) / spec.height
    )


def test_sensors_are_where_the_simulated_ones_are(described, rover):
    model = described.model
    lidar = [float(x) for x in text(rover, 'lidar/pose').split()]
    assert lidar == pytest.approx([*model.site('lidar').pos, 0.0, 0.0, 0.0])
    *position, roll, pitch, yaw = (float(x) for x in text(rover, 'camera/pose').split())
    camera = model.camera('forward')
    assert position == pytest.approx(camera.pos)
    forward = [math.cos(pitch), 0.0, -math.sin(pitch)]
    quaternion = model.cam_quat[camera.id]
    # A camera of MuJoCo looks along its -z.
    w, x, y, z = quaternion
    looks = -np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    assert (roll, yaw) == pytest.approx((0.0, 0.0))
    assert forward == pytest.approx(looks, abs=1e-6)


def test_frames_are_those_that_the_simulated_rover_publishes(repository, rover):
    _, sim = load_camera(repository / 'config' / 'cameras' / 'sim.yaml')
    assert text(rover, 'camera/gz_frame_id') == sim.frame
    assert text(rover, 'lidar/gz_frame_id') == FRAME


def test_shapes_rub_as_the_simulated_ones(described, rover):
    frictions = {
        collision.get('name'): float(collision.findtext('surface/friction/ode/mu'))
        for collision in rover.iter('collision')
        if collision.find('surface') is not None
    }
    wheels = [value for name, value in frictions.items() if 'wheel' in name]
    assert wheels == [described.robot.simulation.wheel_friction] * 2
    (caster,) = [value for name, value in frictions.items() if 'caster' in name]
    assert caster == 0.0


def test_the_bridge_carries_every_topic_of_the_rover_and_no_other(repository, rover):
    bridge = yaml.safe_load((repository / 'config' / 'gz_bridge.yaml').read_text())
    carried = {
        entry['gz_topic_name']: (entry['gz_type_name'], entry['direction']) for entry in bridge
    }
    assert carried.pop('/clock') == ('gz.msgs.Clock', 'GZ_TO_ROS')
    assert carried == {text(rover, path): form for path, form in CARRIED.items()}


def test_the_camera_file_for_gazebo_fits_the_camera(repository, robot):
    _, camera = load_camera(repository / 'config' / 'cameras' / 'gazebo.yaml')
    spec = robot.simulation.camera
    assert (camera.width, camera.height, camera.rate_hz) == (spec.width, spec.height, spec.rate_hz)
    assert camera.topic == 'camera/image_raw'
