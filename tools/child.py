"""Run the programs that set up: output into a log, progress onto the terminal, no orphans."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
from pathlib import Path
import signal
import subprocess
import sys
import time

from prerequisites import SetupError


def timed(title: str, act: Callable[[], None]) -> None:
    """Say what is done, do it, and say how long it took."""
    print(title, flush=True)
    start_s = time.monotonic()
    act()
    show(f'      {time.monotonic() - start_s:.0f} s')
    if sys.stdout.isatty():
        print()


def run(
    log: Path, command: list, cwd: Path, env: dict, progress: Callable[[str], str] = lambda log: ''
) -> None:
    """Run `command` with its output in the file `log`, and show how far it is.

    Raises:
        SetupError: it failed; the message has the end of its output.

    """
    start_s = shown_s = time.monotonic()
    with log.open('wb') as out:
        pipes = {'stdin': subprocess.DEVNULL, 'stdout': out, 'stderr': subprocess.STDOUT}
        words = [str(word) for word in command]
        child = subprocess.Popen(words, cwd=cwd, env=env, **pipes)
    try:
        while child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.5)
            now_s = time.monotonic()
            if sys.stdout.isatty() or now_s - shown_s > 20.0:
                shown_s = now_s
                show(f'      {now_s - start_s:.0f} s  {progress(log.read_text(errors="replace"))}')
    except BaseException:
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5.0)
        child.kill()
        raise
    if child.returncode:
        tail = '\n'.join(log.read_text(errors='replace').strip().splitlines()[-15:])
        words = f'exit code {child.returncode}; the end of {log}:\n{tail}'
        raise SetupError(f'`{" ".join(map(str, command[:4]))} ...` failed with {words}')


def show(line: str) -> None:
    """Print a line of progress; on a terminal the next one overwrites it."""
    if sys.stdout.isatty():
        print(f'\r\033[K{line}', end='', flush=True)
    elif line:
        print(line, flush=True)
