"""The table of rights: what a safety case needs of it, for every task that is shipped."""

from itertools import chain
from pathlib import Path
import re

import pytest
from takeover.command_topics import command_topics
from takeover.security.node_rights import node_rights
from takeover.task import load_task_and_robot

REPOSITORY = Path(__file__).resolve().parents[3]
TASKS = sorted(path.stem for path in (REPOSITORY / 'config' / 'tasks').glob('*.yaml'))
# Those that are asked for by a person in a terminal, or need every topic there is.
WITHOUT_RIGHTS = {'doctor_node'}
NAME = re.compile(r'(/|~/)?[a-z]\w*(/[a-z]\w*)*')


@pytest.fixture(params=TASKS)
def task_and_robot(request):
    return load_task_and_robot(request.param)


def publishers(nodes, topic):
    return {name for name, rights in nodes.items() if topic in rights.publishes}


def test_only_the_gate_may_command_the_robot(task_and_robot):
    nodes = node_rights(*task_and_robot)
    task, robot = task_and_robot
    topics = command_topics(task.action, robot)
    assert topics
    for topic in topics:
        assert publishers(nodes, topic) == {'safety_node'}


def test_only_the_arbiter_may_command_the_gate(task_and_robot):
    assert publishers(node_rights(*task_and_robot), 'control/command') == {'intervention_node'}


def test_only_the_policy_speaks_for_the_policy(task_and_robot):
    assert publishers(node_rights(*task_and_robot), 'policy/command') == {'policy_node'}


def test_nobody_of_the_stack_speaks_for_the_e_stop(task_and_robot):
    assert publishers(node_rights(*task_and_robot), 'e_stop') == set()


def test_only_the_manager_changes_the_state_of_the_motion_nodes(task_and_robot):
    nodes = node_rights(*task_and_robot)
    for node in ('safety_node', 'intervention_node', 'policy_node'):
        callers = {
            name for name, rights in nodes.items() if f'{node}/change_state' in rights.calls
        }
        assert callers == {'lifecycle_manager_node'}


def test_only_the_simulation_sets_the_time(task_and_robot):
    assert publishers(node_rights(*task_and_robot), '/clock') == {'sim_node'}


def test_no_right_is_a_pattern(task_and_robot):
    for rights in node_rights(*task_and_robot).values():
        for name in chain(rights.publishes, rights.subscribes, rights.serves, rights.calls):
            assert NAME.fullmatch(name), name


def test_whoever_watches_says_nothing(task_and_robot):
    nodes = node_rights(*task_and_robot)
    for name in ('monitor_node', 'learning_monitor_node', 'view_node'):
        assert nodes[name].publishes == {'/rosout', '/parameter_events'}


def test_the_policy_hears_the_inputs_of_its_task(task_and_robot):
    task, _ = task_and_robot
    assert set(task.inputs) <= node_rights(*task_and_robot)['policy_node'].subscribes


def test_every_executable_has_rights():
    setups = (REPOSITORY / 'ros2_ws' / 'src').glob('takeover_*/setup.py')
    text = '\n'.join(path.read_text() for path in setups)
    executables = set(re.findall(r"'(\w+_node)'", text))
    named = set(node_rights(*load_task_and_robot('rover_path'))) - {'camera_manager_node'}
    assert executables - WITHOUT_RIGHTS == named
