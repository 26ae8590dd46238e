"""`takeover drive` with small scripts for its children: what it says, and that nobody is left."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
from takeover.cli.drive import command
from takeover.cli.live_stack import make_run_folder
from takeover.errors import TakeoverError

FAKES = Path(__file__).with_name('drive_with_fakes.py')
DEADLINE_S = 30.0
SLEEP = 'import time; time.sleep(60)'
STUBBORN = (
    'import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)];'
    'print("deaf"); time.sleep(60)'
)
# A launcher whose node survives it, and is deaf to everything but SIGKILL.
LEAVES_A_NODE = (
    'import subprocess, sys, time; subprocess.Popen([sys.executable, "-c", {node!r}],'
    ' start_new_session=True); time.sleep(60)'
)
WATCHES = """
import sys
from takeover.report.record import EpisodeRecord, RunRecord
from takeover.report.record import save_run
from pathlib import Path
outcomes = {outcomes!r}.split()
save_run(RunRecord(complete={complete}, ended_because='because', episodes=[
    EpisodeRecord(i + 1, i, outcome) for i, outcome in enumerate(outcomes)]), Path(sys.argv[1]))
sys.exit({code})
"""


def watches(outcomes, complete=True):
    return WATCHES.format(outcomes=outcomes, complete=complete, code=0 if complete else 1)


def fakes(tmp_path, launch, monitor, **options):
    return subprocess.Popen(
        [sys.executable, FAKES, tmp_path, launch, monitor],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def pids(tmp_path):
    file = tmp_path / 'pids'
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def alive(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def wait_until(condition, what):
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, f'not within {DEADLINE_S} s: {what}'
        time.sleep(0.01)


def assert_nobody_left(tmp_path, count):
    started = pids(tmp_path)
    assert len(started) == count
    wait_until(lambda: not any(map(alive, started)), 'all children gone')


@pytest.mark.parametrize(
    ('outcomes', 'code'),
    [
        ('goal goal goal goal goal', 0),
        ('goal goal goal goal collision', 0),
        ('goal goal goal time_limit off_path', 1),
    ],
)
def test_it_succeeds_when_four_of_five_reach_the_goal(tmp_path, outcomes, code):
    drive = fakes(tmp_path, SLEEP, watches(outcomes))
    out, err = drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == code, err
    assert f'{outcomes.split().count("goal")} of 5 episodes reached the goal' in out
    assert 'report.html' in out
    assert_nobody_left(tmp_path, 2)


def test_a_run_cut_short_by_the_monitor_is_no_success(tmp_path):
    drive = fakes(tmp_path, SLEEP, watches('goal', complete=False))
    out, err = drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == 1
    assert 'cut short: because' in out
    assert 'last lines of' in err
    assert_nobody_left(tmp_path, 2)


def test_a_launch_that_dies_is_told_with_the_end_of_its_log(tmp_path):
    drive = fakes(tmp_path, 'import sys; print("sim_node: no such robot"); sys.exit(3)', SLEEP)
    _, err = drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == 2
    assert 'sim_node: no such robot' in err
    assert 'the launch ended by itself with code 3' in err
    wait_until(lambda: not any(map(alive, pids(tmp_path))), 'all children gone')


def test_a_monitor_that_dies_is_told(tmp_path):
    drive = fakes(tmp_path, SLEEP, 'import os; os.kill(os.getpid(), 9)')
    _, err = drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == 2
    assert 'the monitor ended with code -9' in err
    assert_nobody_left(tmp_path, 2)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(tmp_path, number):
    drive = fakes(tmp_path, SLEEP, SLEEP)
    wait_until(lambda: len(pids(tmp_path)) == 2, 'both children started')
    drive.send_signal(number)
    out, _ = drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == 128 + number
    assert 'nothing is left running' in out
    assert_nobody_left(tmp_path, 2)


def test_further_signals_hurry_deaf_children(tmp_path):
    drive = fakes(tmp_path, STUBBORN, STUBBORN)
    wait_until(lambda: len(pids(tmp_path)) == 2, 'both children started')
    while any(map(alive, pids(tmp_path))):
        drive.send_signal(signal.SIGINT)
        time.sleep(0.05)
    drive.communicate(timeout=DEADLINE_S)
    assert drive.returncode == 128 + signal.SIGINT
    assert_nobody_left(tmp_path, 2)


def test_what_a_killed_launcher_leaves_behind_is_killed_too(tmp_path):
    file = tmp_path / 'pids'
    node = f'import os, time; open({str(file)!r}, "a").write(str(os.getpid()) + chr(10));'
    drive = fakes(tmp_path, LEAVES_A_NODE.format(node=f'{node} time.sleep(60)'), SLEEP)
    wait_until(lambda: len(pids(tmp_path)) == 3, 'launcher, monitor and node started')
    drive.send_signal(signal.SIGINT)
    drive.communicate(timeout=DEADLINE_S)
    assert_nobody_left(tmp_path, 3)


def test_children_die_with_a_drive_that_is_killed(tmp_path):
    drive = fakes(tmp_path, SLEEP, SLEEP)
    wait_until(lambda: len(pids(tmp_path)) == 2, 'both children started')
    drive.kill()
    drive.communicate(timeout=DEADLINE_S)
    assert_nobody_left(tmp_path, 2)


def test_every_run_has_a_folder_of_its_own_and_latest_is_the_last(tmp_path):
    folders = [make_run_folder(tmp_path / 'runs') for _ in range(3)]
    assert len(set(folders)) == 3
    assert os.path.samefile(tmp_path / 'runs/latest', folders[-1])


@pytest.mark.parametrize('given', [{'episodes': 0}, {'seed': -1}])
def test_numbers_that_make_no_sense_are_refused(given):
    with pytest.raises(TakeoverError, match='must be'):
        command(**given)
