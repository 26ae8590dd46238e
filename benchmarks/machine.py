"""The machine a number was measured on, for the first line of every benchmark."""

import os
from pathlib import Path
import platform


def machine() -> str:
    """Return processor, cores, load and Python in one line."""
    load = os.getloadavg()[0]
    return f'{processor()}, load {load:.1f} at the start, Python {platform.python_version()}'


def processor() -> str:
    """Return the name of the processor and the number of cores."""
    name = platform.processor() or platform.machine()
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            name = line.split(':', 1)[1].strip()
            break
    return f'{name}, {os.cpu_count()} cores'


def verdict(passed: bool) -> str:
    """Return how a number stands against its target."""
    return 'ok' if passed else 'MISSED'
