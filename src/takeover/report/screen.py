"""The live status screen, the verdict table and their plain-text forms, from a ScreenState.

Only looks; every number is made elsewhere. `render` is for a terminal, `plain_line` and
`episode_line` for a log file.
"""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from takeover.metrics import HOPS
from takeover.report.looks import (
    clock,
    frame,
    GATE_LOOKS,
    headline,
    MUTED,
    OUTCOME_LOOKS,
    SideBySide,
)
from takeover.report.record import EpisodeRecord, InputState, ScreenState

# Inputs older than this are shown as lost; latched ones are expected to be old.
LATE_S = 0.5
LATCHED = ('path', 'obstacles', 'policy/version', 'intervention/state', 'safety/state')
SHOWN_EPISODES = 8
FULL_SPEED_M_S = 0.6


def render(state: ScreenState) -> RenderableType:
    """Return the whole screen."""
    upper = SideBySide(_driving(state), Group(_timing(state), Text(), _inputs(state)))
    parts: list[RenderableType] = [_headline(state), Text(), upper, Text(), _episodes(state)]
    if state.problems:
        parts += [Text(), *[Text(f'! {problem}', style='yellow') for problem in state.problems]]
    policy = f'policy {state.policy_version}' if state.policy_version else 'no policy yet'
    return frame(
        Group(*parts),
        state.task or 'waiting for the nodes',
        f'{policy}  ·  {clock(state.elapsed_s)}  ·  Ctrl-C stops',
    )


