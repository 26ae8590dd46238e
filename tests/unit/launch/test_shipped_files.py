"""The launch files of the repository: they evaluate, and set what they promise."""

from pathlib import Path
import re
from xml.etree import ElementTree

import pytest
from takeover.launch.arguments import declared_arguments
from takeover.launch.document import LaunchError
from takeover.launch.evaluation import evaluate
from takeover.launch.plan import ParameterBlock

FOLDER = Path(__file__).parents[3] / 'launch'
# Includes Gazebo's own launch file, which is in Python.
GAZEBO = 'gazebo.launch.xml'
NODES = ('sim_node', 'safety_node', 'intervention_node', 'policy_node', 'lifecycle_manager_node')
CAMERA_NODES = ('camera_node', 'camera_manager_node')
MOTION_NODES = ('safety_node', 'intervention_node', 'policy_node')


@pytest.fixture
def environment(tmp_path, repository):
    """Return an environment in which bringup, nodes and learning look installed."""
    for package in ('takeover_bringup', 'takeover_learning', 'takeover_nodes'):
        marker = tmp_path / 'share/ament_index/resource_index/packages' / package
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    share = tmp_path / 'share' / 'takeover_bringup'
    share.mkdir()
    for folder in ('launch', 'config', 'models'):
        (share / folder).symlink_to(repository / folder)
    for package in ('takeover_learning', 'takeover_nodes'):
        programs = tmp_path / 'lib' / package
        programs.mkdir(parents=True)
        for name in installed_programs(repository, package):
            (programs / name).touch(mode=0o755)
    return {'AMENT_PREFIX_PATH': str(tmp_path)}


def installed_programs(repository: Path, package: str) -> list[str]:
    """Return the console scripts of a package."""
    text = (repository / 'ros2_ws/src' / package / 'setup.py').read_text()
    return re.findall(r"'(\w+_node)[' ]", text)


def plan(environment, file='sim.launch.xml', **arguments):
    share = Path(environment['AMENT_PREFIX_PATH']) / 'share/takeover_bringup'
    return evaluate(share / 'launch' / file, arguments, environment)


def node_name(process) -> str:
    """Return the name of the node of a process."""
    return process.argv[process.argv.index('-r') + 1].removeprefix('__node:=')


def parameters(process) -> dict:
    """Return what the launch file itself sets, the last value of each name."""
    blocks = [item for item in process.argv if isinstance(item, ParameterBlock)]
    return {name: value for block in blocks for name, value in block.parameters.items()}


@pytest.mark.parametrize('file', sorted(p.name for p in FOLDER.glob('*.xml') if p.name != GAZEBO))
def test_every_launch_file_evaluates_with_its_defaults(environment, file):
    assert not plan(environment, file).warnings


def test_sim_starts_every_node_once_by_its_own_name(environment):
    processes = plan(environment).processes
    assert sorted(map(node_name, processes)) == sorted((*NODES, *CAMERA_NODES))


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
    started = by_node(environment, task='/t.yaml', robot='/r.yaml', policy='/p.onnx')
    for name in ('sim_node', 'camera_node', *MOTION_NODES):
        assert parameters(started[name])['task_file'] == '/t.yaml'
        assert parameters(started[name])['robot_file'] == '/r.yaml'
    assert parameters(started['policy_node'])['policy_file'] == '/p.onnx'


def test_a_task_by_its_name_alone_is_driven_by_its_own_policy(environment):
    started = by_node(environment, task='rover_lane', operator='1.0', record='/log')
    for name, process in started.items():
        if 'manager' not in name:
            assert parameters(process)['task_file'] == 'rover_lane'
    assert parameters(started['policy_node'])['policy_file'] == ''


