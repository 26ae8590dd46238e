"""The learning monitor against a fake stack, and against silence: real processes and messages."""

import re
import signal
import subprocess
import sys

import pytest
from takeover.report.learning_state import LEARNER_STATES, RECORDER_STATES
from takeover_msgs.msg import LearnerStatus, RecorderState
from tests.nodes.watchers import command, environment, NODES, run, Screen, started, TERMINAL
from tests.stack import DEADLINE_S

NODE = 'learning_monitor_node'


@pytest.fixture
def env():
    return environment()


@pytest.fixture
def stack(env):
    argv = [sys.executable, str(NODES / 'fake_learning_stack.py')]
    with started(argv, env, subprocess.DEVNULL) as process:
        yield process


def test_learning_is_watched_for_the_wanted_time(env, stack):
    done = run(command(NODE, env, 'duration_s:=6.0'), env)

    assert done.returncode == 0, done.stderr
    *_, last_state, reason = done.stdout.splitlines()
    assert reason == 'watched for 6 s'
    assert re.match(r'0:\d\d of 0:06 (policy|person) drives; ', last_state)
    for shown in (
        'learner training: ',
        '12.5/s, 3 behind (learns from the log; holding 0000',
        'log no_images, 77 steps',
        '! sim_node: simulation: a bit slow',
    ):
        assert shown in last_state
    assert int(re.search(r' (\d+) take-overs', last_state)[1]) >= 1
    assert int(re.search(r' after (\d+) swaps', last_state)[1]) >= 1
    ended = re.findall(
        r'^episode (\d+) \(seed 10\1\): goal after 0\.8 s, (alone|with help)', done.stdout, re.M
    )
    # In every other episode the person takes over.
    assert {how for _, how in ended} == {'alone', 'with help'}
    assert all(int(number) % 2 == 0 for number, how in ended if how == 'with help')


def test_it_gives_up_when_nothing_moves(env):
    done = run(command(NODE, env, 'duration_s:=60.0', 'max_wait_s:=1.0'), env)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        'nothing moved for 1 s: mode hold (no reason given), gate standby (no reason given)'
    )


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_on_a_terminal_one_screen_is_shown_and_a_signal_gives_the_cursor_back(env, stack, number):
    screen = Screen()
    with started(command(NODE, env), env | TERMINAL, screen.theirs) as process:
        screen.wait_for('POLICY DRIVES', 'the mode on the screen')
        screen.wait_for('goal alone', 'the episodes on the screen')
        screen.wait_for('77 steps on disk', 'the log on the screen')
        process.send_signal(number)
        screen.wait_for(r'\x1b\[\?25h', 'the cursor back')
        screen.wait_for('stopped by request', 'the reason')
        assert process.wait(DEADLINE_S) == 1
    screen.close()


@pytest.mark.parametrize('wrong', ['duration_s:=-1.0', 'duration:=5.0', 'max_wait_s:=4000.0'])
def test_wrong_parameters_are_refused_in_words(env, wrong):
    done = run(command(NODE, env, wrong), env)
    assert done.returncode == 2
    assert wrong.split(':')[0] in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('names', 'message'), [(LEARNER_STATES, LearnerStatus), (RECORDER_STATES, RecorderState)]
)
def test_names_are_in_the_order_of_the_constants(names, message):
    for value, name in enumerate(names):
        assert getattr(message, f'STATE_{name.upper()}') == value
