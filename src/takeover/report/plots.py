"""The plots of a report, as PNG bytes with a transparent background; look: `figures`."""

from collections.abc import Iterable
import io

from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
import numpy as np
from takeover.metrics import HOPS
from takeover.report.figures import (
    as_png,
    FAINT,
    GOAL,
    HOLD,
    HUMAN,
    INK,
    new_figure,
    OBSTACLE,
    PATH_WIDTH_IN,
    POLICY,
    show_area,
    SLOWING,
    STOP,
    WIDTH_IN,
)
from takeover.report.record import EpisodeRecord, GATE_STATES, MODES, RunRecord

# Who drives gives the hue; faster is stronger.
RAMPS = {
    'autonomous': LinearSegmentedColormap.from_list('policy', ['#a9c7fb', POLICY, '#1d4fc4']),
    'human': LinearSegmentedColormap.from_list('human', ['#f8cfa4', HUMAN, '#c05f0a']),
    'handover': LinearSegmentedColormap.from_list('handover', ['#d9b8f0', '#a463d6', '#7a35b0']),
    'hold': LinearSegmentedColormap.from_list('hold', [HOLD, HOLD]),
    'estopped': LinearSegmentedColormap.from_list('estopped', [STOP, STOP]),
}
GATE_COLOURS = {
    'standby': FAINT,
    'forwarding': GOAL,
    'stopping': SLOWING,
    'stopped': HOLD,
    'estopped': STOP,
}
MODE_COLOURS = {
    'hold': HOLD,
    'autonomous': POLICY,
    'human': HUMAN,
    'handover': '#a463d6',
    'estopped': STOP,
}
FULL_SPEED_M_S = 0.6
# Around what a plot of a course shows; above and below this share of it.
MARGIN_M, MARGIN_SHARE = 0.4, 0.375


def driven_path(
    episode: EpisodeRecord, half_width_m: float, goal_tolerance_m: float, ink: str = INK
) -> bytes:
    """Return the true track over corridor, path and obstacles, x and y to the same scale."""
    figure, axes = new_figure(PATH_WIDTH_IN, 3.0, ink)
    draw_course(axes, episode, half_width_m, goal_tolerance_m, ink)
    draw_track(axes, episode)
    show_area(figure, axes, *view_of(episode, half_width_m))
    return as_png(figure)


def draw_course(
    axes: object,
    episode: EpisodeRecord,
    half_width_m: float,
    goal_tolerance_m: float,
    ink: str = INK,
) -> None:
    """Draw corridor, path, goal line and obstacles."""
    path = episode.path
    if len(path) >= 2:
        left, right = (_offset(path, side * half_width_m) for side in (1.0, -1.0))
        axes.add_patch(
            Polygon(
                np.vstack([left, right[::-1]]),
                closed=True,
                facecolor=ink,
                alpha=0.10,
                edgecolor='none',
            )
        )
        for edge in (left, right):
            axes.plot(*edge.T, color=ink, linewidth=0.8, alpha=0.5)
        axes.plot(*path.T, color=ink, linewidth=1.3, linestyle=(0, (5, 4)))
        goal = _index_before_end(path, goal_tolerance_m)
        axes.plot(*np.array([left[goal], right[goal]]).T, color=GOAL, linewidth=3.0, alpha=0.8)
    for x, y, radius in episode.obstacles:
        axes.add_patch(Circle((x, y), radius, facecolor=OBSTACLE, edgecolor='none', alpha=0.75))


def draw_track(axes: object, episode: EpisodeRecord, width: float = 3.0) -> None:
    """Draw where the robot really was, coloured by who drove and how fast."""
    track = episode.track
    if len(track) < 2:
        return
    points = track[:, 1:3]
    segments = np.stack([points[:-1], points[1:]], axis=1)
    axes.add_collection(
        LineCollection(segments, colors=_colours(track)[1:], linewidths=width, capstyle='round')
    )
    axes.plot(
        *points[0],
        'o',
        markersize=6,
        color='white',
        markeredgecolor=POLICY,
        markeredgewidth=2.2,
        zorder=5,
    )
    end = {'goal': GOAL, 'running': POLICY}.get(episode.outcome, STOP)
    axes.plot(
        *points[-1],
        'o' if episode.outcome == 'goal' else 'X',
        markersize=8.5,
        color=end,
        markeredgecolor='white',
        markeredgewidth=1.2,
        zorder=6,
    )


