"""What a run was made on and with: enough to understand its numbers a year later."""

import importlib.metadata
import os
from pathlib import Path
import platform
import shutil
import subprocess

from takeover import __version__

PACKAGES = ('onnxruntime', 'mujoco', 'numpy')


def describe_machine() -> dict[str, str]:
    """Return name → value of versions, processor, cores, memory and operating system."""
    facts = {'takeover': __version__}
    commit = git_commit(Path(__file__).resolve().parent)
    if commit:
        facts['git commit'] = commit
    facts['operating system'] = _operating_system()
    facts['kernel'] = f'{platform.system()} {platform.release()}'
    facts['processor'] = _processor()
    facts['cores'] = str(len(os.sched_getaffinity(0)))
    facts['memory'] = f'{os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30:.0f} GiB'
    facts['Python'] = platform.python_version()
    for package in PACKAGES:
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return facts


def git_commit(folder: Path) -> str:
    """Return the short commit of the repository `folder` is in, '' if there is none."""
    git = shutil.which('git')
    if git is None:
        return ''
    described = subprocess.run(
        [git, '-C', str(folder), 'describe', '--always', '--dirty', '--abbrev=12'],
        capture_output=True,
        text=True,
        timeout=10.0,
        check=False,
    )
    return described.stdout.strip()


def _operating_system() -> str:
    try:
        return platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())
    except OSError:
        return platform.system()


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(':')
        if key.strip() in ('model name', 'Model'):
            return value.strip()
    return platform.processor() or platform.machine()
