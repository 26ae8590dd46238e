"""The URDF of the rover describes the robot that the MuJoCo model simulates."""

from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
from tests.unit.description.conftest import links

LINKS = {
    'base_link',
    'base_footprint',
    'caster',
    'left_wheel_link',
    'right_wheel_link',
    'laser',
    'camera_link',
    'camera_optical_frame',
}
# MuJoCo leaves out frames without a body and shapes without contact, unless told otherwise.
KEEP = '<mujoco><compiler fusestatic="false" discardvisual="false"/></mujoco>'


@pytest.fixture(scope='module')
def urdf_model(described) -> mujoco.MjModel:
    """Return the URDF as MuJoCo understands it."""
    text = described.urdf.replace('<robot name="rover">', f'<robot name="rover">{KEEP}')
    assert KEEP in text
    return mujoco.MjModel.from_xml_string(text)


@pytest.fixture(scope='module')
def urdf_data(urdf_model) -> mujoco.MjData:
    """Return where everything is, in base_link, which MuJoCo makes the world."""
    data = mujoco.MjData(urdf_model)
    mujoco.mj_kinematics(urdf_model, data)
    return data


def inertia_in_body(body) -> np.ndarray:
    """Return the inertia of a body about its centre of mass, in its own axes: [3, 3]."""
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, body.iquat)
    rotation = rotation.reshape(3, 3)
    return rotation @ np.diag(body.inertia) @ rotation.T


def base_inertial(urdf: str) -> tuple[float, list[float], list[float]]:
    """Return mass, centre and inertia (xx, yy, zz) of base_link as they are written."""
    inertial = links(urdf)['base_link'].find('inertial')
    inertia = inertial.find('inertia')
    return (
        float(inertial.find('mass').get('value')),
        [float(x) for x in inertial.find('origin').get('xyz').split()],
        [float(inertia.get(name)) for name in ('ixx', 'iyy', 'izz')],
    )


def test_it_weighs_what_the_robot_file_says(described, urdf_model):
    mass, _, _ = base_inertial(described.urdf)
    wheels = sum(urdf_model.body(f'{side}_wheel_link').mass[0] for side in ('left', 'right'))
    assert mass + wheels == pytest.approx(described.robot.geometry.mass_kg)


def test_body_has_the_mass_and_inertia_of_the_simulated_one(described):
    body = described.model.body('base_link')
    mass, centre, inertia = base_inertial(described.urdf)
    assert mass == pytest.approx(body.mass[0])
    assert centre == pytest.approx(body.ipos)
    assert inertia == pytest.approx(np.diag(inertia_in_body(body)))


@pytest.mark.parametrize('side', ['left', 'right'])
def test_wheels_are_where_the_simulated_ones_are_and_weigh_as_much(described, urdf_model, side):
    simulated, ours = (
        described.model.body(f'{side}_wheel'),
        urdf_model.body(f'{side}_wheel_link'),
    )
    assert ours.pos == pytest.approx(simulated.pos)
    assert ours.mass == pytest.approx(simulated.mass)
    assert inertia_in_body(ours) == pytest.approx(inertia_in_body(simulated), abs=1e-9)
    joint, other = (model.joint(f'{side}_wheel') for model in (urdf_model, described.model))
    assert joint.axis == pytest.approx(other.axis)
    assert joint.damping == pytest.approx(other.damping)
    assert not joint.limited[0]


def test_track_and_wheel_radius_are_those_of_the_robot_file(described, urdf_model, urdf_data):
    left, right = (urdf_data.body(f'{side}_wheel_link').xpos for side in ('left', 'right'))
    assert left - right == pytest.approx([0.0, described.robot.geometry.track_m, 0.0])
    tyre = described.model.geom('left_tyre')
    cylinder = links(described.urdf)['left_wheel_link'].find('collision/geometry/cylinder')
    radius = float(cylinder.get('radius'))
    assert radius == pytest.approx(described.robot.geometry.wheel_radius_m)
    assert radius == pytest.approx(tyre.size[0])
    assert float(cylinder.get('length')) == pytest.approx(2.0 * tyre.size[2])


@pytest.mark.parametrize('name', ['body', 'caster', 'deck'])
def test_shapes_are_those_of_the_simulated_rover(described, urdf_model, urdf_data, name):
    geom = described.model.geom(name)
    where = [
        (urdf_model.geom_type[i], urdf_data.geom_xpos[i], urdf_model.geom_size[i])
        for i in range(urdf_model.ngeom)
    ]
    same = [
        kind
        for kind, position, size in where
        if kind == geom.type[0]
        and np.allclose(position, geom.pos, atol=1e-9)
        and np.allclose(size, geom.size, atol=1e-9)
    ]
    # A shape that is met is there twice: to be seen, and to be met.
    assert len(same) == (1 if name == 'deck' else 2)


def test_base_footprint_is_on_the_floor_and_the_wheels_touch_it(described, urdf_data):
    floor = urdf_data.body('base_footprint').xpos
    assert floor == pytest.approx([0.0, 0.0, -described.robot.geometry.wheel_radius_m])
    caster = described.model.geom('caster')
    assert caster.pos[2] - caster.size[0] == pytest.approx(floor[2])


def test_lidar_is_where_the_simulated_one_is(described, urdf_data):
    site = described.model.site('lidar')
    assert urdf_data.body('laser').xpos == pytest.approx(site.pos)
    assert urdf_data.body('laser').xmat == pytest.approx(np.eye(3).ravel())


