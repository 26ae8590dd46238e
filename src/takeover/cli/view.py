"""`takeover view`: what the robot and its policy see and do, in Rerun; live or from a log."""

from collections.abc import Sequence
from contextlib import closing
import os
from pathlib import Path
import signal
import time
from typing import TYPE_CHECKING

from takeover.cli.child_processes import Signals, start, stop
from takeover.errors import TakeoverError

if TYPE_CHECKING:
    from takeover.report.viewer import Viewer
    from takeover.report.viewing import Viewing
    from takeover.specs import TaskSpec

PROGRAM = 'view_node'
SUFFIX = '.rrd'
# Domains above this have ports that no computer has (ROS 2 documentation).
MOST_DOMAIN = 232
PATIENCE_S, POLL_S = 20.0, 0.1


def command(
    *,
    log: tuple[Path, ...] = (),
    task: Path | None = None,
    namespace: str = '',
    domain: int | None = None,
    camera_full: bool = False,
    save: Path | None = None,
    web: bool = False,
    connect: str = '',
) -> int:
    """Show the camera, what the policy sees, commands, who drives and rewards, in Rerun.

    Listens to a robot that runs, until Ctrl-C, and never changes what it does; or shows finished
    logs, without ROS. Needs the extra `view`: pip install -r requirements/view.in.

    Args:
        log: Log files (.mcap) and folders of them to show instead of a robot.
        task: The task that is driven, by name or file: it names commands and pictures. Default:
            of a log found by its name, live they are numbered.
        namespace: ROS namespace of the robot, as given to the launch file.
        domain: ROS domain of the robot; default: that of this terminal (ROS_DOMAIN_ID).
        camera_full: Also show camera/image_raw, which makes the camera publish full pictures.
        save: Write a file (.rrd) instead of opening a viewer; `rerun FILE` shows it.
        web: Serve it to a browser, to everybody in the network, instead of opening a viewer.
        connect: Address of a viewer that runs: rerun+http://HOST:9876/proxy.
    """
    from takeover.shipped import config_path
    from takeover.task import TASKS

    refuse_useless(log, domain, save, web, connect)
    if log:
        return show_log(log, task, save, web, connect)
    parameters = {
        'task_file': task and config_path(task, TASKS).resolve(),
        'camera_full': camera_full,
        'save': save and save.resolve(),
        'connect': connect,
        'web': web,
    }
    given = {name: value for name, value in parameters.items() if value}
    return watch(given, namespace, domain)


def refuse_useless(
    log: Sequence[Path], domain: int | None, save: Path | None, web: bool, connect: str
) -> None:
    """Refuse what makes no sense before anything is started.

    :raises TakeoverError: says what, and what is legal.
    """
    if (save is not None) + web + bool(connect) > 1:
        raise TakeoverError('--save, --web and --connect exclude each other; give one of them')
    if save is not None and save.suffix != SUFFIX:
        raise TakeoverError(f'--save {save}: legal is a name that ends in {SUFFIX}')
    if domain is not None and not 0 <= domain <= MOST_DOMAIN:
        raise TakeoverError(f'--domain is {domain}; it must be 0 to {MOST_DOMAIN}')
    if log and domain is not None:
        raise TakeoverError('--domain is of a robot that runs; leave it out with --log')


def show_log(
    log: Sequence[Path], task_file: Path | None, save: Path | None, web: bool, connect: str
) -> int:
    """Show the steps of logs; a served one until Ctrl-C.

    :raises TakeoverError: no log, not of the task, or nothing can be shown.
    """
    from takeover.cli.log_task import task_of_log
    from takeover.data.log_reader import log_files
    from takeover.report.viewer import open_viewer, Target
    from takeover.report.viewing import Viewing

    files = log_files(log)
    task = task_of_log(files, task_file)
    unfinished = save and save.with_name(f'{save.name}.unfinished')
    viewing = Viewing(task)
    viewer = open_viewer(viewing.layout, Target(str(unfinished or ''), connect, web))
    try:
        with closing(viewer):
            shown = show_steps(files, task, viewing, viewer)
            print(f'{shown} steps, {f"written to {save}" if save else viewer.where}', flush=True)
            while web:
                time.sleep(POLL_S)
        if save is not None:
            os.replace(unfinished, save)
    finally:
        if save is not None:
            unfinished.unlink(missing_ok=True)
    return 0


def show_steps(
    files: Sequence[Path], task: 'TaskSpec', viewing: 'Viewing', viewer: 'Viewer'
) -> int:
    """Show every step of files; return how many there are.

    :raises TakeoverError: a file is no log, or of another task.
    """
    from takeover.cli.progress_bar import progress_bar
    from takeover.data.log_messages import STEP
    from takeover.data.log_reader import LogReader
    from takeover.specs import spec_hash

    shown = 0
    with progress_bar('files', len(files)) as advance:
        for number, file in enumerate(files, start=1):
            for step in LogReader(file, spec_hash(task)).events({STEP}):
                viewer.show(viewing.step(step))
                shown += 1
            advance(number)
    return shown


def watch(parameters: dict[str, object], namespace: str, domain: int | None) -> int:
    """Run view_node until it ends or a signal comes; return the exit code.

    :raises TakeoverError: Rerun is not installed, or the workspace is not built.
    """
    from takeover.cli.live_stack import MONITOR_NICENESS, node_command, watching_environment
    from takeover.report.viewer import require_rerun
    from takeover.workspace import node_environment, package_share

    require_rerun()
    env = node_environment()
    env = watching_environment(env, package_share('takeover_bringup', env))
    if domain is not None:
        env['ROS_DOMAIN_ID'] = str(domain)
    words = node_command(PROGRAM, parameters, env)
    if namespace.strip('/'):
        words += ['-r', f'__ns:=/{namespace.strip("/")}']
    with Signals() as signals:
        child = start(words, env, signal.SIGTERM, None, MONITOR_NICENESS)
        while child.poll() is None and not signals.received:
            time.sleep(POLL_S)
        if signals.received:
            child.send_signal(signal.SIGTERM)
        stop(child, PATIENCE_S, signals)
    return 128 + signals.received[0] if signals.received else child.returncode