def timeline(run: RunRecord) -> bytes:
    """Return speed over time above bands of who drove and of the gate's state."""
    figure, (speed, bands) = new_figure(
        WIDTH_IN, 3.0, rows=2, gridspec_kw={'height_ratios': (5, 1.5), 'hspace': 0.1}, sharex=True
    )
    for episode in run.episodes:
        track = episode.track
        if not len(track):
            continue
        speed.plot(track[:, 0], track[:, 4], color=HUMAN, linewidth=1.1)
        speed.plot(track[:, 0], track[:, 3], color=POLICY, linewidth=1.3)
        colour = GOAL if episode.outcome == 'goal' else STOP
        speed.axvspan(track[0, 0], track[-1, 0], color=colour, alpha=0.08, linewidth=0)
        speed.annotate(
            str(episode.number),
            (0.5 * (track[0, 0] + track[-1, 0]), 0.02),
            xycoords=('data', 'axes fraction'),
            ha='center',
            color=INK,
            fontsize=8,
        )
    speed.set_ylabel('m/s')
    speed.set_ylim(bottom=min(0.0, speed.get_ylim()[0]))
    speed.legend(
        [Line2D([], [], color=POLICY), Line2D([], [], color=HUMAN)],
        ['true speed', 'commanded'],
        loc='lower right',
        ncols=2,
        frameon=False,
        labelcolor=INK,
        fontsize=8,
        bbox_to_anchor=(1.0, 1.0),
    )
    for row, (kind, colours) in enumerate((('gate', GATE_COLOURS), ('mode', MODE_COLOURS))):
        for start, end, state in spans(run, kind):
            bands.barh(row, end - start, left=start, height=0.62, color=colours[state])
    bands.set_yticks([0, 1], ['gate', 'mode'])
    # The start of the nodes, before anything is heard, is left out.
    first_s = min((event.time_s for event in run.events), default=0.0)
    bands.set_xlim(max(0.0, first_s - 1.0), max(run.duration_s, first_s + 1.0))
    bands.set_xlabel('s')
    bands.grid(False)
    bands.tick_params(axis='y', length=0)
    return as_png(figure)


def jitter_histogram(run: RunRecord) -> bytes:
    """Return how far the policy's tick was from its nominal period, counts on a log scale."""
    figure, axes = new_figure(0.5 * WIDTH_IN, 2.6)
    deviations = run.tick_deviations_ms
    reach = max(1.0, float(np.abs(deviations).max()) * 1.05) if len(deviations) else 1.0
    axes.hist(deviations, bins=np.linspace(-reach, reach, 61), color=POLICY)
    axes.set_yscale('log')
    axes.set_ylim(bottom=0.7)
    axes.set_xlabel(f'deviation from {1e3 * run.tick_period_s:.0f} ms, ms')
    axes.set_ylabel('ticks')
    return as_png(figure)


def hop_latency(run: RunRecord) -> bytes:
    """Return the share of commands that took longer than a time, per hop, both on log scales."""
    figure, axes = new_figure(0.5 * WIDTH_IN, 2.6)
    colours = ('#a463d6', HUMAN, GOAL, POLICY)
    for hop, colour in zip(HOPS, colours, strict=True):
        samples = np.sort(run.hop_samples_ms.get(hop, np.zeros(0)))
        if not len(samples):
            continue
        share = 1.0 - np.arange(len(samples)) / len(samples)
        axes.plot(
            np.maximum(samples, 1e-2),
            share,
            color=colour,
            label=hop.replace('_to_', ' → '),
            linewidth=2.2 if hop == 'tick_to_gate' else 1.4,
        )
    axes.set_xscale('log')
    axes.set_yscale('log')
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter('{x:g}')
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f'{100.0 * share:g} %'))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel('ms')
    axes.set_ylabel('slower than this')
    if axes.lines:
        axes.legend(frameon=False, labelcolor=INK, fontsize=7.5, loc='lower left')
    return as_png(figure)


def picture(pixels: np.ndarray) -> bytes:
    """Return a camera frame, uint8 [height, width, 3], as PNG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, 'png', optimize=True)
    return stream.getvalue()


def spans(run: RunRecord, kind: str) -> Iterable[tuple[float, float, str]]:
    """Return (start, end, state) of every state of 'gate' or 'mode', in seconds of the run."""
    events = [event for event in run.events if event.kind == kind]
    known = GATE_STATES if kind == 'gate' else MODES
    for event, following in zip(events, [*events[1:], None]):
        end_s = following.time_s if following else run.duration_s
        if event.state in known and end_s > event.time_s:
            yield event.time_s, end_s, event.state


def _colours(track: np.ndarray) -> np.ndarray:
    scale = Normalize(0.0, FULL_SPEED_M_S, clip=True)
    return np.array(
        [RAMPS[MODES[int(mode)]](scale(abs(speed))) for speed, mode in track[:, (3, 5)]]
    )


def view_of(
    episode: EpisodeRecord, half_width_m: float, margin_m: float = MARGIN_M
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower left and the upper right corner of what a plot of the episode shows."""
    places = [episode.path, episode.track[:, 1:3], episode.obstacles[:, :2]]
    points = np.vstack([*places, np.zeros((1, 2))])
    margin = np.array([margin_m, half_width_m + MARGIN_SHARE * margin_m])
    return points.min(axis=0) - margin, points.max(axis=0) + margin


def _offset(path: np.ndarray, distance_m: float) -> np.ndarray:
    direction = np.gradient(path, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    return path + distance_m * np.stack([-direction[:, 1], direction[:, 0]], axis=1)


def _index_before_end(path: np.ndarray, distance_m: float) -> int:
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    return int(np.searchsorted(arc, arc[-1] - distance_m).clip(0, len(path) - 1))
