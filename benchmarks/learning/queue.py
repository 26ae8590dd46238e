"""Run what is missing of the experiments, several processes at a time, each on a core of its own.

A finished run is a CSV under benchmarks/results/learning; delete one to have it done again. An
interrupted queue goes on where it was, except for the runs under way.

    python -m benchmarks.learning.queue compare tuning pendulum reward_scale rlpd
"""

import argparse
from collections.abc import Sequence
import os
from pathlib import Path
import subprocess
import sys
import time

from benchmarks.learning.experiments import EXPERIMENTS, PEERS, result_file, RUNS
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from tests.conftest import REPOSITORY

POLL_S = 0.5
Job = tuple[str, str, str, int]


def command(job: Job) -> list[str]:
    """Return the command line of a run."""
    experiment, env, variant, seed = job
    if variant in PEERS:
        out = str(result_file(experiment, env, variant, seed))
        options = ['--env', env, '--seed', str(seed), '--out', out]
        return [sys.executable, '-m', f'benchmarks.learning.{variant}', *options]
    return [sys.executable, '-m', 'benchmarks.learning.run', experiment, variant, env, str(seed)]


def missing(experiments: Sequence[str], variants: Sequence[str]) -> list[Job]:
    """Return the runs without a table, in order."""
    jobs = [(name, *job) for name in experiments for job in EXPERIMENTS[name].jobs()]
    wanted = [job for job in jobs if not variants or job[2] in variants]
    return [job for job in wanted if not result_file(*job).exists()]


def start(job: Job, core: int, logs: Path) -> subprocess.Popen:
    """Start a run on a core."""
    log = (logs / f'{"-".join(map(str, job))}.log').open('w')
    return subprocess.Popen(
        command(job),
        cwd=REPOSITORY,
        stdout=log,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def work(jobs: list[Job], cores: Sequence[int], logs: Path) -> list[Job]:
    """Do all jobs; return those that failed."""
    running: dict[int, tuple[Job, subprocess.Popen]] = {}
    failed, waiting = [], list(jobs)
    columns = (TextColumn('{task.description}'), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bars:
        bar = bars.add_task('runs', total=len(jobs))
        while waiting or running:
            for core in cores:
                if core in running and running[core][1].poll() is not None:
                    job, process = running.pop(core)
                    if process.returncode:
                        failed.append(job)
                    bars.advance(bar)
                    bars.console.print(f'{" ".join(map(str, job))}: exit {process.returncode}')
                if core not in running and waiting:
                    job = waiting.pop(0)
                    running[core] = (job, start(job, core, logs))
            time.sleep(POLL_S)
    return failed


def main() -> int:
    """Run what is missing; return 1 when a run failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('experiments', nargs='+', choices=EXPERIMENTS)
    parser.add_argument('--variants', nargs='+', default=[], help='only these')
    parser.add_argument('--cores', nargs='+', type=int, default=sorted(os.sched_getaffinity(0)))
    given = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    failed = work(missing(given.experiments, given.variants), given.cores, RUNS)
    for job in failed:
        print(f'failed: {" ".join(map(str, job))}; see {RUNS}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
