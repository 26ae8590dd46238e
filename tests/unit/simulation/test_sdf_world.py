"""The world for Gazebo is the course that the MuJoCo model stands on, for every seed."""

import math
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
from takeover.simulation.course import Course
from takeover.simulation.rover_model import build_model, OBSTACLE_GROUP, OBSTACLE_HEIGHT_M
from takeover.simulation.sdf_world import start_parameters, world_sdf, WorldError
from takeover.task import load_task_and_robot
from tests.sdformat import as_sdf, complaints
import yaml

SEEDS = (0, 1, 7, 40)
# Numbers are written to a micrometre.
CLOSE = {'abs': 2e-6}


@pytest.fixture(scope='module', params=['rover_path', 'rover_lane'])
def named(request, repository):
    """Return task and robot of a rover."""
    return load_task_and_robot(repository / 'config' / 'tasks' / f'{request.param}.yaml')


@pytest.fixture(scope='module', params=SEEDS)
def written(request, named):
    """Return seed, course, MuJoCo model and world."""
    task, robot = named
    course = Course(request.param, task.episode)
    world = parsed(world_sdf(task, robot, request.param)).find('world')
    return request.param, course, build_model(robot, course), world


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def numbers(element: ElementTree.Element, path: str) -> list[float]:
    return [float(word) for word in element.findtext(path).split()]


