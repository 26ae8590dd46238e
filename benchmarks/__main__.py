"""Run every benchmark of this folder, one after the other: `make bench`."""

import subprocess
import sys

BENCHMARKS = ('inference', 'control_path', 'stop_after_loss')


def main() -> int:
    """Return the number of benchmarks that missed a target."""
    missed = 0
    for name in BENCHMARKS:
        missed += subprocess.run([sys.executable, '-m', f'benchmarks.{name}']).returncode != 0
        print(flush=True)
    return missed


if __name__ == '__main__':
    sys.exit(main())
