"""In which order the logs of several robots were read, so that they are read so again.

The log of one robot has one order. Where several drive at once nobody can say afterwards which
step came first: what was read is noted in order.csv of the learner's folder, before any of it is
learned from. Who reads again, after a kill or elsewhere with a copy of the file, reads in that
order; what was never noted follows in turns.
"""

from collections import deque
import os
from pathlib import Path

from takeover.data.errors import LogError

FILE = 'order.csv'
_HEAD = b'robot,events\n'


class LogOrder:
    """Runs of events by the number of their robot: those noted before, then those of now."""

    def __init__(self, folder: Path, robots: int) -> None:
        """Name the file; nothing is read yet.

        :param folder: of the learner; made by somebody else.
        :param robots: whose numbers are 0 to this, exclusively.
        """
        self.path = folder / FILE
        self._robots = robots
        self._noted: deque[list[int]] | None = None

    def begin(self, first: int) -> None:
        """Read what was noted, unless that was done.

        :param first: events that were learned from robot 0 while it was the only one; they are
            noted where nothing was.
        :raises LogError: the file holds something else, or cannot be read or written.
        """
        if self._noted is not None:
            return
        try:
            noted = self._read()
            if noted is None:
                self._append(_HEAD + (b'0,%d\n' % first if first else b''))
                noted = deque([[0, first]] if first else [])
        except OSError as error:
            raise LogError(f'{self.path}: {error.strerror}') from None
        self._noted = noted

    @property
    def next(self) -> tuple[int, int] | None:
        """The robot whose events come next, and how many; None: all that was noted was taken."""
        return (self._noted[0][0], self._noted[0][1]) if self._noted else None

    def take(self, events: int) -> None:
        """Take so many events from the run that comes next."""
        self._noted[0][1] -= events
        if not self._noted[0][1]:
            self._noted.popleft()

    def note(self, runs: list[tuple[int, int]]) -> None:
        """Note the robot and the number of events of new runs; on return they survive a power cut.

        :raises LogError: the disk says no; nothing is then noted.
        """
        try:
            self._append(b''.join(b'%d,%d\n' % run for run in runs))
        except OSError as error:
            raise LogError(f'{self.path}: {error.strerror}') from None

    def _read(self) -> deque[list[int]] | None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        whole = data[: data.rfind(b'\n') + 1]
        if whole != data:
            # A power cut; what it tore had not been learned from.
            os.truncate(self.path, len(whole))
        if not whole:
            return None
        noted: deque[list[int]] = deque()
        for number, line in enumerate(whole.splitlines()[1:], start=2):
            robot, events = self._parsed(line, number)
            if noted and noted[-1][0] == robot:
                noted[-1][1] += events
            else:
                noted.append([robot, events])
        return noted

    def _parsed(self, line: bytes, number: int) -> tuple[int, int]:
        try:
            robot, events = map(int, line.split(b','))
        except ValueError:
            robot, events = -1, 0
        if not (0 <= robot < self._robots and events > 0):
            raise LogError(
                f'{self.path}, line {number}: {line.decode(errors="replace")!r} is no run; legal: '
                f'the number of a log folder (0 to {self._robots - 1}) and of its events'
            )
        return robot, events

    def _append(self, data: bytes) -> None:
        """Append all of `data`, or nothing."""
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            size, written = os.fstat(file).st_size, 0
            try:
                while written < len(data):
                    written += os.write(file, data[written:])
                os.fdatasync(file)
            except OSError:
                os.ftruncate(file, size)
                raise
        finally:
            os.close(file)
