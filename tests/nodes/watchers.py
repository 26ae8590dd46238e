"""Nodes that only watch, as processes of their own beside a fake stack; a screen they draw on."""

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import pty
import re
import subprocess

from takeover.workspace import node_environment, package_prefix
from tests.stack import DEADLINE_S, new_domain, wait_until

NODES = Path(__file__).parent
TERMINAL = {'COLUMNS': '100', 'LINES': '50', 'TERM': 'xterm-256color'}


def environment() -> dict[str, str]:
    """Return the environment of a domain that nobody else uses."""
    return node_environment() | {
        'ROS_DOMAIN_ID': str(new_domain()),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


def command(node: str, env: dict[str, str], *given: str) -> list[str]:
    """Return the command line of a node with parameters like `name:=value`."""
    program = package_prefix('takeover_nodes', env) / 'lib/takeover_nodes' / node
    return [str(program), '--ros-args', *[word for item in given for word in ('-p', item)]]


@contextlib.contextmanager
def started(argv: list[str], env: dict[str, str], stdout: int) -> Iterator[subprocess.Popen]:
    """Run a process while entered."""
    process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=stdout)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


class Screen:
    """A terminal for a process, and what was written on it."""

    def __init__(self) -> None:
        """Open a terminal."""
        self.ours, self.theirs = pty.openpty()
        os.set_blocking(self.ours, False)
        self.seen = b''

    def wait_for(self, pattern: str, what: str) -> None:
        """Wait until something is written that matches."""
        wait_until(lambda: self._shows(pattern), what)

    def _shows(self, pattern: str) -> bool:
        with contextlib.suppress(OSError):
            self.seen += os.read(self.ours, 65536)
        return re.search(pattern.encode(), self.seen) is not None

    def close(self) -> None:
        """Close both ends."""
        os.close(self.ours)
        os.close(self.theirs)


def run(argv: list[str], env: dict[str, str]) -> subprocess.CompletedProcess:
    """Run a node to its end."""
    return subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=2 * DEADLINE_S, check=False
    )
