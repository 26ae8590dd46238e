"""Gazebo's own reader of SDF: libsdformat, through the functions behind `gz sdf`."""

from collections.abc import Collection
import ctypes.util
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

LIBRARY = 'sdformat12'
# It prints from C++ and keeps its state: each call has a process of its own.
_CALL = 'import ctypes, sys; sys.exit(getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])({file}))'
_LOG = Path('.sdformat', 'sdformat.log')


def complaints(file: Path, unknown: Collection[str] = ()) -> list[str]:
    """Return what libsdformat says against a file, SDF or URDF.

    It tells of elements that SDF does not define in its log alone; some of Gazebo's are such.

    :param unknown: elements that SDF need not define.
    """
    done, log = _run('cmdCheck', file)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line != 'Valid.']
    assert said or done.returncode == 0, done
    found = dict.fromkeys(re.findall(r'XML Element\[(\w+)\].*not defined in SDF', log))
    return said + [f'no element of SDF: {name}' for name in found if name not in unknown]


def as_sdf(file: Path) -> ElementTree.Element:
    """Return a file, SDF or URDF, as SDF."""
    done, _ = _run('cmdPrint', file)
    assert done.returncode == 0, done.stderr
    return ElementTree.fromstring(done.stdout)


def _run(function: str, file: Path) -> tuple[subprocess.CompletedProcess, str]:
    """Call a function on a file; return what came of it, and the log."""
    library = ctypes.util.find_library(LIBRARY)
    assert library, f'lib{LIBRARY} is missing; on Debian: apt-get install libsdformat12-12'
    code = _CALL.format(file=f'{str(file)!r}.encode()')
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, '-ISc', code, library, function],
            capture_output=True,
            text=True,
            env=os.environ | {'HOME': home},
        )
        log = Path(home, _LOG)
        return done, log.read_text() if log.exists() else ''
