"""The live screen of a robot that learns from take-overs.

Only looks; every number is made elsewhere. It fits a terminal of 80 x 24 and makes use of more.
"""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from takeover.report.learning_lines import time_line
from takeover.report.learning_rows import episode_rows, label, part_rows
from takeover.report.learning_state import LearningScreen
from takeover.report.learning_tables import tables
from takeover.report.looks import clock, frame, headline, MUTED
from takeover.report.minute_bars import LINES_BELOW, minute_bars

# The frame, and one line that stays free: a full terminal scrolls.
LINES_AROUND = 3
SIDES = 8
LEAST_BARS, MOST_BARS = 3, 8
MOST_PROBLEMS = 3
# A table is not worth its heading with fewer lines.
LEAST_TABLE, MOST_TABLE = 5, 12


@dataclass(frozen=True)
class _Room:
    """How many lines each part may have."""

    bars: int
    table: int
    problems: int
    airy: bool


class LearningPanel:
    """The whole screen, in the form that fits the terminal."""

    def __init__(self, state: LearningScreen) -> None:
        """Take the moment to show."""
        self.state = state

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the panel."""
        state, width = self.state, options.max_width - SIDES
        upper = [*_head(state), Text()]
        lower = [Text(), *episode_rows(state), Text(), *part_rows(state)]
        fixed = len(upper) + 1 + LINES_BELOW + len(lower)
        room = _room(options.size.height - LINES_AROUND - fixed)
        bars = minute_bars(state.minutes, state.wanted_s, width, room.bars)
        lines: list[RenderableType] = [*upper, _takeovers(state), *bars, *lower]
        if room.table:
            lines += [Text(), tables(state, width, room.table - 2)]
        lines += _problems(state.problems, room.problems)
        policy = f'policy {state.policy.version}' if state.policy.version else 'no policy yet'
        subject = f'learns {state.task}' if state.task else 'waiting for the nodes'
        yield frame(Group(*lines), subject, f'{policy}  ·  Ctrl-C stops', room.airy)


def _room(spare: int) -> _Room:
    """Share out the lines that are not spoken for; problems have theirs even while there are none.

    :param spare: lines for bars, tables and problems.
    """
    problems = min(MOST_PROBLEMS, max(1, spare - LEAST_BARS))
    spare -= LEAST_BARS + problems
    airy = spare >= 2
    spare = max(0, spare - 2 * airy)
    taller = min(MOST_BARS - LEAST_BARS, spare // 3)
    table = min(MOST_TABLE, spare - taller)
    if table < LEAST_TABLE:
        taller, table = min(MOST_BARS - LEAST_BARS, spare), 0
    return _Room(LEAST_BARS + taller, table, problems, airy)


def _head(state: LearningScreen) -> list[RenderableType]:
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(justify='right', no_wrap=True)
    line.add_row(*headline(state.mode, state.mode_reason), Text(time_line(state), style='bold'))
    if not state.wanted_s:
        return [line]
    done = min(state.elapsed_s, state.wanted_s)
    bar = ProgressBar(
        total=state.wanted_s, completed=done, complete_style='cyan', finished_style='cyan'
    )
    # A bar by itself does not end its line.
    row = Table.grid(expand=True)
    row.add_row(bar)
    return [line, row]


def _takeovers(state: LearningScreen) -> Text:
    line = label('take-overs')
    line.append(f'{state.takeovers}', 'bold')
    line.append(f' in {clock(state.driven_s)} of driving   ', MUTED)
    if state.recent_s:
        line.append(f'{state.recent_per_minute:.1f} per minute', 'bold')
        line.append(f' over the last {clock(state.recent_s)}', MUTED)
    return line


def _problems(problems: list[str], most: int) -> list[RenderableType]:
    """Return a line for each, the last one for those that have no room."""
    shown = problems if len(problems) <= most else problems[: most - 1]
    lines = [f'! {problem}' for problem in shown]
    if len(shown) < len(problems):
        lines.append(f'! and {len(problems) - len(shown)} more')
    return [Text(line, style='yellow', no_wrap=True, overflow='ellipsis') for line in lines]
