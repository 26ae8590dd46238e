"""Policies exchanged while the rover drives and the learner learns from it, on the same cores.

Starts the shipped `sim.launch.xml` (camera off) with a simulated person and a recorder, and
`learner.launch.xml` on their log, which offers nothing by itself meanwhile. First it listens
without any exchange, then it announces one good candidate after the other, each as soon as the one
before drives. Missed ticks, jitter and bounds are read from the commands of policy_node; one that
gets lost on the way counts as missed.

With --vision the policies see: the task is rover_lane, its camera is rendered on the same cores,
and pictures are recorded; there is no learner.

    python -m benchmarks.swap [--vision] [--swaps 200] [--seconds 30]
"""

import argparse
from pathlib import Path
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
from benchmarks.ticks import missed_and_deviations
import numpy as np
from takeover.cli.demo_session import DemoSession
from takeover.policy.acceptance import Candidate
from takeover.task import load_task
from takeover_msgs.msg import (
    Command,
    ExecutedCommand,
    LearnerStatus,
    PolicyCandidate,
    PolicyState,
)
from takeover_nodes import qos
from takeover_nodes.conversions import stamp_to_ns
from tests.policy_candidates import good, TASK_FILE
from tests.stack import Observer, REPOSITORY, running, wait_until
from tests.stack_topics import wait_until_policy_is_executed
from tests.vision_policies import good_vision, write_vision

JITTER_TARGET_MS = 8.0
PERIOD_S = 1.0 / load_task(TASK_FILE).rate_hz
PERCENTILES = (50, 99, 100)


def main() -> int:
    """Measure, print one line per number, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--swaps', type=int, default=200, help='how many exchanges')
    parser.add_argument('--seconds', type=float, default=30.0, help='how long without any')
    parser.add_argument('--vision', action='store_true', help='policies that see, no learner')
    options = parser.parse_args()
    beside = 'of policies that see, beside a camera' if options.vision else 'beside a learner'
    print(f'{options.swaps} swaps {beside}, {machine()}')
    make = good_vision if options.vision else good
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = vision_launch(folder) if options.vision else launches(folder)
        with running(*files, folder=folder) as (_, observer):
            candidates = [make(folder, number) for number in range(options.swaps)]
            wait_until_driving(observer)
            if not options.vision:
                wait_until_learning(observer)
            learned = updates(observer)
            quiet_s = time.monotonic()
            time.sleep(options.seconds)
            swaps_s = time.monotonic()
            before = observer.last('policy/version')
            waits_s = exchange_all(observer, candidates)
            after = wait_until(
                lambda: newest_with(observer, candidates[-1].version), 'the last one is reported'
            )
            commands = observer.since('policy/command', quiet_s)
            if not options.vision:
                rate = (updates(observer) - learned) / (time.monotonic() - quiet_s)
                said = observer.last('learner/status').message
                print(f'the learner made {rate:.1f} updates/s, {said}')
    if np.any(np.diff([stamp_to_ns(command.tick_stamp) for _, command in commands]) <= 0):
        sys.exit('stamps go back: another stack talks in the same ROS domain; run it again')
    quiet = [command for at, command in commands if at <= swaps_s]
    busy = [command for at, command in commands if at > swaps_s]
    return report(quiet, busy, after.swaps - before.swaps, waits_s)


def launches(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Return the launch files and their arguments, for a learner that has cloned already."""
    session = DemoSession(REPOSITORY, folder, 2, 0, 'benchmarks.swap')
    session.demonstrate(lambda _: None)
    session.clone(lambda _: None)
    session.env.close()
    return (
        ('sim.launch.xml', 'camera:=false', 'operator:=0.4', f'record:={session.log_dir}'),
        (
            'learner.launch.xml',
            f'log_dir:={session.log_dir}',
            f'learner_dir:={session.learner_dir}',
            f'demonstrations:={session.demonstrations_dir}',
            f'learner_config:={session.config_file}',
            'publish_period_s:=3600.0',
        ),
    )


