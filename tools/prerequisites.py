"""What a machine must have before anything can be set up, said in one sentence when it does not.

Runs under any Python 3, so that it can say that the one at hand is too old.
"""

import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
import sys
import sysconfig

OLDEST, NEWEST = (3, 10), (3, 13)  # what the pinned wheels are tried on


class SetupError(Exception):
    """A sentence for the person at the terminal."""


def use_a_supported_python() -> None:
    """Start again under a Python the wheels exist for, if the present one is not."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f'python3.{minor}')
        if other and succeeds(other, 'pass'):
            os.execv(other, [other, *sys.argv])
    raise SetupError(
        f'Python 3.{OLDEST[1]} to 3.{NEWEST[1]} is needed, this is {platform.python_version()}: '
        'install python3.12, python3.12-venv and python3.12-dev, or name another with '
        '`make PYTHON=/path/to/python3 ...`'
    )


def check_prerequisites(folder: Path) -> None:
    """Raise SetupError naming everything that is missing, and its Debian packages."""
    if sys.platform != 'linux' or platform.machine() != 'x86_64':
        raise SetupError(
            f'the ROS 2 wheels exist for Linux on x86_64 and this is {platform.system()} on '
            f'{platform.machine()}: use a machine with ROS 2 Jazzy installed, see README.md'
        )
    if re.search(r'[\s:;"\'$]', str(folder)):
        raise SetupError(
            f'paths in ROS cannot hold spaces, quotes or colons: move {str(folder)!r}'
        )
    # Debian names the packages of its own Python without the minor version.
    own = sys.executable == '/usr/bin/python3'
    python = 'python3' if own else f'python3.{sys.version_info[1]}'
    missing = {}
    if not succeeds(sys.executable, 'import ensurepip, venv'):
        missing[f'{python}-venv'] = 'the modules venv and ensurepip'
    if not Path(sysconfig.get_path('include'), 'Python.h').is_file():
        missing[f'{python}-dev'] = 'the header Python.h'
    for program in ('g++', 'make'):
        if shutil.which(program) is None:
            missing[program] = f'the program {program}'
    if missing:
        raise SetupError(
            f'missing: {", ".join(missing.values())}; on Debian and Ubuntu: '
            f'sudo apt-get install {" ".join(missing)}'
        )


def succeeds(python: str, code: str) -> bool:
    """Return whether the interpreter `python` runs `code` without an error."""
    return subprocess.run([python, '-c', code], stderr=subprocess.DEVNULL).returncode == 0
