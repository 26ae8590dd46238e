"""The ticks of an arm that sees, live: first without a learner, then with one on the same cores.

Starts the shipped `sim.launch.xml` with a simulated person at the SpaceMouse, the camera at the
wrist and a recorder; the second time with a learner that clones two demonstrations, follows the
log, and whose policies are swapped in. Counted from its first update on. A tick is missed if it
had no observation, or if its command got lost: both leave a gap in the commands.

    python -m benchmarks.live [--task arm_peg] [--seconds 300]
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
from benchmarks.swap import updates, wait_until_driving, wait_until_learning
from benchmarks.ticks import missed_and_deviations
import numpy as np
from takeover.action import ActionContract
from takeover.data.log_metadata import log_metadata
from takeover.data.log_writer import write_steps
from takeover.intervention.device_choice import load_mapping
from takeover.shipped import config_path
from takeover.simulation.demonstrations import drive_demonstrations
from takeover.simulation.robots import robot_environment
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover.training.rlif_run import DEMONSTRATION_COURSES, LIVE_LATENCY_S, RlifRunConfig
from takeover_msgs.msg import Command
from tests.stack import running

OPERATOR_SKILL = 0.9
MISSED_SHARE_LEARNING = 0.01
LEARNS_S = 900.0


def main() -> int:
    """Measure, print one line per number, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--task', default='arm_peg', help='by name or file')
    parser.add_argument('--seconds', type=float, default=300.0, help='how long, each time')
    options = parser.parse_args()
    print(f'{options.task} live, {options.seconds:g} s each, {machine()}', flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demonstrate(options.task, folder / 'demonstrations')
        alone = listen(options.task, options.seconds, folder / 'alone')
        learning = listen(
            options.task,
            options.seconds,
            folder / 'learning',
            f'learn:={folder / "learner"}',
            f'demonstrations:={folder / "demonstrations"}',
        )
    return 0 if alone and learning else 1


def demonstrate(name: str, folder: Path) -> None:
    """Write a log of two demonstrations."""
    task, robot = load_task_and_robot(name)
    mapping = load_mapping(ActionContract(task.action), robot)
    env = robot_environment(task, robot, LIVE_LATENCY_S)
    skill = RlifRunConfig().demonstrator_skill
    steps = drive_demonstrations(env, mapping, 2, skill, DEMONSTRATION_COURSES, 0)
    env.close()
    metadata = log_metadata(config_path(name, 'tasks'), 'benchmarks.live', {})
    write_steps(folder, steps, spec_hash(task), metadata)


def listen(task: str, seconds: float, folder: Path, *learner: str) -> bool:
    """Print how the ticks went; return whether the target is met."""
    folder.mkdir()
    arguments = (f'task:={task}', f'operator:={OPERATOR_SKILL}', f'record:={folder / "log"}')
    with running(('sim.launch.xml', *arguments, *learner), folder=folder) as (_, observer):
        wait_until_driving(observer)
        if learner:
            wait_until_learning(observer, LEARNS_S)
        swaps, learned = observer.last('policy/version').swaps, updates(observer)
        start_s = time.monotonic()
        time.sleep(seconds)
        commands = [command for _, command in observer.since('policy/command', start_s)]
        made = updates(observer) - learned
        swaps = observer.last('policy/version').swaps - swaps
    rate_hz = load_task_and_robot(task)[0].rate_hz
    what = f'beside {made} updates and {swaps} swaps' if learner else 'without a learner'
    return report(commands, seconds, rate_hz, what, bool(learner))


def report(
    commands: Sequence[Command], seconds: float, rate_hz: float, what: str, learning: bool
) -> bool:
    """Print the numbers against their target; return whether it is met."""
    gaps, deviations_ms = missed_and_deviations(commands, 1.0 / rate_hz)
    due = round(seconds * rate_hz)
    # Those after the last command leave no gap; one may fall on either side of the ends.
    missed = max(gaps, due - 1 - len(commands))
    passed = missed < MISSED_SHARE_LEARNING * due if learning else missed == 0
    p50, p99, worst = np.percentile(deviations_ms, (50, 99, 100))
    print(
        f'{what}: missed {missed} of {due} ticks (target {"under 1 %" if learning else "0"}), '
        f'jitter p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {worst:.1f} ms: {verdict(passed)}',
        flush=True,
    )
    return passed


if __name__ == '__main__':
    sys.exit(main())
