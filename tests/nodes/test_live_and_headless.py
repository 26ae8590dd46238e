"""The same inputs give the same transitions live and headless.

A headless drive is written down as the messages that its policy, person, gate and simulation
would have sent. intervention_node and recorder_node take them on the clock of that drive, and what
can be learned from the log they leave is compared with what the headless loop gave.
"""

from dataclasses import fields

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Joy
from takeover.action import ActionContract
from takeover.data.assembler import TransitionAssembler
from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import UndoEpisode
from takeover.intervention.joystick import load_joystick
from takeover.policy.exploration import ExplorationNoise
from takeover.rewards.rlif import LabelConfig
from takeover.simulation.clumsy_driver import ClumsyDriver
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.hand import JoystickHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.simulation.rover_operator import defects, RoverWatch
from takeover.simulation.takeover_loop import LoopConfig, TakeoverLoop
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import Command, EpisodeState, ExecutedCommand, PolicyObservation
from takeover_nodes import conversions
from takeover_nodes.camera_messages import image_message
from takeover_nodes.intervention_node import InterventionNode
from takeover_nodes.recorder_node import RecorderNode
from tests.renderer import skip_without_renderer

COURSES = (7, 8, 9)
# A clock that begins at zero would be a stamp that was never set.
START_S = 1000.0
# A lane is left sooner than a path.
LEAST = {'rover_path': 300, 'rover_lane': 100}
RULES = {
    'onset': LabelConfig(failure_reward=-1.0),
    'spread': LabelConfig(window_s=0.4, failure_reward=-1.0, success_reward=0.5),
    'every_step': LabelConfig(penalise='every_step'),
    'reference': LabelConfig(penalise='reference'),
}


class Straight:
    """A policy that drives straight on at full speed, so that it is corrected again and again."""

    version = '0123456789ab'

    def act(self, observation):
        return np.array([0.5, 0.2])


class Person(ScriptedOperator):
    """Remembers when it sent what: float32, as sensor_msgs/Joy has it."""

    def joy(self, simulation, attending=True):
        axes, buttons = super().joy(simulation, attending)
        axes = np.float32(axes).tolist()
        self.sent.append((self.loop.now_s, axes, buttons))
        return axes, buttons


def drive_headless(task, robot, mapping, labels):
    """Return for each episode what the person's device sent, its steps, and when it ended."""
    env = RoverPathEnv(task, robot, latency_s=0.05, gated=True)
    period_s = 1.0 / task.rate_hz
    config, hand = OperatorConfig(skill=0.4), JoystickHand(mapping, env.action_contract)
    driver = ClumsyDriver(robot, task.episode, period_s, defects(config.skill))
    person = Person(hand, driver, RoverWatch(robot, task.episode, config), config)
    noise = ExplorationNoise(env.action_contract, 0.15, period_s, 3)
    loop = TakeoverLoop(env, mapping, person, noise, LoopConfig(labels=labels))
    loop._start_s, person.loop = START_S, loop
    episodes = []
    for course in COURSES:
        person.sent = []
        steps = list(loop.drive(course, Straight()))
        ended_s = 1e-9 * steps[-1].stamp_ns + period_s
        episodes.append((person.sent, steps, ended_s))
    env.close()
    return episodes


class Live:
    """intervention_node and recorder_node on a clock that the test sets."""

    def __init__(self, monkeypatch):
        self.now_s = START_S
        monkeypatch.setattr(InterventionNode, 'now_s', lambda _: self.now_s)
        monkeypatch.setattr(InterventionNode, 'now_ns', lambda _: round(1e9 * self.now_s))
        self.arbiter, self.recorder = InterventionNode(), RecorderNode()
        assert self.arbiter.trigger_configure() is TransitionCallbackReturn.SUCCESS
        # What crosses the wire is what is compared: not the object, but its bytes.
        monkeypatch.setattr(
            self.arbiter.episodes.reward_publisher,
            'publish',
            lambda reward: self.recorder.on_reward(over_the_wire(reward)),
        )

    def close(self):
        self.recorder.on_stop_requested()
        self.recorder.destroy_node()
        self.arbiter.destroy_node()


def over_the_wire(message):
    """Return a message as a subscriber gets it."""
    return deserialize_message(serialize_message(message), type(message))


