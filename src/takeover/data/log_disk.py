"""Which file a log goes to, and whether there is room for it: the part of a log that can fail.

When the disk is nearly full images are left out, then everything; when there is room again, or
after an error, a new file begins. A chunk that could not be written is given up and never written
a second time, so that nothing is ever in a log twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
import enum
import math
import os
from pathlib import Path
import time

from takeover.data.errors import LogError
from takeover.data.mcap_file import ChunkBuffer, LogChannel, McapFile

SUFFIX = '.mcap'
RETRY_S = 1.0
# Once stopped for want of room, this times the limit must be free to go on.
ROOM = 1.1
_MB = 1e6


class WriterState(enum.IntEnum):
    """What is written; the numbers are those of RecorderState.msg."""

    RECORDING = 0
    NO_IMAGES = 1
    STOPPED = 2


@dataclass(frozen=True)
class LogConfig:
    """How a log is written."""

    flush_s: float = 0.5
    """Seconds after which what is buffered goes to the disk."""
    min_free_images_mb: float = 500.0
    """MB free on the disk below which images are left out."""
    min_free_mb: float = 100.0
    """MB free on the disk below which nothing is written."""

    def __post_init__(self) -> None:
        """Refuse what cannot be written with."""
        if not 0.0 < self.flush_s < math.inf:
            raise LogError(f'flush_s is {self.flush_s}; legal: positive and finite')
        if not 0.0 <= self.min_free_mb <= self.min_free_images_mb < math.inf:
            raise LogError(
                f'min_free_mb is {self.min_free_mb}, min_free_images_mb is '
                f'{self.min_free_images_mb}; legal: 0 <= min_free_mb <= min_free_images_mb'
            )


@dataclass(frozen=True)
class LogState:
    """What is on the disk, over all files of one writer."""

    state: WriterState = WriterState.STOPPED
    reason: str = 'not yet begun'
    file: Path | None = None
    """The newest one."""
    steps: int = 0
    """Steps that survive a power cut."""
    last_sequence: int = 0
    """Of the last of them."""
    bytes: int = 0
    free_bytes: int = 0
    lost: int = 0
    """Messages that were given and will never be on the disk, images left out apart."""


MakeFile = Callable[[Path, Sequence[LogChannel], Mapping[str, str]], McapFile]


class LogDisk:
    """One file after the other in a folder; used by one thread, `state` read by any."""

    def __init__(
        self,
        folder: Path,
        channels: Sequence[LogChannel],
        metadata: Mapping[str, str],
        config: LogConfig,
        make_file: MakeFile,
        free_bytes: Callable[[Path], int],
    ) -> None:
        """Begin without a file."""
        self.folder = folder
        self.state = LogState()
        self._config = config
        self._channels = channels
        self._metadata = metadata
        self._make_file = make_file
        self._free_bytes = free_bytes
        self._file: McapFile | None = None
        self._retry_s = -math.inf

    def look(self) -> None:
        """Decide what is written from now on, by the room there is; open a file if need be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = self._free_bytes(self.folder)
        except OSError as error:
            self._give_up(f'{self.folder}: {error.strerror}')
            return
        self.state = replace(self.state, free_bytes=free)
        if free < self._config.min_free_mb * _MB * (1.0 if self._file else ROOM):
            self.finish()
            self.stop(f'only {free / _MB:.0f} MB are free in {self.folder}')
            return
        if self._file is None and not self._open():
            return
        without = self.state.state is WriterState.NO_IMAGES
        if free < self._config.min_free_images_mb * _MB * (ROOM if without else 1.0):
            state, reason = WriterState.NO_IMAGES, f'no images: only {free / _MB:.0f} MB are free'
        else:
            state, reason = WriterState.RECORDING, 'recording'
        if state is not self.state.state:
            self.state = replace(self.state, state=state, reason=reason)

    def append(self, chunk: ChunkBuffer) -> bool:
        """Bring a chunk to the disk; False when it is lost."""
        if self._file is None:
            return False
        before = self._file.size
        try:
            self._file.append(chunk)
        except OSError as error:
            self._give_up(f'{self._file.path}: cannot be written: {error.strerror}')
            return False
        state = self.state
        self.state = replace(
            state,
            steps=state.steps + chunk.steps,
            last_sequence=chunk.last_sequence if chunk.steps else state.last_sequence,
            bytes=state.bytes + self._file.size - before,
        )
        return True

    def finish(self) -> None:
        """Close the file in order; without room for its index it is left as it is, readable."""
        if self._file is None:
            return
        try:
            self._file.finish()
        except OSError:
            self._file.abandon()
        self._file = None

    def stop(self, reason: str) -> None:
        """Say that nothing is written, and why."""
        self.state = replace(self.state, state=WriterState.STOPPED, reason=reason)

    def _open(self) -> bool:
        if time.monotonic() < self._retry_s:
            return False
        try:
            file = self._make_file(new_path(self.folder), self._channels, self._metadata)
        except OSError as error:
            self._give_up(f'{self.folder}: no file can be made: {error.strerror}')
            return False
        self._file = file
        self.state = replace(self.state, file=file.path, bytes=self.state.bytes + file.size)
        return True

    def _give_up(self, reason: str) -> None:
        """Leave the file as it is after an error; a new one is tried later."""
        if self._file is not None:
            self._file.abandon()
            self._file = None
        self._retry_s = time.monotonic() + RETRY_S
        self.stop(reason)


def new_path(folder: Path) -> Path:
    """Return a name for a log that begins now, UTC, that sorts behind all earlier ones.

    :raises FileExistsError: a hundred logs began in this second.
    """
    stem = datetime.now(timezone.utc).strftime('%Y-%m-%d_%H-%M-%S')
    for name in (stem, *(f'{stem}_{number:02d}' for number in range(1, 100))):
        if not (folder / f'{name}{SUFFIX}').exists():
            return folder / f'{name}{SUFFIX}'
    raise FileExistsError(17, f'all names of {stem} are taken')


def free_bytes_of(folder: Path) -> int:
    """Return what an ordinary user may still write to the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
