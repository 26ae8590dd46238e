"""`takeover train --seeds`: one child process and one folder for each seed.

The folders are made with their settings before the first child starts, and a child is always
`takeover train --resume FOLDER`. So starting and continuing are one thing, and a seed that had not
begun when all was stopped begins then. No child outlives this process; each writes a checkpoint
when it is asked to end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import math
import os
from pathlib import Path
import shlex
import signal
import subprocess
import sys
import time
from typing import Any

from takeover.cli.child_processes import Signals, start, stop
from takeover.cli.train_display import describe, display, Row
from takeover.cli.train_options import config_in
from takeover.training.config import config_values, TrainConfig, TrainingError
from takeover.training.curves import read_curves, table
from takeover.training.environments import make_environment
from takeover.training.run_folder import read_table, RunFolder, seed_folders

LOG = 'train.log'
POLL_S = 0.05
REFRESH_S = 1.0
# For the checkpoint of a run whose replay is full, on a slow disk.
STOP_PATIENCE_S = 120.0
# What a child ends with after the SIGTERM we sent, noticed by it or too early for that.
_STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM)


def create(config: TrainConfig, count: int, path: Path) -> None:
    """Make a folder for each seed, from the configured one on.

    :raises TakeoverError: the environment cannot be made, or a folder cannot.
    """
    make_environment(config.env).close()
    for seed in range(config.seed, config.seed + count):
        values = config_values(replace(config, seed=seed))
        RunFolder(path / f'seed_{seed}').create(values)


def change(path: Path, changes: Mapping[str, Any]) -> None:
    """Change settings of all seeds."""
    if changes:
        for folder in seed_folders(path):
            RunFolder(folder).change(config_values(replace(config_in(folder), **changes)))


def train_seeds(path: Path) -> int:
    """Train all seeds in a folder to the end or to a signal; return the exit code.

    :raises TrainingError: some failed; names each, its log, and the last line of that.
    """
    from rich.console import Console

    console = Console(highlight=False)
    runs = [SeedRun(folder) for folder in seed_folders(path)]
    console.print(f'folder: {path}', markup=False, soft_wrap=True)
    with Signals() as signals:
        try:
            with display(console) as shown:
                _train(runs, shown, signals)
        finally:
            for run in runs:
                run.ask_to_stop()
            for run in runs:
                run.stop(signals)
    resume = f'takeover train --resume {shlex.quote(str(path))}'
    failed = [run.failure() for run in runs if run.state() == 'failed']
    if any(RunFolder(run.path).evaluations() for run in runs):
        print('\n'.join(table(read_curves([path])[0])), flush=True)
    if failed:
        raise TrainingError(
            f'{len(failed)} of {len(runs)} seeds failed: {"; ".join(failed)}; once the cause is '
            f'removed, `{resume}` goes on'
        )
    if any(run.state() != 'done' for run in runs):
        print(f'stopped by {signal.Signals(signals.received[0]).name}; continue with\n  {resume}')
        return 128 + signals.received[0]
    print(f'folder: {path}\n  takeover plot {shlex.quote(str(path))}')
    return 0


class SeedRun:
    """One seed: its folder, and its process once there is one."""

    def __init__(self, path: Path) -> None:
        """Wait to be started."""
        self.path = path
        self.steps = config_in(path).steps
        self.threads = config_in(path).threads
        self._child: subprocess.Popen | None = None
        self._asked = False

    def start(self) -> None:
        """Start to train, or to continue; what it says goes to its log."""
        command = [sys.executable, '-m', 'takeover.cli.main', 'train', '--resume', str(self.path)]
        with (self.path / LOG).open('ab') as log:
            self._child = start(command, dict(os.environ), signal.SIGTERM, log)

    def state(self) -> str:
        """Return where its process is: waiting, running, done, stopped or failed."""
        if self._child is None:
            return 'waiting'
        code = self._child.poll()
        if code is None:
            return 'running'
        if self._asked and code in _STOPPED:
            return 'stopped'
        return 'failed' if code else 'done'

    def ask_to_stop(self) -> None:
        """Ask for a checkpoint and the end."""
        if self.state() == 'running':
            # Not SIGINT, which Python answers with a traceback while it is still importing.
            self._child.terminate()
            self._asked = True

    def stop(self, signals: Signals) -> None:
        """Wait for the end; a signal hurries."""
        if self.state() == 'running':
            stop(self._child, STOP_PATIENCE_S, signals)

    def row(self) -> Row:
        """Return how far it is, as its tables say."""
        folder, state = RunFolder(self.path), self.state()
        last = (read_table(folder.progress_file) or [{}])[-1]
        evaluation = (folder.evaluations() or [{}])[-1]
        running = state == 'running'
        known = describe(
            evaluation.get('return_mean', math.nan),
            last.get('training_return', math.nan),
            last.get('updates_per_s', math.nan) if running else math.nan,
            last if running else {},
        )
        step = int(max(last.get('step', 0.0), evaluation.get('step', 0.0)))
        detail = known if running else ', '.join(filter(None, (state, known)))
        if state == 'failed':
            detail = f'failed, see {self.path / LOG}'
        return Row(self.path.name.replace('_', ' '), step, self.steps, detail)

    def failure(self) -> str:
        """Return which seed, with what its log ends with, and where that is."""
        log = self.path / LOG
        lines = log.read_text(errors='replace').split('\n')
        last = next((line for line in reversed(lines) if line.strip()), 'nothing in its log')
        return (
            f'{self.path.name} (exit code {self._child.returncode}, {last.strip()!r}, see {log})'
        )


def _train(runs: Sequence[SeedRun], shown: Any, signals: Signals) -> None:
    """Start runs while there are cores for them, until all have ended or a signal came."""
    at_once = max(1, len(os.sched_getaffinity(0)) // max(run.threads for run in runs))
    next_look_s = -math.inf
    while not signals.received:
        states = [run.state() for run in runs]
        for run in [run for run in runs if run.state() == 'waiting'][
            : at_once - states.count('running')
        ]:
            run.start()
        ended = not {'waiting', 'running'} & {run.state() for run in runs}
        if ended or time.monotonic() >= next_look_s:
            shown.show([run.row() for run in runs])
            next_look_s = time.monotonic() + REFRESH_S
        if ended:
            return
        time.sleep(POLL_S)
