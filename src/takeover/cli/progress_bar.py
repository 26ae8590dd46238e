"""The progress bar of commands that take a while; nothing where no terminal is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar while entered; gives what is to be called with the number done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    console = Console()
    # Where no terminal is, even an empty bar leaves a line.
    options = {'console': console, 'transient': True, 'disable': not console.is_terminal}
    with Progress(*columns, TimeRemainingColumn(), **options) as progress:
        task = progress.add_task(title, total=total)

        def advance(done: int) -> None:
            progress.update(task, completed=done)

        yield advance
