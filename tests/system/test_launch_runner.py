"""`takeover launch` on small programs in a temporary ament prefix: output, restarts, signals."""

import contextlib
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
from takeover.workspace import MARKERS, PACKAGES

DEADLINE_S = 30.0

PROGRAMS = {
    # Runs until SIGINT or SIGTERM and says which.
    'ticker': """
        def stop(number, frame):
            print('stopped by', signal.Signals(number).name, flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, stop)
        print('ready', os.getpid(), flush=True)
        while True:
            signal.pause()
    """,
    'stubborn': """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print('ready', os.getpid(), flush=True)
        while True:
            signal.pause()
    """,
    'immortal': """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print('ready', os.getpid(), flush=True)
        while True:
            signal.pause()
    """,
    'once': """
        print('to the screen', 'é', os.environ.get('GREETING'), os.isatty(1), os.isatty(2))
        print('to the errors', file=sys.stderr)
        sys.stdout.write('no end of line')
        sys.stdout.flush()
        sys.exit(int(sys.argv[1]))
    """,
    # Starts a process that outlives it; it ignores signals from its first moment on, since the
    # launcher sends SIGTERM to what is left as soon as its parent has ended.
    'parent': """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = os.fork()
        if child == 0:
            while True:
                signal.pause()
        print('ready', child, flush=True)
        sys.exit(0)
    """,
}


@pytest.fixture
def prefix(tmp_path):
    """Return an ament prefix whose package takeover_nodes holds PROGRAMS and an empty file."""
    root = tmp_path / 'prefix'
    (root / MARKERS).mkdir(parents=True)
    for package in PACKAGES:
        (root / MARKERS / package).touch()
        (root / 'share' / package).mkdir()
    folder = root / 'lib' / 'takeover_nodes'
    folder.mkdir(parents=True)
    for name, text in PROGRAMS.items():
        lines = '\n'.join(line[8:] for line in text.strip('\n').split('\n'))
        # -I -S: these programs need nothing installed, and start in half the time.
        (folder / name).write_text(f'#!{sys.executable} -IS\nimport os, signal, sys\n{lines}\n')
    (folder / 'broken').write_text('#!/no/such/interpreter\n')
    for file in folder.iterdir():
        file.chmod(0o755)
    return root


class Launcher:
    """One `takeover launch` process and what it printed."""

    def __init__(self, prefix: Path, xml: str, **options):
        """Start the launcher on the inside of a <launch> tag; every pkg is takeover_nodes."""
        file = prefix.parent / 'main.launch.xml'
        file.write_text(f'<launch>{xml}</launch>'.replace('<node ', '<node pkg="takeover_nodes" '))
        self.log = prefix.parent / 'output'
        self.env = os.environ | {
            'AMENT_PREFIX_PATH': str(prefix),
            'ROS_LOG_DIR': str(prefix.parent / 'logs'),
            'PYTHONUNBUFFERED': '1',
        }
        with self.log.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'takeover.cli.main', 'launch', str(file)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **({'stdout': output} | options),
            )

    def text(self) -> str:
        return self.log.read_text(errors='replace')

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.text(), f'{text!r} in:\n{self.text()}')

    def pid(self, name: str) -> int:
        """Return the process id a program has printed."""
        self.wait_for(f'[{name}] ready ')
        return int(self.text().split(f'[{name}] ready ')[1].split()[0])

    def end(self) -> int:
        return self.process.wait(DEADLINE_S)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.end()


def wait_until(condition, what: str) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, f'not in time: {what}'
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def launch(prefix):
    """Return a function that starts a launcher, and kill at the end what is left of it."""
    started = []

    def start(xml: str, **options) -> Launcher:
        started.append(Launcher(prefix, xml, **options))
        return started[-1]

    yield start
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                launcher.process.wait(15.0)
            launcher.process.kill()


def test_lines_carry_the_name_of_their_process(launch):
    launcher = launch(
        '<node exec="once" args="0" output="screen"><env name="GREETING" value="hi"/></node>'
    )
    assert launcher.end() == 0
    text = launcher.text()
    assert '[INFO] [once-1]: process started with pid [' in text
    assert '[once-1] to the screen é hi False False\n' in text
    assert '[once-1] to the errors\n' in text
    assert '[once-1] no end of line\n' in text
    assert '[INFO] [once-1]: process has finished cleanly [pid ' in text
    assert '\033' not in text