def test_the_robot_is_that_of_the_task_and_the_device_that_of_the_robot(environment):
    started = by_node(environment, task='arm_peg', operator='1.0', record='/log')
    choosing = ('sim_node', 'camera_node', 'operator_node', *MOTION_NODES)
    assert {parameters(started[name])['robot_file'] for name in choosing} == {''}
    for name in ('operator_node', 'intervention_node'):
        assert parameters(started[name])['input_file'] == ''
    assert parameters(started['intervention_node'])['input_kind'] == ''
    given = {'joystick': 'joystick_arm', 'input_kind': 'joystick', 'robot': 'franka'}
    arbiter = by_node(environment, task='arm_peg', **given)['intervention_node']
    found = parameters(arbiter)
    assert (found['input_file'], found['input_kind']) == ('joystick_arm', 'joystick')
    assert found['robot_file'] == 'franka'


@pytest.mark.parametrize('camera', ['true', 'false'])
def test_the_camera_has_one_owner_which_is_not_the_simulation(environment, camera):
    started = by_node(environment, camera=camera)
    assert (set(CAMERA_NODES) <= set(started)) == (camera == 'true')
    assert parameters(started['sim_node'])['camera'] is False
    if camera == 'true':
        # Which one is the node's choice, by robot and task.
        assert parameters(started['camera_node'])['camera'] == ''
        assert parameters(started['camera_node'])['config_file'] == ''
        assert parameters(started['camera_manager_node'])['managed_nodes'] == ['camera_node']


def test_every_process_gets_the_fast_dds_profile_unless_one_is_set(environment):
    for process in plan(environment).processes:
        profile = Path(process.environment['FASTRTPS_DEFAULT_PROFILES_FILE'])
        assert profile.is_file()
        assert process.environment['RCUTILS_LOGGING_BUFFERED_STREAM'] == '1'
        # A process killed inside the shared-memory transport freezes all that share with it.
        shares_memory = '<type>SHM</type>' in profile.read_text()
        images = node_name(process) in ('sim_node', *CAMERA_NODES)
        assert shares_memory == images, process.name
    environment['FASTRTPS_DEFAULT_PROFILES_FILE'] = '/mine.xml'
    for process in plan(environment).processes:
        assert process.environment['FASTRTPS_DEFAULT_PROFILES_FILE'] == '/mine.xml'


def test_sim_passes_on_every_argument_of_the_files_it_includes(environment):
    share = Path(environment['AMENT_PREFIX_PATH']) / 'share/takeover_bringup/launch'
    offered = {a.name for a in declared_arguments(share / 'sim.launch.xml', environment)}
    for file in ('robot_sim.launch.xml', 'control.launch.xml'):
        assert {a.name for a in declared_arguments(share / file, environment)} <= offered


def by_node(environment, **arguments) -> dict:
    """Return the processes of sim.launch.xml by the name of their node."""
    return {node_name(process): process for process in plan(environment, **arguments).processes}


@pytest.mark.parametrize('nobody', ['0', '0.0', '0.00'])
def test_without_a_wish_nobody_operates_records_or_learns(environment, nobody):
    assert set(by_node(environment, operator=nobody, camera='false')) == set(NODES)


def test_operator_recorder_and_learner_come_by_one_argument_each(environment):
    wish = {'operator': '0.4', 'record': '/run/log', 'learn': '/run/learner', 'seed': '7'}
    wish['camera'] = 'false'
    started = by_node(environment, demonstrations='/run/shown', exploration='0.3', **wish)
    assert set(started) == {*NODES, 'operator_node', 'recorder_node', 'learner_node'}
    operator = parameters(started['operator_node'])
    assert repr((operator['skill'], operator['seed'])) == '(0.4, 7)'
    assert parameters(started['recorder_node'])['log_dir'] == '/run/log'
    learner = parameters(started['learner_node'])
    assert (learner['log_dir'], learner['learner_dir']) == ('/run/log', '/run/learner')
    assert learner['demonstrations'] == ['/run/shown']
    assert learner['config_file'] == ''
    assert repr(parameters(started['policy_node'])['exploration_std']) == '0.3'


