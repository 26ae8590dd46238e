"""One running process: its pipes or terminals, its signals, its end.

The process leads its own process group, so that Ctrl-C in the terminal reaches it once, through
the launcher, and so that what it started can be swept up after it. The kernel sends it SIGTERM
when the launcher dies without a word (SIGKILL).
"""

import asyncio
import codecs
from collections.abc import Callable
import ctypes
import os
from pathlib import Path
import pty
import signal
import subprocess
import sys

from takeover.launch.plan import ProcessPlan

_PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec is no time for imports.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None

LineSink = Callable[[str, str], None]


class Child:
    """A started process. `on_line(stream, line)` gets every line of 'stdout' and 'stderr'.

    Raises OSError from the constructor if the program cannot be executed.
    """

    def __init__(self, plan: ProcessPlan, parameter_folder: Path, on_line: LineSink) -> None:
        self.plan = plan
        self.argv = plan.write_argv(parameter_folder)
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self._readers: list[_Lines] = []
        ends = {}
        for name in ('stdout', 'stderr'):
            read_end, ends[name] = pty.openpty() if plan.emulate_tty else os.pipe()
            self._readers.append(_Lines(read_end, name, on_line))
        launcher = os.getpid()
        try:
            self._popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                env=plan.environment,
                cwd=plan.cwd,
                preexec_fn=lambda: _before_exec(launcher),
                **ends,
            )
        except (OSError, subprocess.SubprocessError):
            for reader in self._readers:
                reader.close()
            raise
        finally:
            for end in ends.values():
                os.close(end)
        for reader in self._readers:
            reader.start(loop)

    @property
    def pid(self) -> int:
        """Return the process id, which is its process group's too."""
        return self._popen.pid

    def poll(self) -> None:
        """Notice whether the process has ended; to be called on SIGCHLD."""
        if self.exited.done() or self._popen.poll() is None:
            return
        for reader in self._readers:
            reader.close()
        self.exited.set_result(self._popen.returncode)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process; SIGKILL to its whole group."""
        if number == signal.SIGKILL:
            self.send_group(number)
        else:
            self._popen.send_signal(number)

    def send_group(self, number: int) -> bool:
        """Send a signal to the process and all it started; return whether any was there."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True


class _Lines:
    """Cuts what arrives at one end of a pipe or terminal into lines."""

    def __init__(self, fd: int, name: str, on_line: LineSink) -> None:
        os.set_blocking(fd, False)
        self._fd, self._name, self._on_line = fd, name, on_line
        self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self._rest = ''
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._fd, self._read)

    def _read(self) -> bool:
        """Take in what is there; return whether there may be more."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return False
        except OSError:  # A terminal whose other end is closed gives EIO, where a pipe gives b''.
            data = b''
        if not data:
            self._ignore()
            return False
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split('\n')
        for line in lines:
            self._on_line(self._name, line.rstrip('\r'))
        return True

    def _ignore(self) -> None:
        if self._loop:
            self._loop.remove_reader(self._fd)
            self._loop = None

    def close(self) -> None:
        """Take in the rest; a grandchild that still holds the other end is not waited for."""
        while self._loop and self._read():
            pass
        self._ignore()
        if self._rest:
            self._on_line(self._name, self._rest)
            self._rest = ''
        os.close(self._fd)


def _before_exec(launcher: int) -> None:
    """Run in the new process: lead a group, and die with the launcher."""
    os.setpgid(0, 0)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != launcher:
            os._exit(128 + signal.SIGTERM)
