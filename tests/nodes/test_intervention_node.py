"""intervention_node over real messages: who drove each step, and what it was worth."""

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import Joy
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    InterventionState,
    StepReward,
    UndoEpisode,
)
from takeover_nodes import conversions, qos
from takeover_nodes.intervention_node import InterventionNode
from tests.stack import wait_until

POLICY, HUMAN, HOLD = Command.SOURCE_POLICY, Command.SOURCE_HUMAN, Command.SOURCE_HOLD
DEADMAN, SUCCESS, UNDO = 4, 0, 3
# Longer than any pause of a loaded machine: these tests are not about time-outs.
SLOW = {
    'observation_s: 0.15': 'observation_s: 10.0',
    'policy_s: 0.20': 'policy_s: 20.0',
    'policy_s: 0.25': 'policy_s: 20.0',
    'input_device_s: 0.30': 'input_device_s: 30.0',
    'gate_s: 0.35': 'gate_s: 40.0',
    'controller_s: 0.5': 'controller_s: 50.0',
}
STEP_NS = 10_000_000


class Peers(Node):
    """Everybody the arbiter speaks with."""

    def __init__(self, spec):
        super().__init__('peers')
        self.spec = spec
        self.policy = self.create_publisher(Command, 'policy/command', qos.command())
        self.joy = self.create_publisher(Joy, 'joy', qos.INPUT)
        self.puck = self.create_publisher(Twist, 'spacenav/twist', qos.INPUT)
        self.tool = self.create_publisher(Odometry, 'tool_state', qos.SENSOR)
        self.episode = self.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        self.commands, self.rewards, self.undone, self.states = [], [], [], []
        for message, topic, profile, heard in (
            (Command, 'control/command', qos.RECORD, self.commands),
            (StepReward, 'intervention/reward', qos.RECORD, self.rewards),
            (UndoEpisode, 'intervention/undo', qos.RECORD, self.undone),
            (InterventionState, 'intervention/state', qos.LATCHED, self.states),
        ):
            self.create_subscription(message, topic, heard.append, profile)


