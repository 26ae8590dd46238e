"""The keyboard of a terminal, through a pseudo-terminal."""

import os
import pty
import subprocess
import sys
import termios

import pytest
from takeover.devices.device import DeviceError, DeviceLost
from takeover.devices.keyboard import Keyboard, Terminal


@pytest.fixture
def ends():
    """Return the two ends of a pseudo-terminal: the person's and the program's."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    for end in (ours, theirs):
        try:
            os.close(end)
        except OSError:
            continue


def flags(fd):
    return termios.tcgetattr(fd)[3]


def test_the_terminal_sends_key_by_key_and_is_given_back_as_it_was(ends):
    before = termios.tcgetattr(ends[1])
    terminal = Terminal(ends[1])
    assert not flags(ends[1]) & (termios.ICANON | termios.ECHO)
    assert flags(ends[1]) & termios.ISIG, 'Ctrl-C ends the process'
    assert termios.tcgetattr(ends[1])[6][termios.VSUSP] == b'\x00', 'Ctrl-Z does not'
    terminal.close()
    terminal.close()
    assert termios.tcgetattr(ends[1]) == before


def test_keys_become_states_one_after_the_other(ends):
    now = [10.0]
    keyboard = Keyboard(Terminal(ends[1]), 0.5, 0.15, clock=lambda: now[0])
    assert not any(keyboard.state.buttons)
    os.write(ends[0], b'wy')
    states = keyboard.read(5.0)
    assert [state.buttons for state in states[-2:]] == [(1, 0, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0)]
    assert states[-2].axes == (1.0, 0.0)
    now[0] += 0.6
    assert keyboard.read(0.0)[-1].buttons == (0,) * 6
    assert keyboard.facts() == {'keys': 2}
    keyboard.close()


def test_it_does_not_wait_past_the_end_of_a_key(ends):
    keyboard = Keyboard(Terminal(ends[1]), 0.05, 0.05)
    os.write(ends[0], b'w')
    assert keyboard.read(5.0)[-1].buttons[0] == 1
    assert keyboard.read(3600.0)[-1].buttons[0] == 0
    keyboard.close()


def test_a_terminal_that_is_closed_is_lost(ends):
    keyboard = Keyboard(Terminal(ends[1]), 0.5, 0.15)
    os.close(ends[0])
    with pytest.raises(DeviceLost, match='the terminal is gone'):
        keyboard.read(1.0)
    keyboard.close()


def test_what_is_no_terminal_is_refused_in_words():
    reading, writing = os.pipe()
    with pytest.raises(DeviceError, match='not a terminal; run it by itself'):
        Terminal(reading)
    os.close(reading)
    os.close(writing)


def run_in(terminal, *command):
    """Run a program that has the terminal to itself; return its exit code and what it said."""
    done = subprocess.run(
        ['setsid', '--ctty', *command],
        stdin=terminal,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        timeout=60.0,
        check=False,
    )
    return done.returncode, done.stderr


def test_an_error_also_gives_the_terminal_back(ends):
    before = termios.tcgetattr(ends[1])
    code = 'from takeover.devices.keyboard import Terminal; import termios, sys\n'
    code += 'Terminal(); assert not termios.tcgetattr(0)[3] & termios.ECHO; sys.stderr.write("in")'
    code += '\nraise ZeroDivisionError'
    returned, said = run_in(ends[1], sys.executable, '-c', code)
    assert returned == 1 and said.startswith('in') and 'ZeroDivisionError' in said
    assert termios.tcgetattr(ends[1]) == before


def test_in_the_background_it_is_refused(ends):
    code = 'from takeover.devices.keyboard import Terminal; import os\n'
    code += 'if os.fork(): os.wait()\nelse: os.setpgid(0, 0); Terminal()'
    _, said = run_in(ends[1], sys.executable, '-c', code)
    assert 'runs in the background' in said
