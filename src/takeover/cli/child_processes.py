"""Children that never outlive their parent, whichever way it ends.

Linux only: the parent-death signal and the adoption of orphans are prctl calls. Elsewhere they are
left out and only the orderly ways to end remain.
"""

from collections.abc import Callable, Sequence
import contextlib
import ctypes
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import IO

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# Loaded here: between fork and exec is no time for imports.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGTERM_PATIENCE_S = 5.0
ORPHAN_PATIENCE_S = 5.0
POLL_S = 0.02


class Signals:
    """While entered, notes the signals that ask to stop instead of acting on them."""

    def __init__(self) -> None:
        """Start without any."""
        self.received: list[int] = []
        self._previous: dict[int, object] = {}

    def __enter__(self) -> 'Signals':
        """Begin to note."""
        self._previous = {number: signal.signal(number, self._note) for number in STOPPING_SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: object) -> None:
        self.received.append(number)


def start(
    command: Sequence[str],
    env: dict[str, str],
    death_signal: signal.Signals,
    output: IO[bytes] | None,
    niceness: int = 0,
) -> subprocess.Popen:
    """Start a process in a session of its own; the kernel sends it `death_signal` when we die.

    :param output: where its stdout and stderr go; None: to ours.
    """
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        preexec_fn=_before_exec(os.getpid(), death_signal, niceness),
    )


def stop(child: subprocess.Popen, patience_s: float, signals: Signals) -> None:
    """Wait for a child that was asked to stop; SIGTERM, SIGKILL when late; a signal hurries."""
    for next_step, wait_s in ((child.terminate, patience_s), (child.kill, SIGTERM_PATIENCE_S)):
        heard, deadline_s = len(signals.received), time.monotonic() + wait_s
        while (
            child.poll() is None
            and time.monotonic() < deadline_s
            and len(signals.received) == heard
        ):
            time.sleep(POLL_S)
        if child.poll() is not None:
            return
        next_step()
    child.wait()


def adopt_orphans() -> None:
    """Become the parent of whatever a child leaves behind when it ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_orphans() -> None:
    """Kill the children that are left: a moment of grace, then SIGKILL."""
    deadline_s = time.monotonic() + ORPHAN_PATIENCE_S
    asked = False
    while (children := _children()) and time.monotonic() < deadline_s + ORPHAN_PATIENCE_S:
        kill = time.monotonic() >= deadline_s
        for pid in children:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                if kill or not asked:
                    os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
                os.waitpid(pid, os.WNOHANG)
        asked = True
        time.sleep(POLL_S)


def _children() -> list[int]:
    """Return the pids of our children, ended ones not yet waited for among them."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            # The name in brackets may hold spaces and brackets; the parent follows the last one.
            if int(stat.read_text().rpartition(')')[2].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


def _before_exec(parent: int, death_signal: signal.Signals, niceness: int) -> Callable[[], None]:
    def before_exec() -> None:
        os.nice(niceness)
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(128 + death_signal)

    return before_exec
