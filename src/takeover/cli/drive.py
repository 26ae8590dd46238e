"""`takeover drive`: let a policy drive a few episodes in simulation, watch, and leave a report."""

from pathlib import Path
import signal
import sys

from takeover.cli.live_stack import LiveStack, make_run_folder, show_tail
from takeover.errors import TakeoverError

LAUNCH_FILE = 'sim.launch.xml'
TASK_FILE = 'config/tasks/rover_path.yaml'
REQUIRED_SHARE = 0.8


def command(
    *,
    episodes: int = 5,
    seed: int = 0,
    policy: Path | None = None,
    runs_dir: Path = Path('runs'),
    camera: bool = True,
    picture: Path | None = None,
) -> int:
    """Let a policy drive a few episodes in simulation and write a report.

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
    return Drive(LiveStack(), episodes, seed, policy, camera).run(runs_dir, picture)


class Drive:
    """A few episodes from the first process to the last."""

    def __init__(
        self, stack: LiveStack, episodes: int, seed: int, policy: Path | None, camera: bool
    ) -> None:
        """Prepare; nothing runs yet."""
        self.stack = stack
        self.episodes, self.seed, self.policy, self.camera = episodes, seed, policy, camera

    def run(self, runs_dir: Path, picture: Path | None) -> int:
        """Drive, tell how it went, and return the exit code."""
        folder = make_run_folder(runs_dir)
        log = folder / 'launch.log'
        print(
            f'takeover drive: {self.episodes} episodes from seed {self.seed}; log in {log}',
            flush=True,
        )
        stack = self.stack
        with stack.signals:
            died = stack.drive(self.launch_command(), self.monitor_command(folder), log)
        if stack.signals.received:
            number = stack.signals.received[0]
            print(f'stopped by {signal.Signals(number).name}; nothing is left running')
            if (folder / 'report.html').is_file():
                print(f'report: {folder / "report.html"}')
            return 128 + number
        if died:
            show_tail(log)
            raise TakeoverError(f'{died}; see {log}')
        return tell(folder, self.episodes, picture)

    def launch_command(self) -> list[str]:
        """Return the command line of the launcher."""
        arguments = {
            'episodes': self.episodes,
            'seed': self.seed,
            'camera': str(self.camera).lower(),
            'policy': self.policy and self.policy.resolve(),
        }
        return self.stack.launch_command(LAUNCH_FILE, arguments)

    def monitor_command(self, folder: Path) -> list[str]:
        """Return the command line of the monitor."""
        parameters = {
            'episodes': self.episodes,
            'camera': self.camera,
            'task_file': self.stack.share / TASK_FILE,
            'report_dir': folder.resolve(),
        }
        return self.stack.monitor_command('monitor_node', parameters)


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
