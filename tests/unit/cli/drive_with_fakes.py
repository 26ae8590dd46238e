"""
A drive whose launcher and monitor are small scripts: for the tests of `takeover drive`.

python drive_with_fakes.py RUNS_DIR LAUNCH_SCRIPT MONITOR_SCRIPT; every child appends its pid to
RUNS_DIR/pids.
"""

import os
from pathlib import Path
import sys

from takeover.cli import child_processes, drive, live_stack
from takeover.errors import TakeoverError

RUNS = Path(sys.argv[1])
WRITE_PID = f"import os; open({str(RUNS / 'pids')!r}, 'a').write(str(os.getpid()) + '\\n');"
# A monitor that ends at once must not have the launcher stopped before it has said who it is.
WAIT_FOR_BOTH = (
    f'import time; started = lambda: open({str(RUNS / "pids")!r}).read().split();'
    '[time.sleep(0.01) for _ in iter(lambda: len(started()) < 2, False)];'
)


class FakeStack(live_stack.LiveStack):
    """Needs no workspace."""

    def __init__(self):
        self.env = self.monitor_env = dict(os.environ)
        self.signals = child_processes.Signals()
        child_processes.adopt_orphans()


class FakeDrive(drive.Drive):
    """Starts the scripts of the command line."""

    def launch_command(self):
        return [sys.executable, '-u', '-c', WRITE_PID + sys.argv[2]]

    def monitor_command(self, folder):
        # The monitor finds its report folder as the real one does: from its command line.
        script = WRITE_PID + WAIT_FOR_BOTH + sys.argv[3]
        return [sys.executable, '-u', '-c', script, str(folder)]


try:
    code = FakeDrive(FakeStack(), 5, 0, None, False).run(RUNS, None)
except TakeoverError as error:
    sys.stderr.write(f'takeover: {error}\n')
    code = 2
sys.exit(code)
