"""keyboard_node in a pseudo-terminal: keys in, `joy` out, and the terminal as it was before."""

import contextlib
import os
import pty
import signal
import subprocess
import termios
import time

import pytest
from sensor_msgs.msg import Joy
from takeover.devices.keys import DEADMAN, ESTOP, HELP, UNDO
from takeover.workspace import node_environment, package_prefix
from takeover_nodes import qos
from tests.stack import DEADLINE_S, new_domain, Observer, wait_until


class Desk:
    """A terminal with the node in it, and somebody who hears the node."""

    def __init__(self, process, terminal, observer):
        self.process, self.terminal, self.observer = process, terminal, observer
        self.shown = b''

    def shows(self, words):
        """Whether the terminal has shown these words."""
        with contextlib.suppress(BlockingIOError):
            self.shown += os.read(self.terminal, 65536)
        return words in self.shown

    def hold(self, key, until, what):
        """Hold a key, which the terminal repeats, until something is heard."""

        def repeat():
            os.write(self.terminal, key)
            return until(self.observer.last('joy'))

        wait_until(repeat, what)


@pytest.fixture
def env():
    return node_environment() | {
        'ROS_DOMAIN_ID': str(new_domain()),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


def program(env, *arguments):
    return [package_prefix('takeover_nodes', env) / 'lib/takeover_nodes/keyboard_node', *arguments]


@pytest.fixture
def desk(env):
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    observer = Observer(int(env['ROS_DOMAIN_ID']))
    observer.hear(Joy, 'joy', qos.INPUT)
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        ['setsid', '--ctty', *program(env)], env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    made = Desk(process, ours, observer)
    try:
        wait_until(lambda: made.shows(HELP.encode()), 'the line of help')
        wait_until(lambda: observer.last('joy'), 'heard')
        yield made
        assert process.wait(DEADLINE_S) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        observer.close()
        os.close(ours)
        os.close(theirs)


def test_a_held_key_drives_and_when_its_repeats_stop_everything_is_zero(desk):
    joy = desk.observer.last('joy')
    assert list(joy.axes) == [0.0, 0.0] and list(joy.buttons) == [0] * 6
    desk.hold(b'w', lambda joy: joy.buttons[DEADMAN] and joy.axes[0] == 1.0, 'forward')
    desk.hold(b'\x1b[D', lambda joy: joy.axes[0] == 0.0 and joy.axes[1] == 1.0, 'to the left')
    assert desk.observer.last('joy').buttons[DEADMAN]
    wait_until(lambda: not any(desk.observer.last('joy').buttons), 'the dead-man released')
    assert list(desk.observer.last('joy').axes) == [0.0, 0.0]
    released_s = time.monotonic()
    wait_until(lambda: len(desk.observer.since('joy', released_s)) >= 5, 'zeros go on')
    assert not any(joy.buttons[DEADMAN] for _, joy in desk.observer.since('joy', released_s))
    os.write(desk.terminal, b'\x03')


def test_the_keys_about_the_episode_and_the_emergency_stop_are_buttons(desk):
    desk.hold(b'u', lambda joy: joy.buttons[UNDO], 'undo')
    desk.hold(b'w', lambda joy: joy.buttons[DEADMAN], 'forward')
    desk.hold(b' ', lambda joy: joy.buttons[ESTOP], 'the emergency stop')
    joy = desk.observer.last('joy')
    assert not joy.buttons[DEADMAN] and list(joy.axes) == [0.0, 0.0]
    desk.process.send_signal(signal.SIGTERM)


def test_without_a_terminal_it_ends_with_a_sentence(env):
    done = subprocess.run(
        program(env),
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert 'standard input is not a terminal; run it by itself' in done.stderr
    assert 'Traceback' not in done.stderr
