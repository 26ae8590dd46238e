"""One run: drive, correct, learn, deploy. No policy is evaluated here.

Log, demonstrations and every policy version stay in runs/rlif_benchmark; the tables go to
benchmarks/results/rlif/<experiment>/seed_<seed>:

* `episodes.csv`: each episode of corrected driving;
* `versions.csv`: each policy, and its own driving, by which the deployed one was chosen;
* `marks.csv`: at each mark the newest policy, and the one to trust by then;
* `run.json`: settings, first and deployed version, machine and times; it is written last.

    python -m benchmarks.rlif.run dsact 0
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
import importlib.metadata
import json
from pathlib import Path
import shutil
import time
from typing import Any

from benchmarks.machine import machine
from benchmarks.rlif.experiment import (
    Experiment,
    EXPERIMENTS,
    result_folder,
    run_folder,
    write_rows,
)
from takeover.action import ActionContract
from takeover.data.log_messages import headless_channels
from takeover.data.log_metadata import log_metadata, versions
from takeover.data.log_writer import LogWriter, write_steps
from takeover.intervention.device_choice import load_mapping
from takeover.policy.provenance import describe
from takeover.policy.store import PolicyStore
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover.training import compute
from takeover.training.publishing import KEEP_POLICIES, store_policy
from takeover.training.rlif_run import EpisodeRow, RlifRun, RlifRunConfig

TABLES = ('episodes.csv', 'versions.csv', 'marks.csv')


def drive(
    experiment: Experiment, settings: RlifRunConfig, folder: Path, command: str
) -> dict[str, Any]:
    """Do a run in a folder, and write its tables there; return what `run.json` says of it."""
    begun_s, begun_cpu_s, at = time.monotonic(), time.process_time(), machine()
    computing = str(compute.prepare())
    task, robot = load_task_and_robot(experiment.task)
    mapping = load_mapping(ActionContract(task.action), robot)
    metadata = log_metadata(experiment.task, command, asdict(settings))
    with LogWriter(folder / 'log', headless_channels(), metadata) as log:
        hash_of_task = spec_hash(task)
        run = RlifRun(
            task,
            robot,
            mapping,
            settings,
            folder / 'policies',
            command,
            lambda step: log.write_step(step, hash_of_task),
        )
        demonstrated = run.demonstrate()
        write_steps(folder / 'demonstrations', demonstrated, hash_of_task, metadata)
        first = run.policy.version
        rows, found = follow(run, folder, experiment.marks(settings.steps))
    write_rows(folder / 'episodes.csv', map(asdict, rows))
    write_rows(folder / 'marks.csv', found)
    write_rows(folder / 'versions.csv', described_versions(run))
    deployed, counts = run.deployed().version, run.learner.counts
    run.close()
    return {
        'command': command,
        'first': first,
        'deployed': deployed,
        'demonstrated_steps': sum(step.intervened for step in demonstrated),
        'steps': run.steps,
        'transitions': counts.transitions,
        'operator_steps': counts.interventions,
        'takeovers': counts.takeovers,
        'updates': run.learner.learner.updates,
        'wall_s': round(time.monotonic() - begun_s, 1),
        'cpu_s': round(time.process_time() - begun_cpu_s, 1),
        'machine': at,
        'computing': computing,
        'software': versions()
        | {name: importlib.metadata.version(name) for name in ('torch', 'mujoco')},
        'git_commit': describe(command, {}, '')['git_commit'],
        'config': asdict(settings),
    }


def follow(
    run: RlifRun, folder: Path, marks: Sequence[int]
) -> tuple[list[EpisodeRow], list[dict[str, Any]]]:
    """Drive to the end; return the episodes, and the newest and the trusted policy at each mark.

    A mark is the end of the episode in which the run came to so many steps.
    """
    waiting, rows, found = list(marks), [], []
    for row in said(run.drive()):
        rows.append(row)
        while waiting and row.steps >= waiting[0]:
            newest = newest_version(run, row, folder)
            found.append({'steps': waiting.pop(0), 'newest': newest, 'trusted': row.best})
    return rows, found


def newest_version(run: RlifRun, row: EpisodeRow, folder: Path) -> str:
    """Return the version of what has been learned by now.

    While a version drives without being corrected no other is offered; then what the learner has
    is exported aside, which changes nothing in the run.
    """
    if not row.clean:
        return run.policy.version
    aside = PolicyStore(folder / 'resting', keep=KEEP_POLICIES)
    origin = describe('benchmarks.rlif.run', {'seed': run.config.seed}, '')
    return store_policy(run.learner, aside, origin)[0].version


def described_versions(run: RlifRun) -> Iterator[dict[str, Any]]:
    """Give each policy with the evidence of its own driving, in the order they were made."""
    bounds = run.evidence.success_bounds()
    for stored in run.store.policies():
        found = run.evidence.of(stored.version)
        yield {
            'version': stored.version,
            'updates': stored.bundle().provenance['updates'],
            'driven_s': round(found.driven_s, 2),
            'takeovers': found.takeovers,
            'failures': found.failures,
            'goals': found.goals,
            'success_bound': f'{bounds.get(stored.version, 0.0):.4g}',
        }


def said(rows: Iterator[EpisodeRow]) -> Iterator[EpisodeRow]:
    """Give the rows on, each told to who watches."""
    for row in rows:
        print(
            f'{row.steps:6d} steps  {row.outcome.lower():<10} {row.takeovers} take-overs  '
            f'policy {row.version}  trusted {row.best}',
            flush=True,
        )
        yield row


def keep(folder: Path, kept: Path, about: dict[str, Any], tables: Sequence[str] = TABLES) -> None:
    """Copy the tables of a run to where they are kept; what is said of it last."""
    kept.mkdir(parents=True, exist_ok=True)
    for name in tables:
        shutil.copy(folder / name, kept / name)
    (kept / 'run.json').write_text(json.dumps(about, indent=1) + '\n')


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('experiment', choices=EXPERIMENTS)
    parser.add_argument('seed', type=int, help='of everything random')
    parser.add_argument('--steps', type=int, help='default: those of the experiment')
    given = parser.parse_args()
    experiment = EXPERIMENTS[given.experiment]
    folder = run_folder(given.experiment, given.seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = experiment.config(given.seed, given.steps)
    command = f'python -m benchmarks.rlif.run {given.experiment} {given.seed}'
    command += f' --steps {settings.steps}'
    about = drive(experiment, settings, folder, command)
    keep(folder, result_folder(given.experiment, given.seed), about)


if __name__ == '__main__':
    main()