def vision_launch(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Return the launch file and its arguments, for a task with images."""
    first = write_vision(folder / 'first.onnx')
    arguments = (f'policy:={first.file}', 'operator:=0.4', f'record:={folder / "log"}')
    return (('sim.launch.xml', 'task:=rover_lane', *arguments),)


def wait_until_learning(observer: Observer, timeout_s: float = 300.0) -> None:
    """Listen to the learner, and wait until it has learned."""
    observer.hear(LearnerStatus, 'learner/status', qos.LATCHED)
    wait_until(lambda: updates(observer) > 0, 'the learner learns', timeout_s)


def updates(observer: Observer) -> int:
    """Return how many updates the learner has made."""
    status = observer.last('learner/status')
    return status.updates if status else 0


def wait_until_driving(observer: Observer) -> None:
    """Listen, and wait until the gate executes what the policy commands."""
    observer.hear(Command, 'policy/command', qos.RECORD)
    observer.hear(ExecutedCommand, 'safety/executed_command', qos.RECORD)
    observer.hear(PolicyState, 'policy/version', qos.LATCHED)
    wait_until_policy_is_executed(observer, 120.0)
    wait_until(lambda: observer.last('policy/version'), 'policy/version')


def exchange_all(observer: Observer, candidates: list[Candidate]) -> list[float]:
    """Let each candidate take over; return seconds from announcement to first command."""
    publisher = observer.node.create_publisher(PolicyCandidate, 'learner/policy', qos.LATCHED)
    waits_s = []
    for candidate in candidates:
        start_s = time.monotonic()
        publisher.publish(
            PolicyCandidate(
                version=candidate.version, spec_hash=candidate.spec_hash, file=candidate.file
            )
        )
        wait_until(
            lambda: observer.last('policy/command').policy_version == candidate.version,  # noqa: B023 called at once
            f'{candidate.version} drives',
            60.0,
        )
        waits_s.append(time.monotonic() - start_s)
    return waits_s


def newest_with(observer: Observer, version: str) -> PolicyState | None:
    """Return the newest report if it is of this version."""
    state = observer.last('policy/version')
    return state if state.version == version else None


def report(quiet: list, busy: list, swaps: int, waits_s: list[float]) -> int:
    """Print the numbers against their targets."""
    expected = len(waits_s)
    versions = [command.policy_version for command in busy]
    changes = sum(a != b for a, b in zip(versions, versions[1:]))
    changes += versions[0] != quiet[-1].policy_version
    swaps_ok = swaps == changes == expected
    print(
        f'swaps: {swaps} reported, {changes} seen in the commands of {expected} announced; from '
        f'announcement to first command median {np.median(waits_s):.2f} s, max '
        f'{max(waits_s):.2f} s (target {expected}): {verdict(swaps_ok)}'
    )
    missed, jitter_ms = ticks('without swaps', quiet)
    missed_busy, jitter_busy_ms = ticks('while swapping', busy)
    ticks_ok = missed_busy == 0 and jitter_busy_ms < JITTER_TARGET_MS
    print(
        f'missed ticks {missed_busy}, without swaps {missed}; jitter p99 {jitter_busy_ms:.2f} ms, '
        f'without swaps {jitter_ms:.2f} ms (targets 0 and {JITTER_TARGET_MS:g} ms while '
        f'swapping): {verdict(ticks_ok)}'
    )
    components = load_task(TASK_FILE).action.components
    low, high = np.array([(c.low, c.high) for c in components]).T
    values = np.array([command.values for command in busy])
    outside = int(np.sum(np.any(~((values >= low) & (values <= high)), axis=1)))
    print(f'commands out of bounds: {outside} of {len(busy)} (target 0): {verdict(outside == 0)}')
    return 0 if swaps_ok and ticks_ok and outside == 0 else 1


def ticks(what: str, commands: list) -> tuple[int, float]:
    """Print how the ticks went; return missed ones and p99 of |period - nominal| in ms."""
    missed, deviations_ms = missed_and_deviations(commands, PERIOD_S)
    p50, p99, worst = np.percentile(deviations_ms, PERCENTILES)
    print(
        f'  {what}: {len(commands)} ticks, jitter p50 {p50:.2f} ms, p99 {p99:.2f} ms, max '
        f'{worst:.2f} ms'
    )
    return missed, float(p99)


if __name__ == '__main__':
    sys.exit(main())