def test_who_only_writes_or_learns_comes_back_and_who_drives_does_not(environment):
    started = by_node(environment, operator='1.0', record='/run/log', learn='/run/learner')
    restarted = {name for name, process in started.items() if process.respawn}
    assert restarted == {'recorder_node', 'learner_node'}
    assert all(started[name].respawn_delay_s >= 1.0 for name in restarted)
    required = {name for name, process in started.items() if process.required}
    assert required == {'safety_node', 'lifecycle_manager_node'}


@pytest.mark.parametrize('folder', ['0', 'false', 'a b', 'nan'])
def test_a_folder_may_have_any_name(environment, folder):
    started = by_node(environment, record=folder, learn=folder)
    assert parameters(started['recorder_node'])['log_dir'] == folder
    assert parameters(started['learner_node'])['learner_dir'] == folder


def test_learning_without_a_log_starts_nothing_to_stay_and_says_why(environment):
    wrong = plan(environment, learn='/run/learner')
    assert wrong.shutdown_reason
    assert any('needs record:=' in message for message in wrong.messages)
    assert not any('learner_node' in process.name for process in wrong.processes)
    assert plan(environment, learn='/run/learner', record='/run/log').shutdown_reason is None


@pytest.mark.parametrize('wrong', ['operator', 'exploration', 'reset_pause_s'])
def test_a_word_in_place_of_a_number_starts_nothing(environment, wrong):
    with pytest.raises(LaunchError, match="'much' is not a float"):
        plan(environment, **{wrong: 'much'})


def test_every_include_gives_what_the_included_file_requires(environment, repository):
    """`ros2 launch` looks at this also where a condition is false: it forgets the condition."""
    folder = repository / 'launch'
    for file in folder.glob('*.launch.xml'):
        for include in ElementTree.parse(file).iter('include'):
            name = Path(include.get('file')).name
            if name.endswith('.py'):
                continue
            given = {arg.get('name') for arg in include.findall('arg')}
            needed = declared_arguments(folder / name, environment)
            assert {a.name for a in needed if a.default is None} <= given, (file.name, name)


def teleop(environment, **arguments) -> dict:
    """Return the processes of teleop.launch.xml by the name of their node."""
    processes = plan(environment, 'teleop.launch.xml', **arguments).processes
    assert len({node_name(process) for process in processes}) == len(processes)
    return {node_name(process): process for process in processes}


def test_teleop_without_a_task_is_the_input_device_alone(environment):
    assert set(teleop(environment)) == {'joystick_node'}
    both = teleop(environment, spacemouse='true', device='046d:c626')
    assert set(both) == {'joystick_node', 'spacemouse_node'}
    assert parameters(both['spacemouse_node'])['device'] == '046d:c626'
    assert set(teleop(environment, joystick='false', spacemouse='true')) == {'spacemouse_node'}


def test_teleop_of_a_task_drives_it_without_a_policy_and_records_at_wish(environment):
    wish = {'task': 'arm_peg', 'robot': 'franka', 'namespace': 'left'}
    started = teleop(environment, **wish)
    assert set(started) == {'joystick_node', *MOTION_NODES, 'lifecycle_manager_node'}
    assert parameters(started['policy_node'])['policy_file'] == 'none'
    for name in MOTION_NODES:
        given = parameters(started[name])
        assert (given['task_file'], given['robot_file']) == ('arm_peg', 'franka')
    arbiter = parameters(started['intervention_node'])
    assert (arbiter['input_file'], arbiter['input_kind']) == ('', 'joystick')
    assert (arbiter['episodes'], arbiter['take_over']) == ('operator', 'deadman')
    recorded = teleop(environment, record='/run/shown', **wish)
    assert set(recorded) == {*started, 'recorder_node'}
    recorder = parameters(recorded['recorder_node'])
    assert (recorder['log_dir'], recorder['task_file']) == ('/run/shown', 'arm_peg')
    assert all('__ns:=/left' in process.argv for process in recorded.values())


