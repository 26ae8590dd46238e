"""Draw the experiments that have results, and write their tables with the verdicts.

Each experiment gets benchmarks/results/learning/<experiment>.png; all go into README.md there.

    python -m benchmarks.learning.report
"""

from collections.abc import Sequence
import sys

from benchmarks.learning.experiments import Experiment, EXPERIMENTS, result_file, RESULTS
from benchmarks.machine import processor, verdict
import gymnasium
import mujoco
import numpy as np
from takeover.cli.plot import draw
from takeover.training.curves import Curve, FINAL_EVALUATIONS, read_curves
import torch

# DSAC-T as published on Pendulum: a return after so many updates, for this share of the seeds.
PENDULUM_MARKS = {7_000: -300.0, 10_000: -200.0}
PENDULUM_SEEDS = 4
STEPS_PER_UPDATE, WARM_UP, LAST = 20, 10_000, 3


def curves_of(name: str, experiment: Experiment) -> list[Curve]:
    """Return the curves of the runs there are, named by their variant."""
    folders = [
        RESULTS / name / env / variant
        for env in experiment.environments
        for variant in experiment.variants
    ]
    folders = [folder for folder in folders if list(folder.glob('seed_*.csv'))]
    return read_curves(folders)[0] if folders else []


def rows(curves: Sequence[Curve]) -> list[str]:
    """Return the final returns as a Markdown table."""
    lines = ['| environment | learner | final return | each seed |', '|---|---|---|---|']
    for curve in curves:
        mean, std = curve.final
        each = ', '.join(f'{run.final:.5g}' for run in curve.runs)
        spread = f' ± {std:.3g}' if len(curve.runs) > 1 else ''
        lines.append(f'| {curve.env} | {curve.label} | {mean:.5g}{spread} | {each} |')
    return lines


def compare_verdicts(curves: Sequence[Curve]) -> list[str]:
    """Say where DSAC-T stands beside Stable-Baselines3's SAC."""
    means = {(curve.env, curve.label): curve.final[0] for curve in curves}
    lines = []
    for env, label in means:
        if label == 'dsact' and (env, 'sb3_sac') in means:
            ours, theirs = means[env, label], means[env, 'sb3_sac']
            lines.append(
                f'* {env}: DSAC-T {ours:.5g}, Stable-Baselines3 SAC {theirs:.5g}: '
                f'{100.0 * (ours / theirs - 1.0):+.0f} %: {verdict(ours >= theirs)}'
            )
    return lines


def pendulum_verdicts(curves: Sequence[Curve]) -> list[str]:
    """Say how many seeds reach the marks, by the mean of the last evaluations up to them."""
    lines = []
    for updates, mark in PENDULUM_MARKS.items():
        reached = []
        for run in curves[0].runs:
            so_far = run.returns[run.steps <= WARM_UP + STEPS_PER_UPDATE * updates]
            reached.append(float(np.mean(so_far[-LAST:])) >= mark)
        lines.append(
            f'* {mark:g} by {updates} updates (mean of the last {LAST} evaluations): '
            f'{sum(reached)} of {len(reached)} seeds: {verdict(sum(reached) >= PENDULUM_SEEDS)}'
        )
    return lines


VERDICTS = {'compare': compare_verdicts, 'pendulum': pendulum_verdicts}


def main() -> int:
    """Draw and write."""
    versions = f'torch {torch.__version__}, mujoco {mujoco.__version__}, gymnasium '
    lines = [
        '# Learning results',
        '',
        f'On {processor()}, one thread for each run; {versions}{gymnasium.__version__}. Made by',
        '`python -m benchmarks.learning.queue compare tuning pendulum reward_scale rlpd` and',
        '`python -m benchmarks.learning.report`; the settings of each variant are in',
        '`benchmarks/learning/experiments.py`.',
        '',
        f'Final return: mean of the last {FINAL_EVALUATIONS} evaluations of a seed; then mean ± '
        'sample standard deviation over seeds.',
    ]
    for name, experiment in EXPERIMENTS.items():
        curves = curves_of(name, experiment)
        if not curves:
            continue
        draw(curves, RESULTS / f'{name}.png')
        lines += ['', f'## {name}', '', experiment.description, '', f'![{name}]({name}.png)', '']
        done = sum(result_file(name, *job).exists() for job in experiment.jobs())
        lines += [f'{done} of {len(experiment.jobs())} runs are there.', '']
        lines += [*rows(curves), '']
        lines += VERDICTS[name](curves) if name in VERDICTS else []
    text = '\n'.join(lines).rstrip() + '\n'
    (RESULTS / 'README.md').write_text(text)
    print(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