def verdict_table(episodes: list[EpisodeRecord]) -> Table:
    """Return how the episodes ended, as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style=MUTED)
    for title in (
        'episode',
        'seed',
        'outcome',
        'time',
        'mean speed',
        'mean |cross-track|',
        'covered',
    ):
        table.add_column(title, justify='left' if title == 'outcome' else 'right')
    for episode in episodes:
        word, style = OUTCOME_LOOKS[episode.outcome]
        table.add_row(
            str(episode.number),
            str(episode.seed),
            Text(word, style=f'bold {style}'),
            f'{episode.elapsed_s:.1f} s',
            f'{episode.mean_speed_m_s:.2f} m/s',
            f'{episode.mean_cross_track_m:.2f} m',
            f'{100 * episode.progress:.0f} %',
        )
    return table


def plain_line(state: ScreenState) -> str:
    """Return the state as one line."""
    running = state.episodes[-1] if state.episodes else None
    episode = 'no episode yet'
    if running is not None:
        episode = f'episode {running.number} {100 * running.progress:.0f} % {running.outcome}'
    total = state.hops.get('tick_to_gate')
    latency = f', tick to gate {total.p50:.1f} ms' if total and total.count else ''
    why = f' ({state.gate_reason})' if state.gate != 'forwarding' and state.gate_reason else ''
    return (
        f'{clock(state.elapsed_s)} {episode}, {state.mode}, '
        f'{state.speed_m_s:.2f} of {state.commanded_m_s:.2f} m/s, '
        f'{state.tick_rate_hz:.1f} Hz, {state.skipped} skipped, gate {state.gate}{why}'
        f'{latency}'
    )


def episode_line(episode: EpisodeRecord) -> str:
    """Return how one episode ended, as one line."""
    return (
        f'episode {episode.number} (seed {episode.seed}): '
        f'{OUTCOME_LOOKS[episode.outcome][0]} after {episode.elapsed_s:.1f} s, '
        f'{episode.mean_speed_m_s:.2f} m/s, '
        f'mean |cross-track| {episode.mean_cross_track_m:.2f} m'
    )


def _headline(state: ScreenState) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_row(*headline(state.mode, state.mode_reason))
    return line


def _driving(state: ScreenState) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style=MUTED, no_wrap=True)
    table.add_column(overflow='fold')
    table.add_row('commanded', _speed(state.commanded_m_s, state.commanded_rad_s, 'blue'))
    table.add_row('true', _speed(state.speed_m_s, state.turn_rad_s, 'cyan'))
    table.add_row()
    table.add_row(
        'gate',
        Text.assemble(
            (state.gate, f'bold {GATE_LOOKS[state.gate]}'), (f'  {state.gate_reason}', MUTED)
        ),
    )
    table.add_row(
        'stops',
        Text(
            f'{state.stops} stops, {state.rejected} commands refused',
            style='yellow' if state.rejected else '',
        ),
    )
    table.add_row('takeovers', str(state.takeovers))
    table.add_row()
    table.add_row(
        'policy',
        Text.assemble(
            (f'{state.tick_rate_hz:.1f} Hz', 'bold' if state.tick_rate_hz else 'yellow'),
            (f'  jitter p99 {state.jitter_p99_ms:.1f} ms', MUTED),
        ),
    )
    table.add_row(
        'skipped',
        Text.assemble(
            (f'{state.skipped} ticks', 'yellow' if state.skipped else ''),
            (f'  {state.skipped_reason}', MUTED),
        ),
    )
    return table


def _speed(forward_m_s: float, turn_rad_s: float, colour: str) -> RenderableType:
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_row(
        ProgressBar(
            total=FULL_SPEED_M_S,
            completed=max(0.0, min(forward_m_s, FULL_SPEED_M_S)),
            width=14,
            complete_style=colour,
            finished_style=colour,
        ),
        Text(f'{forward_m_s:5.2f} m/s', style='bold', no_wrap=True),
        Text(f'{turn_rad_s:+5.2f} rad/s', style=MUTED, no_wrap=True),
    )
    return line


def _timing(state: ScreenState) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify='right', no_wrap=True)
    table.add_column(justify='right', no_wrap=True)
    table.add_row(*[Text(title, style=MUTED) for title in ('latency, ms', 'p50', 'p99')])
    for hop in HOPS:
        found = state.hops.get(hop)
        values = (f'{found.p50:.2f}', f'{found.p99:.2f}') if found and found.count else '––'
        style = 'bold' if hop == 'tick_to_gate' else ''
        name = hop.replace('_to_', ' → ')
        table.add_row(*[Text(value, style=style) for value in (name, *values)])
    return table


def _inputs(state: ScreenState) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify='right', no_wrap=True)
    table.add_column(justify='right', no_wrap=True)
    table.add_row(*[Text(title, style=MUTED) for title in ('heard', 'age', 'rate')])
    for source in state.inputs:
        table.add_row(
            source.name,
            _age(source),
            Text('' if source.name in LATCHED else f'{source.rate_hz:.0f} Hz', style=MUTED),
        )
    return table


def _age(source: InputState) -> Text:
    if source.age_s is None:
        return Text('never', style='yellow')
    if source.name in LATCHED:
        return Text('latched', style=MUTED)
    return Text(f'{source.age_s:.2f} s', style='red' if source.age_s > LATE_S else 'green')


def _episodes(state: ScreenState) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style=MUTED)
    for title, right in (
        ('episode', False),
        ('seed', True),
        ('outcome', False),
        ('time', True),
        ('mean speed', True),
        ('|cross-track|', True),
        ('', False),
    ):
        table.add_column(title, justify='right' if right else 'left', no_wrap=True)
    table.columns[-1].ratio = 1
    for episode in state.episodes[-SHOWN_EPISODES:]:
        word, style = OUTCOME_LOOKS[episode.outcome]
        number = str(episode.number)
        if state.episodes_wanted:
            number += f' of {state.episodes_wanted}'
        table.add_row(
            number,
            str(episode.seed),
            Text(word, style=f'bold {style}'),
            f'{episode.elapsed_s:.1f} s',
            f'{episode.mean_speed_m_s:.2f} m/s',
            f'{episode.mean_cross_track_m:.2f} m',
            ProgressBar(
                total=1.0,
                completed=min(max(episode.progress, 0.0), 1.0),
                complete_style=style,
                finished_style=style,
            ),
        )
    if not state.episodes:
        table.add_row(Text('none yet', style=MUTED))
    return table
