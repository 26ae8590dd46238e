"""Where the launcher and its processes write: the screen, and a log file if a node asks."""

from collections.abc import Callable, Mapping
from datetime import datetime
import os
from pathlib import Path
import socket
import sys
from typing import TextIO

_RESET = '\033[0m'
_LEVELS = {'INFO': '', 'WARNING': '\033[33m', 'ERROR': '\033[31m'}
# Blue to cyan and green, so that they differ from the levels.
_NAMES = (
    '\033[36m',
    '\033[32m',
    '\033[34m',
    '\033[35m',
    '\033[96m',
    '\033[92m',
    '\033[94m',
    '\033[95m',
)


def log_folder(environment: Mapping[str, str]) -> Path:
    """Return ROS's log folder: ROS_LOG_DIR, or log in ROS_HOME (default ~/.ros)."""
    if environment.get('ROS_LOG_DIR'):
        return Path(environment['ROS_LOG_DIR']).expanduser()
    return Path(environment.get('ROS_HOME') or '~/.ros').expanduser() / 'log'


class Console:
    """Writes whole lines, each with the name of its process in front.

    `on_broken` is called once when the reader of the screen has gone away.
    """

    def __init__(self, stream: TextIO | None = None, log: Path | None = None) -> None:
        self.stream = stream or sys.stdout
        self.colour = self.stream.isatty() and 'NO_COLOR' not in os.environ
        self.on_broken: Callable[[], None] = lambda: None
        self._broken = False
        self._log_folder = log
        self._log: TextIO | None = None
        self._colours: dict[str, str] = {}

    def report(self, level: str, name: str, text: str) -> None:
        """Write a line of the launcher itself, about the process (or part) `name`."""
        self._screen(self._paint(f'[{level}] [{name}]: {text}', _LEVELS[level]))
        if self._log:
            self._log.write(f'{datetime.now().timestamp():.7f} [{level}] [{name}]: {text}\n')

    def output(self, name: str, line: str, screen: bool, log: bool) -> None:
        """Write one line that a process wrote."""
        if screen:
            colour = self._colours.setdefault(name, _NAMES[len(self._colours) % len(_NAMES)])
            self._screen(f'{self._paint(f"[{name}]", colour)} {line}')
        if log:
            self.open_log().write(f'{datetime.now().timestamp():.7f} [{name}] {line}\n')

    def open_log(self) -> TextIO:
        """Return the log file of this launch, created at the first call."""
        if self._log is None:
            folder = self._log_folder or log_folder(os.environ)
            stamp = datetime.now().strftime('%Y-%m-%d-%H-%M-%S-%f')
            folder = folder / f'{stamp}-{socket.gethostname()}-{os.getpid()}'
            folder.mkdir(parents=True)
            self._log = (folder / 'launch.log').open('w', buffering=1)
            self.report('INFO', 'launch', f'All log files can be found below {folder}')
        return self._log

    def close(self) -> None:
        """Close the log file."""
        if self._log:
            self._log.close()

    def _paint(self, text: str, colour: str) -> str:
        return f'{colour}{text}{_RESET}' if self.colour and colour else text

    def _screen(self, line: str) -> None:
        if self._broken:
            return
        try:
            self.stream.write(f'{line}\n')
            self.stream.flush()
        except (BrokenPipeError, OSError):
            # Nobody reads any more. What was started must still be stopped in order.
            self._broken = True
            self.on_broken()
