"""What all figures have in common: colours, sizes, the dress of axes, and how they become PNG.

Ink is a middle grey and colours are of middle lightness, so that the same picture reads on a light
and on a dark page. Matplotlib is used without its global state: figures are made and dropped.
"""

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

INK = '#808894'
FAINT = '#80889455'
POLICY, HUMAN, HOLD, STOP, GOAL = '#3b82f6', '#f08c2e', '#8b93a1', '#e5484d', '#2fa36b'
SLOWING = '#d6a514'
OBSTACLE = '#b4576a'
DPI = 130
WIDTH_IN = 7.2
PATH_WIDTH_IN = 5.0
# Steps farther apart than this many periods do not follow each other.
GAP_PERIODS = 1.5


def new_figure(
    width_in: float,
    height_in: float,
    ink: str = INK,
    rows: int = 1,
    columns: int = 1,
    **options: object,
) -> tuple[Figure, object]:
    """Return a figure and its axes, dressed alike; options are those of `Figure.subplots`."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, **options)
    for each in np.ravel(axes):
        each.set_facecolor('none')
        each.tick_params(colors=ink, labelsize=8, length=3)
        each.xaxis.label.set(color=ink, fontsize=8)
        each.yaxis.label.set(color=ink, fontsize=8)
        each.grid(True, color=ink, alpha=0.18, linewidth=0.6)
        each.set_axisbelow(True)
        for side, spine in each.spines.items():
            spine.set(color=ink, alpha=0.5, visible=side in ('left', 'bottom'))
    return figure, axes


def show_area(figure: Figure, axes: Axes, low: np.ndarray, high: np.ndarray) -> None:
    """Show what lies between two corners, metres, x and y to the same scale."""
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect('equal')
    axes.set_xlabel('x, m')
    axes.set_ylabel('y, m')
    span = high - low
    figure.set_size_inches(PATH_WIDTH_IN, 0.5 + (PATH_WIDTH_IN - 0.6) * float(span[1] / span[0]))


def bars_of(
    times_s: np.ndarray, values: np.ndarray, period_s: float, gap_periods: float = GAP_PERIODS
) -> tuple[list[tuple[float, float]], np.ndarray]:
    """Return (start, length) of each stretch of steps of one value without a gap, and the values.

    :param times_s: of the steps, at least one; a step lasts for `period_s`.
    :param gap_periods: from where on it is a gap; infinite: nothing is.
    """
    breaks = (values[1:] != values[:-1]) | (np.diff(times_s) > gap_periods * period_s)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    ends = np.concatenate([np.flatnonzero(breaks), [len(times_s) - 1]])
    bars = [(times_s[a], times_s[b] - times_s[a] + period_s) for a, b in zip(starts, ends)]
    return bars, values[starts]


def as_png(figure: Figure) -> bytes:
    """Return a figure as PNG with a transparent background."""
    stream = io.BytesIO()
    figure.savefig(stream, format='png', transparent=True)
    return stream.getvalue()
