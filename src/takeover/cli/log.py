"""`takeover log`: what is in a log, whether it is whole, and its steps for other tools."""

from pathlib import Path
from typing import Annotated, TYPE_CHECKING

from takeover.errors import TakeoverError
import tyro

if TYPE_CHECKING:
    from takeover.data.log_summary import LogSummary

Paths = Annotated[tuple[Path, ...], tyro.conf.Positional]
TABLE, PICTURE, REPAIRED = 'steps.parquet', 'timeline.png', 'repaired'


def info(paths: Paths) -> None:
    """Show what was driven, by whom and how it ended, a section for each file.

    Args:
        paths: Log files (.mcap) and folders of them.
    """
    from rich.console import Console
    from takeover.cli.log_tables import info_table
    from takeover.data.log_reader import log_files
    from takeover.data.log_summary import summarise

    Console().print(info_table(summarise(log_files(paths))))


def check(paths: Paths, *, repair: bool = False) -> int:
    """Read files to the last byte and say what is wrong where; exit 1 when something is.

    Args:
        paths: Log files (.mcap) and folders of them.
        repair: Write a closed copy of what is whole in each bad file to the folder `repaired`
            beside it.
    """
    from rich.console import Console
    from takeover.data.log_check import check_log, repair_log
    from takeover.data.log_reader import log_files

    console, all_good = Console(highlight=False, soft_wrap=True), True
    for path in log_files(paths):
        try:
            found = check_log(path)
        except TakeoverError as error:
            console.print('[red]NO LOG[/]', end='  ')
            console.print(str(error), markup=False)
            all_good = False
            continue
        console.print('[green]whole[/]' if found.good else '[red]DAMAGED[/]', end='  ')
        console.print(f'{path}: {found.steps} steps, {found.messages} messages', markup=False)
        for problem in found.problems():
            console.print(f'         {problem}', markup=False)
        if not found.good and repair:
            copy = repair_log(path, path.parent / REPAIRED / path.name)
            console.print(f'         closed copy: {copy}', markup=False)
        all_good = all_good and found.good
    return 0 if all_good else 1


def export(
    paths: Paths, *, out: Path | None = None, video: Path | None = None, task: Path | None = None
) -> None:
    """Write the steps as a table with a picture of who drove, or as a video, or both.

    The video shows what the policy saw, who drove, what the policy asked for and the robot was
    sent, take-overs and rewards, a frame for each step that has pictures, at the task's rate.

    Args:
        paths: Log files (.mcap) and folders of them.
        out: Folder for steps.parquet and timeline.png; made if need be.
        video: File for the video (.mp4).
        task: The task the logs are of, by name or file, for the video; default: as the log says.
    """
    from takeover.data.log_reader import log_files
    from takeover.data.log_summary import summarise

    if out is None and video is None:
        raise TakeoverError('what is to be written? give --out FOLDER, --video FILE.mp4, or both')
    files = log_files(paths)
    summaries = summarise(files)
    if out is not None:
        export_table(summaries, out)
    if video is not None:
        from takeover.cli.log_video import write

        print(f'{video}: {write(files, summaries, video, task)} frames')


def export_table(summaries: list['LogSummary'], out: Path) -> None:
    """Write the steps as a Parquet table, and a picture of who drove and where the -1 fell."""
    from takeover.cli.log_picture import draw
    from takeover.data.log_table import write_table

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TakeoverError(f'{out}: cannot be made: {error.strerror}') from None
    count = write_table(summaries, out / TABLE)
    print(f'{out / TABLE}: {count} steps')
    if draw(summaries, out / PICTURE):
        print(f'{out / PICTURE}: who drove, where the -1 fell')
    else:
        print(f'no {PICTURE}: the log has no episode')


commands = {'check': check, 'export': export, 'info': info}
