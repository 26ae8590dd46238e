"""The monitor against a fake stack, and against silence: real processes, real messages."""

import contextlib
import json
import os
from pathlib import Path
import pty
import re
import signal
import subprocess
import sys

import pytest
from takeover.outcome import OUTCOMES
from takeover.report.record import GATE_STATES, load_run, MODES
from takeover.workspace import node_environment, package_prefix
from takeover_msgs.msg import EpisodeState, InterventionState, SafetyState
from tests.stack import DEADLINE_S, new_domain, REPOSITORY, wait_until

FAKE_STACK = Path(__file__).with_name('fake_stack.py')
TASK = REPOSITORY / 'config/tasks/rover_path.yaml'


@contextlib.contextmanager
def started(command, env, stdout):
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=stdout)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


@pytest.fixture
def env():
    return node_environment() | {
        'ROS_DOMAIN_ID': str(new_domain()),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


@pytest.fixture
def fake_stack(env):
    with started([sys.executable, FAKE_STACK], env, subprocess.DEVNULL) as process:
        yield process


def monitor(env, *given):
    program = package_prefix('takeover_nodes', env) / 'lib/takeover_nodes/monitor_node'
    return [program, '--ros-args', *[word for item in given for word in ('-p', item)]]


def test_a_run_is_watched_to_its_end_and_reported(env, fake_stack, tmp_path):
    done = subprocess.run(
        monitor(env, f'task_file:={TASK}', 'episodes:=2', f'report_dir:={tmp_path}'),
        env=env,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith('episode 1 (seed 7): goal') for line in lines)
    assert any('autonomous' in line and 'gate forwarding' in line for line in lines)
    assert (tmp_path / 'report.html').is_file()
    run = load_run(tmp_path)
    assert run.complete
    assert [episode.outcome for episode in run.episodes] == ['goal', 'goal']
    assert run.policy_version == '0123456789ab'
    assert run.rejected_reasons == {'old': 3}
    assert run.corridor_half_width_m > 0.0
    assert run.hops['tick_to_gate'].count > 20
    assert run.hops['tick_to_policy'].p50 == pytest.approx(0.5)
    assert run.hops['policy_to_arbiter'].p50 == pytest.approx(0.25)
    assert run.hops['arbiter_to_gate'].p50 == pytest.approx(0.125)
    assert len(run.episodes[1].track) > 5
    assert run.episodes[1].obstacles.tolist() == [[5.0, 0.3, 0.25]]
    assert [frame.pixels.shape for frame in run.frames] == [(6, 8, 3)] * 2
    assert any('a bit slow' in problem for problem in run.screen.problems)


def test_it_gives_up_when_nothing_moves(env, tmp_path):
    done = subprocess.run(
        monitor(env, 'max_wait_s:=1.0', f'report_dir:={tmp_path}'),
        env=env,
        timeout=DEADLINE_S,
        check=False,
        capture_output=True,
    )

    assert done.returncode == 1
    data = json.loads((tmp_path / 'run.json').read_text())
    assert data['ended_because'] == 'nothing moved for 1 s: no episode was heard of'
    assert not data['complete']


def test_on_a_terminal_one_screen_is_shown_and_sigint_gives_the_cursor_back(env, fake_stack):
    ours, theirs = pty.openpty()
    seen = b''

    def shows(pattern):
        nonlocal seen
        with contextlib.suppress(OSError):
            seen += os.read(ours, 65536)
        return re.search(pattern, seen)

    wide = env | {'COLUMNS': '100', 'LINES': '50', 'TERM': 'xterm-256color'}
    with started(monitor(env, 'episodes:=9'), wide, theirs) as process:
        wait_until(lambda: shows(b'POLICY DRIVES'), 'the mode on the screen')
        wait_until(lambda: shows(rb'1 of 9'), 'the episode table')
        process.send_signal(signal.SIGINT)
        wait_until(lambda: shows(rb'\x1b\[\?25h'), 'the cursor back')
        assert process.wait(DEADLINE_S) == 1
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize('wrong', ['episodes:=-1', 'episode:=5', "task_file:='/none.yaml'"])
def test_wrong_parameters_are_refused_in_words(env, wrong):
    done = subprocess.run(
        monitor(env, wrong),
        env=env,
        timeout=DEADLINE_S,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert wrong.split(':')[0] in done.stderr or 'none.yaml' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('names', 'message', 'prefix'),
    [
        (OUTCOMES, EpisodeState, ''),
        (MODES, InterventionState, 'MODE_'),
        (GATE_STATES, SafetyState, 'STATE_'),
    ],
)
def test_names_are_in_the_order_of_the_constants(names, message, prefix):
    for value, name in enumerate(names):
        assert getattr(message, prefix + name.upper()) == value