class Bench:
    """An active intervention_node and its peers in one executor."""

    def __init__(self, task_file, robot_file):
        self.node = InterventionNode()
        task, _ = load_task_and_robot(task_file, robot_file)
        self.peers = Peers(spec_hash(task))
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.peers)
        assert self.node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        self.sequence = 100
        self.stamp_ns = self.joy_ns = self.node.now_ns()
        publishers = (self.peers.policy, self.peers.episode)
        self.until(lambda: all(p.get_subscription_count() for p in publishers), 'discovery')
        self.until(lambda: self.peers.states and self.peers.commands, 'the first step')
        self.until(
            lambda: self.node.episodes.reward_publisher.get_subscription_count() > 0, 'rewards'
        )

    def until(self, condition, what):
        """Spin until something holds."""

        def look():
            self.executor.spin_once(timeout_sec=0.01)
            return condition()

        return wait_until(look, what)

    def say(self, *, values=(0.3, 0.1), spec=None, source=POLICY):
        """Publish the next command of the policy."""
        self.sequence += 1
        self.stamp_ns += STEP_NS
        command = Command(
            sequence=self.sequence,
            policy_sequence=self.sequence,
            source=source,
            spec_hash=self.peers.spec if spec is None else spec,
            values=values,
        )
        command.header.stamp = conversions.ns_to_stamp(self.stamp_ns)
        command.observation_stamp = command.header.stamp
        self.peers.policy.publish(command)

    def drive(self, steps, **command):
        """Let the policy command, each time waiting for what the arbiter makes of it."""
        for _ in range(steps):
            self.say(**command)
            self.until(
                lambda: self.peers.commands[-1].policy_sequence == self.sequence, 'a decision'
            )

    def hold(self, *buttons, linear=1.0):
        """Press these buttons; wait until the arbiter has heard it."""
        self.until(self.peers.joy.get_subscription_count, 'the arbiter listens to joy')
        joy = Joy(axes=[0.0, linear, 0.0, 0.0], buttons=[int(i in buttons) for i in range(8)])
        self.joy_ns += 1
        joy.header.stamp = conversions.ns_to_stamp(self.joy_ns)
        heard = self.node.arbiter.device_messages
        self.peers.joy.publish(joy)
        self.until(lambda: self.node.arbiter.device_messages > heard, 'joy')

    def move(self, lift):
        """Lift the puck; wait until the arbiter has heard it."""
        self.until(self.peers.puck.get_subscription_count, 'the arbiter listens to the puck')
        twist = Twist()
        twist.linear.z = lift
        heard = self.node.arbiter.device_messages
        self.peers.puck.publish(twist)
        self.until(lambda: self.node.arbiter.device_messages > heard, 'the twist')

    def look_down(self):
        """Say that the tool of the arm looks down; wait until the arbiter has heard it."""
        self.until(self.peers.tool.get_subscription_count, 'the arbiter listens to the tool')
        odometry = Odometry()
        odometry.header.frame_id = 'panda_link0'
        odometry.pose.pose.orientation.x, odometry.pose.pose.orientation.w = 1.0, 0.0

        def heard():
            odometry.header.stamp = conversions.ns_to_stamp(self.node.now_ns())
            self.peers.tool.publish(odometry)
            self.executor.spin_once(timeout_sec=0.01)
            return self.node.arbiter._device.blind(self.node.now_s()) is None

        wait_until(heard, 'the tool state')

    def report(self, episode, outcome=EpisodeState.RUNNING):
        """Report an episode; wait until the arbiter has heard it."""
        state = EpisodeState(episode=episode, outcome=outcome)
        state.terminated = outcome in (EpisodeState.GOAL, EpisodeState.COLLISION)
        state.truncated = outcome == EpisodeState.TIME_LIMIT
        self.stamp_ns += 1000
        state.header.stamp = conversions.ns_to_stamp(self.stamp_ns)
        self.peers.episode.publish(state)
        running = episode if outcome == EpisodeState.RUNNING else 0
        self.until(lambda: self.node.episodes.tracker.episode == running, 'the report')

    def rewards(self, count):
        """Return the rewards, of which there are so many."""
        self.until(lambda: len(self.peers.rewards) >= count, f'{count} rewards')
        assert len(self.peers.rewards) == count
        return self.peers.rewards

    def close(self):
        """Leave."""
        self.executor.shutdown()
        self.node.destroy_node()
        self.peers.destroy_node()


@pytest.fixture
def make_bench(ros, repository, tmp_path):
    """Return a function that starts a bench with parameters."""
    robot = (repository / 'config' / 'robots' / 'rover.yaml').read_text()
    for old, new in SLOW.items():
        robot = robot.replace(old, new)
    task = (repository / 'config' / 'tasks' / 'rover_path.yaml').read_text()
    files = {
        'task_file': (tmp_path / 'task.yaml', task.replace('rate_hz: 20.0', 'rate_hz: 1.0')),
        'robot_file': (tmp_path / 'rover.yaml', robot),
        'input_file': (repository / 'config' / 'inputs' / 'joystick.yaml', None),
    }
    benches = []

    def make(**parameters):
        given = {name: path for name, (path, _) in files.items()}
        given |= {'handover_s': 0.0, 'debounce_s': 0.0, 'resume_delay_s': 0.0, **parameters}
        for path, text in files.values():
            if text is not None:
                path.write_text(text)
        ros(*(word for name, value in given.items() for word in ('-p', f'{name}:={value}')))
        benches.append(Bench(given['task_file'], given['robot_file']))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def column(messages, name):
    """Return one field of every message."""
    return [getattr(message, name) for message in messages]


