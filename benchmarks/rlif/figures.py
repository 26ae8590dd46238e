"""Success and take-overs over the steps of a run, experiments on one task side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.rlif.claims import median_of, SeedResult
from benchmarks.rlif.experiment import EXPERIMENTS
from benchmarks.rlif.results import FinishedRun
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MultipleLocator
import numpy as np
from takeover.report.figures import GOAL, HUMAN, INK, new_figure, POLICY, STOP

PANEL_IN, HEIGHT_IN = 5.2, 4.0
BIN_STEPS = 2000

Runs = Mapping[str, Sequence[FinishedRun]]


def draw_success(runs: Runs, expert: float | None, out: Path) -> None:
    """Draw how often the newest and the trusted policies finish alone: each seed, and the median.

    :param expert: success of the expert on the same courses, percent; None: not known.
    """
    figure, panels = _panels(runs, 'success alone, %')
    for axes, (name, found) in zip(panels, runs.items()):
        results = [run.result for run in found]
        _levels(axes, results, expert)
        for policy, colour in (('newest', POLICY), ('trusted', GOAL)):
            _curves(axes, results, policy, colour)
        last = max(max(each.trusted) for each in results)
        axes.plot(
            [last] * len(results),
            [each.policies['deployed'] for each in results],
            'o',
            markersize=4.5,
            color=GOAL,
            markeredgecolor='white',
            markeredgewidth=0.8,
            clip_on=False,
            zorder=5,
        )
        _name(axes, name, len(results))
        axes.set_ylim(0.0, 100.0)
        axes.legend(
            frameon=False,
            labelcolor=INK,
            fontsize=7.5,
            loc='center right',
            bbox_to_anchor=(1.0, 0.42),
        )
    figure.savefig(out, transparent=True)


def draw_takeovers(runs: Runs, out: Path) -> None:
    """Draw how often a person took over while the policies learned: each seed, and the median."""
    figure, panels = _panels(runs, 'take-overs per 1000 steps')
    for axes, (name, found) in zip(panels, runs.items()):
        rates = np.array([takeover_rates(run) for run in found])
        middle = BIN_STEPS * (np.arange(rates.shape[1]) + 0.5)
        for row in rates:
            axes.plot(middle, row, color=HUMAN, linewidth=0.8, alpha=0.5)
        axes.plot(middle, np.median(rates, axis=0), color=HUMAN, linewidth=2.2, label='median')
        _name(axes, name, len(found))
        axes.set_xlim(0.0, BIN_STEPS * rates.shape[1])
        axes.set_ylim(bottom=0.0)
    figure.savefig(out, transparent=True)


def takeover_rates(run: FinishedRun) -> list[float]:
    """Return the take-overs per 1000 steps in each bin of BIN_STEPS.

    An episode belongs to the bin in which it ended.
    """
    bins = -(-run.about['config']['steps'] // BIN_STEPS)
    counts, steps = np.zeros(bins), np.zeros(bins)
    for row in run.episodes:
        index = min((int(row['steps']) - 1) // BIN_STEPS, bins - 1)
        counts[index] += int(row['takeovers'])
        steps[index] += int(row['length'])
    return (1000.0 * counts / np.maximum(steps, 1.0)).tolist()


def _levels(axes: Axes, results: Sequence[SeedResult], expert: float | None) -> None:
    """Draw the medians that do not change over the steps."""
    levels = [('HG-DAgger', median_of(results, 'hg_dagger'), HUMAN, (0, (5, 3)))]
    levels.append(('converged start', median_of(results, 'start'), INK, (0, (5, 3))))
    if expert is not None:
        levels.append(('expert', expert, STOP, (0, (1, 2))))
    for label, value, colour, dashes in levels:
        axes.axhline(
            value,
            color=colour,
            linewidth=1.3,
            linestyle=dashes,
            label=f'{label}: {value:.0f} %',
        )


def _curves(axes: Axes, results: Sequence[SeedResult], name: str, colour: str) -> None:
    """Draw one kind of policy: each seed thin, the median thick; all begin at their start."""
    curves = []
    for each in results:
        curve = {0: each.policies['start'], **getattr(each, name)}
        steps = sorted(curve)
        curves.append([curve[step] for step in steps])
        axes.plot(steps, curves[-1], color=colour, linewidth=0.8, alpha=0.45)
    middle = [median(values) for values in zip(*curves)]
    axes.plot(steps, middle, color=colour, linewidth=2.2, label=f'{name}: {middle[-1]:.0f} %')


def _panels(runs: Runs, label: str) -> tuple[Figure, Sequence[Axes]]:
    width_in = PANEL_IN * len(runs)
    figure, panels = new_figure(width_in, HEIGHT_IN, columns=len(runs), squeeze=False, sharey=True)
    panels[0, 0].set_ylabel(label)
    return figure, panels[0]


def _name(axes: Axes, name: str, seeds: int) -> None:
    """Name axes after an experiment, and set their ticks."""
    experiment = EXPERIMENTS[name]
    axes.set_title(f'{experiment.title}: {seeds} seeds and their median', color=INK, fontsize=9)
    axes.set_xlabel('steps of corrected driving')
    axes.set_xlim(0.0)
    axes.xaxis.set_major_locator(MultipleLocator(experiment.mark_steps))
    axes.xaxis.set_major_formatter(EngFormatter(sep=''))
