"""What a person sees of runs in progress: bars on a terminal, elsewhere a plain line at times."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
import math
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

# Without a terminal: this many lines in a run, and at least one in this time.
LINES = 10
LINE_PERIOD_S = 10.0
BAR_PERIOD_S = 0.2
SPEED_PERIOD_S = 60.0


@dataclass(frozen=True)
class Row:
    """One run: where it is, and what is known of it in words."""

    label: str
    step: int
    steps: int
    detail: str


class Display(AbstractContextManager):
    """Shows rows, as often as is good for the reader; the number of rows never changes."""

    def show(self, rows: Sequence[Row]) -> None:
        """Show where the runs are."""
        raise NotImplementedError

    def due(self) -> bool:
        """Return whether it is time to make rows to show."""
        raise NotImplementedError

    def __exit__(self, *error: object) -> None:
        """End the display; what was shown last stays."""


class Bars(Display):
    """For each run a bar, and below it what is known."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`."""
        self._bars = _Bars(
            TextColumn('{task.description}'),
            BarColumn(24),
            TextColumn('{task.completed:.0f}/{task.total:.0f}'),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=4,
            speed_estimate_period=SPEED_PERIOD_S,
        )
        self._shown_s = -math.inf

    def __enter__(self) -> 'Bars':
        """Take over the lower end of the terminal."""
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Give it back."""
        self._bars.stop()

    def due(self) -> bool:
        """Return whether the bars are old enough to be moved."""
        return time.monotonic() >= self._shown_s + BAR_PERIOD_S

    def show(self, rows: Sequence[Row]) -> None:
        """Move the bars."""
        self._shown_s = time.monotonic()
        for index, row in enumerate(rows):
            if index == len(self._bars.tasks):
                # Starts where the run starts: the time that is left follows from what comes.
                self._bars.add_task(row.label, total=row.steps, completed=row.step, detail='')
            self._bars.update(self._bars.task_ids[index], completed=row.step, detail=row.detail)


class _Bars(Progress):
    """The detail of each task on a line of its own."""

    def get_renderables(self) -> list[object]:
        """Return two lines for each task."""
        lines: list[object] = []
        for task in self.tasks:
            lines.append(self.make_tasks_table([task]))
            detail = f'  {task.fields["detail"]}'
            lines.append(Text(detail, style='dim', no_wrap=True, overflow='ellipsis'))
        return lines


class Lines(Display):
    """A plain line for each run that has moved."""

    def __init__(self, console: Console) -> None:
        """Print to `console`."""
        self._console = console
        self._printed_s = time.monotonic()
        self._printed: Sequence[Row] | None = None

    def due(self) -> bool:
        """Return True: whether a line is due depends on the rows."""
        return True

    def show(self, rows: Sequence[Row]) -> None:
        """Print the lines that are due; the first call only notes where the runs begin."""
        now_s = time.monotonic()
        if self._printed is None:
            self._printed = rows
            return
        if _lines(rows) == _lines(self._printed) and now_s < self._printed_s + LINE_PERIOD_S:
            return
        for row, before in zip(rows, self._printed):
            if row == before:
                continue
            line = f'{row.label}: step {row.step}/{row.steps}'
            if row.detail:
                line += f', {row.detail}'
            if before.step < row.step < row.steps:
                period_s = (now_s - self._printed_s) / (row.step - before.step)
                line += f', {timedelta(seconds=round(period_s * (row.steps - row.step)))} left'
            self._console.print(line, markup=False, soft_wrap=True)
        self._printed_s, self._printed = now_s, rows


def display(console: Console) -> Display:
    """Return the display that suits where the console writes to."""
    return Bars(console) if console.is_terminal else Lines(console)


def describe(
    evaluation_return: float,
    training_return: float,
    updates_per_s: float,
    numbers: Mapping[str, float],
) -> str:
    """Return what is known of a run in words; NaN and missing numbers are left out."""
    words = []
    if math.isfinite(evaluation_return):
        words.append(f'return {evaluation_return:.1f}')
    elif math.isfinite(training_return):
        words.append(f'training return {training_return:.1f}')
    if math.isfinite(updates_per_s):
        words.append(f'{updates_per_s:.0f} updates/s')
    for name in ('alpha', 'sigma', 'q'):
        if math.isfinite(numbers.get(name, math.nan)):
            words.append(f'{name} {numbers[name]:.3g}')
    return ', '.join(words)


def _lines(rows: Sequence[Row]) -> int:
    """Return how many lines are due by now."""
    return LINES * sum(row.step for row in rows) // max(sum(row.steps for row in rows), 1)