def replay(live, spec, number, episode):
    """Send one episode's messages to the nodes in the order they would have come."""
    sent, steps, ended_s = episode
    began_s = 1e-9 * steps[0].stamp_ns
    live.now_s = began_s
    assert live.arbiter.trigger_activate() is TransitionCallbackReturn.SUCCESS
    live.arbiter.episodes.on_episode(episode_state(number, began_s, EpisodeState.RUNNING))
    for (now_s, axes, buttons), step in zip(sent, steps, strict=True):
        live.now_s = now_s
        stamp = conversions.ns_to_stamp(step.stamp_ns)
        joy = Joy(axes=axes, buttons=buttons)
        joy.header.stamp = stamp
        live.arbiter.on_joy(over_the_wire(joy))
        command = Command(
            sequence=step.sequence,
            policy_sequence=step.sequence,
            source=Command.SOURCE_POLICY,
            observation_stamp=stamp,
            policy_version=step.policy_version,
            spec_hash=spec,
            values=step.policy_action,
            observation=step.observation,
            image_stamps=[conversions.ns_to_stamp(ns) for ns in step.image_stamps_ns],
        )
        command.header.stamp = stamp
        command = over_the_wire(command)
        live.recorder.on_policy(command)
        if step.pixels.size:
            live.recorder.on_pictures(over_the_wire(pictures(step)))
        live.arbiter.on_policy_command(command)
        live.recorder.on_executed(
            over_the_wire(
                ExecutedCommand(
                    policy_sequence=step.sequence, on_arrival=True, executed=step.executed
                )
            )
        )
    live.now_s = ended_s
    live.arbiter.episodes.on_episode(episode_state(number, ended_s, steps[-1].outcome))
    assert live.arbiter.trigger_deactivate() is TransitionCallbackReturn.SUCCESS


def pictures(step):
    """Return what policy_node shows of the lane's one camera."""
    (stamp_ns,) = step.image_stamps_ns
    image = image_message(step.pixels.reshape(64, 64, 3), 'rgb8', stamp_ns, 'camera')
    return PolicyObservation(sequence=step.sequence, images=[image])


def episode_state(number, now_s, outcome):
    """Return what sim_node says of an episode."""
    state = EpisodeState(
        episode=number,
        outcome=outcome,
        terminated=outcome in (EpisodeState.GOAL, EpisodeState.COLLISION, EpisodeState.OFF_PATH),
        truncated=outcome == EpisodeState.TIME_LIMIT,
    )
    state.header.stamp = conversions.ns_to_stamp(round(1e9 * now_s))
    return state


@pytest.mark.parametrize(
    ('rule', 'name'), [*((rule, 'rover_path') for rule in RULES), ('onset', 'rover_lane')]
)
def test_the_same_inputs_give_the_same_transitions(
    rule, name, ros, monkeypatch, tmp_path, repository
):
    labels = RULES[rule]
    config = repository / 'config'
    task_file, robot_file, joystick_file = (
        config / file
        for file in (f'tasks/{name}.yaml', 'robots/rover.yaml', 'inputs/joystick.yaml')
    )
    task, robot = load_task_and_robot(task_file, robot_file)
    if task.images:
        skip_without_renderer(task, robot)
    mapping = load_joystick(joystick_file, ActionContract(task.action))
    episodes = drive_headless(task, robot, mapping, labels)
    rules = {
        'resume_delay_s': 0.5,
        'penalise': labels.penalise,
        'penalise_window_s': labels.window_s,
        'success_reward': labels.success_reward,
        'failure_reward': labels.failure_reward,
    }
    given = {'task_file': task_file}
    given |= {
        f'intervention_node:{name}': value
        for name, value in (
            {'robot_file': robot_file, 'input_file': joystick_file} | rules
        ).items()
    }
    given['recorder_node:log_dir'] = tmp_path / 'log'
    ros(*[word for name, value in given.items() for word in ('-p', f'{name}:={value}')])
    live = Live(monkeypatch)
    for number, episode in enumerate(episodes, start=1):
        replay(live, spec_hash(task), number, episode)
    live.close()

    period_s = 1.0 / task.rate_hz
    events = LogFollower(tmp_path / 'log', spec_hash(task)).poll()
    assert not [event for event in events if isinstance(event, UndoEpisode)]
    recorded = list(TransitionAssembler(period_s).assemble(events))
    steps = [step for _, driven, _ in episodes for step in driven]
    expected = list(TransitionAssembler(period_s).assemble(steps))
    assert sum(step.onset for step in steps) >= 3 and len(expected) > LEAST[name]
    assert len(recorded) == len(expected)
    for live_one, headless_one in zip(recorded, expected):
        assert differences(live_one.step, headless_one.step) == []
        assert (live_one.next_observation == headless_one.next_observation).all()
        assert (live_one.next_step.pixels == headless_one.next_step.pixels).all()
        assert live_one.terminated == headless_one.terminated
        assert live_one.truncated == headless_one.truncated


def differences(one, other):
    """Return the names of the fields of two steps that differ."""
    return [
        field.name
        for field in fields(one)
        if not np.array_equal(getattr(one, field.name), getattr(other, field.name))
    ]
