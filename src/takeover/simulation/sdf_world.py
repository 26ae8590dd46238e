"""The course of a rover as a world of Gazebo Harmonic: SDF, and where the rover is put in it.

Floor, obstacles and start are read from the compiled MuJoCo model, so that the two simulations
cannot differ in them; the lines on the floor are those that the simulated camera draws. The world
holds no robot: it is spawned from its URDF.

Numbers are written to a micrometre (a microradian), so that the same seed gives the same text on
every machine.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

import mujoco
import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.errors import TakeoverError
from takeover.robot import RoverSpec
from takeover.simulation.course import Course
from takeover.simulation.floor_lines import Strip, strips
from takeover.simulation.rover_model import build_model
from takeover.specs import TaskSpec
import yaml

# The newest that sdformat 12 (Debian 12) reads; sdformat 14 (Harmonic) reads it too.
SDF_VERSION = '1.9'
FLOOR, LINES = 'floor', 'lines'
# Nodes of gazebo.launch.xml that get the parameters of `start_parameters`.
SPAWNER, COURSE = 'spawn_rover', 'course_node'
_SYSTEMS = {
    'gz-sim-physics-system': 'Physics',
    'gz-sim-user-commands-system': 'UserCommands',
    'gz-sim-scene-broadcaster-system': 'SceneBroadcaster',
    'gz-sim-sensors-system': 'Sensors',
}
_MICRO = 6


class WorldError(TakeoverError):
    """A task has no world that could be written."""


def world_sdf(task: TaskSpec, robot: RoverSpec, seed: int) -> str:
    """Return the world of one course, named after the task.

    :raises WorldError: the task is not driven on a course.
    :raises CourseError: the episode spec allows no course.
    """
    course, model = _course_and_model(task, robot, seed)
    root = ElementTree.Element('sdf', version=SDF_VERSION)
    world = _child(root, 'world', name=task.task)
    physics = _child(world, 'physics', name='steps', type='ignored')
    _child(physics, 'max_step_size', robot.simulation.timestep_s)
    _child(physics, 'real_time_factor', 1.0)
    for file, name in _SYSTEMS.items():
        plugin = _child(world, 'plugin', filename=file, name=f'gz::sim::systems::{name}')
        if name == 'Sensors':
            _child(plugin, 'render_engine', 'ogre2')
    _add_light(world, model)
    for geom in map(model.geom, range(model.ngeom)):
        if geom.bodyid[0] == 0:
            _add_fixed(world, model, geom)
    _add_lines(world, strips(course))
    ElementTree.indent(root)
    head = f'<?xml version="1.0"?>\n<!-- Written by `takeover world export`: seed {seed}. -->\n'
    return head + ElementTree.tostring(root, encoding='unicode') + '\n'


def start_parameters(task: TaskSpec, robot: RoverSpec, seed: int) -> str:
    """Return what else a launch file must know of the course, as a parameter file.

    Where base_link stands at the start, for ros_gz_sim's `create`, and the seed, for who tells
    the path.

    :raises WorldError: the task is not driven on a course.
    :raises CourseError: the episode spec allows no course.
    """
    course, model = _course_and_model(task, robot, seed)
    x, y, z = (round(float(value), _MICRO) for value in model.body('base_link').pos)
    parameters = {SPAWNER: {'x': x, 'y': y, 'z': z, 'Y': course.start[2]}, COURSE: {'seed': seed}}
    document = {f'/**/{node}': {'ros__parameters': given} for node, given in parameters.items()}
    head = '# Written by `takeover world export`, beside the world; metres and radians.\n'
    return head + yaml.safe_dump(document, sort_keys=False)


def _course_and_model(
    task: TaskSpec, robot: RoverSpec, seed: int
) -> tuple[Course, mujoco.MjModel]:
    episode = task.episode
    if not isinstance(episode, PathEpisodeSpec):
        raise WorldError(
            f'{task.task}: episode.kind is {episode.kind}; only a rover on a course has a world '
            'for Gazebo: path'
        )
    if seed < 0:
        raise WorldError(f'seed is {seed}, must be 0 or more')
    course = Course(seed, episode)
    return course, build_model(robot, course)


def _add_light(world: ElementTree.Element, model: mujoco.MjModel) -> None:
    """Add the light of the model; what shines from its camera shines from the sun here."""
    scene = _child(world, 'scene')
    _child(scene, 'ambient', _colour(model.vis.headlight.ambient))
    _child(scene, 'background', _colour(model.vis.rgba.fog[:3]))
    _child(scene, 'shadows', False)
    light = _child(world, 'light', name='sun', type='directional')
    _child(light, 'pose', [*model.light_pos[0], 0.0, 0.0, 0.0])
    _child(light, 'direction', model.light_dir[0])
    _child(light, 'diffuse', _colour(model.light_diffuse[0] + model.vis.headlight.diffuse))
    _child(light, 'specular', _colour(model.light_specular[0]))
    _child(light, 'cast_shadows', False)


def _add_fixed(world: ElementTree.Element, model: mujoco.MjModel, geom: object) -> None:
    """Add the floor or an obstacle as a static model of one link."""
    link = _add_link(world, geom.name, geom.pos)
    geometry = ElementTree.Element('geometry')
    if geom.type[0] == mujoco.mjtGeom.mjGEOM_PLANE:
        plane = _child(geometry, 'plane')
        _child(plane, 'normal', (0.0, 0.0, 1.0))
        _child(plane, 'size', 2.0 * geom.size[:2])
    else:
        cylinder = _child(geometry, 'cylinder')
        _child(cylinder, 'radius', geom.size[0])
        _child(cylinder, 'length', 2.0 * geom.size[1])
    collision = _child(link, 'collision', name='collision')
    collision.append(geometry)
    friction = _child(_child(_child(collision, 'surface'), 'friction'), 'ode')
    _child(friction, 'mu', geom.friction[0])
    _child(friction, 'mu2', geom.friction[0])
    _add_visual(link, 'visual', geometry, _seen_rgb(model, geom))


def _seen_rgb(model: mujoco.MjModel, geom: object) -> np.ndarray:
    """Return the colour of a geom; that of a texture is its mean."""
    material = int(geom.matid[0])
    if material < 0:
        return geom.rgba
    rgb = model.mat(material).rgba[:3]
    texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB]
    if texture < 0:
        return rgb
    size = model.tex_height[texture] * model.tex_width[texture]
    first = model.tex_adr[texture]
    pixels = model.tex_data[first : first + 3 * size].reshape(-1, 3)
    return rgb * pixels.mean(axis=0) / 255.0


def _add_lines(world: ElementTree.Element, painted: Sequence[Strip]) -> None:
    """Add the paint on the floor: it is seen, and met by nothing."""
    link = _add_link(world, LINES, (0.0, 0.0, 0.0))
    for number, strip in enumerate(painted):
        geometry = ElementTree.Element('geometry')
        _child(_child(geometry, 'box'), 'size', 2.0 * strip.half_size)
        pose = [*strip.position, 0.0, 0.0, strip.yaw_rad]
        last = number == len(painted) - 1
        _add_visual(link, 'goal' if last else f'line_{number}', geometry, strip.rgba, pose)


def _add_link(
    world: ElementTree.Element, name: str, position: Sequence[float]
) -> ElementTree.Element:
    model = _child(world, 'model', name=name)
    _child(model, 'static', True)
    _child(model, 'pose', [*position, 0.0, 0.0, 0.0])
    return _child(model, 'link', name='link')


def _add_visual(
    link: ElementTree.Element,
    name: str,
    geometry: ElementTree.Element,
    rgba: np.ndarray,
    pose: Sequence[float] | None = None,
) -> None:
    visual = _child(link, 'visual', name=name)
    if pose is not None:
        _child(visual, 'pose', pose)
    visual.append(geometry)
    material = _child(visual, 'material')
    for light in ('ambient', 'diffuse'):
        _child(material, light, _colour(rgba))


def _colour(rgb: np.ndarray) -> list[float]:
    return [*np.clip(rgb[:3], 0.0, 1.0), 1.0]


def _child(
    parent: ElementTree.Element, tag: str, value: object = None, **attributes: str
) -> ElementTree.Element:
    """Append an element whose text is a word, a truth value, a number or several."""
    child = ElementTree.SubElement(parent, tag, attributes)
    if value is not None:
        child.text = _text(value)
    return child


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return 'true' if value else 'false'
    # Adding zero makes a positive zero of a negative one.
    return ' '.join(repr(round(float(x), _MICRO) + 0.0) for x in np.atleast_1d(value))
