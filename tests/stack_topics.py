"""What the tests of the running stack listen to, and the questions they ask of it."""

from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyState,
    SafetyState,
)
from takeover_nodes import qos
from tests.stack import DEADLINE_S, Observer, wait_until

# Commands are heard with a deep queue: a test must not miss one because it was busy.
TOPICS = {
    'cmd_vel': (TwistStamped, qos.RECORD),
    'odom': (Odometry, qos.SENSOR),
    'ground_truth/odom': (Odometry, qos.SENSOR),
    'episode': (EpisodeState, qos.LATCHED),
    'policy/command': (Command, qos.RECORD),
    'policy/version': (PolicyState, qos.LATCHED),
    'control/command': (Command, qos.RECORD),
    'safety/executed_command': (ExecutedCommand, qos.RECORD),
    'safety/state': (SafetyState, qos.LATCHED),
    'intervention/state': (InterventionState, qos.LATCHED),
}
STANDS_M_S, STANDS_RAD_S = 0.01, 0.02
DRIVES_M_S = 0.25


def hear_all(observer: Observer) -> None:
    """Keep every message of every topic of the stack."""
    for topic, (message, profile) in TOPICS.items():
        observer.hear(message, topic, profile)


def twist(observer: Observer, topic: str = 'ground_truth/odom') -> tuple[float, float]:
    """Return the newest forward and turning speed of an Odometry topic."""
    message = observer.last(topic)
    if message is None:
        return 0.0, 0.0
    return message.twist.twist.linear.x, message.twist.twist.angular.z


def stands(observer: Observer) -> bool:
    """Tell whether the base truly stands."""
    linear, angular = twist(observer)
    return abs(linear) < STANDS_M_S and abs(angular) < STANDS_RAD_S


def drives(observer: Observer) -> bool:
    """Tell whether the base truly drives."""
    return twist(observer)[0] > DRIVES_M_S


def mode(observer: Observer) -> int | None:
    """Return who drives."""
    state = observer.last('intervention/state')
    return state.mode if state else None


def gate(observer: Observer) -> int | None:
    """Return the state of the safety gate."""
    state = observer.last('safety/state')
    return state.state if state else None


def wait_until_driving(observer: Observer) -> None:
    """Wait until the policy drives the base."""
    wait_until(
        lambda: mode(observer) == InterventionState.MODE_AUTONOMOUS and drives(observer),
        'the policy drives the base',
    )


def wait_until_policy_is_executed(observer: Observer, deadline_s: float = DEADLINE_S) -> None:
    """Wait until the gate executes what the policy commands; the topic must be heard already."""
    wait_until(
        lambda: any(
            executed.source == Command.SOURCE_POLICY
            for _, executed in observer.since('safety/executed_command', 0.0)
        ),
        'the gate executes what the policy commands',
        deadline_s,
    )
