"""SIGKILL and SIGSTOP of each node while driving: the base stands, and nothing restarts itself."""

import signal
import time

import pytest
from takeover_msgs.msg import InterventionState, SafetyState
from tests.stack import Launch, MOTION_NODES, new_domain, Observer, wait_until
from tests.stack_topics import (
    drives,
    gate,
    hear_all,
    mode,
    stands,
    wait_until_driving,
)


@pytest.fixture(scope='module')
def base(tmp_path_factory):
    """Run the simulated base alone: it must outlive what is killed."""
    domain, log = new_domain(), tmp_path_factory.mktemp('kill') / 'base.log'
    observer = Observer(domain)
    hear_all(observer)
    launch = Launch('robot_sim.launch.xml', 'camera:=false', domain=domain, log=log)
    yield launch, observer
    launch.stop()
    observer.close()


@pytest.fixture
def control(base, tmp_path):
    """Run the control stack against the base until it drives."""
    launch, observer = base
    observer.heard.clear()
    stack = Launch('control.launch.xml', domain=launch.domain, log=tmp_path / 'control.log')
    try:
        wait_until_driving(observer)
        yield stack, observer
    finally:
        stack.stop()


def keeps_standing(observer: Observer, seconds: float = 1.0) -> bool:
    """Tell whether the base stands now and does not move for a while."""
    wait_until(lambda: stands(observer), 'the base stands')
    began_s = time.monotonic()
    wait_until(lambda: time.monotonic() - began_s > seconds, 'a while')
    return all(
        abs(truth.twist.twist.linear.x) < 0.02
        for _, truth in observer.since('ground_truth/odom', began_s)
    )


def test_killing_the_policy_holds_then_takes_the_motion_nodes_down(control):
    stack, observer = control
    argv = stack.kill('policy_node')
    wait_until(lambda: mode(observer) == InterventionState.MODE_HOLD, 'hold')
    assert keeps_standing(observer)
    wait_until(lambda: 'policy_node does not answer' in stack.text(), 'the manager names it')
    for node in ('safety_node', 'intervention_node'):
        assert observer.lifecycle_state(node) == 'inactive'
    stack.revive(argv)
    wait_until(lambda: observer.startup().success, 'a person brings the nodes up again')
    wait_until_driving(observer)


def test_killing_the_arbiter_stops_through_the_gate(control):
    stack, observer = control
    stack.kill('intervention_node')
    wait_until(lambda: gate(observer) == SafetyState.STATE_STOPPED, 'the gate stops')
    assert observer.last('safety/state').reason.startswith('no command for')
    assert keeps_standing(observer)


def test_killing_the_gate_ends_the_launch_and_the_base_stops_by_itself(control):
    stack, observer = control
    stack.kill('safety_node')
    assert keeps_standing(observer)
    assert stack.process.wait(30.0) != 0
    assert all(stack.pid(node) is None for node in MOTION_NODES)


def test_killing_the_manager_ends_the_launch_and_the_base_stands(control):
    stack, observer = control
    stack.kill('lifecycle_manager_node')
    assert stack.process.wait(30.0) != 0
    assert keeps_standing(observer)


@pytest.mark.parametrize('node', ['policy_node', 'intervention_node', 'safety_node'])
def test_a_frozen_process_stops_the_base_and_does_not_jump_when_it_thaws(control, node):
    stack, observer = control
    stack.send(node, signal.SIGSTOP)
    frozen_s = time.monotonic()
    try:
        wait_until(lambda: time.monotonic() - frozen_s > 1.0, 'longer than every time-out')
        wait_until(lambda: stands(observer), 'the base stands')
    finally:
        thawed_s = time.monotonic()
        stack.send(node, signal.SIGCONT)
    wait_until(lambda: time.monotonic() - thawed_s > 0.3, 'a moment')
    speeds = [
        twist.twist.linear.x
        for at, twist in observer.since('cmd_vel', thawed_s)
        if at - thawed_s < 0.1
    ]
    assert all(speed < 0.2 for speed in speeds), f'a leap, at most 0.1 m/s is right: {speeds}'


def test_killing_the_launcher_leaves_no_process_and_stops_the_base(control):
    stack, observer = control
    assert drives(observer)
    stack.process.kill()
    wait_until(lambda: all(stack.pid(node) is None for node in MOTION_NODES), 'no node left')
    assert keeps_standing(observer)
