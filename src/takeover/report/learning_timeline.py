"""What happened when in a learning session: take-overs, who drove, which version; PNG bytes."""

import math

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator
import numpy as np
from takeover.command import Source
from takeover.report.figures import (
    as_png,
    bars_of,
    HOLD,
    HUMAN,
    INK,
    new_figure,
    POLICY,
    STOP,
    WIDTH_IN,
)
from takeover.report.learning_plots import BEFORE, OUTCOME_COLOURS
from takeover.report.learning_record import (
    LearningEpisode,
    LearningSession,
    stretches,
    version_spans,
)

DRIVERS = {Source.POLICY: POLICY, Source.HUMAN: HUMAN, Source.HOLD: HOLD, Source.NONE: HOLD}
# Versions by age: the newer, the stronger.
AGES = ('#dcc8f5', BEFORE, '#6d2fae')
_AGES = LinearSegmentedColormap.from_list('age', AGES)
ROWS, MOST_COLUMNS, ROW_IN, MOST_HEIGHT_IN = 40, 3, 0.17, 14.0
_SMALL = 7.5
# Shares of the strip from which on a version is set apart, and named.
_SEPARATED, _NAMED = 0.012, 0.1


def takeover_rate(session: LearningSession) -> bytes:
    """Return take-overs per minute and the person's share over the driven time, and versions."""
    figure, (rate, share, strip) = new_figure(
        WIDTH_IN, 3.9, rows=3, sharex=True, gridspec_kw={'height_ratios': (5, 2.6, 0.7)}
    )
    found = stretches(session)
    left = np.array([each.start_s for each in found]) / 60.0
    width = np.array([each.end_s for each in found]) / 60.0 - left
    style = {'align': 'edge', 'edgecolor': 'none'}
    heights = [each.takeovers_per_minute for each in found]
    rate.bar(left + 0.04 * width, heights, 0.92 * width, color=STOP, **style)
    rate.set_ylabel('take-overs a minute')
    rate.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    rate.set_ylim(0.0, max(1.0, 1.12 * max(heights)))
    percent = [100.0 * each.person_share for each in found]
    share.bar(left + 0.04 * width, percent, 0.92 * width, color=HUMAN, **style)
    share.set_ylabel('person, %')
    share.set_ylim(0.0, max(5.0, 1.12 * max(percent)))
    share.yaxis.set_major_locator(MaxNLocator(3))
    _version_strip(strip, session)
    strip.set_xlim(0.0, session.driven_s / 60.0)
    strip.set_xlabel('minutes driven')
    return as_png(figure)


def timeline(session: LearningSession) -> bytes:
    """Return a row for each episode: who drove, the -1 labels, the end, the version below."""
    columns = min(MOST_COLUMNS, -(-len(session.episodes) // ROWS))
    rows = -(-len(session.episodes) // columns)
    height = min(MOST_HEIGHT_IN, 0.6 + ROW_IN * max(rows, 3))
    figure, all_axes = new_figure(WIDTH_IN, height, columns=columns, sharex=True)
    ages = version_colours(session)
    for column, axes in enumerate(np.ravel(all_axes)):
        shown = session.episodes[column * rows : (column + 1) * rows]
        for row, episode in enumerate(shown):
            _drivers(axes, row, episode, session.period_s)
            _version_bars(axes, row, episode, session.period_s, ages)
            _end(axes, row, episode, session.period_s)
        every = max(1, round(rows * ROW_IN / (height - 0.6)))
        labelled = range(0, len(shown), every)
        axes.set_yticks(labelled, [str(shown[row].number) for row in labelled])
        axes.set_ylim(rows - 0.4, -0.6)
        axes.tick_params(axis='y', length=0)
        axes.grid(False, axis='y')
        axes.spines['left'].set_visible(False)
        axes.set_xlabel('s since the episode began')
    longest_s = max(episode.times_s[-1] for episode in session.episodes)
    axes.set_xlim(0.0, (1.03 + 0.01 * columns) * longest_s + session.period_s)
    return as_png(figure)


def version_colours(session: LearningSession) -> dict[str, tuple[float, ...]]:
    """Return a colour for each version that drove or would have; the newer, the stronger."""
    versions = list(dict.fromkeys(v for _, _, v in version_spans(session)))
    return {
        version: _AGES(index / max(1, len(versions) - 1)) for index, version in enumerate(versions)
    }


def _version_strip(axes: Axes, session: LearningSession) -> None:
    """Draw which version drove when; a name where there is room, a star on the deployed one."""
    ages = version_colours(session)
    deployed = {found.evidence.version for found in session.versions if found.deployed}
    for start_s, end_s, version in version_spans(session):
        start, length = start_s / 60.0, (end_s - start_s) / 60.0
        axes.barh(0, length, left=start, height=1.0, color=ages[version], edgecolor='none')
        if end_s - start_s > _SEPARATED * session.driven_s:
            axes.axvline(start, color='white', linewidth=0.8)
        name = f'{"★ " if version in deployed else ""}{version[:6]}'
        if end_s - start_s < _NAMED * session.driven_s:
            name = '★' if version in deployed else ''
        axes.annotate(
            name,
            (start + 0.5 * length, 1.0),
            xycoords=('data', 'axes fraction'),
            xytext=(0, 1.5),
            textcoords='offset points',
            ha='center',
            va='bottom',
            color=INK,
            fontsize=_SMALL,
        )
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([0], ['version'])
    axes.tick_params(axis='y', length=0)
    axes.grid(False)
    axes.spines['left'].set_visible(False)


def _drivers(axes: Axes, row: int, episode: LearningEpisode, period_s: float) -> None:
    """Draw who drove; a missing step leaves a hole, a negative reward a mark."""
    bars, sources = bars_of(episode.times_s, episode.sources, period_s)
    colours = [DRIVERS.get(Source(int(source)), HOLD) for source in sources]
    axes.broken_barh(bars, (row - 0.38, 0.5), facecolors=colours, linewidth=0)
    penalised = episode.times_s[episode.rewards < 0.0]
    axes.vlines(penalised, row - 0.46, row + 0.4, color=STOP, linewidth=1.7, zorder=3)


def _version_bars(
    axes: Axes,
    row: int,
    episode: LearningEpisode,
    period_s: float,
    ages: dict[str, tuple[float, ...]],
) -> None:
    """Draw below the row which version drove, or would have."""
    bars, versions = bars_of(episode.times_s, np.array(episode.versions), period_s, math.inf)
    colours = [ages[str(version)] for version in versions]
    axes.broken_barh(bars, (row + 0.16, 0.2), facecolors=colours, linewidth=0)


def _end(axes: Axes, row: int, episode: LearningEpisode, period_s: float) -> None:
    """Mark how the episode ended, behind its bar."""
    axes.plot(
        [episode.times_s[-1] + period_s],
        [row - 0.05],
        marker={'goal': 'o', 'collision': 'X', 'off_path': 'X'}.get(episode.outcome, 's'),
        markersize=4.5,
        color=OUTCOME_COLOURS.get(episode.outcome, HOLD),
        markeredgecolor='white',
        markeredgewidth=0.3,
        zorder=4,
        clip_on=False,
    )
