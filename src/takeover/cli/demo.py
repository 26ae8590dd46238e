"""`takeover demo`: drive a few episodes in simulation, watch them, and leave a report.

Two children: the launcher of the nodes, and the monitor with the screen. They run in sessions of
their own, so that Ctrl-C reaches them only through this process and in order. Whatever happens,
nothing is left running: this process adopts what its children leave behind, and the kernel stops
the children if this process dies without a word.
"""

from datetime import datetime
import os
from pathlib import Path
import signal
import sys
import time

from takeover.errors import TakeoverError

LAUNCH_FILE = 'sim.launch.xml'
TASK_FILE = 'config/tasks/rover_path.yaml'
DDS_PROFILE = 'config/fastdds_profile.xml'
REQUIRED_SHARE = 0.8
# The launcher gives each process 5 s for SIGINT and 5 s for SIGTERM.
LAUNCH_PATIENCE_S = 15.0
# Long enough to write the report on a slow machine.
MONITOR_PATIENCE_S = 60.0
# From its first import on: the nodes come first.
MONITOR_NICENESS = 5
POLL_S = 0.05
LOG_TAIL_LINES = 20
# What the launcher writes when it is asked to stop; the lines after it explain nothing.
STOP_MARK = '[launch]: SIGINT received'
LATEST = 'latest'
# Exit codes of monitor_node.
COMPLETE, CUT_SHORT = 0, 1


def command(
    *,
    episodes: int = 5,
    seed: int = 0,
    policy: Path | None = None,
    runs_dir: Path = Path('runs'),
    camera: bool = True,
    picture: Path | None = None,
) -> int:
    """Drive a few episodes in simulation and write a report.

    Starts launch/sim.launch.xml and a status screen; Ctrl-C stops both and the robot. Succeeds
    when at least 80 % of the episodes reach the goal.

    Unless ROS_DOMAIN_ID is set, a domain is taken that no other demo on this machine uses and in
    which nothing else talks; unless ROS_AUTOMATIC_DISCOVERY_RANGE is set, discovery stays on this
    machine.

    Args:
        episodes: how many episodes to drive.
        seed: course of the first episode; each next one adds 1.
        policy: bundle that drives, instead of models/demo/rover_path.onnx.
        runs_dir: folder in which the run gets a folder of its own.
        camera: keep a few camera frames for the report.
        picture: also write one PNG of the run: driven path, camera, screen.
    """
    if episodes < 1:
        raise TakeoverError(f'--episodes is {episodes}; it must be 1 or more')
    if seed < 0:
        raise TakeoverError(f'--seed is {seed}; it must be 0 or more')
    return Demo(episodes, seed, policy, camera).run(runs_dir, picture)


class Demo:
    """One demonstration from the first process to the last."""

    def __init__(self, episodes: int, seed: int, policy: Path | None, camera: bool) -> None:
        """Prepare the environment of the nodes."""
        from takeover.cli.child_processes import adopt_orphans, Signals
        from takeover.cli.ros_domain import reserve_domain
        from takeover.workspace import node_environment, package_prefix, package_share

        self.episodes, self.seed, self.policy, self.camera = episodes, seed, policy, camera
        self.env = node_environment()
        self.reservation = reserve_domain(self.env)
        share = package_share('takeover_bringup', self.env)
        self.task_file = share / TASK_FILE
        # The launch files choose a profile for each node; this one is the monitor's.
        self.monitor_env = {'FASTRTPS_DEFAULT_PROFILES_FILE': str(share / DDS_PROFILE)} | self.env
        self.monitor_program = (
            package_prefix('takeover_nodes', self.env) / 'lib' / 'takeover_nodes' / 'monitor_node'
        )
        self.signals = Signals()
        adopt_orphans()

    def run(self, runs_dir: Path, picture: Path | None) -> int:
        """Drive, tell how it went, and return the exit code."""
        folder = make_run_folder(runs_dir)
        log = folder / 'launch.log'
        print(
            f'takeover demo: {self.episodes} episodes from seed {self.seed}; log in {log}',
            flush=True,
        )
        with self.signals:
            died = self.drive(folder, log)
        if self.signals.received:
            number = self.signals.received[0]
            print(f'stopped by {signal.Signals(number).name}; nothing is left running')
            if (folder / 'report.html').is_file():
                print(f'report: {folder / "report.html"}')
            return 128 + number
        if died:
            show_tail(log)
            raise TakeoverError(f'{died}; see {log}')
        return tell(folder, self.episodes, picture)

    def drive(self, folder: Path, log: Path) -> str:
        """Run both children to their end; return why the launch died early, '' if it did not."""
        from takeover.cli.child_processes import kill_orphans, start, stop

        launch = monitor = None
        died = ''
        try:
            with log.open('wb') as output:
                launch = start(self.launch_command(), self.env, signal.SIGINT, output)
            monitor = start(
                self.monitor_command(folder),
                self.monitor_env,
                signal.SIGKILL,
                None,
                MONITOR_NICENESS,
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
        if monitor.returncode == COMPLETE:
            return ''
        if not died and monitor.returncode != CUT_SHORT:
            died = f'the monitor ended with code {monitor.returncode}'
        return died

    def launch_command(self) -> list[str]:
        """Return the command line of the launcher."""
        command = [
            sys.executable,
            '-m',
            'takeover.cli.main',
            'launch',
            LAUNCH_FILE,
            f'episodes:={self.episodes}',
            f'seed:={self.seed}',
            f'camera:={str(self.camera).lower()}',
        ]
        return command if self.policy is None else [*command, f'policy:={self.policy.resolve()}']

    def monitor_command(self, folder: Path) -> list[str]:
        """Return the command line of the monitor."""
        given = {'task_file': self.task_file, 'report_dir': folder.resolve()}
        return [
            str(self.monitor_program),
            '--ros-args',
            '-p',
            f'episodes:={self.episodes}',
            '-p',
            f'camera:={str(self.camera).lower()}',
            # Quoted: a folder named 2026 is a name, not a number.
            *[word for name, path in given.items() for word in ('-p', f"{name}:='{path}'")],
        ]


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


def tell(folder: Path, episodes: int, picture: Path | None) -> int:
    """Print the verdict from the saved run; return 0 if enough episodes reached the goal."""
    from rich.console import Console
    from takeover.report.record import load_run
    from takeover.report.screen import verdict_table

    run = load_run(folder)
    console = Console()
    console.print()
    console.print(verdict_table(run.episodes))
    if not run.complete:
        show_tail(folder / 'launch.log')
        console.print(f'\nThe run was cut short: {run.ended_because}', style='red', markup=False)
    good = run.complete and run.goals >= REQUIRED_SHARE * episodes
    console.print(
        f'\n{run.goals} of {episodes} episodes reached the goal',
        style='bold green' if good else 'bold red',
    )
    print(f'report: {folder / "report.html"}')
    if picture is not None:
        from takeover.report.picture import PictureError, write_picture

        try:
            print(f'picture: {write_picture(run, picture)}')
        except PictureError as error:
            print(f'no picture: {error}', file=sys.stderr)
    return 0 if good else 1
