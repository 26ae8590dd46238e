"""The nodes of a launch file and one node that watches them, as two children of this process.

They run in sessions of their own, so that Ctrl-C reaches them only through this process and in
order. Whatever happens, nothing is left running: this process adopts what its children leave
behind, and the kernel stops the children if this process dies without a word.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
import os
from pathlib import Path
import signal
import sys
import time

from takeover.cli.child_processes import adopt_orphans, kill_orphans, Signals, start, stop
from takeover.dds_check import PROFILE_VARIABLE
from takeover.errors import TakeoverError

DDS_PROFILE = 'config/fastdds_profile.xml'
LOOPBACK_PROFILE = 'config/loopback/fastdds_profile.xml'
RANGE = 'ROS_AUTOMATIC_DISCOVERY_RANGE'
FAST_DDS = 'rmw_fastrtps_cpp'
# The launcher gives a process up to 10 s for SIGINT and 5 s for SIGTERM.
LAUNCH_PATIENCE_S = 20.0
# Long enough to write the report on a slow machine.
MONITOR_PATIENCE_S = 60.0
# From its first import on: the nodes come first.
MONITOR_NICENESS = 5
POLL_S = 0.05
LOG_TAIL_LINES = 20
# What the launcher writes when it is asked to stop; the lines after it explain nothing.
STOP_MARK = '[launch]: SIGINT received'
LATEST = 'latest'
# Exit codes of the nodes that watch.
COMPLETE, CUT_SHORT = 0, 1


class LiveStack:
    """Drives once; keeps a ROS domain for itself as long as it lives."""

    def __init__(self) -> None:
        """Prepare the environment of the nodes.

        :raises TakeoverError: the workspace is not built, or every ROS domain is taken.
        """
        from takeover.cli.ros_domain import reserve_domain
        from takeover.workspace import node_environment, package_share

        self.env = node_environment()
        self.reservation = reserve_domain(self.env)
        self.share = package_share('takeover_bringup', self.env)
        self.monitor_env = watching_environment(self.env, self.share)
        self.signals = Signals()
        self.complete = False
        adopt_orphans()

    def launch_command(self, launch_file: str, arguments: Mapping[str, object]) -> list[str]:
        """Return the command line of the launcher; arguments that are None are left out."""
        given = [f'{name}:={value}' for name, value in arguments.items() if value is not None]
        return [sys.executable, '-m', 'takeover.cli.main', 'launch', launch_file, *given]

    def monitor_command(self, program: str, parameters: Mapping[str, object]) -> list[str]:
        """Return the command line of a node of takeover_nodes that watches."""
        return node_command(program, parameters, self.env)

    def drive(
        self, launch_command: Sequence[str], monitor_command: Sequence[str], log: Path
    ) -> str:
        """Run both children to their end.

        :param log: where the output of the launcher goes.
        :return: why it ended early; '' if the monitor was content or gave up, or a signal came.
            `complete` tells whether it was content.
        """
        launch = monitor = None
        died = ''
        try:
            with log.open('wb') as output:
                launch = start(launch_command, self.env, signal.SIGINT, output)
            monitor = start(
                monitor_command, self.monitor_env, signal.SIGKILL, None, MONITOR_NICENESS
            )
            while monitor.poll() is None and launch.poll() is None and not self.signals.received:
                time.sleep(POLL_S)
            if launch.poll() is not None and not self.signals.received:
                died = f'the launch ended by itself with code {launch.returncode}'
        finally:
            # Both at once: the monitor only listens, and its report must not keep the robot going.
            # SIGTERM, because Python answers an early SIGINT with a traceback.
            for child, number in ((monitor, signal.SIGTERM), (launch, signal.SIGINT)):
                if child is not None and child.poll() is None:
                    child.send_signal(number)
            for child, patience_s in ((launch, LAUNCH_PATIENCE_S), (monitor, MONITOR_PATIENCE_S)):
                if child is not None:
                    stop(child, patience_s, self.signals)
            kill_orphans()
            if sys.stdout.isatty():
                # A monitor that was killed could not show the cursor again.
                sys.stdout.write('\x1b[?25h')
        self.complete = monitor.returncode == COMPLETE
        if self.complete:
            return ''
        if not died and monitor.returncode != CUT_SHORT:
            died = f'the monitor ended with code {monitor.returncode}'
        return died


def watching_environment(env: Mapping[str, str], share: Path) -> dict[str, str]:
    """Return `env` with the profile that `environment.launch.xml` gives to nodes that see frames.

    Within the range LOCALHOST it is one that binds to 127.0.0.1. A profile of the user's is kept.

    :param share: of takeover_bringup.
    """
    if PROFILE_VARIABLE in env:
        return dict(env)
    if env.get(RANGE) != 'LOCALHOST' or env.get('RMW_IMPLEMENTATION', FAST_DDS) != FAST_DDS:
        return env | {PROFILE_VARIABLE: str(share / DDS_PROFILE)}
    return env | {PROFILE_VARIABLE: str(share / LOOPBACK_PROFILE), RANGE: 'SYSTEM_DEFAULT'}


def node_command(
    program: str, parameters: Mapping[str, object], env: Mapping[str, str]
) -> list[str]:
    """Return the command line of a node of takeover_nodes."""
    from takeover.workspace import package_prefix

    folder = package_prefix('takeover_nodes', env) / 'lib' / 'takeover_nodes'
    words = [str(folder / program), '--ros-args']
    for name, value in parameters.items():
        # Quoted: a folder named 2026 is a name, not a number.
        quoted = isinstance(value, (Path, str))
        words += ['-p', f"{name}:='{value}'" if quoted else _typed(name, value)]
    return words


def make_run_folder(runs_dir: Path) -> Path:
    """Make a folder named after the time, and let `latest` point to it."""
    runs_dir.mkdir(parents=True, exist_ok=True)
    name = datetime.now().strftime('%Y-%m-%d_%H-%M-%S')
    for attempt in range(1000):
        folder = runs_dir / (f'{name}_{attempt}' if attempt else name)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        link = runs_dir / f'.{LATEST}_{os.getpid()}'
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        os.replace(link, runs_dir / LATEST)
        return folder
    raise TakeoverError(f'no free folder name in {runs_dir}')


def show_tail(log: Path) -> None:
    """Print the last lines of the log before the stop that this process asked for."""
    lines = log.read_text(errors='replace').splitlines()
    stop = next((i for i, line in enumerate(lines) if STOP_MARK in line), len(lines))
    tail = lines[max(0, stop - LOG_TAIL_LINES) : stop]
    print('\n'.join(['', f'The last lines of {log}:', *tail]), file=sys.stderr)


def _typed(name: str, value: object) -> str:
    """Return a parameter as ROS reads it: YAML."""
    return f'{name}:={str(value).lower() if isinstance(value, bool) else value}'