def test_output_log_shows_errors_and_logs_both(launch, prefix):
    launcher = launch('<node exec="once" args="0"/>')
    assert launcher.end() == 0
    assert 'to the screen' not in launcher.text()
    assert '[once-1] to the errors' in launcher.text()
    (log,) = (prefix.parent / 'logs').glob('*/launch.log')
    assert 'to the screen' in log.read_text()
    assert 'to the errors' in log.read_text()


def test_output_both_is_on_the_screen_and_in_the_log(launch, prefix):
    launcher = launch('<node exec="once" args="0" output="both"/>')
    assert launcher.end() == 0
    assert '[once-1] to the screen' in launcher.text()
    (log,) = (prefix.parent / 'logs').glob('*/launch.log')
    assert 'to the screen' in log.read_text()


def test_emulate_tty_gives_a_terminal(launch):
    launcher = launch('<node exec="once" args="0" output="screen" emulate_tty="true"/>')
    assert launcher.end() == 0
    assert '[once-1] to the screen é None True True\n' in launcher.text()


def test_respawn_restarts_after_a_clean_exit_up_to_its_limit(launch):
    launcher = launch(
        '<node exec="once" args="0" respawn="true" respawn_delay="0.05" respawn_max_retries="2"/>'
    )
    assert launcher.end() == 0
    assert launcher.text().count('process started with pid') == 3


def test_respawn_ends_with_the_request_to_stop(launch):
    launcher = launch(
        '<node exec="once" args="0" respawn="true" respawn_delay="60"/>'
        '<node exec="ticker" output="screen"/>'
    )
    launcher.wait_for('finished cleanly')
    launcher.pid('ticker-2')
    assert launcher.interrupt() == 0
    assert launcher.text().count('[once-1]: process started') == 1


def test_the_end_of_a_required_process_stops_the_rest_and_gives_its_code(launch):
    launcher = launch(
        '<node exec="ticker" output="screen"/><node exec="once" args="7" on_exit="shutdown"/>'
    )
    assert launcher.end() == 7
    text = launcher.text()
    assert 'process[once-2] was required: shutting down launched system' in text
    assert 'exit code 7' in text
    assert "sending signal 'SIGINT' to process[ticker-1]" in text


def test_the_clean_end_of_a_required_process_is_no_failure(launch):
    launcher = launch('<node exec="ticker"/><node exec="once" args="0" on_exit="shutdown"/>')
    assert launcher.end() == 0


def test_a_required_process_that_was_killed_gives_the_code_of_the_signal(launch):
    launcher = launch('<node exec="ticker" output="screen" on_exit="shutdown"/>')
    os.kill(launcher.pid('ticker-1'), signal.SIGKILL)
    assert launcher.end() == 128 + signal.SIGKILL


def test_a_crash_does_not_stop_the_others_and_a_requested_stop_is_success(launch):
    launcher = launch('<node exec="ticker" output="screen"/><node exec="once" args="3"/>')
    launcher.wait_for('exit code 3')
    assert alive(launcher.pid('ticker-1'))
    assert launcher.interrupt() == 0


def test_when_all_have_ended_the_first_failure_is_the_exit_code(launch):
    launcher = launch('<node exec="once" args="0"/><node exec="once" args="3"/>')
    assert launcher.end() == 3


def test_a_program_that_cannot_be_executed(launch):
    launcher = launch('<node exec="ticker"/><node exec="broken" on_exit="shutdown"/>')
    assert launcher.end() == 1
    assert '[ERROR] [broken-2]: cannot be started' in launcher.text()


def test_an_error_in_the_file_starts_nothing(launch):
    launcher = launch('<node exec="ticker"/><node exec="walker"/>')
    assert launcher.end() == 2
    assert 'process started' not in launcher.text()
    assert "main.launch.xml:1: <node exec>: no executable 'walker'" in launcher.text()


