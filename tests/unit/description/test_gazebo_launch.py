"""gazebo.launch.xml: what it starts beside Gazebo, and what it says where Gazebo is missing."""

from pathlib import Path

import pytest
from takeover.launch.arguments import declared_arguments, load
from takeover.launch.document import LaunchError
from takeover.launch.evaluation import evaluate
from tests.unit.launch.test_shipped_files import installed_programs, node_name, parameters
import yaml

FILE = 'gazebo.launch.xml'
# In place of Gazebo's own file, which is in Python.
GZ_SIM = '<launch><arg name="gz_args" default=""/><log message="gz $(var gz_args)"/></launch>'
FOREIGN = {
    'robot_state_publisher': ['robot_state_publisher'],
    'ros_gz_bridge': ['parameter_bridge'],
    'ros_gz_sim': ['create'],
}
CONTROL = {'safety_node', 'intervention_node', 'policy_node', 'lifecycle_manager_node'}
GAZEBO = {'robot_state_publisher', 'spawn_rover', 'gz_bridge', 'course_node'}
CAMERA = {'camera_node', 'camera_manager_node'}


@pytest.fixture
def prefix(tmp_path, repository, package) -> Path:
    """Return an ament prefix in which our packages look installed."""
    prefix = tmp_path / 'prefix'
    share = prefix / 'share' / 'takeover_bringup'
    share.mkdir(parents=True)
    for folder in ('config', 'models'):
        (share / folder).symlink_to(repository / folder)
    (share / 'launch').mkdir()
    for file in (repository / 'launch').glob('*.launch.xml'):
        (share / 'launch' / file.name).write_text(file.read_text())
    install(prefix, 'takeover_nodes', installed_programs(repository, 'takeover_nodes'))
    install(prefix, 'takeover_bringup', [])
    install(prefix, 'takeover_description', [])
    described = prefix / 'share' / 'takeover_description'
    (described / 'worlds').symlink_to(package / 'worlds')
    (described / 'config').mkdir()
    (described / 'config' / 'robot_description.yaml').write_text('{}')
    return prefix


@pytest.fixture
def with_gazebo(prefix) -> Path:
    """Return the prefix with what stands for Gazebo's packages."""
    for name, programs in FOREIGN.items():
        install(prefix, name, programs)
    folder = prefix / 'share' / 'ros_gz_sim' / 'launch'
    folder.mkdir()
    (folder / 'gz_sim.launch.xml').write_text(GZ_SIM)
    (folder / 'gz_sim.launch.py').write_text('')
    return prefix


def install(prefix: Path, package: str, programs: list[str]) -> None:
    marker = prefix / 'share/ament_index/resource_index/packages' / package
    for folder in (marker.parent, prefix / 'share' / package, prefix / 'lib' / package):
        folder.mkdir(parents=True, exist_ok=True)
    marker.touch()
    for name in programs:
        (prefix / 'lib' / package / name).touch(mode=0o755)


def launch_file(prefix: Path) -> Path:
    return prefix / 'share/takeover_bringup/launch' / FILE


def plan(prefix: Path, **arguments: str):
    """Evaluate the file with the stand-in for Gazebo's."""
    file = launch_file(prefix)
    text = file.read_text()
    assert text.count('gz_sim.launch.py') == 1
    file.write_text(text.replace('gz_sim.launch.py', 'gz_sim.launch.xml'))
    return evaluate(file, arguments, {'AMENT_PREFIX_PATH': str(prefix)})


def by_node(prefix: Path, **arguments: str) -> dict:
    return {node_name(process): process for process in plan(prefix, **arguments).processes}


def test_it_is_read_and_its_arguments_are_listed_without_gazebo(prefix):
    file = launch_file(prefix)
    load(file)
    names = {a.name for a in declared_arguments(file, {'AMENT_PREFIX_PATH': str(prefix)})}
    assert {'task', 'world', 'headless', 'policy', 'episodes_from', 'record'} <= names


