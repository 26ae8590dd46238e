"""Reads finished, live and torn logs: what happened, in order."""

from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from takeover.data.errors import LogError
from takeover.data.log_disk import SUFFIX
from takeover.data.log_messages import Event, EVENT_TYPES, EventDecoder, UNDO, UndoEpisode
from takeover.data.log_scan import Damage, LogScan
from takeover.data.step import Step


def log_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the logs among files and folders; those of a folder in the order they were begun.

    :raises LogError: a path is not there, or a folder holds no log.
    """
    files = []
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(path.glob(f'*{SUFFIX}'))
            if not found:
                raise LogError(f'{path}: no log in this folder; legal: one with *{SUFFIX} files')
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise LogError(f'{path}: is not there')
    if not files:
        raise LogError('no log given; legal: files and folders of them')
    return files


class LogReader:
    """The events of one file; after the iteration it says what was wrong with the file."""

    def __init__(self, path: str | Path, spec_hash: str | None = None) -> None:
        """Read from the beginning.

        :param spec_hash: hash of the task the steps must be of; None: of any.
        """
        self.path = Path(path)
        self._scan = LogScan(path)
        self._decoder = EventDecoder(spec_hash)

    def events(self, types: Container[str] = EVENT_TYPES) -> Iterator[Event]:
        """Return the events in the order they were recorded.

        :raises LogError: the file is no log, or holds a step of another task.
        """
        for block in self._scan.blocks(types):
            for message in block:
                try:
                    event = self._decoder.decode(message.type, message.data)
                except LogError as error:
                    raise LogError(f'{self.path}: {error}') from None
                if event is not None:
                    yield event

    @property
    def metadata(self) -> dict[str, str]:
        """What the recorder said of itself."""
        return self._scan.metadata

    @property
    def finished(self) -> bool:
        """Whether the file was closed in order."""
        return self._scan.finished

    @property
    def torn_bytes(self) -> int:
        """Bytes at the end that are no whole record."""
        return self._scan.torn_bytes

    @property
    def damage(self) -> list[Damage]:
        """Chunks that were left out because they are not what was written."""
        return self._scan.damage


def read_log(paths: Iterable[str | Path], spec_hash: str | None = None) -> Iterator[Event]:
    """Return the events of files and folders in order, steps that were taken back included.

    :param spec_hash: hash of the task the steps must be of; None: of any.
    :raises LogError: as `log_files` and `LogReader.events`.
    """
    for path in log_files(paths):
        yield from LogReader(path, spec_hash).events()


def read_steps(paths: Iterable[str | Path], spec_hash: str | None = None) -> Iterator[Step]:
    """Return the steps of files and folders, without those a person took back.

    :raises LogError: as `read_log`.
    """
    files = log_files(paths)
    undone = [
        event
        for path in files
        for event in LogReader(path).events({UNDO})
        if isinstance(event, UndoEpisode)
    ]
    for event in read_log(files, spec_hash):
        if isinstance(event, Step) and not any(undo.covers(event) for undo in undone):
            yield event
