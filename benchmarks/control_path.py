"""From an observation to the robot's command through three processes, and the policy's tick.

Starts the shipped `sim.launch.xml` (camera off) and listens for a minute. Latency counts from the
moment the policy's observation is ready to the stamp of the gate's output for that very command.
Jitter and missed ticks are those of the policy's timer, read from the stamps that travel with each
command to the gate; one that gets lost on the way counts as missed.

    python -m benchmarks.control_path [--seconds 60]
"""

import argparse
from pathlib import Path
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
from benchmarks.ticks import missed_and_deviations
import numpy as np
from takeover.task import load_task
from takeover_msgs.msg import Command, ExecutedCommand, PolicyState
from takeover_nodes import qos
from takeover_nodes.conversions import stamp_to_ns
from tests.stack import REPOSITORY, running, wait_until
from tests.stack_topics import wait_until_policy_is_executed

MEDIAN_TARGET_MS, P99_TARGET_MS, JITTER_TARGET_MS = 5.0, 20.0, 10.0
TASK = REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'


def main() -> int:
    """Measure, print one line per number, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=60.0, help='how long to listen')
    seconds = parser.parse_args().seconds
    print(f'control path, {seconds:g} s, {machine()}')
    with (
        tempfile.TemporaryDirectory() as folder,
        running(('sim.launch.xml', 'camera:=false'), folder=Path(folder)) as (_, observer),
    ):
        observer.hear(ExecutedCommand, 'safety/executed_command', qos.RECORD)
        observer.hear(PolicyState, 'policy/version', qos.LATCHED)
        wait_until_policy_is_executed(observer)
        start_s = time.monotonic()
        before = wait_until(lambda: observer.last('policy/version'), 'policy/version')
        time.sleep(seconds)
        after = observer.last('policy/version')
        executed = [sample for _, sample in observer.since('safety/executed_command', start_s)]
    return report(executed, after.skipped - before.skipped, seconds)


def report(executed: list, skipped: int, seconds: float) -> int:
    """Print the numbers against their targets."""
    arrivals = [
        sample
        for sample in executed
        if sample.on_arrival and sample.source == Command.SOURCE_POLICY
    ]
    total = hop_ms(arrivals, 'tick_stamp', 'header.stamp')
    to_arbiter = hop_ms(arrivals, 'tick_stamp', 'arbiter_stamp')
    median, p99 = np.percentile(total, (50, 99))
    latency_ok = median < MEDIAN_TARGET_MS and p99 < P99_TARGET_MS
    print(
        f'observation ready -> gate out: median {median:.2f} ms, p99 {p99:.2f} ms, '
        f'max {total.max():.2f} ms, n {len(total)} (targets {MEDIAN_TARGET_MS:g} and '
        f'{P99_TARGET_MS:g} ms): {verdict(latency_ok)}'
    )
    print(
        f'  of which until control/command {np.median(to_arbiter):.2f} ms, from there until the '
        f"gate's output {np.median(total - to_arbiter):.2f} ms (medians; the gate forwards on "
        f'arrival and waits for no tick)'
    )
    arrivals.sort(key=lambda sample: stamp_to_ns(sample.tick_stamp))
    lost, deviation_ms = missed_and_deviations(arrivals, 1.0 / load_task(TASK).rate_hz)
    missed = max(lost, skipped)
    jitter = np.percentile(deviation_ms, 99)
    ticks_ok = missed == 0 and jitter < JITTER_TARGET_MS
    print(
        f'policy tick: {len(arrivals)} in {seconds:g} s, missed {missed} (of these {skipped} '
        f'without observation), jitter p99 {jitter:.2f} ms, max {deviation_ms.max():.2f} ms '
        f'(targets 0 and {JITTER_TARGET_MS:g} ms): {verdict(ticks_ok)}'
    )
    return 0 if latency_ok and ticks_ok else 1


def hop_ms(samples: list, start: str, end: str) -> np.ndarray:
    """Return milliseconds between two stamps of each sample."""

    def stamp_ns(sample: object, name: str) -> int:
        for part in name.split('.'):
            sample = getattr(sample, part)
        return stamp_to_ns(sample)

    return 1e-6 * np.array([stamp_ns(s, end) - stamp_ns(s, start) for s in samples])


if __name__ == '__main__':
    sys.exit(main())
