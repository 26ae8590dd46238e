"""An arm that a person has to move, started as a user would: driving, log, one publisher, end.

The policy stands still, so the person takes over again and again.
"""

import signal

from geometry_msgs.msg import Twist
import numpy as np
import pytest
from sensor_msgs.msg import JointState, Joy
from takeover.command import Source
from takeover.data.log_reader import read_steps
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import RecorderState
from takeover_nodes import qos
from tests.arm_policies import write_reach
from tests.stack import running, wait_until
from tests.stack_topics import hear_all
from tests.system.test_sim_launch import readme_rows
from trajectory_msgs.msg import JointTrajectory

TAKEOVERS = 2
MOVED_RAD = 0.1
DRIVE_S = 120.0
PUBLISHERS = {
    'joint_trajectory_controller/joint_trajectory': {'safety_node'},
    'gripper_controller/commands': {'safety_node'},
    'tool_state': {'safety_node'},
    'joint_states': {'sim_node'},
    'spacenav/twist': {'operator_node'},
    'spacenav/joy': {'operator_node'},
    'control/command': {'intervention_node'},
}
COMMANDS = 'joint_trajectory_controller/joint_trajectory'


@pytest.fixture(scope='module')
def reach():
    """Return task and robot."""
    return load_task_and_robot('arm_reach')


@pytest.fixture(scope='module')
def driven(tmp_path_factory, reach):
    """Drive until the person has taken over some times and all is recorded; then Ctrl-C."""
    folder = tmp_path_factory.mktemp('arm')
    policy = write_reach(folder / 'stands.onnx', reach[0], gain_1_s=0.0)
    log = folder / 'log'
    arguments = ('task:=arm_reach', f'policy:={policy}', 'operator:=1.0', f'record:={log}')
    with running(('sim.launch.xml', *arguments, 'camera:=false'), folder=folder) as started:
        (launch,), observer = started
        hear_all(observer)
        for topic, message, profile in (
            ('joint_states', JointState, qos.SENSOR),
            (COMMANDS, JointTrajectory, qos.RECORD),
            ('spacenav/twist', Twist, qos.INPUT),
            ('spacenav/joy', Joy, qos.INPUT),
            ('recorder/state', RecorderState, qos.LATCHED),
        ):
            observer.hear(message, topic, profile)
        wait_until(
            lambda: (state := observer.last('intervention/state')) and state.takeovers,
            'a take-over',
            DRIVE_S,
        )
        wait_until(
            lambda: (
                observer.last('intervention/state').takeovers >= TAKEOVERS
                and observer.last('episode').episode > 1
            ),
            'more take-overs, and a second episode',
            DRIVE_S,
        )
        last = observer.last('policy/command').sequence
        wait_until(lambda: observer.last('recorder/state').last_sequence >= last, 'on the disk')
        publishers = {
            topic: {info.node_name for info in observer.node.get_publishers_info_by_topic(topic)}
            for topic in PUBLISHERS
        }
        topics = dict(observer.node.get_topic_names_and_types())
        code = launch.stop(signal.SIGINT)
        heard = {topic: [sample for _, sample in kept] for topic, kept in observer.heard.items()}
    return log, heard, topics, publishers, code


@pytest.fixture(scope='module')
def steps(driven, reach):
    """Return the steps of the log; each must be whole to be read at all."""
    return list(read_steps([driven[0]], spec_hash(reach[0])))


def test_the_gate_alone_speaks_to_the_controllers_and_the_person_by_spacemouse(driven):
    _, _, _, publishers, code = driven
    assert publishers == PUBLISHERS
    assert code == 0


def test_every_topic_of_an_arm_in_the_readme_is_there_with_its_type(driven, repository):
    there = driven[2]
    rows = readme_rows(repository, 'Topics of an arm')
    assert len(rows) > 10
    for topic, kind, *_ in rows:
        if 'camera' not in topic and topic != '`episode_start`':
            assert there.get(f'/{topic.strip("`")}') == [kind.replace('/', '/msg/')], topic


def test_the_person_moves_the_arm(driven, reach):
    states = driven[1]['joint_states']
    joints = np.array([list(state.position)[:7] for state in states])
    assert tuple(states[0].name[:7]) == reach[1].joint_names
    assert np.ptp(joints, axis=0).max() > MOVED_RAD
    sent = driven[1][COMMANDS]
    assert sent and all(tuple(each.joint_names) == reach[1].joint_names for each in sent)


def test_every_step_is_logged_with_the_twist_that_was_executed(steps, reach):
    low, high = zip(*((c.low, c.high) for c in reach[0].action.components))
    human = [step for step in steps if step.source is Source.HUMAN and step.episode]
    assert len(human) >= 5
    for step in steps:
        assert step.observation.shape == (reach[0].observation_size,)
        assert step.executed.shape == step.commanded.shape == (len(low),)
        assert (step.executed >= np.array(low) - 0.1).all()
        assert (step.executed <= np.array(high) + 0.1).all()
    moved = np.array([step.executed[:3] for step in human])
    asked = np.array([step.commanded[:3] for step in human])
    assert np.abs(moved).max() > 0.02, 'the tool moves'
    # Acceleration is limited, so what is executed lags; over all it goes the same way.
    assert (moved * asked).sum() > 0.5 * (asked * asked).sum()


def test_a_take_over_costs_the_last_step_of_the_policy_one(steps):
    after = {step.sequence: step for step in steps}
    onsets = [step for step in steps if step.onset and step.sequence + 1 in after]
    assert onsets
    for step in onsets:
        assert step.source is Source.POLICY and step.reward == -1.0
        assert after[step.sequence + 1].source is Source.HUMAN
