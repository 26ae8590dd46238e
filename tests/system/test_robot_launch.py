"""`robot.launch.xml` on a robot whose driver runs, here the simulated rover in its place."""

import time

import pytest
from std_srvs.srv import Trigger
from takeover_msgs.msg import InterventionState, SafetyState
from tests.stack import DEADLINE_S, MOTION_NODES, running, wait_until
from tests.stack_topics import drives, gate, hear_all, mode, stands, wait_until_driving
from tests.system.test_sim_launch import Stick

LONG_S = 3.0 * DEADLINE_S
STANDS_S = 3.0
DRIVER = ('robot_sim.launch.xml', 'camera:=false')
ROBOT = ('robot.launch.xml', 'input:=none', 'episodes_from:=topic')


def commanded(observer) -> list:
    """Return the velocities that the gate has sent so far."""
    twists = [sample.twist for _, sample in observer.since('cmd_vel', 0.0)]
    return [(twist.linear.x, twist.angular.z) for twist in twists]


def wait_until_up(observer) -> None:
    """Wait until all that moves the robot is active."""

    def up() -> bool:
        return all(observer.lifecycle_state(node) == 'active' for node in MOTION_NODES)

    wait_until(up, 'what moves the robot is active', LONG_S)


@pytest.fixture
def stick_of():
    """Return a function that plugs a joystick in; it is unplugged at the end."""
    plugged = []

    def plug(observer) -> Stick:
        plugged.append(Stick(observer))
        return plugged[-1]

    yield plug
    for stick in plugged:
        stick.close()


def test_a_policy_drives_only_while_a_device_is_heard(tmp_path, repository, stick_of):
    policy = f'policy:={repository / "models/demo/rover_path.onnx"}'
    with running(DRIVER, (*ROBOT, policy), folder=tmp_path) as (launches, observer):
        hear_all(observer)
        wait_until_up(observer)
        wait_until(lambda: len(commanded(observer)) > 50.0 * STANDS_S, 'the gate speaks', LONG_S)
        assert not any(map(any, commanded(observer))), 'nobody can take over yet'
        assert mode(observer) != InterventionState.MODE_AUTONOMOUS
        stick = stick_of(observer)
        wait_until_driving(observer)
        stick.silent.set()
        wait_until(lambda: stands(observer), 'it stands without a device', LONG_S)
        assert mode(observer) != InterventionState.MODE_AUTONOMOUS
        assert launches[1].stop() == 0


def test_without_a_policy_only_the_dead_man_moves_the_robot(tmp_path, stick_of):
    with running(DRIVER, ROBOT, folder=tmp_path) as (launches, observer):
        hear_all(observer)
        wait_until_up(observer)
        stick = stick_of(observer)
        heard_s = time.monotonic()
        wait_until(
            lambda: len(observer.since('cmd_vel', heard_s)) > 50.0 * STANDS_S, 'it runs', LONG_S
        )
        assert not any(map(any, commanded(observer)))
        stick.axes[1] = 1.0
        stick.buttons[4] = 1
        wait_until(lambda: drives(observer), 'a person drives', LONG_S)
        stick.buttons[4] = 0
        wait_until(lambda: stands(observer), 'it stands', LONG_S)
        assert gate(observer) != SafetyState.STATE_ESTOPPED
        assert not observer.call(Trigger, 'policy_node/rollback').success, 'there is no policy'
        assert launches[1].stop() == 0
