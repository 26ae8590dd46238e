"""operator_node over real DDS, with a rover that the test moves."""

from dataclasses import replace
import time

from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry, Path
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import Joy
from takeover.samples import OdometrySample, PathSample
from takeover.simulation.observed_rover import ObservedObstacle
from takeover_msgs.msg import EpisodeState
from takeover_nodes import conversions, qos, sensor_messages
from takeover_nodes.operator_node import OperatorNode
from takeover_nodes.parameters import ParameterError
from tests.nodes.device_rig import running_node
from tests.stack import REPOSITORY, wait_until
from visualization_msgs.msg import MarkerArray

DEADMAN = 4
PERIOD_S = 0.02
STRAIGHT = np.stack([np.arange(0.0, 11.5, 0.1), np.zeros(115)], axis=1)
AHEAD = ObservedObstacle(2.0, 0.0, 0.3)
FAR = OdometrySample(0, 0.5, 0.0, 0.0, 0.2, 0.0, 'map')
NEAR = replace(FAR, x_m=1.4, linear_m_s=0.4)


def arguments(skill='1.0'):
    """Return the parameters of the node."""
    config = REPOSITORY / 'config'
    return (
        *('-p', f'task_file:={config / "tasks/rover_path.yaml"}'),
        *('-p', f'robot_file:={config / "robots/rover.yaml"}'),
        *('-p', f'input_file:={config / "inputs/joystick.yaml"}'),
        *('-p', f'skill:={skill}'),
    )


class World:
    """A rover on a straight path; it is where the test puts it, and moves on from there."""

    def __init__(self, observer):
        self.observer, self.node = observer, observer.node
        self.truth = self.node.create_publisher(Odometry, 'ground_truth/odom', qos.SENSOR)
        self.believed = self.node.create_publisher(Odometry, 'odom', qos.SENSOR)
        self.path = self.node.create_publisher(Path, 'path', qos.LATCHED)
        self.obstacles = self.node.create_publisher(MarkerArray, 'obstacles', qos.LATCHED)
        self.episodes = self.node.create_publisher(EpisodeState, 'episode', qos.LATCHED)
        self.at, self.since_s, self.silent = FAR, time.monotonic(), False
        self.node.create_timer(PERIOD_S, self.sense)

    def now_ns(self):
        """Return ROS time."""
        return self.node.get_clock().now().nanoseconds

    def put(self, at):
        """Put the rover somewhere; it goes on at its speed from there."""
        self.at, self.since_s = at, time.monotonic()

    def sense(self):
        """Say where the rover is."""
        if self.silent:
            return
        gone_m = self.at.linear_m_s * min(time.monotonic() - self.since_s, 0.1)
        now_ns = self.now_ns()
        message = sensor_messages.odometry_message(
            replace(self.at, x_m=self.at.x_m + gone_m), 'base_link', now_ns
        )
        self.truth.publish(message)
        self.believed.publish(message)

    def begin(self, number=1):
        """Begin an episode."""
        now_ns = self.now_ns()
        self.path.publish(sensor_messages.path_message(PathSample(0, STRAIGHT), now_ns))
        self.obstacles.publish(sensor_messages.obstacles_message([AHEAD], now_ns, 'map'))
        self.say(number)

    def say(self, number, outcome=EpisodeState.RUNNING):
        """Say how the episode stands."""
        self.episodes.publish(EpisodeState(episode=number, outcome=outcome))

    def held(self):
        """Tell whether the dead-man was held in the newest message."""
        joy = self.observer.last('joy')
        return joy is not None and bool(joy.buttons[DEADMAN])

    def status(self):
        """Return the newest diagnostic: (level, sentence, facts)."""
        (status,) = self.observer.last('/diagnostics').status
        return status.level, status.message, {v.key: v.value for v in status.values}

    def wait_until_taken_over(self):
        """Drive towards the obstacle until the operator holds the dead-man."""
        self.begin()
        self.put(NEAR)
        wait_until(self.held, 'it takes over')


class Node(OperatorNode):
    """The node; nothing is left to be done when it ends."""

    def on_stop_requested(self):
        """Do nothing."""


@pytest.fixture
def world():
    with running_node(Node, {'joy': Joy}, *arguments()) as (node, observer):
        world = World(observer)
        world.operator = node
        yield world


