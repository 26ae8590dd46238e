"""SIGKILL of the simulated person in the middle of driving: the base stands, and stays so."""

import signal
import time

import numpy as np
import pytest
from sensor_msgs.msg import Joy
from takeover.safety.limits import limits_for_action
from takeover.safety.stop_bounds import stop_bounds_s
from takeover_msgs.msg import Command, InterventionState
from takeover_nodes import conversions, qos
from tests.policy_candidates import constant, write
from tests.stack import running, wait_until
from tests.stack_topics import hear_all, mode, stands

DEADMAN = 4
# For a machine that is busy with other things; without a time-out the base would drive for good.
SLACK_S = 1.0
RESUME_DELAY_S = 1.0


@pytest.fixture
def stack(tmp_path):
    """Drive straight on, watched by a person who drives well; wait until the person drives."""
    policy = write(tmp_path / 'straight.onnx', constant(np.arctanh(1.0 / 3.0), 0.0))
    arguments = ('camera:=false', f'policy:={policy.file}', 'operator:=1.0', 'seed:=3')
    with running(('sim.launch.xml', *arguments), folder=tmp_path) as ((launch,), observer):
        hear_all(observer)
        observer.hear(Joy, 'joy', qos.INPUT)
        wait_until(lambda: launch.pid('operator_node'), 'the person is there')
        yield launch, observer


def bound_s(task, robot) -> float:
    """Return the longest time from the last message of a device to a command of zero."""
    period_s = 1.0 / task.rate_hz
    limits = limits_for_action(task.action, robot)
    return stop_bounds_s(robot.timeouts, limits, 0.02, period_s, 0.0)['input device']


def stamp_s(message) -> float:
    """Return the time of a stamp."""
    return 1e-9 * conversions.stamp_to_ns(message.header.stamp)


def test_killing_the_person_who_drives_stops_the_base_and_does_not_hand_it_back(
    stack, task, robot
):
    launch, observer = stack
    pid = launch.pid('operator_node')
    wait_until(
        lambda: (
            mode(observer) == InterventionState.MODE_HUMAN
            and observer.last('joy').buttons[DEADMAN]
        ),
        'the person drives',
        60.0,
    )
    argv = launch.send('operator_node', signal.SIGKILL)
    killed_s = time.monotonic()
    wait_until(lambda: launch.pid('operator_node') is None, f'{pid} is gone')
    last = observer.last('joy')
    assert last.buttons[DEADMAN], 'it died with the dead-man held'

    wait_until(lambda: mode(observer) == InterventionState.MODE_HOLD, 'hold')
    wait_until(lambda: stands(observer), 'the base stands')
    zeros = [
        twist
        for at, twist in observer.since('cmd_vel', killed_s)
        if twist.twist.linear.x == twist.twist.angular.z == 0.0
    ]
    assert stamp_s(zeros[0]) - stamp_s(last) < bound_s(task, robot) + SLACK_S

    # Nobody lets go of a dead-man by dying: longer than the policy would wait after a release.
    wait_until(lambda: time.monotonic() - killed_s > 3.0 * RESUME_DELAY_S, 'a while')
    assert mode(observer) == InterventionState.MODE_HOLD and stands(observer)
    assert 'lost while a person drove' in observer.last('intervention/state').reason
    assert launch.pid('operator_node') is None, 'it does not come back by itself'
    assert launch.process.poll() is None, 'the rest goes on'
    sources = {
        command.source
        for at, command in observer.since('control/command', killed_s + RESUME_DELAY_S)
    }
    assert sources == {Command.SOURCE_HOLD}

    launch.revive(argv)
    wait_until(
        lambda: mode(observer) == InterventionState.MODE_AUTONOMOUS,
        'a person who comes in and has the hands off gives the robot back',
    )
