"""The plots of a learning session, as PNG bytes; see `figures` for their look."""

from matplotlib.ticker import FuncFormatter, MaxNLocator
import numpy as np
from takeover.report.figures import (
    as_png,
    GOAL,
    HOLD,
    INK,
    new_figure,
    PATH_WIDTH_IN,
    POLICY,
    show_area,
    SLOWING,
    STOP,
    WIDTH_IN,
)
from takeover.report.learning_evaluation import DrivenCourse, EvaluatedPolicy
from takeover.report.learning_record import LearningSession, mean_of_last
from takeover.report.plots import draw_course, view_of
from takeover.report.record import EpisodeRecord

# Before and after, in all that compares them.
BEFORE, AFTER = '#a463d6', POLICY
OUTCOME_COLOURS = {
    'goal': GOAL,
    'collision': STOP,
    'off_path': STOP,
    'time_limit': SLOWING,
    'aborted': SLOWING,
    'running': HOLD,
}
LAST_EPISODES = 10
# Room around a track for the mark at its end, as a share of the room around the path.
MARK_SHARE = 0.25
CURVES = {
    'q': 'value of what was done (q)',
    'sigma': 'its standard deviation (sigma)',
    'alpha': 'temperature (alpha)',
    'updates': 'updates',
}


def returns(session: LearningSession) -> bytes:
    """Return the sum of rewards of each episode above how many of the last ones succeeded."""
    figure, (total, success) = new_figure(
        WIDTH_IN, 3.2, rows=2, sharex=True, gridspec_kw={'height_ratios': (3, 2)}
    )
    numbers = np.array([episode.number for episode in session.episodes])
    sums = np.array([episode.rewards.sum() for episode in session.episodes])
    colours = [OUTCOME_COLOURS.get(episode.outcome, HOLD) for episode in session.episodes]
    line = {'color': INK, 'linewidth': 1.5, 'zorder': 2}
    total.plot(numbers, mean_of_last(sums, LAST_EPISODES), **line)
    total.scatter(numbers, sums, s=22, color=colours, zorder=3, linewidths=0)
    total.set_ylabel('sum of rewards')
    total.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    total.margins(y=0.12)
    reached = np.array([float(episode.outcome == 'goal') for episode in session.episodes])
    success.plot(numbers, 100.0 * mean_of_last(reached, LAST_EPISODES), **line)
    success.scatter(numbers, 100.0 * reached, s=22, color=colours, zorder=3, linewidths=0)
    success.set_ylim(-12.0, 112.0)
    success.set_yticks([0, 50, 100])
    success.set_ylabel('at the goal, %')
    success.set_xlabel('episode')
    success.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    success.set_xlim(numbers[0] - 0.7, numbers[-1] + 0.7)
    figure.align_ylabels()
    return as_png(figure)


def evaluated_course(policy: EvaluatedPolicy, driven: dict[str, DrivenCourse]) -> bytes:
    """Return the paths of one course over corridor and obstacles, a colour for each.

    :param policy: whose corridor it is.
    :param driven: colour → the course as driven.
    """
    first = next(iter(driven.values()))
    record = EpisodeRecord(
        number=first.seed,
        seed=first.seed,
        path=np.array(first.path).reshape(-1, 2),
        obstacles=np.array(first.obstacles).reshape(-1, 3),
    )
    figure, axes = new_figure(PATH_WIDTH_IN, 3.0)
    draw_course(axes, record, policy.corridor_half_width_m, policy.goal_tolerance_m)
    low, high = view_of(record, policy.corridor_half_width_m, policy.margin_m)
    for order, (colour, course) in enumerate(driven.items()):
        track = np.array(course.track).reshape(-1, 2)
        if not len(track):
            continue
        low, high = np.minimum(low, track.min(axis=0)), np.maximum(high, track.max(axis=0))
        axes.plot(*track.T, color=colour, linewidth=2.6, zorder=3 + order, alpha=0.9)
        axes.plot(
            *track[-1],
            'o' if course.reached else 'X',
            markersize=7 if course.reached else 10,
            color=colour if course.reached else STOP,
            markeredgecolor=colour if not course.reached else 'white',
            markeredgewidth=1.4,
            zorder=6 + order,
        )
    show_area(figure, axes, low, high)
    if any(policy.axes):
        axes.set_xlabel(policy.axes[0])
        axes.set_ylabel(policy.axes[1])
    return as_png(figure)


def has_curve(session: LearningSession, name: str) -> bool:
    """Return whether there is anything to plot of a column."""
    return bool(np.isfinite(session.curves.get(name, np.nan)).any())


def curves(session: LearningSession) -> bytes:
    """Return what the learner told of itself, over the steps it had taken."""
    shown = [name for name in CURVES if has_curve(session, name)]
    columns = min(2, len(shown))
    rows = -(-len(shown) // 2)
    figure, all_axes = new_figure(
        WIDTH_IN, 0.4 + 1.6 * rows, rows=rows, columns=columns, sharex=True
    )
    for name, axes in zip(shown, np.ravel(all_axes)):
        steps, values = session.curves['step'], session.curves[name]
        axes.plot(steps, values, color=POLICY, linewidth=1.5, marker=_marker(values), markersize=4)
        axes.set_title(CURVES[name], color=INK, fontsize=8.5, loc='left')
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(FuncFormatter(_short))
    for axes in np.ravel(all_axes)[len(shown) :]:
        axes.set_visible(False)
    for axes in np.ravel(all_axes)[-columns:]:
        axes.set_xlabel('steps learned from')
        axes.xaxis.set_major_formatter(FuncFormatter(_short))
    return as_png(figure)


def _marker(values: np.ndarray) -> str:
    """Return a mark for curves of so few values that a line alone shows none."""
    return 'o' if np.isfinite(values).sum() < 3 else ''


def _short(value: float, _: object = None) -> str:
    """Return a number for an axis: 12k rather than 12000."""
    return f'{value / 1000.0:g}k' if abs(value) >= 1000.0 else f'{value:g}'
