"""The picture of `takeover log export`: a line for each episode, coloured by who drove."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
import numpy as np
from takeover.command import Source
from takeover.data.log_summary import EpisodeSummary, LogSummary, usual_period_s
from takeover.errors import TakeoverError
from takeover.report.figures import (
    bars_of,
    DPI,
    GOAL,
    HOLD,
    HUMAN,
    INK,
    POLICY,
    SLOWING,
    STOP,
    WIDTH_IN,
)

COLOURS = {Source.POLICY: POLICY, Source.HUMAN: HUMAN, Source.HOLD: HOLD, Source.NONE: HOLD}
NAMES = {'policy drove': POLICY, 'person drove': HUMAN, 'nobody (hold)': HOLD}
ENDS = {'goal': GOAL, 'collision': STOP, 'off_path': STOP, 'time_limit': SLOWING}
# A line is as high as it can be read; a picture is never higher than a page of many.
LINE_IN, THIN_LINE_IN, MOST_HEIGHT_IN = 0.22, 0.05, 40.0
LABELLED = 60


def draw(summaries: list[LogSummary], out: Path) -> bool:
    """Write the picture; False when there is no episode to draw.

    :raises TakeoverError: it cannot be written.
    """
    episodes = [episode for summary in summaries for episode in summary.driven_episodes]
    if not episodes:
        return False
    many = len(episodes) > LABELLED
    height = min(1.3 + len(episodes) * (THIN_LINE_IN if many else LINE_IN), MOST_HEIGHT_IN)
    figure = Figure(figsize=(WIDTH_IN, height), dpi=DPI, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    period_s = usual_period_s(episodes)
    for row, episode in enumerate(episodes):
        _bars(axes, row, episode, period_s)
        _labels(axes, row, episode)
        _end(axes, row, episode, period_s, many)
    _separate(axes, summaries)
    _dress(axes, episodes, many)
    _legend(figure, episodes)
    try:
        figure.savefig(out, transparent=True)
    except (OSError, ValueError) as error:
        raise TakeoverError(f'{out}: cannot be written: {error}') from None
    return True


def _bars(axes: Axes, row: int, episode: EpisodeSummary, period_s: float) -> None:
    """Draw a bar for each stretch without a change of driver and without a gap."""
    sources = np.array([int(step.source) for step in episode.steps])
    bars, drivers = bars_of(episode.times_s, sources, period_s)
    axes.broken_barh(
        bars,
        (row - 0.36, 0.72),
        facecolors=[COLOURS[Source(int(driver))] for driver in drivers],
        alpha=0.3 if episode.undone else 1.0,
        linewidth=0,
    )


def _labels(axes: Axes, row: int, episode: EpisodeSummary) -> None:
    """Mark the steps with a negative reward."""
    times = [t for t, step in zip(episode.times_s, episode.steps) if step.reward < 0.0]
    axes.vlines(times, row - 0.46, row + 0.46, color=STOP, linewidth=1.6, zorder=3)


def _end(axes: Axes, row: int, episode: EpisodeSummary, period_s: float, many: bool) -> None:
    """Say how the episode ended, behind its bar."""
    colour = ENDS.get(episode.outcome, INK)
    end_s = episode.times_s[-1] + period_s
    if many:
        axes.plot([end_s], [row], marker='s', markersize=2.2, color=colour, zorder=3)
        return
    words = 'taken back' if episode.undone else episode.outcome.replace('_', ' ')
    axes.annotate(
        'not ended' if words == 'running' else words,
        (end_s, row),
        xytext=(4, 0),
        textcoords='offset points',
        va='center',
        color=INK if episode.undone else colour,
        fontsize=7,
    )


def _separate(axes: Axes, summaries: list[LogSummary]) -> None:
    """Draw a line between the episodes of two files."""
    row = 0
    for summary in summaries[:-1]:
        row += len(summary.driven_episodes)
        axes.axhline(row - 0.5, color=INK, alpha=0.5, linewidth=0.6, linestyle=':')


def _dress(axes: Axes, episodes: list[EpisodeSummary], many: bool) -> None:
    """Name the axes; the first episode is at the top."""
    longest_s = max(episode.times_s[-1] for episode in episodes)
    axes.set_facecolor('none')
    axes.set_ylim(len(episodes) - 0.4, -0.6)
    # Room for the words behind the bars.
    axes.set_xlim(0.0, max(longest_s, 1e-3) * (1.04 if many else 1.14))
    axes.set_xlabel('time since the first step of the episode, s', color=INK, fontsize=8)
    axes.set_ylabel('episode', color=INK, fontsize=8)
    step = max(1, round(len(episodes) / 30)) if many else 1
    rows = range(0, len(episodes), step)
    axes.set_yticks(list(rows), [str(episodes[row].number) for row in rows])
    axes.tick_params(colors=INK, labelsize=7, length=2)
    axes.grid(True, axis='x', color=INK, alpha=0.18, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(color=INK, alpha=0.5, visible=side == 'bottom')


def _legend(figure: Figure, episodes: list[EpisodeSummary]) -> None:
    """Explain the colours, the marks and, where they are squares, the ends."""
    used = {COLOURS[step.source] for episode in episodes for step in episode.steps}
    shown = [Patch(color=colour, label=name) for name, colour in NAMES.items() if colour in used]
    shown.append(Line2D([], [], color=STOP, linewidth=1.6, label='penalised step'))
    if len(episodes) > LABELLED:
        shown += [
            Line2D([], [], color=colour, marker='s', markersize=3, linestyle='', label=name)
            for name, colour in (('goal', GOAL), ('failed', STOP), ('cut off', SLOWING))
        ]
    figure.legend(
        handles=shown,
        loc='outside upper left',
        ncols=4 if len(episodes) <= LABELLED else 7,
        frameon=False,
        labelcolor=INK,
        fontsize=7,
        columnspacing=1.2,
    )
