"""Malformed, stale and rival commands against the running gate: refused, counted, never driven."""

import contextlib
from pathlib import Path
import time

from geometry_msgs.msg import TwistStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rosgraph_msgs.msg import Clock
from takeover.specs import spec_hash
from takeover.task import load_task
from takeover_msgs.msg import Command, SafetyState
from takeover_nodes import qos
from takeover_nodes.conversions import ns_to_stamp
from tests.stack import Launch, new_domain, Observer, REPOSITORY, wait_until
from tests.stack_topics import gate, hear_all

SPEC = spec_hash(load_task(REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'))


class Arbiter:
    """Speaks to the gate in the arbiter's place."""

    def __init__(self, observer: Observer, topic: str = 'control/command') -> None:
        """Take the topic over."""
        self.observer = observer
        self.publisher = observer.node.create_publisher(Command, topic, qos.command())
        self.sequence = time.time_ns() // 1000

    def say(
        self,
        values=(0.3, 0.0),
        age_s=0.0,
        step=1,
        frame='base_link',
        now_ns=None,
        source=Command.SOURCE_POLICY,
    ) -> None:
        """Publish one command."""
        self.sequence += step
        now_ns = now_ns or self.observer.node.get_clock().now().nanoseconds
        command = Command(
            sequence=self.sequence, source=source, values=list(values), spec_hash=SPEC
        )
        command.header.frame_id = frame
        command.header.stamp = ns_to_stamp(now_ns - int(1e9 * age_s))
        self.publisher.publish(command)


@contextlib.contextmanager
def gate_alone(log: Path, *arguments: str):
    """Activate the gate and nothing else of the control stack."""
    domain = new_domain()
    observer = Observer(domain)
    hear_all(observer)
    stack = Launch('control.launch.xml', 'autostart:=false', *arguments, domain=domain, log=log)
    try:
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            assert observer.call(ChangeState, 'safety_node/change_state', request).success
        arbiter = Arbiter(observer)
        wait_until(lambda: arbiter.publisher.get_subscription_count() > 0, 'the gate listens')
        yield observer, arbiter
    finally:
        stack.stop()
        observer.close()


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    """Share one gate among the tests that do not break it."""
    with gate_alone(tmp_path_factory.mktemp('gate') / 'control.log') as pair:
        yield pair


@pytest.fixture
def rolling(alone):
    """Drive at 0.3 m/s, so that a wrongly forwarded command would be seen."""
    observer, arbiter = alone

    def at_speed() -> bool:
        arbiter.say()
        time.sleep(0.02)
        return observer.last('cmd_vel').twist.linear.x == 0.3

    wait_until(at_speed, 'the gate forwards')
    return observer, arbiter


def rejected(observer: Observer) -> dict[str, int]:
    """Return how many commands were refused, by reason."""
    state = observer.last('safety/state')
    return dict(zip(state.rejected_reasons, state.rejected_counts, strict=True))


BAD = {
    'not finite': {'values': (float('nan'), 0.0)},
    'infinite': {'values': (0.3, float('inf'))},
    'too short': {'values': (0.5,)},
    'too long': {'values': (0.5, 0.0, 0.0)},
    'stale': {'values': (0.5, 0.0), 'age_s': 1.0},
    'from the future': {'values': (0.5, 0.0), 'age_s': -1.0},
    'repeated': {'values': (0.5, 0.0), 'step': 0},
    'out of order': {'values': (0.5, 0.0), 'step': -5},
    'in another frame': {'values': (0.5, 0.0), 'frame': 'map'},
    'from nobody': {'values': (0.5, 0.0), 'source': Command.SOURCE_NONE},
}


@pytest.mark.parametrize('fault', BAD.values(), ids=BAD.keys())
def test_a_bad_command_is_refused_counted_and_not_driven(rolling, fault):
    observer, arbiter = rolling
    before, began_s = sum(rejected(observer).values()), time.monotonic()
    sequence = arbiter.sequence
    for _ in range(25):
        arbiter.say(**fault)
        time.sleep(0.02)
    arbiter.sequence = max(sequence, arbiter.sequence)
    wait_until(lambda: gate(observer) == SafetyState.STATE_STOPPED, 'the time-out kept running')
    wait_until(lambda: sum(rejected(observer).values()) >= before + 20, 'counted')
    sent = [message.twist for _, message in observer.since('cmd_vel', began_s)]
    assert all(0.0 <= twist.linear.x <= 0.3 and twist.angular.z == 0.0 for twist in sent)


def test_commands_beyond_the_limits_are_limited_and_told(rolling):
    observer, arbiter = rolling
    began_s = time.monotonic()
    for _ in range(60):
        arbiter.say(values=(50.0, -90.0))
        time.sleep(0.02)
    executed = [sample for _, sample in observer.since('safety/executed_command', began_s)]
    assert max(sample.executed[0] for sample in executed) == 0.6
    assert min(sample.executed[1] for sample in executed) == -1.5
    assert 'linear.x/velocity' in {name for sample in executed for name in sample.limited_by}


def test_a_second_publisher_on_the_robots_topic_is_named_and_latches_a_stop(tmp_path):
    with gate_alone(tmp_path / 'control.log') as (observer, arbiter):
        rival = observer.node.create_publisher(TwistStamped, 'cmd_vel', qos.command())
        wait_until(lambda: gate(observer) == SafetyState.STATE_ESTOPPED, 'latched')
        assert '/observer' in observer.last('safety/state').reason
        arbiter.say()
        observer.node.destroy_publisher(rival)
        began_s = time.monotonic()
        wait_until(lambda: len(observer.since('cmd_vel', began_s)) > 20, 'output goes on')
        sent = [message.twist.linear.x for _, message in observer.since('cmd_vel', began_s)]
        assert set(sent) == {0.0}


def test_a_clock_that_jumps_back_stops_the_robot(tmp_path):
    with gate_alone(tmp_path / 'control.log', 'use_sim_time:=true') as (observer, arbiter):
        clock = observer.node.create_publisher(Clock, '/clock', qos.SENSOR)
        wait_until(lambda: clock.get_subscription_count() > 0, '/clock is heard')
        time_ns = 100 * 10**9

        def drive() -> bool:
            nonlocal time_ns
            time_ns += 20_000_000
            clock.publish(Clock(clock=ns_to_stamp(time_ns)))
            time.sleep(0.02)
            arbiter.say(now_ns=time_ns)
            heard = observer.last('cmd_vel')
            return heard is not None and heard.twist.linear.x == 0.3

        wait_until(drive, 'the gate forwards in simulated time')
        time_ns -= 50 * 10**9
        jumped_s = time.monotonic()
        drive()
        wait_until(lambda: rejected(observer).get('clock went backwards'), 'the jump is named')
        wait_until(
            lambda: any(
                message.twist.linear.x < 0.3 for _, message in observer.since('cmd_vel', jumped_s)
            ),
            'decelerating',
        )
        wait_until(drive, 'the gate forwards again on the new clock')
