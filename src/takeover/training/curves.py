"""Learning curves: which runs belong together, their mean and spread, and a picture of them.

Runs whose settings differ in nothing but the seed make one curve. Its mean and its band, from the
lowest to the highest seed, are drawn as far as all its seeds have come; a seed evaluated at other
steps is interpolated. The final return of a seed is the mean of its last FINAL_EVALUATIONS
evaluations; of a curve, mean and sample standard deviation of that over its seeds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import numpy as np
from takeover.training.run_folder import read_table, RunFolder, RunFolderError, seed_folders
from takeover.training.settings import flat

FINAL_EVALUATIONS = 4
# Settings that change how long or how closely one looks, not what is learned.
_OF_NO_INFLUENCE = ('seed', 'steps', 'checkpoint_interval', 'keep_checkpoints', 'log_interval')
_LEGAL = 'a run folder, a folder of seed_* runs or of seed_*.csv, or such a CSV'


@dataclass(frozen=True, eq=False)
class Run:
    """The evaluations of one seed: steps [N] and returns [N], and the settings by dotted name."""

    path: Path
    seed: str
    env: str
    agent: str
    settings: Mapping[str, Any]
    steps: np.ndarray
    returns: np.ndarray

    @property
    def final(self) -> float:
        """The mean of the last evaluations."""
        return float(self.returns[-FINAL_EVALUATIONS:].mean())


@dataclass(frozen=True, eq=False)
class Curve:
    """Runs that differ only in their seed, at least one."""

    label: str
    env: str
    runs: tuple[Run, ...]

    @property
    def final(self) -> tuple[float, float]:
        """Mean and sample standard deviation (NaN for one seed) of the seeds' final returns."""
        finals = np.array([run.final for run in self.runs])
        return float(finals.mean()), float(finals.std(ddof=1)) if len(finals) > 1 else np.nan

    @property
    def even(self) -> bool:
        """Whether all seeds have come equally far; else their final returns differ for that."""
        return len({run.steps[-1] for run in self.runs}) == 1

    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """Return steps [N] that all seeds have come to, and their returns there, [seeds, N]."""
        first = max(run.steps[0] for run in self.runs)
        last = min(run.steps[-1] for run in self.runs)
        steps = np.unique(np.concatenate([run.steps for run in self.runs]))
        steps = steps[(steps >= first) & (steps <= last)]
        return steps, np.stack([np.interp(steps, run.steps, run.returns) for run in self.runs])


def read_curves(
    paths: Iterable[Path], labels: Sequence[str] = ()
) -> tuple[list[Curve], list[Path]]:
    """Return the curves of runs, and the runs that have no evaluations yet.

    :param labels: one for each curve, in their order; default: what tells them apart.
    :raises RunFolderError: not runs, not as many labels, or no evaluations at all.
    """
    groups: dict[str, dict[Path, Run]] = {}
    empty = []
    for path in paths:
        for member in _members(path):
            key, run = _read(member)
            if len(run.steps):
                groups.setdefault(key, {})[member.resolve()] = run
            else:
                empty.append(member)
    if not groups:
        raise RunFolderError(f'no evaluations yet in {", ".join(map(str, empty))}')
    curves = [tuple(runs.values()) for runs in groups.values()]
    if labels and len(labels) != len(curves):
        named = [f'{label} ({runs[0].env})' for label, runs in zip(_labels(curves), curves)]
        raise RunFolderError(f'{len(labels)} labels for {len(curves)} curves: {", ".join(named)}')
    return [
        Curve(label, runs[0].env, runs) for label, runs in zip(labels or _labels(curves), curves)
    ], empty


def table(curves: Sequence[Curve]) -> list[str]:
    """Return the final returns as lines of text: each seed, then each curve."""
    rows = []
    for curve in curves:
        name = f'{curve.label}, {curve.env}'
        rows += [
            (name, f'seed {run.seed}', f'{run.final:.2f}', f'{run.steps[-1]:.0f}')
            for run in curve.runs
        ]
        mean, std = curve.final
        spread = '' if np.isnan(std) else f' ± {std:.2f}'
        count = len(curve.runs)
        far = '' if curve.even else 'not equally far'
        rows.append((name, f'{count} seed{"s" * (count > 1)}', f'{mean:.2f}{spread}', far))
    rows = [('curve', 'of', 'final return', 'steps'), *rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        f'final return: mean of the last {FINAL_EVALUATIONS} evaluations of each seed; '
        'then mean ± sample standard deviation over seeds',
        *(
            '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows
        ),
    ]


def _members(path: Path) -> list[Path]:
    """Return the run folders and CSV files that a path stands for."""
    if path.is_file() or RunFolder(path).config_file.exists():
        return [path]
    found = seed_folders(path) or sorted(path.glob('seed_*.csv'))
    if not found:
        reason = 'not a training run' if path.exists() else 'no such file or folder'
        raise RunFolderError(f'{path}: {reason}; legal: {_LEGAL}')
    return found


def _read(path: Path) -> tuple[str, Run]:
    """Return what runs of one curve have in common, and the run."""
    folder = RunFolder(path)
    if path.is_file():
        file, place = path, path.resolve()
        seed, settings = path.stem.removeprefix('seed_'), {}
        env, agent = place.parent.parent.name, place.parent.name
        key = str(place.parent)
    else:
        file, values = folder.evaluations_file, folder.config()
        for name in ('env', 'agent', 'seed'):
            if name not in values:
                raise RunFolderError(f'{folder.config_file}: {name} is missing; {_LEGAL}')
        seed, env, agent = str(values['seed']), values['env'], values['agent']
        settings = flat({k: v for k, v in values.items() if k not in _OF_NO_INFLUENCE})
        key = json.dumps(settings, sort_keys=True)
    rows = read_table(file)
    try:
        steps, returns = (
            np.array([row[name] for row in rows]) for name in ('step', 'return_mean')
        )
    except KeyError as error:
        raise RunFolderError(f'{file}: has no column {error}; legal: {_LEGAL}') from None
    return key, Run(path, seed, env, agent, settings, steps, returns)


def _labels(curves: Sequence[Sequence[Run]]) -> list[str]:
    """Return the agent of each curve, and the settings in which curves of one agent differ."""
    firsts = [runs[0] for runs in curves]
    labels = []
    for run in firsts:
        alike = [each for each in firsts if (each.agent, each.env) == (run.agent, run.env)]
        differing = [
            f'{name.rpartition(".")[2]} {value}'
            for name, value in run.settings.items()
            if any(each.settings.get(name, value) != value for each in alike)
        ]
        labels.append(', '.join([run.agent, *differing]))
    return labels