def test_without_gazebo_it_starts_nothing_and_names_what_is_missing(prefix):
    with pytest.raises(LaunchError, match=rf"{FILE}:\d+: <include>: ROS package 'ros_gz_sim' is "):
        evaluate(launch_file(prefix), {}, {'AMENT_PREFIX_PATH': str(prefix)})


def test_with_gazebo_it_is_left_to_ros2_launch(with_gazebo):
    with pytest.raises(LaunchError, match='use `ros2 launch`'):
        evaluate(launch_file(with_gazebo), {}, {'AMENT_PREFIX_PATH': str(with_gazebo)})


def test_it_starts_gazebos_side_and_the_same_control_stack(with_gazebo):
    started = by_node(with_gazebo)
    assert set(started) == GAZEBO | CONTROL | CAMERA


def test_the_camera_can_be_left_out(with_gazebo):
    assert set(by_node(with_gazebo, camera='false')) == GAZEBO | CONTROL


def test_all_take_the_time_from_gazebo_and_nobody_else_tells_it(with_gazebo):
    for name, process in by_node(with_gazebo).items():
        assert 'use_sim_time:=True' in process.argv, name
        assert 'publish_clock' not in parameters(process), name


@pytest.mark.parametrize(
    ('headless', 'options'), [('false', '-r'), ('true', '-r -s --headless-rendering')]
)
def test_the_world_is_that_of_the_task_with_or_without_a_window(with_gazebo, headless, options):
    found = plan(with_gazebo, headless=headless, task='rover_lane')
    world = with_gazebo / 'share/takeover_description/worlds/rover_lane.sdf'
    assert found.messages == [f'gz {options} {world}']
    assert not found.warnings and world.is_file()


def test_the_rover_is_spawned_at_the_start_of_its_world(with_gazebo, tmp_path):
    world = tmp_path / 'mine.sdf'
    start = tmp_path / 'mine.sdf.start.yaml'
    start.write_text('{}')
    started = by_node(with_gazebo, world=str(world))
    for name in ('spawn_rover', 'course_node'):
        files = [word for word in started[name].argv if word == str(start)]
        assert files == [str(start)], name
    # The name by which the bridge and whoever moves it know it.
    assert parameters(started['spawn_rover']) == {'topic': 'robot_description', 'name': 'rover'}


def test_a_world_without_its_start_is_refused(with_gazebo, tmp_path):
    with pytest.raises(LaunchError, match=r"'.*mine.sdf.start.yaml' does not exist"):
        plan(with_gazebo, world=str(tmp_path / 'mine.sdf'))


def test_the_start_file_of_a_shipped_world_names_the_nodes_of_this_file(package):
    document = yaml.safe_load((package / 'worlds' / 'rover_path.sdf.start.yaml').read_text())
    assert {name.removeprefix('/**/') for name in document} == {'spawn_rover', 'course_node'}


def test_the_bridge_is_required_and_reads_our_file(with_gazebo):
    started = by_node(with_gazebo)
    assert Path(parameters(started['gz_bridge'])['config_file']).name == 'gz_bridge.yaml'
    required = {name for name, process in started.items() if process.required}
    assert required == {'gz_bridge', 'safety_node', 'lifecycle_manager_node'}


def test_the_operator_ends_episodes_and_the_task_is_the_same_for_all(with_gazebo):
    started = by_node(with_gazebo, task='rover_lane', policy='/p.onnx', record='/log')
    assert parameters(started['intervention_node'])['episodes'] == 'operator'
    for name in (*CONTROL - {'lifecycle_manager_node'}, 'course_node', 'recorder_node'):
        assert parameters(started[name])['task_file'] == 'rover_lane', name
    assert parameters(started['policy_node'])['policy_file'] == '/p.onnx'
    camera = parameters(started['camera_node'])
    assert Path(camera['config_file']).name == 'gazebo.yaml'


def test_a_namespace_holds_all_nodes(with_gazebo):
    for name, process in by_node(with_gazebo, namespace='rover_1').items():
        assert '__ns:=/rover_1' in process.argv, name
