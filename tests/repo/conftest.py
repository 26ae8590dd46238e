"""What the checks of the repository look at."""

from pathlib import Path
import subprocess

import pytest


@pytest.fixture(scope='session')
def tracked(repository) -> list[Path]:
    """Return every file that is or would be committed."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    output = subprocess.check_output(command, cwd=repository).decode()
    return [
        path for path in (repository / name for name in output.split('\0')[:-1]) if path.exists()
    ]
