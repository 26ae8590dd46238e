"""`takeover plot`: the learning curves of training runs, as one picture and a table."""

from pathlib import Path
import sys
from typing import Annotated, TYPE_CHECKING

from takeover.errors import TakeoverError
import tyro

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from takeover.training.curves import Curve

PICTURE = 'curves.png'
WIDTH_IN, HEIGHT_IN, PANEL_IN = 7.2, 4.0, 5.6


def command(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path | None = None,
    labels: tuple[str, ...] = (),
) -> None:
    """Draw the learning curves of training runs and print their final returns.

    Runs that differ only in their seed make one curve: their mean, a band from the lowest to the
    highest seed, and a thin line for each. Every environment has a panel of its own. The final
    return is the mean of the last 4 evaluations of a seed, then mean and deviation over seeds.

    Args:
        runs: Folders of runs, folders of seed_* runs or of seed_*.csv files, or such files.
        out: The picture; its ending says the format; default: curves.png in the run's folder,
            for several runs in the current one.
        labels: A name for each curve, in their order.
    """
    if not runs:
        raise TakeoverError('no RUN given; legal: `takeover plot RUN ...`, a folder of a run')
    from takeover.training.curves import read_curves, table

    curves, empty = read_curves(runs, labels)
    for path in empty:
        print(f'takeover: {path}: no evaluations yet; left out', file=sys.stderr)
    print('\n'.join(table(curves)))
    print(f'picture: {draw(curves, default_out(runs) if out is None else out)}')


def default_out(runs: tuple[Path, ...]) -> Path:
    """Return where the picture of runs goes when nobody says."""
    if len(runs) > 1:
        return Path(PICTURE)
    return (runs[0] if runs[0].is_dir() else runs[0].parent) / PICTURE


def draw(curves: 'list[Curve]', out: Path) -> Path:
    """Write the picture, a panel for each environment; return its path.

    :raises TakeoverError: it cannot be written.
    """
    from takeover.report.figures import (
        GOAL,
        HUMAN,
        new_figure,
        OBSTACLE,
        POLICY,
        SLOWING,
        STOP,
    )

    names = list(dict.fromkeys(curve.env for curve in curves))
    palette = (POLICY, HUMAN, GOAL, '#a463d6', STOP, SLOWING, OBSTACLE)
    labels = dict.fromkeys(curve.label for curve in curves)
    # One colour for a label, in whichever panel; after the last colour the first again.
    colours = {label: palette[i % len(palette)] for i, label in enumerate(labels)}
    width = WIDTH_IN if len(names) == 1 else PANEL_IN * len(names)
    figure, panels = new_figure(width, HEIGHT_IN, columns=len(names), squeeze=False)
    for axes, name in zip(panels[0], names):
        for curve in curves:
            if curve.env == name:
                draw_curve(axes, curve, colours[curve.label])
        name_all(axes, name)
    try:
        figure.savefig(out, transparent=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TakeoverError(f'{out}: cannot be written: {reason}') from None
    return out


def draw_curve(axes: 'Axes', curve: 'Curve', colour: str) -> None:
    """Draw the mean of a curve, and for several seeds the band and each of them."""
    count = len(curve.runs)
    mean, std = curve.final
    words = f'{curve.label}: {number(mean)} (1 seed)'
    steps, returns = curve.band()
    if count > 1:
        words = f'{curve.label}: {number(mean)} ± {number(std)} ({count} seeds)'
        if not curve.even:
            words = words.replace(' seeds)', ' seeds, not equally far)')
        axes.fill_between(
            steps, returns.min(axis=0), returns.max(axis=0), color=colour, alpha=0.16, linewidth=0
        )
        for run in curve.runs:
            axes.plot(run.steps, run.returns, color=colour, linewidth=0.7, alpha=0.45)
    # A dot where a line would not be seen: one evaluation.
    marker = 'o' if len(steps) == 1 else None
    axes.plot(steps, returns.mean(axis=0), marker=marker, color=colour, linewidth=2.0, label=words)


def name_all(axes: 'Axes', env: str) -> None:
    """Name axes, lines and band."""
    from matplotlib.ticker import EngFormatter
    from takeover.report.figures import INK

    axes.set_title(f'{env}: mean over seeds, band from lowest to highest', color=INK, fontsize=9)
    axes.set_xlabel('environment steps')
    axes.set_ylabel('return of an evaluation')
    axes.set_xlim(left=0.0)
    axes.xaxis.set_major_formatter(EngFormatter(sep=''))
    legend = axes.legend(
        title='final return',
        frameon=False,
        labelcolor=INK,
        fontsize=8,
        title_fontsize=8,
        alignment='left',
    )
    legend.get_title().set_color(INK)


def number(value: float) -> str:
    """Return a return with as many digits as can be read in a legend."""
    return f'{value:.0f}' if abs(value) >= 100.0 else f'{value:.3g}'
