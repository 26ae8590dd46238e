"""The rover, described twice: as URDF for ROS and Gazebo, and as the MuJoCo model."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import pytest
from takeover.robot import RoverSpec
from takeover.simulation.course import Course
from takeover.simulation.rover_model import build_model
from takeover.task import load_robot
import xacro
import yaml

# Another rover: whatever is not taken from the robot file stays behind.
CHANGED = {
    'geometry': {'radius_m': 0.24, 'wheel_radius_m': 0.08, 'track_m': 0.36, 'mass_kg': 11.0},
    'simulation': {
        'wheel_friction': 0.6,
        'max_acceleration_m_s2': 1.5,
        'max_angular_acceleration_rad_s2': 7.0,
        'lidar': {'rate_hz': 10.0, 'beams': 90, 'range_max_m': 9.0, 'noise_m': 0.03},
        'odometry': {'rate_hz': 25.0},
        'camera': {'rate_hz': 20.0, 'width': 640, 'height': 360, 'fov_y_rad': 0.8},
    },
}


@dataclass(frozen=True)
class Described:
    """One robot file and what is made of it."""

    robot: RoverSpec
    file: Path
    urdf: str
    model: mujoco.MjModel


@pytest.fixture(scope='session')
def package(repository) -> Path:
    """Return the source folder of takeover_description."""
    return repository / 'ros2_ws' / 'src' / 'takeover_description'


@pytest.fixture(scope='session')
def expand(package):
    """Return a function that expands a xacro file of the package, as text."""

    def expand(name: str, **arguments: str) -> str:
        return xacro.process_file(str(package / 'urdf' / name), mappings=arguments).toxml()

    return expand


@pytest.fixture(scope='session', params=['shipped', 'changed'])
def described(request, package, expand, task, tmp_path_factory) -> Described:
    """Return the rover that is shipped, and another one."""
    folder = tmp_path_factory.mktemp(request.param)
    document = yaml.safe_load((package / 'robots' / 'rover.yaml').read_text())
    if request.param == 'changed':
        merge(document, CHANGED)
    robot_file = folder / 'robot.yaml'
    robot_file.write_text(yaml.safe_dump(document))
    file, urdf = folder / 'rover.urdf', expand('rover.urdf.xacro', robot=str(robot_file))
    file.write_text(urdf)
    robot = load_robot(robot_file)
    return Described(robot, file, urdf, build_model(robot, Course(0, task.episode)))


def merge(into: dict, changes: dict) -> None:
    """Put every changed value in its place."""
    for key, value in changes.items():
        if isinstance(value, dict):
            merge(into[key], value)
        else:
            assert into[key] != value, key
            into[key] = value


def links(urdf: str) -> dict[str, ElementTree.Element]:
    """Return the links of a robot by name."""
    return {link.get('name'): link for link in ElementTree.fromstring(urdf).iter('link')}
