#!/usr/bin/env python3
"""Make what the Makefile's targets need: .venv with the pinned packages, and the built workspace.

Standard library only, since it runs before anything is installed, and without newer syntax, since
it must be able to say that Python is too old. A step leaves a stamp with a hash of its inputs, so
that a second run does nothing; a step that was cut short is done again from clean ground.

    python3 tools/bootstrap.py [--learn] [--bench]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import fcntl
from functools import partial
from hashlib import sha256
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
from typing import NamedTuple

from child import run, show, timed
from prerequisites import check_prerequisites, SetupError, succeeds, use_a_supported_python

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / '.venv'
PYTHON = VENV / 'bin' / 'python'
WORKSPACE = ROOT / 'ros2_ws'
REQUIREMENTS = ROOT / 'requirements'
LOGS = ROOT / '.setup'


class Step(NamedTuple):
    """One thing to do, skipped while its stamp holds the hash of its inputs."""

    title: str
    stamp: Path
    inputs: list
    act: Callable[[], None]
    clean: Callable[[], None]  # undoes an attempt that was cut short

    @property
    def begun(self) -> Path:
        """Return the file that exists while the step is under way."""
        return self.stamp.with_name(f'{self.stamp.name}.begun')


def venv_works() -> bool:
    """Return whether .venv has a working pip, and is made for this folder and this PYTHON."""
    activate = VENV / 'bin' / 'activate'
    if not activate.is_file() or str(VENV) not in activate.read_text():
        return False
    wanted = sys.version_info[:2] if os.environ.get('PYTHON', 'python3') != 'python3' else None
    code = f'import pip, sys; sys.exit({wanted} not in (None, sys.version_info[:2]))'
    return PYTHON.exists() and succeeds(str(PYTHON), code)


def remove_venv() -> None:
    """Take away .venv, and the workspace that was built with it."""
    shutil.rmtree(VENV, ignore_errors=True)
    remove_built_workspace()


def make_venv() -> None:
    """Create .venv anew."""
    remove_venv()
    log_and_run('venv', [sys.executable, '-m', 'venv', VENV])


def install_packages() -> None:
    """Install the lock file; it is complete, so nothing has to be resolved."""
    lock = ['--no-deps', '--require-hashes', '-r', REQUIREMENTS / 'lock.txt']
    log_and_run('packages', pip_install(*lock), progress=pip_progress)
    repair_cmake_files()


def install_learning() -> None:
    """Install torch and what it needs, in locked versions, in the build the index offers."""
    files = ['-r', REQUIREMENTS / 'learn.in', '-c', REQUIREMENTS / 'learn-lock.txt']
    log_and_run('learning', pip_install(*files), progress=pip_progress)


def install_peers() -> None:
    """Install what the benchmarks compare with."""
    names = [['-r', REQUIREMENTS / f'{name}.in'] for name in ('bench', 'jax')]
    log_and_run(
        'peers',
        pip_install(*names[0], *names[1], '-c', REQUIREMENTS / 'bench-lock.txt'),
        progress=pip_progress,
    )


def install_library() -> None:
    """Install the library as a link to src, and the `takeover` command."""
    log_and_run('library', pip_install('--no-deps', '--no-build-isolation', '-e', ROOT))


def pip_install(*arguments: object) -> list:
    """Return the command line; modules are compiled when first imported, which saves a minute."""
    options = ['--no-compile', '--progress-bar=off', '--disable-pip-version-check']
    return [PYTHON, '-m', 'pip', 'install', *options, *arguments]


def repair_cmake_files() -> None:
    """Put this machine's include folders into the wheels' CMake files.

    They name folders of the machine the wheels were built on, and CMake refuses missing ones.
    """
    code = 'import numpy, sysconfig; print(sysconfig.get_path("include"), numpy.get_include())'
    include, numpy_include = subprocess.check_output([str(PYTHON), '-c', code]).decode().split()
    built = r'/opt/python/cp3\d+-cp3\d+'
    numpy_built = rf'{built}/lib/python3\.\d+/site-packages/numpy/_core/include'
    for path in (VENV / 'share').rglob('*.cmake'):
        text = path.read_text()
        fixed = re.sub(numpy_built, numpy_include, text)
        fixed = re.sub(rf'{built}/include/python3\.\d+', include, fixed)
        if fixed != text:
            path.write_text(fixed)


def build_workspace() -> None:
    """Build all ROS packages; Python and data files are linked, so edits need no new build."""
    cmake = ['--cmake-args', '-DBUILD_TESTING=OFF', f'-DPython3_EXECUTABLE={PYTHON}']
    command = [VENV / 'bin' / 'colcon', 'build', '--symlink-install', *cmake]
    log_and_run('workspace', command, cwd=WORKSPACE, progress=colcon_progress)


def remove_built_workspace() -> None:
    """Take away what `colcon build` makes."""
    for folder in ('build', 'install'):
        shutil.rmtree(WORKSPACE / folder, ignore_errors=True)


def workspace_inputs() -> list:
    """Return what asks for a new build: the packages' own files, and the names of linked ones."""
    names = {'package.xml', 'setup.py', 'setup.cfg', 'CMakeLists.txt'}
    packages = [path for top in (WORKSPACE / 'src', ROOT / 'src') for path in top.rglob('*')]
    kinds = ('.msg', '.srv', '.xacro', '.in')
    files = [path for path in packages if path.name in names or path.suffix in kinds]
    files.append(ROOT / 'config' / 'robots' / 'rover.yaml')  # in the URDF that the build writes
    linked = [path for top in ('launch', 'config', 'models') for path in (ROOT / top).rglob('*')]
    return [*sorted(files), *sorted(map(str, linked)), WORKSPACE / 'colcon_defaults.yaml']