def test_each_step_of_the_policy_gets_one_reward(make_bench):
    bench = make_bench()
    bench.report(1)
    bench.hold()
    bench.drive(5)
    bench.hold(DEADMAN)
    bench.drive(2)
    bench.hold()
    bench.drive(3)
    bench.report(1, EpisodeState.COLLISION)
    rewards = bench.rewards(10)
    assert column(rewards, 'sequence') == list(range(101, 111))
    sources = [HOLD, HOLD, POLICY, POLICY, POLICY, HUMAN, HUMAN, POLICY, POLICY, POLICY]
    assert column(rewards, 'source') == sources
    assert column(rewards, 'reward') == [0.0] * 4 + [-1.0] + [0.0] * 5
    assert column(rewards, 'onset') == [False] * 4 + [True] + [False] * 5
    assert column(rewards, 'stored') == [False, False] + [True] * 8
    assert column(rewards, 'terminated') == [False] * 9 + [True]
    assert column(rewards, 'episode') == [1] * 10
    assert rewards[-1].outcome == EpisodeState.COLLISION
    assert [*rewards[4].commanded] == [0.3, 0.1] and [*rewards[5].commanded] == [0.6, 0.0]


def test_the_reward_tells_what_the_first_command_of_the_step_was(make_bench):
    bench = make_bench(handover_s=2.0)
    bench.report(1)
    bench.drive(8)
    bench.report(1, EpisodeState.TIME_LIMIT)
    first = {}
    for command in bench.peers.commands:
        first.setdefault(command.policy_sequence, command)
    for reward in bench.rewards(8):
        command = first[reward.sequence]
        assert [*reward.commanded] == [*command.values] and reward.source == command.source
        assert reward.header == command.header
    assert bench.rewards(8)[-1].truncated and not bench.rewards(8)[-1].terminated


def test_what_is_refused_is_no_step(make_bench):
    bench = make_bench()
    bench.report(1)
    bench.drive(4)
    bench.say(spec='0' * 16)
    bench.drive(1)
    bench.sequence -= 1
    bench.say(values=(float('nan'), 0.0))
    bench.sequence -= 2
    bench.say()
    bench.until(lambda: sum(bench.node.arbiter.refused.values()) >= 1, 'a refusal')
    bench.sequence += 5
    bench.drive(1)
    bench.report(1, EpisodeState.GOAL)
    assert column(bench.rewards(6), 'sequence') == [101, 102, 103, 104, 106, bench.sequence]


def test_the_buttons_begin_end_and_take_back_episodes(make_bench):
    bench = make_bench(episodes='operator', success_reward=2.0)
    bench.hold()
    bench.drive(4)
    bench.hold(SUCCESS)
    bench.drive(1)
    assert column(bench.rewards(4), 'episode') == [0, 0, 1, 1]
    assert column(bench.peers.rewards, 'reward') == [0.0, 0.0, 0.0, 2.0]
    assert bench.peers.rewards[-1].terminated
    bench.hold(UNDO)
    bench.drive(1)
    bench.until(lambda: bench.peers.undone, 'undo')
    (undone,) = bench.peers.undone
    assert (undone.episode, undone.first_sequence, undone.last_sequence) == (1, 103, 104)
    bench.until(lambda: bench.peers.states[-1].episode == 2, 'the state names the episode')


def test_the_state_tells_of_the_hand_over(make_bench):
    bench = make_bench(handover_s=2.0)
    bench.hold()
    bench.drive(4)
    assert bench.peers.commands[-1].source == POLICY
    bench.until(
        lambda: bench.peers.states[-1].mode == InterventionState.MODE_HANDOVER, 'hand-over'
    )
    bench.hold(DEADMAN)
    bench.drive(1)
    assert bench.peers.commands[-1].source == HUMAN
    bench.until(lambda: bench.peers.states[-1].takeovers == 1, 'take-over')


def test_a_spacemouse_takes_over_by_motion(make_bench, tmp_path):
    mapping = tmp_path / 'puck.yaml'
    mapping.write_text('axes: {linear.x: {axis: linear.z}}\n')
    bench = make_bench(
        input_kind='spacemouse', input_file=mapping, take_over='motion', motion_hold_s=0.0
    )
    bench.drive(4)
    assert bench.peers.commands[-1].source == POLICY
    bench.move(0.0)
    bench.move(0.68)
    bench.drive(1)
    assert bench.peers.commands[-1].source == HUMAN
    assert [*bench.peers.commands[-1].values] == pytest.approx([0.6, 0.0])


