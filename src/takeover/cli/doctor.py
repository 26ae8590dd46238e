"""`takeover doctor`: look at the whole chain before an operator's hour is spent on it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import os
from pathlib import Path
import re
import signal
import sys
import tempfile
import time
from typing import Literal, TYPE_CHECKING

from takeover.cli.child_processes import Signals, start, stop
from takeover.doctor.finding import CheckName, go
from takeover.errors import TakeoverError

if TYPE_CHECKING:
    from takeover.doctor.graph import GraphFacts
    from takeover.doctor.setting import Setting

PROGRAM = 'doctor_node'
LISTEN_S = 8.0
# Beyond what it listens for: imports, finding others, questions to controllers.
PATIENCE_S, POLL_S = 60.0, 0.1
LOG_TAIL_LINES = 3
COLOURS = re.compile(r'\x1b\[[0-9;]*m')
BAR_STEPS = 1000


def command(
    *,
    task: str = 'rover_path',
    robot: str = '',
    policy: str = '',
    input: Literal['auto', 'joystick', 'spacemouse', 'keyboard', 'none'] = 'auto',
    mapping: str = '',
    record: Path | None = None,
    learner: str = '',
    namespace: str = '',
    remap: tuple[str, ...] = (),
    use_sim_time: bool = False,
    seconds: float = 60.0,
    only: tuple[CheckName, ...] = (),
    skip: tuple[CheckName, ...] = (),
    json: bool = False,
) -> int:
    """Check robot, sensors, clocks, input device, policy, controller and machine as one chain.

    Run it where the control stack will run, with the robot started (simulated:
    robot_sim.launch.xml), before or while control.launch.xml runs. It publishes nothing and moves
    nothing. docs/doctor.md explains every check. Exit code 0: go; 1: something must be mended.

    Args:
        task: The task, by name or file.
        robot: The robot, by name or file; default: that of the task.
        policy: The policy bundle; default: the one that comes with the task, if any; none: a
            person drives alone.
        input: What a person takes over with; auto: spacemouse for an arm, else joystick; none:
            not looked at.
        mapping: What axes and buttons mean, by name or file; default: as shipped for the robot.
        record: The folder of the log; without it the disk is not looked at.
        learner: The host that the learner runs on, when it is another one.
        namespace: ROS namespace of the robot, as given to the launch file.
        remap: Topics of the robot that have other names: cmd_vel:=base/cmd_vel odom:=base/odom.
        use_sim_time: Take the time from /clock, as the nodes do.
        seconds: How long the trial of the policy's ticks takes; topics are heard for 8 s at most.
        only: Run these checks alone.
        skip: Leave these checks out.
        json: Print one JSON object instead of a table.
    """
    from takeover.cli.launch import parse_arguments
    from takeover.doctor.checks import chosen, run_checks
    from takeover.doctor.report import as_json, show
    from takeover.doctor.setting import make_setting

    if not 1.0 <= seconds <= 3600.0:
        raise TakeoverError(f'--seconds is {seconds:g}; it must be 1 to 3600')
    names = chosen(only, skip)
    device, renamed = '' if input == 'auto' else input, parse_arguments(remap)
    setting = make_setting(
        task, robot, policy, device, mapping, record, learner, seconds, os.environ
    )
    findings = run_checks(
        setting,
        names,
        lambda: look(setting, namespace, renamed, use_sim_time),
        lambda: bar_of_trial(seconds, silent=json),
    )
    if json:
        print(as_json(setting, namespace, findings))
    else:
        from rich.console import Console

        show(Console(highlight=False), setting, findings)
    return 0 if go(findings) else 1


def look(
    setting: 'Setting', namespace: str, renamed: Mapping[str, str], use_sim_time: bool
) -> 'GraphFacts':
    """Let doctor_node measure the ROS graph.

    :raises GraphUnknown: the workspace is not built, or the node failed.
    :raises KeyboardInterrupt: a signal came.
    """
    from takeover.cli.live_stack import node_command, watching_environment
    from takeover.doctor.graph import GraphFacts, GraphUnknown
    from takeover.workspace import node_environment, package_share, WorkspaceError

    try:
        env = node_environment()
        env = watching_environment(env, package_share('takeover_bringup', env))
    except WorkspaceError as error:
        remedy = '`make setup`, or source the workspace; or leave it out: --skip'
        raise GraphUnknown(str(error), remedy) from None
    listen_s = min(LISTEN_S, setting.seconds)
    with tempfile.TemporaryDirectory(prefix='takeover_doctor_') as folder:
        facts, log = Path(folder) / 'facts.json', Path(folder) / 'log'
        parameters = {
            'task_file': setting.task_file.resolve(),
            'robot_file': setting.robot_file.resolve(),
            'facts_file': facts,
            'device': setting.device,
            'seconds': listen_s,
            'use_sim_time': use_sim_time,
        }
        words = node_command(PROGRAM, parameters, env)
        if namespace.strip('/'):
            words += ['-r', f'__ns:=/{namespace.strip("/")}']
        for name, other in renamed.items():
            words += ['-r', f'{name}:={other}']
        say(f'listening for {listen_s:g} s')
        run_node(words, env, log)
        if not facts.is_file():
            text = COLOURS.sub('', log.read_text(errors='replace'))
            tail = text.splitlines()[-LOG_TAIL_LINES:]
            why = f'{PROGRAM} failed: {" / ".join(tail) or "it was silent"}'
            raise GraphUnknown(why, 'check the variables of ROS in this terminal (see domain)')
        return GraphFacts.model_validate_json(facts.read_text())


def run_node(words: list[str], env: dict[str, str], log: Path) -> None:
    """Run the node to its end, and no longer than it may take.

    :raises KeyboardInterrupt: a signal came; the node is gone.
    """
    deadline_s = time.monotonic() + LISTEN_S + PATIENCE_S
    with Signals() as signals:
        with log.open('wb') as output:
            child = start(words, env, signal.SIGTERM, output)
        while child.poll() is None and not signals.received and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        stop(child, PATIENCE_S, signals)
    if signals.received:
        raise KeyboardInterrupt


@contextmanager
def bar_of_trial(seconds: float, silent: bool) -> Iterator[Callable[[float], None]]:
    """Show how far the trial of the ticks is; gives what is to be called with the share done."""
    say(f'ticking for {seconds:g} s')
    if silent:
        yield lambda share: None
        return
    from takeover.cli.progress_bar import progress_bar

    with progress_bar('trial ticks', BAR_STEPS) as advance:
        yield lambda share: advance(round(BAR_STEPS * share))


def say(what: str) -> None:
    """Tell on stderr what takes a while; stdout is for the result."""
    print(f'takeover doctor: {what}', file=sys.stderr, flush=True)