@pytest.mark.parametrize(
    ('mapping', 'file'), [({}, ''), ({'mapping': 'spacemouse_arm'}, 'spacemouse_arm')]
)
def test_teleop_by_spacemouse_listens_to_it(environment, mapping, file):
    wish = {'task': 'arm_reach', 'joystick': 'false', 'spacemouse': 'true', **mapping}
    started = teleop(environment, take_over='motion', episodes_from='topic', **wish)
    assert 'joystick_node' not in started and 'spacemouse_node' in started
    arbiter = parameters(started['intervention_node'])
    assert (arbiter['input_file'], arbiter['input_kind']) == (file, 'spacemouse')
    assert (arbiter['episodes'], arbiter['take_over']) == ('topic', 'motion')


def test_recording_without_a_task_starts_nothing_to_stay_and_says_why(environment):
    wrong = plan(environment, 'teleop.launch.xml', record='/run/shown')
    assert wrong.shutdown_reason
    assert any('needs task:=' in message for message in wrong.messages)
    assert not any('recorder_node' in process.name for process in wrong.processes)


def test_teleop_beside_a_standard_driver_listens_to_what_the_robot_is_driven_by(environment):
    started = teleop(environment, task='arm_reach', joystick='false')
    assert set(started) == {*MOTION_NODES, 'lifecycle_manager_node'}
    assert parameters(started['intervention_node'])['input_kind'] == ''


def robot(environment, **arguments) -> dict:
    """Return the processes of robot.launch.xml by the name of their node."""
    processes = plan(environment, 'robot.launch.xml', **arguments).processes
    assert len({node_name(process) for process in processes}) == len(processes)
    return {node_name(process): process for process in processes}


def remaps(process) -> dict:
    """Return the topics of a process that have another name."""
    rules = (word.split(':=') for word in process.argv if isinstance(word, str) and ':=' in word)
    return {rule[0]: rule[1] for rule in rules if rule[0] != rule[1]}


def test_a_robot_stands_until_a_person_drives_or_asks_for_a_policy(environment):
    started = robot(environment, task='rover_lane', robot='rover')
    assert set(started) == {'joystick_node', *MOTION_NODES, 'lifecycle_manager_node'}
    assert parameters(started['policy_node'])['policy_file'] == 'none'
    assert parameters(started['policy_node'])['exploration_std'] == 0.0
    arbiter = parameters(started['intervention_node'])
    assert arbiter['require_input_device'] is True
    assert (arbiter['take_over'], arbiter['episodes']) == ('deadman', 'operator')
    for name in MOTION_NODES:
        given = parameters(started[name])
        assert (given['task_file'], given['robot_file']) == ('rover_lane', 'rover')
    required = {name for name, process in started.items() if process.required}
    assert required == {'safety_node', 'lifecycle_manager_node'}
    assert not any(process.respawn for process in started.values())


def test_elsewhere_autonomy_needs_no_device_unless_asked(environment):
    assert not parameters(by_node(environment)['intervention_node'])['require_input_device']
    asked = by_node(environment, require_input_device='true')
    assert parameters(asked['intervention_node'])['require_input_device'] is True


def test_a_heartbeat_of_the_e_stop_is_required_if_asked(environment):
    for started in (robot, by_node):
        assert not parameters(started(environment)['safety_node'])['e_stop_required']
        asked = started(environment, e_stop_required='true')
        assert parameters(asked['safety_node'])['e_stop_required'] is True