def test_camera_is_where_the_simulated_one_is_and_looks_the_same_way(described, urdf_data):
    camera = described.model.camera('forward')
    # Columns: x right, y up, z backwards.
    rotation = described.model.cam_mat0[camera.id].reshape(3, 3)
    start = described.model.body('base_link').quat
    base = np.empty(9)
    mujoco.mju_quat2Mat(base, start)
    right, up, back = (base.reshape(3, 3).T @ rotation).T
    link, optical = (urdf_data.body(name) for name in ('camera_link', 'camera_optical_frame'))
    assert link.xpos == pytest.approx(camera.pos)
    assert optical.xpos == pytest.approx(camera.pos)
    assert link.xmat.reshape(3, 3)[:, 0] == pytest.approx(-back, abs=1e-9)
    # REP 103: x right, y down, z forward.
    assert optical.xmat.reshape(3, 3).T == pytest.approx(np.array([right, -up, -back]), abs=1e-9)


def test_the_tree_has_one_root_and_every_frame(described):
    robot = ElementTree.fromstring(described.urdf)
    children = [joint.find('child').get('link') for joint in robot.iter('joint')]
    assert set(links(described.urdf)) == LINKS
    assert sorted([*children, 'base_link']) == sorted(LINKS)


@pytest.mark.parametrize(
    ('arguments', 'plugin'),
    [
        ({'hardware': 'mock'}, 'mock_components/GenericSystem'),
        ({'hardware': 'real', 'plugin': 'my_base/System'}, 'my_base/System'),
    ],
)
def test_ros2_control_turns_the_wheels_by_the_hardware_asked_for(expand, arguments, plugin):
    robot = ElementTree.fromstring(expand('rover.urdf.xacro', **arguments))
    (control,) = robot.iter('ros2_control')
    assert control.findtext('hardware/plugin') == plugin
    assert [joint.get('name') for joint in control.iter('joint')] == ['left_wheel', 'right_wheel']
    for joint in control.iter('joint'):
        commands = [interface.get('name') for interface in joint.iter('command_interface')]
        states = [interface.get('name') for interface in joint.iter('state_interface')]
        assert (commands, states) == (['velocity'], ['position', 'velocity'])
    assert not list(robot.iter('plugin'))[1:]


def test_gazebo_with_ros2_control_is_given_the_controllers(expand, package, tmp_path, monkeypatch):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(installed(tmp_path, 'takeover_description')))
    robot = ElementTree.fromstring(expand('rover.urdf.xacro', hardware='gz'))
    (control,) = robot.iter('ros2_control')
    assert control.findtext('hardware/plugin') == 'gz_ros2_control/GazeboSimSystem'
    (plugin,) = robot.findall('gazebo/plugin')
    assert plugin.get('name') == 'gz_ros2_control::GazeboSimROS2ControlPlugin'
    name = f'{tmp_path}/share/takeover_description/config/rover_controllers.yaml'
    assert plugin.findtext('parameters') == name
    assert (package / 'config' / 'rover_controllers.yaml').is_file()


def test_without_hardware_there_is_no_ros2_control(described):
    assert '<ros2_control' not in described.urdf


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'hardware': 'magic'}, 'hardware:=magic; legal: none, mock, gz, real'),
        ({'hardware': 'real'}, 'hardware:=real needs plugin:='),
    ],
)
def test_hardware_that_does_not_exist_is_refused(expand, arguments, message):
    with pytest.raises(Exception, match=message):
        expand('rover.urdf.xacro', **arguments)


def installed(prefix, package):
    """Make a package look installed in an ament prefix, and return the prefix."""
    marker = prefix / 'share/ament_index/resource_index/packages' / package
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    (prefix / 'share' / package).mkdir(parents=True)
    return prefix


MAKERS = """
<robot xmlns:xacro="http://www.ros.org/wiki/xacro" name="fr3">
  <xacro:arg name="hand" default="false"/>
  <xacro:arg name="ros2_control" default="false"/>
  <xacro:arg name="use_fake_hardware" default="false"/>
  <xacro:arg name="gazebo" default="false"/>
  <xacro:arg name="robot_ip" default="none"/>
  <link name="fr3_link0"/>
  <given hand="$(arg hand)" control="$(arg ros2_control)" fake="$(arg use_fake_hardware)"
    gazebo="$(arg gazebo)" ip="$(arg robot_ip)"/>
</robot>
"""


@pytest.mark.parametrize(
    ('hardware', 'given'),
    [
        ('none', {'control': 'false', 'fake': 'false', 'gazebo': 'false', 'ip': ''}),
        ('mock', {'control': 'true', 'fake': 'true', 'gazebo': 'false', 'ip': ''}),
        ('gz', {'control': 'false', 'fake': 'false', 'gazebo': 'true', 'ip': ''}),
        ('real', {'control': 'true', 'fake': 'false', 'gazebo': 'false', 'ip': '10.0.0.2'}),
    ],
)
def test_franka_is_the_makers_with_our_hardware(expand, tmp_path, monkeypatch, hardware, given):
    prefix = installed(tmp_path, 'franka_description')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(prefix))
    folder = prefix / 'share/franka_description/robots/fr3'
    folder.mkdir(parents=True)
    (folder / 'fr3.urdf.xacro').write_text(MAKERS)
    arguments = {'hardware': hardware} | ({'robot_ip': given['ip']} if given['ip'] else {})
    robot = ElementTree.fromstring(expand('franka.urdf.xacro', **arguments))
    assert robot.find('given').attrib == given | {'hand': 'true'}
    assert robot.find('link').get('name') == 'fr3_link0'


def test_franka_without_the_makers_package_is_refused_by_its_name(expand, tmp_path, monkeypatch):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(installed(tmp_path, 'something_else')))
    with pytest.raises(Exception, match='franka_description'):
        expand('franka.urdf.xacro')
