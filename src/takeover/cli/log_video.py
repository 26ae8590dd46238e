"""The video of `takeover log export`: a frame for each step that has pictures."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from takeover.cli.log_task import task_of_log
from takeover.cli.progress_bar import progress_bar
from takeover.data.errors import LogError
from takeover.data.log_messages import STEP
from takeover.data.log_reader import LogReader
from takeover.data.log_summary import EpisodeSummary, LogSummary
from takeover.data.step import Step
from takeover.report.video import SUFFIX, write_video
from takeover.report.video_frame import VideoFrames
from takeover.specs import Contract, spec_hash


def write(
    files: Sequence[Path], summaries: Sequence[LogSummary], out: Path, task_file: Path | None
) -> int:
    """Write the video; return how many frames it has.

    :param summaries: of the files.
    :param task_file: None: as the log names its task.
    :raises TakeoverError: no task, no pictures, or the file cannot be written.
    """
    if out.suffix != SUFFIX:
        raise LogError(f'--video {out}: is an MP4; legal: a name that ends in {SUFFIX}')
    task = task_of_log(files, task_file)
    frames = VideoFrames(task)
    steps = pictured_steps(files, summaries, task)
    first = next(steps, None)
    if first is None:
        raise LogError(
            f'{", ".join(map(str, files))}: no step has pictures; legal: logs of {task.task} that '
            'were recorded with its cameras'
        )
    with progress_bar('video', sum(len(summary.steps) for summary in summaries)) as advance:
        return write_video(out, frames.size, task.rate_hz, _drawn(frames, first, steps, advance))


def pictured_steps(
    files: Sequence[Path], summaries: Sequence[LogSummary], contract: Contract
) -> Iterator[tuple[Step, EpisodeSummary, int]]:
    """Return each step that has pictures, with its episode and its place there, from 0.

    One at a time: the pictures of a long drive do not fit into memory.

    :raises LogError: a step is of another task.
    """
    for file, summary in zip(files, summaries, strict=True):
        places = (
            (episode, place) for episode in summary.episodes for place in range(len(episode.steps))
        )
        steps = LogReader(file, spec_hash(contract)).events({STEP})
        for (episode, place), step in zip(places, steps):
            if step.pixels.size:
                yield step, episode, place


def _drawn(
    frames: VideoFrames,
    first: tuple[Step, EpisodeSummary, int],
    rest: Iterator[tuple[Step, EpisodeSummary, int]],
    advance: Callable[[int], None],
) -> Iterator[np.ndarray]:
    yield frames.draw(*first)
    for done, found in enumerate(rest, start=2):
        yield frames.draw(*found)
        advance(done)