def test_a_puck_pushed_up_moves_a_tool_that_looks_down_against_its_z(
    make_bench, repository, tmp_path
):
    mapping, task, robot = (tmp_path / name for name in ('puck.yaml', 'reach.yaml', 'arm.yaml'))
    mapping.write_text('frame: base\naxes: {linear.z: {axis: linear.z}}\n')
    text = (repository / 'config' / 'tasks' / 'arm_reach.yaml').read_text()
    task.write_text(text.replace('rate_hz: 10.0', 'rate_hz: 1.0'))
    text = (repository / 'config' / 'robots' / 'franka.yaml').read_text()
    for old, new in SLOW.items():
        text = text.replace(old, new)
    robot.write_text(text)
    files = {'task_file': task, 'robot_file': robot, 'input_file': mapping}
    motion = {'input_kind': 'spacemouse', 'take_over': 'motion', 'motion_hold_s': 0.0}
    bench = make_bench(**files, **motion)
    zero = (0.0,) * 7
    bench.drive(4, values=zero)
    bench.move(0.0)
    bench.move(0.68)
    bench.drive(1, values=zero)
    assert bench.peers.commands[-1].source == HOLD
    assert 'tool state' in bench.node.arbiter.reason
    bench.look_down()
    bench.move(0.0)
    bench.move(0.68)
    bench.drive(1, values=zero)
    assert bench.peers.commands[-1].source == HUMAN
    assert [*bench.peers.commands[-1].values] == pytest.approx([0, 0, -0.15, 0, 0, 0, 0])


def test_steps_without_a_policy_are_held_until_a_person_drives(make_bench):
    bench = make_bench(episodes='operator')
    nobody = {'values': (0.0, 0.0), 'source': Command.SOURCE_NONE}
    bench.hold()
    bench.drive(5, **nobody)
    bench.hold(DEADMAN)
    bench.drive(3, **nobody)
    bench.hold(SUCCESS)
    bench.drive(4, **nobody)
    assert column(bench.rewards(11), 'source') == [HOLD] * 5 + [HUMAN] * 3 + [HOLD] * 3
    # The episode is what the person drove, and nothing else of it is to be learned from.
    assert column(bench.peers.rewards, 'episode') == [0] * 5 + [1] * 3 + [0] * 3
    assert column(bench.peers.rewards, 'stored') == [False] * 5 + [True] * 3 + [False] * 3
    assert column(bench.peers.rewards, 'terminated') == [False] * 7 + [True] + [False] * 3
    assert not any(column(bench.peers.rewards, 'reward'))


def test_deactivation_tells_the_step_that_waits(make_bench):
    bench = make_bench()
    bench.report(1)
    bench.drive(4)
    bench.node.trigger_deactivate()
    assert column(bench.rewards(4), 'sequence') == [101, 102, 103, 104]
    bench.node.trigger_activate()
    bench.drive(4)
    bench.report(1, EpisodeState.GOAL)
    assert column(bench.rewards(8), 'sequence') == list(range(101, 109))


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({'input_kind': 'wheel'}, "input_kind is 'wheel'; legal: joystick, spacemouse"),
        ({'episodes': 'never'}, "episodes is 'never'; legal: topic, operator"),
        ({'take_over': 'grab'}, 'take_over must be one of deadman, motion, both'),
        ({'motion_start': 0.05}, 'motion_end and motion_start must be in (0, 1)'),
        ({'penalise': 'all'}, "penalise is 'all'"),
        ({'input_kind': 'spacemouse'}, "axis: must be 'linear.x'"),
    ],
)
def test_a_bad_parameter_fails_configure_with_its_sentence(
    ros, repository, capfd, parameters, words
):
    config = repository / 'config'
    given = {
        'task_file': config / 'tasks' / 'rover_path.yaml',
        'robot_file': config / 'robots' / 'rover.yaml',
        'input_file': config / 'inputs' / 'joystick.yaml',
        **parameters,
    }
    ros(*(word for name, value in given.items() for word in ('-p', f'{name}:={value}')))
    node = InterventionNode()
    assert node.trigger_configure() is TransitionCallbackReturn.FAILURE
    assert words in capfd.readouterr().err
    node.destroy_node()
