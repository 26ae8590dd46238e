"""What taller terminals show besides: the versions that drove, and the last episodes."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from takeover.report.learning_rows import VERDICT_LOOKS
from takeover.report.learning_state import DrivenEpisode, LearningScreen, VersionDrive
from takeover.report.looks import clock, MUTED, OUTCOME_LOOKS, SideBySide

# Columns of text in which both tables are whole beside each other.
BESIDE = 112


def tables(state: LearningScreen, width: int, rows: int) -> RenderableType:
    """Return the versions that drove, and beside them the episodes where there is room.

    Args:
        state: the moment.
        width: columns of text there are.
        rows: lines there are below the heading; the newest are shown.
    """
    versions = _versions(state.versions[-rows:])
    if width < BESIDE:
        return versions
    return SideBySide(versions, _episodes(state.episodes[-rows:]))


def _versions(versions: Sequence[VersionDrive]) -> Table:
    table = _table('version', '>since', '>drove', '>take-overs', '>per minute')
    for version in versions:
        driven = version.driven_s > 0.0
        table.add_row(
            version.version,
            clock(version.since_s),
            clock(version.driven_s),
            str(version.takeovers),
            Text(f'{version.per_minute:.1f}' if driven else '–', style='bold'),
        )
    return table


def _episodes(episodes: Sequence[DrivenEpisode]) -> Table:
    table = _table('>episode', 'outcome', '', '>take-overs', '>time')
    for episode in episodes:
        word, style = OUTCOME_LOOKS[episode.outcome]
        table.add_row(
            str(episode.number),
            Text(word, style=f'bold {style}'),
            Text(*VERDICT_LOOKS[episode.verdict]),
            str(episode.takeovers),
            f'{episode.elapsed_s:.1f} s',
        )
    return table


def _table(*titles: str) -> Table:
    """Return an empty table; titles that begin with > stand at the right, as their numbers do."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style=MUTED)
    for title in titles:
        right = title.startswith('>')
        table.add_column(title.lstrip('>'), justify='right' if right else 'left', no_wrap=True)
    return table
