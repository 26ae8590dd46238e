"""The base class of motion nodes: each of rclpy's traps it fixes has a test."""

from dataclasses import dataclass
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from std_msgs.msg import Bool
from takeover.errors import TakeoverError
from takeover_nodes import qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import parameter
from tests.stack import wait_until

SUCCESS, FAILURE, ERROR = (
    TransitionCallbackReturn.SUCCESS,
    TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.ERROR,
)


@dataclass(frozen=True)
class NoParameters:
    """Parameters of the example."""

    fault: str = parameter('', 'what goes wrong')


class Example(ManagedNode):
    """Counts its ticks and what it hears."""

    NAME = 'example'
    PARAMETERS = NoParameters

    def configure(self):
        """Fail as the test asks."""
        self.ticks, self.heard = 0, 0
        self.hear(Bool, 'topic', self.note, qos.INPUT)
        self.publisher = self.speak(Bool, 'topic', qos.INPUT)
        if self.parameters.fault == 'mistake':
            raise TakeoverError('the file is not there')
        if self.parameters.fault == 'bug':
            raise ZeroDivisionError

    def activate(self):
        """Start ticking."""
        self.every(0.01, self.tick)

    def tick(self):
        """Count a tick and say something."""
        self.ticks += 1

    def note(self, message):
        """Count a message."""
        self.heard += 1


@pytest.fixture
def spin():
    """Return a function that spins a node until a condition holds."""
    executors = []

    def until(node, condition, what='condition'):
        if not executors:
            executors.append(SingleThreadedExecutor())
            executors[0].add_node(node)

        def look():
            executors[0].spin_once(timeout_sec=0.01)
            return condition()

        return wait_until(look, what, 20.0)

    yield until
    for executor in executors:
        executor.shutdown()


def test_timers_fire_only_while_active(ros, spin):
    ros()
    node = Example()
    assert node.trigger_configure() is SUCCESS
    assert node.trigger_activate() is SUCCESS
    spin(node, lambda: node.ticks >= 3, 'ticks while active')
    assert node.trigger_deactivate() is SUCCESS
    ticks, end = node.ticks, time.monotonic() + 0.1
    spin(node, lambda: time.monotonic() > end)
    assert node.ticks == ticks


def test_subscriptions_are_silent_unless_active(ros, spin):
    ros()
    node = Example()
    node.trigger_configure()
    spin(node, lambda: node.publisher.get_subscription_count() > 0, 'discovery')
    node.publisher.publish(Bool())
    end = time.monotonic() + 0.1
    spin(node, lambda: time.monotonic() > end)
    assert node.heard == 0
    node.trigger_activate()
    node.publisher.publish(Bool())
    spin(node, lambda: node.heard == 1, 'a message while active')


def test_a_mistake_of_the_user_fails_the_transition_and_leaves_nothing(ros):
    ros('-p', 'fault:=mistake')
    node = Example()
    before = len(list(node.subscriptions)), len(list(node.publishers))
    assert node.trigger_configure() is FAILURE
    assert (len(list(node.subscriptions)), len(list(node.publishers))) == before


def test_a_bug_is_logged_and_the_node_returns_to_unconfigured(ros, capfd):
    ros('-p', 'fault:=bug')
    node = Example()
    assert node.trigger_configure() is ERROR
    assert 'ZeroDivisionError' in capfd.readouterr().err
    assert node.trigger_configure() is ERROR, 'unconfigured again, so it can be tried again'


def test_an_illegal_transition_is_answered_not_fatal(ros, spin):
    ros()
    node = Example()
    client = node.create_client(ChangeState, 'example/change_state')
    spin(node, client.service_is_ready, 'service')
    future = client.call_async(
        ChangeState.Request(transition=Transition(id=Transition.TRANSITION_ACTIVATE))
    )
    spin(node, future.done, 'answer')
    assert future.result().success is False
    assert node.trigger_configure() is SUCCESS


def test_cleanup_releases_everything_and_configure_works_again(ros):
    ros()
    node = Example()
    before = len(list(node.subscriptions)), len(list(node.publishers))
    for _ in range(2):
        assert node.trigger_configure() is SUCCESS
        assert node.trigger_activate() is SUCCESS
        assert node.trigger_deactivate() is SUCCESS
        assert node.trigger_cleanup() is SUCCESS
        assert (len(list(node.subscriptions)), len(list(node.publishers))) == before
