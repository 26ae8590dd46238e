"""Commands of `takeover` run by a test, whose processes can be told from all others."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import uuid

from takeover.workspace import node_environment
from tests.stack import new_domain

MARK = 'TAKEOVER_TEST_RUN'


class Command:
    """One command in a ROS domain of its own; what it prints goes to a file."""

    def __init__(self, folder: Path, name: str, *arguments: str | Path) -> None:
        self.mark = uuid.uuid4().hex
        self.folder, self.output = folder, folder / f'{name}.log'
        self.domain = new_domain()
        env = node_environment() | {MARK: self.mark, 'ROS_DOMAIN_ID': str(self.domain)}
        with self.output.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'takeover.cli.main', name, *arguments],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """Return what the command printed so far."""
        return self.output.read_text(errors='replace')

    def processes(self) -> list[str]:
        """Return the command lines of all processes of this run that are alive."""
        alive = []
        for entry in Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environ = (entry / 'environ').read_bytes().split(b'\0')
                if f'{MARK}={self.mark}'.encode() in environ:
                    alive.append((entry / 'cmdline').read_text().replace('\0', ' '))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return alive

    def kill(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
