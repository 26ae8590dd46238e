"""report.html: one file that holds a whole run, plots and pictures inside.

`write_report` also saves the data the page was made from; `python -m takeover.report.page FOLDER`
makes the page again from it.
"""

from pathlib import Path
import sys
from typing import Any

import numpy as np
from takeover.metrics import HOPS
from takeover.report.html import image, OUTCOMES, render, write_page
from takeover.report.record import EpisodeRecord, load_run, RunRecord, save_run

TEMPLATE = 'page.html'
SHOWN_EPISODES = 12
SHOWN_EVENTS = 200


def write_report(run: RunRecord, directory: str | Path) -> Path:
    """Write run.json, run.npz and report.html of `run` into `directory`.

    :return: the path of report.html.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    save_run(run, directory)
    return write_page(directory, render_page(run))


def render_page(run: RunRecord) -> str:
    """Return the report of `run` as HTML."""
    return render(TEMPLATE, _context(run))


def _context(run: RunRecord) -> dict[str, Any]:
    from takeover.report import plots

    shown = run.episodes[-SHOWN_EPISODES:]
    driven = [
        image(plots.driven_path(e, run.corridor_half_width_m, run.goal_tolerance_m))
        if len(e.path) or len(e.track)
        else ''
        for e in shown
    ]
    return {
        'run': run,
        'outcomes': OUTCOMES,
        'verdict': _verdict(run),
        'tiles': _tiles(run),
        'shown': list(zip(shown, driven)),
        'frames': [(frame, image(plots.picture(frame.pixels))) for frame in run.frames],
        'timeline': image(plots.timeline(run)) if run.events or run.episodes else '',
        'jitter': image(plots.jitter_histogram(run)) if len(run.tick_deviations_ms) else '',
        'latency': image(plots.hop_latency(run)) if _was_timed(run) else '',
        'hops': [(meaning, run.hops[hop]) for hop, meaning in HOPS.items() if hop in run.hops],
        'events': run.events[:SHOWN_EVENTS],
        'events_left_out': max(0, len(run.events) - SHOWN_EVENTS),
        'facts': _facts(run),
    }


def _verdict(run: RunRecord) -> tuple[str, str]:
    """Return the sentence at the top and how good it is."""
    total = len(run.episodes)
    if not total:
        return f'No episode was driven: {run.ended_because}', 'bad'
    sentence = f'{run.goals} of {total} episodes reached the goal'
    if not run.complete:
        return f'{sentence}; the run was cut short: {run.ended_because}', 'fair'
    return sentence, 'good' if run.goals >= 0.8 * total else 'bad'


def _tiles(run: RunRecord) -> list[tuple[str, str, str]]:
    """Return (number, unit, what) of the most telling numbers."""
    metres = sum(_driven_m(episode) for episode in run.episodes)
    seconds = sum(episode.elapsed_s for episode in run.episodes)
    total = run.hops.get('tick_to_gate')
    tiles = [
        (f'{metres:.0f}', 'm', 'driven'),
        (f'{metres / seconds:.2f}' if seconds else '–', 'm/s', 'mean speed'),
        (f'{_mean_cross_track(run.episodes):.2f}', 'm', 'mean distance to the path'),
    ]
    if total and total.count:
        tiles += [
            (f'{total.p50:.1f}', 'ms', 'observation → gate, median'),
            (f'{total.p99:.1f}', 'ms', 'observation → gate, p99'),
        ]
    tiles += [
        (f'{run.jitter.p99:.1f}', 'ms', 'tick jitter, p99'),
        (str(run.skipped), '', f'of {run.ticks} ticks skipped'),
        (str(run.stops), '', 'stops by the gate'),
    ]
    return tiles


def _was_timed(run: RunRecord) -> bool:
    return any(hop.count for hop in run.hops.values())


def _driven_m(episode: EpisodeRecord) -> float:
    if len(episode.track) < 2:
        return episode.mean_speed_m_s * episode.elapsed_s
    return float(np.linalg.norm(np.diff(episode.track[:, 1:3], axis=0), axis=1).sum())


def _mean_cross_track(episodes: list[EpisodeRecord]) -> float:
    """Return the mean over time, so that a short episode counts as little as it lasted."""
    seconds = sum(episode.elapsed_s for episode in episodes)
    weighted = sum(e.mean_cross_track_m * e.elapsed_s for e in episodes)
    return weighted / seconds if seconds else 0.0


def _facts(run: RunRecord) -> list[tuple[str, str]]:
    return [
        ('task', run.task or '–'),
        ('policy', run.policy_version or '–'),
        ('policy file', Path(run.policy_file).name or '–'),
        ('spec hash', run.spec_hash or '–'),
        *run.machine.items(),
    ]


if __name__ == '__main__':
    for folder in sys.argv[1:]:
        sys.stdout.write(f'{write_report(load_run(folder), folder)}\n')