@pytest.mark.parametrize(
    ('given', 'device', 'kind', 'mapping'),
    [
        ('joystick', 'joystick_node', 'joystick', ''),
        ('spacemouse', 'spacemouse_node', 'spacemouse', ''),
        ('keyboard', None, 'joystick', 'keyboard'),
        ('none', None, '', ''),
    ],
)
def test_a_robot_has_one_input_device(environment, given, device, kind, mapping):
    started = robot(environment, input=given, device='x')
    devices = {'joystick_node', 'spacemouse_node'} & set(started)
    assert devices == ({device} if device else set())
    arbiter = parameters(started['intervention_node'])
    assert (arbiter['input_kind'], arbiter['input_file']) == (kind, mapping)
    chosen = robot(environment, input=given, mapping='mine.yaml')['intervention_node']
    assert parameters(chosen)['input_file'] == 'mine.yaml'


def test_a_robots_own_topics_reach_all_who_hear_or_say_them(environment):
    own = {
        'cmd_vel': 'base/cmd_vel',
        'odom': '/odometry',
        'scan': 'lidar',
        'path': 'plan',
        'joint_states': 'arm/joint_states',
    }
    wish = {f'{name}_topic': topic for name, topic in own.items()}
    started = robot(environment, record='/log', learner='remote', **wish)
    heard = {name: topic for name, topic in own.items() if name != 'cmd_vel'}
    for name in ('policy_node', 'recorder_node'):
        assert remaps(started[name]).items() >= heard.items(), name
    gate = remaps(started['safety_node'])
    assert gate['cmd_vel'] == 'base/cmd_vel' and gate['joint_states'] == 'arm/joint_states'
    for process in robot(environment, learner='remote', record='/log').values():
        assert not {*own, 'learner/policy'} & set(remaps(process)), 'all have their usual names'


def test_a_camera_of_a_robot_comes_by_name(environment):
    started = robot(environment, camera='realsense', camera_name='front', task='rover_lane')
    assert set(CAMERA_NODES) <= set(started)
    camera = parameters(started['camera_node'])
    assert (camera['config_file'], camera['camera']) == ('realsense', 'front')
    assert camera['task_file'] == 'rover_lane'


@pytest.mark.parametrize('learner', ['none', 'local', 'remote'])
def test_policies_come_from_the_learner_that_was_named(environment, learner):
    wish = {'record': '/run/log', 'learner_dir': '/run/learner', 'demonstrations': '/run/shown'}
    started = robot(environment, learner=learner, namespace='one', policy='/p.onnx', **wish)
    assert ('learner_node' in started) == (learner == 'local')
    offers = remaps(started['policy_node']).get('learner/policy')
    assert offers == ('learner/none' if learner == 'none' else None)
    assert parameters(started['policy_node'])['policy_file'] == '/p.onnx'
    if learner == 'local':
        given = parameters(started['learner_node'])
        assert (given['log_dir'], given['learner_dir']) == ('/run/log', '/run/learner')
        assert (given['robots'], given['other_log_dirs']) == ('', '')
        assert started['learner_node'].respawn
    assert all('__ns:=/one' in process.argv for process in started.values())


def test_a_local_learner_without_a_log_starts_nothing_to_stay_and_says_why(environment):
    wrong = plan(environment, 'robot.launch.xml', learner='local')
    assert wrong.shutdown_reason
    assert any('needs record:=' in message for message in wrong.messages)
    assert not any('learner_node' in process.name for process in wrong.processes)


def test_a_word_that_is_no_input_is_refused(environment):
    with pytest.raises(LaunchError, match='joystick'):
        plan(environment, 'robot.launch.xml', input='gamepad')


def test_a_learner_elsewhere_follows_several_logs_and_offers_to_each_robot(environment):
    wish = {'log_dir': '/logs/one', 'other_log_dirs': '/logs/two,/logs/three'}
    (learner,) = plan(environment, 'learner.launch.xml', robots='one,two,three', **wish).processes
    given = parameters(learner)
    assert given['log_dir'] == '/logs/one'
    assert given['other_log_dirs'] == '/logs/two,/logs/three'
    assert given['robots'] == 'one,two,three'