def test_log_and_shutdown(launch):
    launcher = launch('<log message="to say"/><node exec="ticker"/><shutdown reason="enough"/>')
    assert launcher.end() == 0
    assert '[INFO] [launch.user]: to say' in launcher.text()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_launcher_reaches_all_as_sigint(launch, number):
    launcher = launch('<node exec="ticker" output="screen"/><node exec="ticker" output="screen"/>')
    pids = [launcher.pid('ticker-1'), launcher.pid('ticker-2')]
    launcher.process.send_signal(number)
    assert launcher.end() == 0
    assert launcher.text().count('stopped by SIGINT') == 2
    assert not any(alive(pid) for pid in pids)


def test_ctrl_c_in_the_terminal_reaches_each_process_once(launch):
    launcher = launch('<node exec="ticker" output="screen"/>')
    launcher.pid('ticker-1')
    os.killpg(launcher.process.pid, signal.SIGINT)
    assert launcher.end() == 0
    assert launcher.text().count('stopped by SIGINT') == 1


def test_escalation_to_sigterm_and_sigkill(launch):
    times = 'output="screen" sigterm_timeout="0.3" sigkill_timeout="0.3"'
    launcher = launch(
        f'<node exec="stubborn" {times}/><node exec="immortal" {times}/>'
        f'<node exec="ticker" {times}/>'
    )
    pids = [launcher.pid(name) for name in ('stubborn-1', 'immortal-2', 'ticker-3')]
    assert launcher.interrupt() == 0
    text = launcher.text()
    sent = [
        f"sending signal '{name}' to process[immortal-2]"
        for name in ('SIGINT', 'SIGTERM', 'SIGKILL')
    ]
    assert text.index(sent[0]) < text.index(sent[1]) < text.index(sent[2])
    assert "SIGTERM' to process[stubborn-1]" in text
    assert "SIGKILL' to process[stubborn-1]" not in text
    assert "SIGTERM' to process[ticker-3]" not in text
    assert "process[immortal-2] failed to terminate '0.3' seconds after receiving 'SIGINT'" in text
    assert not any(alive(pid) for pid in pids)


def test_further_requests_hurry_the_escalation(launch):
    launcher = launch(
        '<node exec="immortal" output="screen" sigterm_timeout="600" sigkill_timeout="600"/>'
    )
    pid = launcher.pid('immortal-1')
    for name in ('SIGINT', 'SIGTERM', 'SIGKILL'):
        requested = f"sending signal '{name}'"

        def request(requested=requested):
            # Repeated, because requests close together count as one.
            if launcher.process.poll() is None and requested not in launcher.text():
                launcher.process.send_signal(signal.SIGINT)
                time.sleep(0.2)
            return requested in launcher.text()

        wait_until(request, requested)
    assert launcher.end() == 0
    assert not alive(pid)


def test_a_killed_launcher_leaves_no_process(launch):
    launcher = launch(
        '<node exec="ticker" output="screen"/><node exec="stubborn" output="screen"/>'
    )
    pids = [launcher.pid('ticker-1'), launcher.pid('stubborn-2')]
    launcher.process.kill()
    launcher.end()
    wait_until(lambda: not any(alive(pid) for pid in pids), 'no process left')


def test_what_a_process_leaves_behind_is_swept_up(launch):
    launcher = launch('<node exec="parent" output="screen"/><node exec="ticker" output="screen"/>')
    pid = launcher.pid('parent-1')
    launcher.pid('ticker-2')
    assert alive(pid)
    assert launcher.interrupt() == 0
    wait_until(lambda: not alive(pid), 'the grandchild is gone')


def test_children_can_be_interrupted_when_the_launcher_runs_in_the_background(launch):
    # A shell without job control starts `command &` with SIGINT ignored, which children inherit.
    launcher = launch(
        '<node exec="ticker" output="screen"/>',
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    launcher.pid('ticker-1')
    assert launcher.interrupt() == 0
    assert 'stopped by SIGINT' in launcher.text()


def test_when_nobody_reads_the_output_any_more_all_stops(launch):
    launcher = launch(
        '<node exec="ticker" output="screen"/>'
        '<node exec="once" args="0" output="screen" respawn="true"/>',
        stdout=subprocess.PIPE,
    )
    line = launcher.process.stdout.readline()
    assert b'process started with pid [' in line
    pid = int(line.split(b'[')[-1].split(b']')[0])
    launcher.process.stdout.close()
    launcher.end()
    assert not alive(pid)
