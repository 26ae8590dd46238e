"""Take-overs per minute as bars of block characters, with a scale and the numbers below."""

import math

from rich.text import Text
from takeover.report.looks import MUTED

EIGHTHS = ' ▁▂▃▄▅▆▇█'
# Lines below the bars: the numbers, and the minutes they belong to.
LINES_BELOW = 2
# Fewer take-overs than this never fill the height: one must not look like many.
LEAST_TOP = 4
LEAST_SLOTS = 10
MOST_PITCH = 10
GUTTER = 6
BAR_STYLE, UNDER_WAY_STYLE = 'dark_orange', 'orange4'


def minute_bars(minutes: tuple[int, ...], wanted_s: float, width: int, height: int) -> list[Text]:
    """Return the lines of a chart, the newest minutes of it where not all fit.

    Args:
        minutes: a count for each minute; the last one is under way, and marked as such.
        wanted_s: room is kept for as many minutes; 0.0: not known.
        width: columns of text of the whole chart.
        height: lines of the bars; LINES_BELOW more follow.
    """
    top = max(LEAST_TOP, *minutes, 0)
    slots = max(LEAST_SLOTS, len(minutes), math.ceil(wanted_s / 60.0))
    room = max(1, width - GUTTER)
    least = max(3, len(str(top)) + 2, len(str(len(minutes))) + 1)
    pitch = max(least, min(MOST_PITCH, room // slots))
    first = max(0, len(minutes) - max(1, room // pitch))
    shown = minutes[first:]
    lines = [_bars(shown, top, pitch, row, height) for row in reversed(range(height))]
    numbers, names = Text(' ' * GUTTER), Text(f'{"min":>{GUTTER - 2}}  ', style=MUTED)
    for i, count in enumerate(shown):
        under_way = i == len(shown) - 1
        written = f'{count}…' if under_way else str(count)
        numbers.append(f'{written:^{pitch - 1}} ', 'bold' if count else 'bold green')
        names.append(f'{first + i + 1:^{pitch - 1}} ')
    return [_kept(line) for line in (*lines, numbers, names)]


def _bars(shown: tuple[int, ...], top: int, pitch: int, row: int, height: int) -> Text:
    """Return one line of bars; row 0 is the lowest."""
    mark = {height - 1: top, 0: 0}.get(row)
    line = Text(f'{"" if mark is None else mark:>{GUTTER - 2}} ', style=MUTED)
    line.append('│' if mark is None else '┤' if mark else '┼')
    for i, count in enumerate(shown):
        # The lowest line shows at least something of every take-over.
        eighths = max(math.ceil(8 * height * count / top), 1) if count else 0
        block = EIGHTHS[min(8, max(0, eighths - 8 * row))]
        style = UNDER_WAY_STYLE if i == len(shown) - 1 else BAR_STYLE
        line.append(block * (pitch - 1), style)
        line.append(' ')
    return line


def _kept(line: Text) -> Text:
    line.no_wrap, line.overflow = True, 'crop'
    return line
