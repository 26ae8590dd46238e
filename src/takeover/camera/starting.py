"""Cameras start one after another, in whichever process: they share the bus and its power.

Several that start at once fail (IntelRealSense/realsense-ros issues 2281, 2340).
"""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import tempfile
import threading

LOCK_FILE = Path(tempfile.gettempdir()) / 'takeover-camera-start.lock'
_OF_THIS_PROCESS = threading.Lock()


@contextmanager
def in_turn(lock_file: Path = LOCK_FILE) -> Iterator[None]:
    """Wait until no other camera is starting on this machine, and keep others waiting.

    Whoever dies while it starts keeps nobody waiting. Where the file cannot be had, as when
    another user made it, only the cameras of this process wait for each other.
    """
    with _OF_THIS_PROCESS:
        try:
            file = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)