def steps(learn: bool, bench: bool) -> list[Step]:
    """Return the steps that make everything, in order."""
    stamps = VENV / '.stamps'
    lock, learn_lock, bench_lock = (
        REQUIREMENTS / f'{name}.txt' for name in ('lock', 'learn-lock', 'bench-lock')
    )
    count = len(set(re.findall(r'^([a-z0-9.-]+)==', lock.read_text(), re.M)))
    title = f'installing {count} pinned packages'
    build = 'building the ROS 2 workspace'
    wanted = [
        Step(title, stamps / 'packages', [lock], install_packages, remove_venv),
        Step('installing torch', stamps / 'learning', [learn_lock], install_learning, remove_venv),
        Step('installing peers', stamps / 'peers', [bench_lock], install_peers, remove_venv),
        Step(
            'installing the takeover command',
            stamps / 'library',
            [ROOT / 'pyproject.toml'],
            install_library,
            lambda: None,
        ),
        Step(
            build,
            WORKSPACE / 'install' / '.stamp',
            [lock, *workspace_inputs()],
            build_workspace,
            remove_built_workspace,
        ),
    ]
    unwanted = {install_learning: not learn, install_peers: not bench}
    return [step for step in wanted if not unwanted.get(step.act, False)]


def clean_environment() -> dict:
    """Return the environment for children: nothing of a sourced ROS or of another virtual one."""
    foreign = ('PYTHON', 'AMENT_', 'CMAKE_', 'COLCON_', 'ROS_', '_ROS_', 'LD_LIBRARY_PATH', 'MAKE')
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env['PATH'] = f'{VENV}/bin:{env.get("PATH", os.defpath)}'
    env.update(VIRTUAL_ENV=str(VENV), CMAKE_PREFIX_PATH=str(VENV), AMENT_PREFIX_PATH=str(VENV))
    return env


def log_and_run(name: str, command: list, cwd: Path = ROOT, **options: Callable) -> None:
    """Run `command`, its output in the log called `name`."""
    run(LOGS / f'{name}.log', command, cwd, clean_environment(), **options)


def digest(inputs: list) -> str:
    """Return a hash of files (by content) and strings."""
    total = sha256()
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item.encode()
        total.update(b'%d:' % len(content) + content)
    return total.hexdigest()


def pip_progress(log: str) -> str:
    """Return how far pip is, from its output."""
    if 'Installing collected packages' in log:
        return 'unpacking'
    return f'{len(re.findall("^(?:Collecting|Requirement) ", log, re.M))} packages fetched'


def colcon_progress(log: str) -> str:
    """Return how far colcon is, from its output."""
    return f'{log.count("Finished <<<")} packages built'


def perform(step: Step) -> None:
    """Do one step; its mark `begun` tells the next run if this one is cut short."""
    inputs = digest(step.inputs)
    step.begun.parent.mkdir(parents=True, exist_ok=True)
    step.begun.touch()
    step.act()
    step.stamp.write_text(inputs)
    step.begun.unlink()


def set_up(learn: bool, bench: bool) -> None:
    """Make .venv if it does not work, and do every step whose inputs have changed."""
    todo = steps(learn, bench)
    total = len(todo) + 1
    for step in todo:
        if step.begun.exists():
            step.clean()
    if not venv_works():
        check_prerequisites(ROOT)
        timed(f'[1/{total}] creating .venv', make_venv)
    for number, step in enumerate(todo, start=2):
        if not step.stamp.is_file() or step.stamp.read_text() != digest(step.inputs):
            check_prerequisites(ROOT)
            timed(f'[{number}/{total}] {step.title}', partial(perform, step))


def main() -> int:
    """Set up, one at a time, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--learn', action='store_true', help='also install torch, for training')
    parser.add_argument('--bench', action='store_true', help='also install what is compared with')
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        use_a_supported_python()
        LOGS.mkdir(exist_ok=True)
        with (LOGS / 'lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up(wanted.learn, wanted.bench)
    except SetupError as error:
        show('')
        print(f'takeover: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        show('')
        print('takeover: set-up interrupted; the same command goes on from here', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
