"""The launch files of the repository: they evaluate, and set what they promise."""

from pathlib import Path
import re

import pytest
from takeover.launch.arguments import declared_arguments
from takeover.launch.evaluation import evaluate
from takeover.launch.plan import ParameterBlock

NODES = ('sim_node', 'safety_node', 'intervention_node', 'policy_node', 'lifecycle_manager_node')
MOTION_NODES = ('safety_node', 'intervention_node', 'policy_node')


@pytest.fixture
def environment(tmp_path, repository):
    """Return an environment in which takeover_bringup and takeover_nodes look installed."""
    for package in ('takeover_bringup', 'takeover_nodes'):
        marker = tmp_path / 'share/ament_index/resource_index/packages' / package
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    share = tmp_path / 'share' / 'takeover_bringup'
    share.mkdir()
    for folder in ('launch', 'config', 'models'):
        (share / folder).symlink_to(repository / folder)
    programs = tmp_path / 'lib' / 'takeover_nodes'
    programs.mkdir(parents=True)
    for name in installed_programs(repository):
        (programs / name).touch(mode=0o755)
    return {'AMENT_PREFIX_PATH': str(tmp_path)}


def installed_programs(repository: Path) -> list[str]:
    """Return the console scripts of takeover_nodes."""
    text = (repository / 'ros2_ws/src/takeover_nodes/setup.py').read_text()
    return re.findall(r"'(\w+_node)'", text)


def plan(environment, file='sim.launch.xml', **arguments):
    share = Path(environment['AMENT_PREFIX_PATH']) / 'share/takeover_bringup'
    return evaluate(share / 'launch' / file, arguments, environment)


def parameters(process) -> dict:
    """Return what the launch file itself sets, the last value of each name."""
    blocks = [item for item in process.argv if isinstance(item, ParameterBlock)]
    return {name: value for block in blocks for name, value in block.parameters.items()}


@pytest.mark.parametrize(
    'file', sorted(p.name for p in Path(__file__).parents[3].glob('launch/*.xml'))
)
def test_every_launch_file_evaluates_with_its_defaults(environment, file):
    assert not plan(environment, file).warnings


def test_sim_starts_every_node_once_by_its_own_name(environment):
    processes = plan(environment).processes
    assert sorted(p.argv[p.argv.index('-r') + 1] for p in processes) == sorted(
        f'__node:={name}' for name in NODES
    )


def test_no_process_is_restarted_and_the_gate_and_the_manager_are_required(environment):
    processes = plan(environment).processes
    assert not any(process.respawn for process in processes)
    required = {Path(process.argv[0]).name for process in processes if process.required}
    assert required == {'safety_node', 'lifecycle_manager_node'}


def test_arguments_arrive_with_the_types_that_nodes_declare(environment):
    sim = plan(environment, seed='4', episodes='5', real_time_factor='2', camera='0').processes[0]
    found = parameters(sim)
    assert repr(
        {name: found[name] for name in ('seed', 'episodes', 'real_time_factor', 'camera')}
    ) == ("{'seed': 4, 'episodes': 5, 'real_time_factor': 2.0, 'camera': False}")


def test_use_sim_time_makes_the_simulation_publish_the_clock_and_the_rest_follow_it(environment):
    sim, *control = plan(environment, use_sim_time='true').processes
    assert parameters(sim)['publish_clock'] is True
    assert 'use_sim_time:=True' not in sim.argv
    assert all('use_sim_time:=True' in process.argv for process in control)


def test_a_namespace_holds_all_nodes(environment):
    for process in plan(environment, namespace='rover_1').processes:
        assert '__ns:=/rover_1' in process.argv


def test_task_and_robot_files_are_the_same_for_all(environment):
    processes = plan(environment, task='/t.yaml', robot='/r.yaml', policy='/p.onnx').processes
    for process in processes[:-1]:
        assert parameters(process)['task_file'] == '/t.yaml'
        assert parameters(process)['robot_file'] == '/r.yaml'
    assert parameters(processes[3])['policy_file'] == '/p.onnx'


def test_every_process_gets_the_fast_dds_profile_unless_one_is_set(environment):
    for process in plan(environment).processes:
        profile = Path(process.environment['FASTRTPS_DEFAULT_PROFILES_FILE'])
        assert profile.is_file()
        assert process.environment['RCUTILS_LOGGING_BUFFERED_STREAM'] == '1'
        # A process killed inside the shared-memory transport freezes all that share with it.
        shares_memory = '<type>SHM</type>' in profile.read_text()
        assert shares_memory == (process.name.split('-')[0] == 'sim_node'), process.name
    environment['FASTRTPS_DEFAULT_PROFILES_FILE'] = '/mine.xml'
    for process in plan(environment).processes:
        assert process.environment['FASTRTPS_DEFAULT_PROFILES_FILE'] == '/mine.xml'


def test_sim_passes_on_every_argument_of_the_files_it_includes(environment):
    share = Path(environment['AMENT_PREFIX_PATH']) / 'share/takeover_bringup/launch'
    offered = {a.name for a in declared_arguments(share / 'sim.launch.xml', environment)}
    for file in ('robot_sim.launch.xml', 'control.launch.xml'):
        assert {a.name for a in declared_arguments(share / file, environment)} <= offered