def models(world: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {model.get('name'): model for model in world.findall('model')}


def obstacles(world: ElementTree.Element) -> list[tuple[float, ...]]:
    """Return x, y, z, radius and height of every cylinder that is met."""
    found = []
    for model in models(world).values():
        for cylinder in model.iterfind('link/collision/geometry/cylinder'):
            size = numbers(cylinder, 'radius') + numbers(cylinder, 'length')
            found.append((*numbers(model, 'pose')[:3], *size))
    return found


def lines(world: ElementTree.Element) -> list[ElementTree.Element]:
    return models(world)['lines'].findall('link/visual')


def test_obstacles_are_those_of_the_course_and_of_the_model(written):
    _, course, model, world = written
    of_course = [
        (o.x_m, o.y_m, 0.5 * OBSTACLE_HEIGHT_M, o.radius_m, OBSTACLE_HEIGHT_M)
        for o in course.obstacles
    ]
    geoms = [model.geom(i) for i in range(model.ngeom) if model.geom_group[i] == OBSTACLE_GROUP]
    of_model = [(*geom.pos, geom.size[0], 2.0 * geom.size[1]) for geom in geoms]
    found = np.array(obstacles(world))
    assert len(found) == len(course.obstacles)
    assert found == pytest.approx(np.array(of_course), **CLOSE)
    assert found == pytest.approx(np.array(of_model), **CLOSE)


def test_what_is_met_is_seen_in_the_same_shape(written):
    *_, world = written
    for name, model in models(world).items():
        met = [ElementTree.tostring(g) for g in model.iterfind('link/collision/geometry')]
        seen = [ElementTree.tostring(g) for g in model.iterfind('link/visual/geometry')]
        assert met == (seen if name != 'lines' else [])
        assert model.findtext('static') == 'true'


def test_the_floor_is_that_of_the_model(written):
    _, _, model, world = written
    floor = models(world)['floor']
    assert numbers(floor, 'pose') == [0.0] * 6
    size = 2.0 * model.geom('floor').size[:2]
    assert numbers(floor, 'link/collision/geometry/plane/size') == pytest.approx(size)
    friction = model.geom('floor').friction[0]
    assert numbers(floor, 'link/collision/surface/friction/ode/mu') == pytest.approx([friction])


def test_the_path_and_its_edges_are_painted_where_the_course_has_them(written):
    _, course, _, world = written
    ways = np.linspace(0.0, course.length_m, 2301)
    poses = np.array([course.pose(s) for s in ways])
    beside = {0.0: 0, course.lines_m: 0, -course.lines_m: 0}
    for line in lines(world)[:-1]:
        x, y, z, roll, pitch, yaw = numbers(line, 'pose')
        path_x, path_y, heading = poses[np.hypot(*(poses[:, :2] - (x, y)).T).argmin()]
        off_m = math.cos(heading) * (y - path_y) - math.sin(heading) * (x - path_x)
        offset = min(beside, key=lambda d: abs(d - off_m))
        # A straight piece of half a metre leaves a curved line by less than this.
        assert off_m == pytest.approx(offset, abs=0.04)
        assert math.remainder(yaw - heading, 2.0 * math.pi) == pytest.approx(0.0, abs=0.1)
        assert (roll, pitch) == (0.0, 0.0) and 0.0 < z < 0.01
        beside[offset] += 1
    worn = course.look.worn if course.look else 0.0
    for offset, step_m in ((0.0, 0.25), (course.lines_m, 0.5), (-course.lines_m, 0.5)):
        # Every piece, but for paint that is worn off.
        pieces = course.length_m / step_m
        assert (1.0 - 2.0 * worn) * pieces - 1.0 <= beside[offset] <= pieces + 1.0
        assert (beside[offset] < pieces - 1.0) <= (worn > 0.0)


def test_the_goal_line_is_at_the_goal_across_the_path(written):
    _, course, _, world = written
    goal = lines(world)[-1]
    assert goal.get('name') == 'goal'
    x, y, _, _, _, yaw = numbers(goal, 'pose')
    at_x, at_y, heading = course.pose(course.goal_s_m)
    assert (x, y) == pytest.approx((at_x, at_y), **CLOSE)
    assert abs(math.sin(yaw - heading)) == pytest.approx(1.0, **CLOSE)
    length, *_ = numbers(goal, 'geometry/box/size')
    assert length == pytest.approx(2.0 * course.lines_m, abs=0.1)


def test_the_rover_starts_where_the_model_has_it(written, named):
    seed, course, model, _ = written
    document = yaml.safe_load(start_parameters(*named, seed))
    start = document['/**/spawn_rover']['ros__parameters']
    base = model.body('base_link')
    assert [start[axis] for axis in 'xyz'] == pytest.approx(base.pos, **CLOSE)
    assert (start['x'], start['y'], start['Y']) == course.start
    yaw = 2.0 * math.atan2(base.quat[3], base.quat[0])
    assert start['Y'] == pytest.approx(yaw, **CLOSE)
    assert document['/**/course_node']['ros__parameters'] == {'seed': seed}
    # ros_gz_sim's create declares doubles: an int would stop it.
    assert {type(value) for value in start.values()} == {float}


def test_it_has_the_systems_of_harmonic_and_the_step_of_the_robot_file(written, named):
    *_, world = written
    systems = {plugin.get('filename'): plugin.get('name') for plugin in world.findall('plugin')}
    assert systems == {
        'gz-sim-physics-system': 'gz::sim::systems::Physics',
        'gz-sim-user-commands-system': 'gz::sim::systems::UserCommands',
        'gz-sim-scene-broadcaster-system': 'gz::sim::systems::SceneBroadcaster',
        'gz-sim-sensors-system': 'gz::sim::systems::Sensors',
    }
    assert world.findtext('plugin/render_engine') == 'ogre2'
    assert numbers(world, 'physics/max_step_size') == [named[1].simulation.timestep_s]
    assert world.get('name') == named[0].task


@pytest.mark.parametrize('seed', [0, 40])
def test_libsdformat_says_nothing_against_it(named, tmp_path, seed):
    file, text = tmp_path / 'world.sdf', world_sdf(*named, seed)
    file.write_text(text)
    assert complaints(file) == []
    # What it understood is what was written.
    understood, meant = (obstacles(w.find('world')) for w in (as_sdf(file), parsed(text)))
    assert np.array(understood) == pytest.approx(np.array(meant))


@pytest.mark.parametrize(
    ('right', 'wrong'),
    [
        ('</world>', ''),
        ('<sdf version="1.9">', '<sdf version="0.9">'),
        ('<model name="floor">', '<model name="lines">'),
        ('cylinder>', 'cilinder>'),
        ('max_step_size>', 'greatest_step>'),
    ],
)
def test_libsdformat_says_something_against_a_broken_one(task_and_robot, tmp_path, right, wrong):
    text = world_sdf(*task_and_robot, 0)
    assert right in text
    file = tmp_path / 'world.sdf'
    file.write_text(text.replace(right, wrong))
    assert complaints(file)


def test_seeds_differ_and_the_same_seed_does_not(task_and_robot):
    first = world_sdf(*task_and_robot, 3)
    assert world_sdf(*task_and_robot, 3) == first
    assert world_sdf(*task_and_robot, 4) != first


def test_a_lane_is_seen_in_its_own_colours(repository):
    lane = load_task_and_robot(repository / 'config' / 'tasks' / 'rover_lane.yaml')
    for seed in (0, 5):
        course = Course(seed, lane[0].episode)
        world = parsed(world_sdf(*lane, seed)).find('world')
        floor = numbers(models(world)['floor'], 'link/visual/material/diffuse')[:3]
        # Its grey texture, tinted.
        assert floor == pytest.approx(0.63 * course.look.floor_rgb, abs=0.02)
        line = lines(world)[0]
        assert numbers(line, 'material/diffuse')[:3] == pytest.approx(
            course.look.middle_rgb, abs=1e-6
        )


def test_an_arm_has_no_course(repository):
    arm = load_task_and_robot(repository / 'config' / 'tasks' / 'arm_reach.yaml')
    for write in (world_sdf, start_parameters):
        with pytest.raises(WorldError, match='arm_reach: episode.kind is reach; only a rover'):
            write(*arm, 0)


def test_a_negative_seed_is_refused(task_and_robot):
    with pytest.raises(WorldError, match='seed is -1, must be 0 or more'):
        world_sdf(*task_and_robot, -1)


def test_obstacles_of_the_model_are_all_that_it_meets_beside_the_floor(task_and_robot):
    task, robot = task_and_robot
    model = build_model(robot, Course(0, task.episode))
    fixed = [model.geom(i) for i in range(model.ngeom) if model.geom_bodyid[i] == 0]
    kinds = {geom.type[0] for geom in fixed}
    assert kinds == {mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_CYLINDER}
