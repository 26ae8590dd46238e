"""The monitor against a fake stack, and against silence: real processes, real messages."""

import json
import signal
import subprocess
import sys

import pytest
from takeover.outcome import OUTCOMES
from takeover.report.record import GATE_STATES, load_run, MODES
from takeover_msgs.msg import EpisodeState, InterventionState, SafetyState
from tests.nodes.watchers import command, environment, NODES, run, Screen, started, TERMINAL
from tests.stack import DEADLINE_S, REPOSITORY

FAKE_STACK = NODES / 'fake_stack.py'
TASK = REPOSITORY / 'config/tasks/rover_path.yaml'


@pytest.fixture
def env():
    return environment()


@pytest.fixture
def fake_stack(env):
    with started([sys.executable, str(FAKE_STACK)], env, subprocess.DEVNULL) as process:
        yield process


def monitor(env, *given):
    return command('monitor_node', env, *given)


def test_a_run_is_watched_to_its_end_and_reported(env, fake_stack, tmp_path):
    done = run(monitor(env, f'task_file:={TASK}', 'episodes:=2', f'report_dir:={tmp_path}'), env)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith('episode 1 (seed 7): goal') for line in lines)
    assert any('autonomous' in line and 'gate forwarding' in line for line in lines)
    assert (tmp_path / 'report.html').is_file()
    record = load_run(tmp_path)
    assert record.complete
    assert [episode.outcome for episode in record.episodes] == ['goal', 'goal']
    assert record.policy_version == '0123456789ab'
    assert record.rejected_reasons == {'old': 3}
    assert record.corridor_half_width_m > 0.0
    assert record.hops['tick_to_gate'].count > 20
    assert record.hops['tick_to_policy'].p50 == pytest.approx(0.5)
    assert record.hops['policy_to_arbiter'].p50 == pytest.approx(0.25)
    assert record.hops['arbiter_to_gate'].p50 == pytest.approx(0.125)
    assert len(record.episodes[1].track) > 5
    assert record.episodes[1].obstacles.tolist() == [[5.0, 0.3, 0.25]]
    assert [frame.pixels.shape for frame in record.frames] == [(6, 8, 3)] * 2
    assert any('a bit slow' in problem for problem in record.screen.problems)


def test_it_gives_up_when_nothing_moves(env, tmp_path):
    done = run(monitor(env, 'max_wait_s:=1.0', f'report_dir:={tmp_path}'), env)

    assert done.returncode == 1
    data = json.loads((tmp_path / 'run.json').read_text())
    assert data['ended_because'] == 'nothing moved for 1 s: no episode was heard of'
    assert not data['complete']


def test_on_a_terminal_one_screen_is_shown_and_sigint_gives_the_cursor_back(env, fake_stack):
    screen = Screen()
    with started(monitor(env, 'episodes:=9'), env | TERMINAL, screen.theirs) as process:
        screen.wait_for('POLICY DRIVES', 'the mode on the screen')
        screen.wait_for('1 of 9', 'the episode table')
        process.send_signal(signal.SIGINT)
        screen.wait_for(r'\x1b\[\?25h', 'the cursor back')
        assert process.wait(DEADLINE_S) == 1
    screen.close()


@pytest.mark.parametrize('wrong', ['episodes:=-1', 'episode:=5', "task_file:='/none.yaml'"])
def test_wrong_parameters_are_refused_in_words(env, wrong):
    done = run(monitor(env, wrong), env)
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
