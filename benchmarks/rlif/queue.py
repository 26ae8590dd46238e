"""Do what is missing of the runs and of their evaluations, several processes at a time.

A run that has run.json, and an evaluation that has curve.csv, is done; delete the folder of a seed
to have it done again. An interrupted queue goes on where it was: a run under way begins again, an
evaluation goes on after the last policy it had judged.

    OMP_NUM_THREADS=1 python -m benchmarks.rlif.queue
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
import subprocess
import sys
import time

from benchmarks.rlif.experiment import EXPERIMENTS, result_folder, RUNS
from tests.conftest import REPOSITORY

# What is done in turn for each seed, and the table that says that it is done.
STAGES = {'run': 'run.json', 'evaluate': 'curve.csv'}
Job = tuple[str, int]


def missing(names: list[str], seeds: list[int] | None) -> list[Job]:
    """Return experiment and seed of what is not done, in order."""
    wanted = [
        (name, seed)
        for name in names
        for seed in (range(EXPERIMENTS[name].seeds) if seeds is None else seeds)
    ]
    return [job for job in wanted if not (result_folder(*job) / STAGES['evaluate']).exists()]


def work(job: Job) -> bool:
    """Do what is missing of a run and of its evaluation; return whether all is there now."""
    name, seed = job
    for stage, table in STAGES.items():
        if (result_folder(name, seed) / table).exists():
            continue
        begun_s = time.monotonic()
        command = [sys.executable, '-m', f'benchmarks.rlif.{stage}', name, str(seed)]
        with (RUNS / f'{stage}-{name}-{seed}.log').open('w') as log:
            done = subprocess.run(command, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT)
        took_s = time.monotonic() - begun_s
        print(f'{stage} {name} {seed}: exit {done.returncode} in {took_s:.0f} s', flush=True)
        if done.returncode:
            return False
    return True


def main() -> int:
    """Do what is missing; return 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--experiments', nargs='+', choices=EXPERIMENTS, default=list(EXPERIMENTS))
    parser.add_argument('--seeds', nargs='+', type=int, help='default: those of the experiment')
    parser.add_argument('--processes', type=int, default=2)
    given = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(given.processes) as workers:
        done = list(workers.map(work, missing(given.experiments, given.seeds)))
    if not all(done):
        print(f'some failed; see {RUNS}')
    return 0 if all(done) else 1


if __name__ == '__main__':
    sys.exit(main())
