"""A person demonstrates on a simulated arm, as a user would: robot, teleop, log, clone.

Two launches in one domain, as from two terminals. The test is the SpaceMouse: whoever holds it
sees the arm as operator_node does, and drives all the time. There is no policy.
"""

import contextlib
import signal

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.command import Source
from takeover.data.log_check import check_log
from takeover.data.log_reader import log_files, read_steps
from takeover.intervention.device_choice import load_mapping
from takeover.outcome import Outcome
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.simulation.seat import operator_config, seat_operator
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import InterventionState, RecorderState
from takeover_nodes import qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.operator_arm import ArmSeat
from tests.processes import Command
from tests.stack import running, wait_until
from tests.stack_topics import hear_all, mode
import yaml

TASK, ROBOT = load_task_and_robot('arm_reach')
GOALS = 2
DRIVE_S = 120.0
STANDS_M = 1e-3
# On a busy machine the puck may be late, and the arm comes to its goal by itself.
HANDS_OFF_STEPS = 5
# Quick: whether what was cloned is any good is not asked here.
SETTINGS = {
    'learner': {'hidden': [16], 'batch_size': 16, 'pretraining_steps': 50},
    'replay': {'mirror': False},
}


class Person:
    """Holds a SpaceMouse, at the rate of the task."""

    def __init__(self, observer):
        """Sit down, with the hands off."""
        self.observer, self.attends, self.episode = observer, False, 0
        self.seat = ArmSeat(observer.node, TASK, ROBOT, '', 1.0, 0)
        config = operator_config(ROBOT, 1.0, always=True)
        mapping = load_mapping(ActionContract(TASK.action), ROBOT)
        self.operator = seat_operator(TASK, ROBOT, mapping, config)
        self.timer = observer.node.create_timer(1.0 / TASK.rate_hz, self.move)

    def move(self):
        """Look, and move the puck; who sees nothing does not touch it."""
        episode = self.observer.last('episode')
        if self.seat.view.look(ManagedNode.now_s()) is not None or episode is None:
            return
        if episode.episode != self.episode:
            self.episode = episode.episode
            self.operator.reset()
        running = episode.outcome == Outcome.RUNNING
        self.seat.send(*self.operator.joy(self.seat.view, self.attends and running))


def goals(observer) -> set[int]:
    """Return the numbers of the episodes that have ended at their goal."""
    heard = [state for _, state in list(observer.heard['episode'])]
    return {state.episode for state in heard if state.outcome == Outcome.GOAL}


def tool_position(person) -> np.ndarray:
    """Return where the tool truly is."""
    return np.array(person.seat.view.true_tool().position)


@contextlib.contextmanager
def terminals(folder):
    """Start the simulated robot, and teleop on top of it."""
    teleop = ('task:=arm_reach', 'joystick:=false', 'episodes_from:=topic')
    with running(
        ('robot_sim.launch.xml', 'task:=arm_reach', 'reset_pause_s:=0.5'),
        ('teleop.launch.xml', *teleop, f'record:={folder / "shown"}'),
        folder=folder,
    ) as (launches, observer):
        hear_all(observer)
        observer.hear(RecorderState, 'recorder/state', qos.LATCHED)
        yield launches, observer


@pytest.fixture(scope='module')
def shown(tmp_path_factory):
    """Demonstrate until some episodes have reached their goal; then Ctrl-C in both terminals.

    Returns the log, how far the tool moved before anybody touched the puck, and the exit codes.
    """
    folder = tmp_path_factory.mktemp('teleop')
    with terminals(folder) as ((robot, teleop), observer):
        person = Person(observer)
        wait_until(lambda: observer.last('policy/command'), 'steps without a policy')
        wait_until(lambda: person.episode, 'the person sees the arm')
        wait_until(lambda: mode(observer) is not None, 'somebody says who drives')
        before = tool_position(person)
        least = observer.last('policy/command').sequence + 5
        wait_until(lambda: observer.last('policy/command').sequence > least, 'steps undriven')
        strayed_m = float(np.abs(tool_position(person) - before).max())
        person.attends = True
        wait_until(
            lambda: mode(observer) == InterventionState.MODE_HUMAN, 'the person drives', DRIVE_S
        )
        wait_until(lambda: len(goals(observer)) >= GOALS, 'goals reached by hand', DRIVE_S)
        reached = goals(observer)
        last = observer.last('policy/command').sequence
        wait_until(lambda: observer.last('recorder/state').last_sequence >= last, 'on the disk')
        codes = teleop.stop(signal.SIGINT), robot.stop(signal.SIGINT)
    return folder / 'shown', strayed_m, reached, codes


@pytest.fixture(scope='module')
def steps(shown):
    """Return the steps of the log; each must be whole to be read at all."""
    return list(read_steps([shown[0]], spec_hash(TASK)))


def driven(steps) -> list:
    """Return the steps in which the person drove an episode."""
    return [step for step in steps if step.intervened and step.episode]


def test_without_a_person_nothing_moves_and_ctrl_c_ends_both(shown):
    log, strayed_m, _, codes = shown
    assert strayed_m < STANDS_M
    assert codes == (0, 0)
    assert not any(check_log(file).damage for file in log_files([log]))


def test_what_the_person_did_is_logged_with_what_was_executed(steps):
    low, high = (
        np.array(side) for side in zip(*((c.low, c.high) for c in TASK.action.components))
    )
    human = driven(steps)
    assert len(human) >= 10
    assert {step.source for step in steps} <= {Source.HUMAN, Source.HOLD}
    for step in human:
        assert step.observation.shape == (TASK.observation_size,)
        assert step.policy_version == '' and not step.reward and not step.onset
        assert (step.commanded >= low - 1e-6).all() and (step.commanded <= high + 1e-6).all()
    asked, moved = (
        np.array([getattr(step, name)[:3] for step in human]) for name in ('commanded', 'executed')
    )
    assert np.abs(moved).max() > 0.02, 'the tool moves'
    # Acceleration is limited, so what is executed lags; over all it goes the same way.
    assert (moved * asked).sum() > 0.5 * (asked * asked).sum()
    assert min(step.executed[-1] for step in human) < -0.01, 'the gripper closes'


def test_the_episodes_end_at_their_goal_and_the_log_says_so(shown, steps):
    ends = {step.episode: step for step in steps if step.terminated or step.truncated}
    for number in shown[2]:
        assert ends[number].terminated and ends[number].outcome == Outcome.GOAL
        hand = [step for step in driven(steps) if step.episode == number]
        assert hand and ends[number].sequence - hand[-1].sequence <= HANDS_OFF_STEPS
    assert not any(step.outcome for step in steps if step not in ends.values())


def test_the_log_becomes_a_policy(shown, tmp_path, steps):
    settings, policy = tmp_path / 'settings.yaml', tmp_path / 'policy.onnx'
    settings.write_text(yaml.safe_dump(SETTINGS))
    run = Command(
        tmp_path,
        'bc',
        shown[0],
        '--task',
        'arm_reach',
        '--config',
        settings,
        '--out',
        policy,
    )
    try:
        code = run.process.wait(DRIVE_S)
    finally:
        run.kill()
    assert code == 0, run.text()
    count = sum(step.intervened for step in steps)
    assert f'{count} steps that a person drove' in run.text()
    loaded = OnnxPolicy.load(policy, TASK)
    answer = loaded.act(driven(steps)[0].observation)
    assert ActionContract(TASK.action).validate(answer) is None
