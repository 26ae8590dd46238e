"""How all live screens look alike: words and colours of modes, gate and outcomes, and the frame.

A colour never says anything that a word does not say as well.
"""

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

MODE_LOOKS = {
    'hold': ('HOLD', 'black on yellow3'),
    'autonomous': ('POLICY DRIVES', 'white on dodger_blue3'),
    'human': ('PERSON DRIVES', 'black on dark_orange'),
    'handover': ('HANDOVER', 'black on plum2'),
    'estopped': ('E-STOP', 'white on red3'),
}
GATE_LOOKS = {
    'standby': 'bright_black',
    'forwarding': 'green',
    'stopping': 'yellow',
    'stopped': 'yellow',
    'estopped': 'red',
}
OUTCOME_LOOKS = {
    'running': ('driving', 'cyan'),
    'goal': ('goal', 'green'),
    'collision': ('collision', 'red'),
    'off_path': ('left corridor', 'red'),
    'time_limit': ('time limit', 'yellow'),
    'aborted': ('aborted', 'yellow'),
}
# Columns of text under which two halves of a screen are stacked.
NARROW = 86
MUTED = 'bright_black'


class SideBySide:
    """Two parts beside each other, or one above the other where the terminal is narrow."""

    def __init__(self, left: RenderableType, right: RenderableType) -> None:
        """Take the two parts."""
        self.left, self.right = left, right

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the parts in the form that fits."""
        if options.max_width < NARROW:
            yield from (self.left, Text(), self.right)
            return
        table = Table.grid(expand=True, padding=(0, 3, 0, 0))
        table.add_column(ratio=6)
        table.add_column(ratio=5)
        table.add_row(self.left, self.right)
        yield table


def frame(content: RenderableType, subject: str, foot: str, airy: bool = True) -> Panel:
    """Return a whole screen.

    Args:
        content: what is in the frame.
        subject: what is watched; stands beside the name in the upper edge.
        foot: stands in the lower edge.
        airy: leave a line free above and below the content.
    """
    return Panel(
        Padding(content, (int(airy), 2)),
        # Text, not markup: what comes from messages may hold brackets.
        title=Text.assemble(('takeover', 'bold'), '  ', (subject, MUTED)),
        subtitle=Text(foot, style=MUTED),
        border_style=MUTED,
    )


def headline(mode: str, reason: str) -> tuple[Text, Text]:
    """Return who drives and why, for two cells of one row."""
    word, style = MODE_LOOKS[mode]
    return (
        Text(f' {word} ', style=f'bold {style}', no_wrap=True),
        Text(reason, style=MUTED, overflow='ellipsis', no_wrap=True),
    )


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'
