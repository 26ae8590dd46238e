"""Says what is wrong with a log, and writes a closed copy of what is whole in it."""

from dataclasses import dataclass
import math
from pathlib import Path

from takeover.data.errors import LogError
from takeover.data.log_messages import STEP
from takeover.data.log_metadata import picture_shapes
from takeover.data.log_scan import Damage, LogScan
from takeover.data.mcap_file import ChunkBuffer, LogChannel, McapFile
from takeover.data.step import Step
from takeover.data.step_codec import StepDecoder


@dataclass(frozen=True)
class LogCheck:
    """What one file is worth."""

    path: Path
    finished: bool
    """Whether it was closed in order."""
    whole_bytes: int
    torn_bytes: int
    """Behind the last whole record: what a kill or a power cut left of a chunk."""
    damage: tuple[Damage, ...]
    """What is not what was written."""
    messages: int
    steps: int

    @property
    def good(self) -> bool:
        """Whether nothing is missing."""
        return self.finished and not self.torn_bytes and not self.damage

    def problems(self) -> list[str]:
        """Return a sentence for everything that is wrong, with its byte."""
        found = [f'byte {one.offset}: {one.reason}' for one in self.damage]
        if self.torn_bytes:
            found.append(f'byte {self.whole_bytes}: {self.torn_bytes} bytes are no whole record')
        if not self.finished:
            found.append('was not closed, or is still written to')
        return found


def check_log(path: str | Path) -> LogCheck:
    """Read a whole file, every message of it.

    :raises LogError: it cannot be opened, or is no log at all.
    """
    scan, decoder = LogScan(path), StepDecoder()
    messages = steps = 0
    damage = []
    for block in scan.blocks():
        messages += len(block)
        for message in block:
            if message.type != STEP:
                continue
            try:
                _check_pictures(decoder.decode(message.data), picture_shapes(scan.metadata))
            except LogError as error:
                damage.append(Damage(scan.offset, f'a step before this byte: {error}'))
            else:
                steps += 1
    return LogCheck(
        path=Path(path),
        finished=scan.finished,
        whole_bytes=scan.offset,
        torn_bytes=scan.torn_bytes,
        damage=(*scan.damage, *damage),
        messages=messages,
        steps=steps,
    )


def _check_pictures(step: Step, shapes: dict[str, list[int]] | None) -> None:
    """Refuse a step whose pictures are not those of its task.

    :param shapes: of the pictures in a step; None: the log does not say.
    """
    if shapes is None:
        return
    needed = sum(map(math.prod, shapes.values()))
    if (len(step.image_stamps_ns), step.pixels.size) != (len(shapes), needed):
        raise LogError(
            f'step {step.sequence} has {len(step.image_stamps_ns)} pictures of '
            f'{step.pixels.size} numbers, the task has {len(shapes)} of {needed}'
        )


def repair_log(path: str | Path, out: str | Path) -> Path:
    """Write a closed copy of all that is whole in a file; return its path.

    :param out: the copy; must not be there. Not in the folder of the logs, where its steps would
        be read a second time.
    :raises LogError: the file is no log, or the copy cannot be written.
    """
    head = LogScan(path)
    # To the end, because a channel may be described anywhere.
    for _ in head.blocks(types=()):
        pass
    channels = [
        LogChannel(topic, kind, head.definitions[kind])
        for topic, kind in head.known.channels.values()
        if kind
    ]
    numbers = {channel.topic: number for number, channel in enumerate(channels, start=1)}
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        copy = McapFile(out, channels, head.metadata)
        try:
            for block in LogScan(path).blocks():
                chunk = ChunkBuffer()
                for message in block:
                    chunk.add(
                        numbers[message.topic],
                        message.sequence,
                        message.log_time_ns,
                        message.publish_time_ns,
                        message.data,
                    )
                copy.append(chunk)
        except BaseException:
            copy.abandon()
            raise
        copy.finish()
    except OSError as error:
        raise LogError(f'{out}: cannot be written: {error.strerror}') from None
    return out
