"""How often the policies of a finished run reach the goal alone, on courses of no other use.

They are taken from the bundles the run has left: the policy it started with, at each mark the
newest and the trusted one, and the deployed one. Beside them what its people showed is cloned, by
the same network, normaliser and schedule as the start policy: demonstrations and every step the
operator drove in this run, the answer of HG-DAgger to them (M. Kelly et al., arXiv 1810.02890).
To see that cloning has converged, both clones are made once more with more steps.

    python -m benchmarks.rlif.evaluate dsact 0

Writes `outcomes.csv` (a letter for each course) and `curve.csv` beside the tables of the run.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
import json
from pathlib import Path
import time
from typing import Any

from benchmarks.rlif.experiment import (
    EVALUATION_COURSES,
    EXPERIMENTS,
    read_rows,
    result_folder,
    run_folder,
    write_rows,
)
from takeover.agents.evaluation import evaluate, Evaluation
from takeover.data.log_reader import read_steps
from takeover.data.step import Step
from takeover.outcome import Outcome
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.provenance import describe
from takeover.policy.store import PolicyStore, StoreError
from takeover.simulation.robots import robot_environment
from takeover.simulation.task_environment import TaskEnv
from takeover.specs import TaskSpec
from takeover.task import load_task_and_robot
from takeover.training import compute
from takeover.training.rlif_run import LIVE_LATENCY_S
from takeover.training.takeover_learner import TakeoverConfig, TakeoverLearner

LETTERS = {
    Outcome.GOAL.name: 'G',
    Outcome.COLLISION.name: 'C',
    Outcome.OFF_PATH.name: 'O',
    Outcome.TIME_LIMIT.name: 'T',
}


def letters(evaluation: Evaluation) -> str:
    """Return one letter for each course, in order."""
    return ''.join(LETTERS[outcome] for outcome in evaluation.outcomes.values())


class Judge:
    """Evaluates each policy once, also across interruptions."""

    def __init__(self, env: TaskEnv, folder: Path, courses: range) -> None:
        """Read what has been evaluated before."""
        self._env, self._courses = env, courses
        self._file = folder / 'outcomes.csv'
        self._rows = read_rows(self._file)

    def judge(self, policy: OnnxPolicy) -> dict[str, Any]:
        """Let a policy drive alone, unless it did before; return version, goals and courses."""
        known = {row['version']: row['outcomes'] for row in self._rows}
        outcomes = known.get(policy.version)
        if outcomes is None:
            begun_s = time.monotonic()
            outcomes = letters(evaluate(self._env, policy.act, self._courses))
            self._rows.append({'version': policy.version, 'outcomes': outcomes})
            write_rows(self._file, self._rows)
            took_s = time.monotonic() - begun_s
            print(f'{policy.version}: {outcomes.count("G")} goals, {took_s:.0f} s', flush=True)
        return {
            'version': policy.version,
            'goals': outcomes.count('G'),
            'courses': len(outcomes),
        }


class Left:
    """What a run has left: its policies, and what its people showed."""

    def __init__(self, task: TaskSpec, folder: Path, learner: TakeoverConfig) -> None:
        """Look at the folder of a run."""
        self._task, self._folder, self._learner = task, folder, learner

    def policy(self, version: str) -> OnnxPolicy:
        """Load a policy of the run."""
        try:
            stored = PolicyStore(self._folder / 'policies').find(version)
        except StoreError:
            stored = PolicyStore(self._folder / 'resting').find(version)
        return OnnxPolicy.load(stored.path, self._task)

    def shown(self, logs: Sequence[str]) -> list[Step]:
        """Return the steps that a person drove."""
        steps = read_steps([self._folder / log for log in logs])
        return [step for step in steps if step.intervened]

    def clone(self, name: str, logs: Sequence[str], longer: int = 1) -> OnnxPolicy:
        """Clone what a person drove, once; the policy is kept."""
        path = self._folder / f'{name}.onnx'
        if path.exists():
            return OnnxPolicy.load(path, self._task)
        learner = self._learner.learner
        steps = longer * learner.pretraining_steps
        settings = replace(self._learner, learner=replace(learner, pretraining_steps=steps))
        cloned = TakeoverLearner(self._task, settings)
        driven = self.shown(logs)
        loss = cloned.demonstrate(driven)
        print(f'{name}: {len(driven)} steps cloned, last loss {loss:.5f}', flush=True)
        return cloned.export(path, describe('benchmarks.rlif.evaluate', {}, ', '.join(logs)))


def rows(left: Left, judge: Judge, kept: Path, longer: int) -> Iterator[dict[str, Any]]:
    """Evaluate all policies of a run; give the rows of `curve.csv`."""
    about = json.loads((kept / 'run.json').read_text())
    people = ('demonstrations', 'log')

    def row(name: str, steps: int, policy: OnnxPolicy) -> dict[str, Any]:
        return {'policy': name, 'steps': steps} | judge.judge(policy)

    end = about['config']['steps']
    yield row('start', 0, left.policy(about['first']))
    yield row('deployed', end, left.policy(about['deployed']))
    yield row('hg_dagger', end, left.clone('hg_dagger', people))
    for mark in read_rows(kept / 'marks.csv'):
        yield row('newest', int(mark['steps']), left.policy(mark['newest']))
        yield row('trusted', int(mark['steps']), left.policy(mark['trusted']))
    yield row('start_longer', 0, left.clone('start_longer', people[:1], longer))
    yield row('hg_dagger_longer', end, left.clone('hg_dagger_longer', people, longer))


def main() -> None:
    """Parse the arguments and evaluate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('experiment', choices=EXPERIMENTS)
    parser.add_argument('seed', type=int)
    parser.add_argument('--courses', type=int, help='default: those of the experiment')
    given = parser.parse_args()
    compute.prepare()
    experiment = EXPERIMENTS[given.experiment]
    task, robot = load_task_and_robot(experiment.task)
    env = robot_environment(task, robot, LIVE_LATENCY_S)
    kept = result_folder(given.experiment, given.seed)
    learner = experiment.config(given.seed).learner
    left = Left(task, run_folder(given.experiment, given.seed), learner)
    judge = Judge(env, kept, EVALUATION_COURSES[: given.courses or experiment.courses])
    write_rows(kept / 'curve.csv', list(rows(left, judge, kept, experiment.longer)))
    env.close()


if __name__ == '__main__':
    main()