def test_it_is_silent_until_there_is_something_to_see(world):
    wait_until(lambda: world.status()[0] == DiagnosticStatus.ERROR, 'it says so')
    assert 'no path' in world.status()[1]
    assert world.observer.heard['joy'] == []
    world.begin()
    wait_until(lambda: len(world.observer.heard['joy']) > 5, 'it touches the joystick')
    wait_until(lambda: world.status()[:2] == (DiagnosticStatus.OK, 'watches'), 'it watches')


def test_whoever_watches_a_rover_that_does_well_keeps_the_hands_off(world):
    world.begin()
    wait_until(lambda: len(world.observer.heard['joy']) > 30, 'a while')
    heard = [joy for _, joy in world.observer.heard['joy'][:30]]
    assert not any(any(joy.buttons) or any(joy.axes) for joy in heard)
    assert all(joy.header.frame_id == 'joy' for joy in heard)
    stamps_s = [1e-9 * conversions.stamp_to_ns(joy.header.stamp) for joy in heard]
    # Alive means that the stamps advance; at the rate of the task, 20 Hz.
    assert stamps_s == sorted(set(stamps_s))
    assert 1.0 < stamps_s[-1] - stamps_s[0] < 10.0


def test_it_takes_over_before_a_collision_and_only_by_joystick(world):
    world.wait_until_taken_over()
    before = [joy for _, joy in world.observer.heard['joy']][:-1]
    assert before and not before[0].buttons[DEADMAN], 'seen released first'
    wait_until(lambda: world.observer.last('joy').axes[3] != 0.0, 'it steers')
    wait_until(lambda: world.status()[1] == 'drives', 'it says so')
    assert world.status()[2]['takeovers'] == '1'
    speaks = {
        topic
        for topic, _ in world.observer.node.get_publisher_names_and_types_by_node(
            'operator_node', '/'
        )
    }
    assert speaks == {'/joy', '/diagnostics', '/rosout', '/parameter_events'}


def test_it_lets_go_once_the_rover_is_safe(world):
    world.wait_until_taken_over()
    world.put(FAR)
    wait_until(lambda: not world.held(), 'it lets go')
    wait_until(lambda: world.status()[1] == 'watches', 'it watches on')


@pytest.mark.parametrize('outcome', [EpisodeState.COLLISION, EpisodeState.TIME_LIMIT])
def test_outside_episodes_it_keeps_the_hands_off_whatever_happens(world, outcome):
    world.wait_until_taken_over()
    world.say(1, outcome)
    wait_until(lambda: not world.held(), 'it lets go at the end')
    wait_until(lambda: world.status()[1] == 'between two episodes', 'it says so')
    over_s = time.monotonic()
    wait_until(lambda: len(world.observer.since('joy', over_s)) > 30, 'a while')
    assert not any(joy.buttons[DEADMAN] for _, joy in world.observer.since('joy', over_s))


def test_a_new_episode_begins_with_the_hands_off(world):
    world.wait_until_taken_over()
    begun_s = time.monotonic()
    world.begin(number=2)
    wait_until(lambda: not world.held(), 'it lets go')
    wait_until(world.held, 'and takes over again: the danger is still there')
    states = [joy.buttons[DEADMAN] for _, joy in world.observer.since('joy', begun_s)]
    # Reactions take their time in each episode.
    assert states.count(0) >= 3


def test_who_sees_nothing_is_silent_and_lets_go_before_anything_else_when_it_sees_again(world):
    world.wait_until_taken_over()
    world.silent = True
    wait_until(lambda: world.status()[0] == DiagnosticStatus.ERROR, 'it says so')
    assert 'blind' in world.status()[1] and 'true pose' in world.status()[1]
    blind_s = time.monotonic()
    wait_until(lambda: time.monotonic() - blind_s > 1.0, 'a while')
    assert world.observer.since('joy', blind_s) == []
    world.put(NEAR)
    world.silent = False
    wait_until(lambda: len(world.observer.since('joy', blind_s)) >= 3, 'it sees again')
    assert not world.observer.since('joy', blind_s)[0][1].buttons[DEADMAN]
    wait_until(world.held, 'it takes over again')
    assert int(world.status()[2]['times_blind']) >= 1


@pytest.mark.parametrize('skill', ['0.0', '1.5'])
def test_a_skill_nobody_has_is_refused_with_the_legal_range(ros, skill):
    ros(*arguments(skill))
    with pytest.raises(ParameterError, match='(?s)skill.*0.1.*1.0'):
        OperatorNode()
    rclpy.shutdown()
