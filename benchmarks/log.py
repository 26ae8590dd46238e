"""What recording costs a control period, and how fast a log becomes transitions again.

Recording, as a share of a period of 50 ms: the time the recorder's own thread spends on a step
(its three parts joined, encoded and buffered, while a thread writes to the disk), and the
processor time of the whole recorder_node at 20 Hz, with odometry at 50 Hz and scans at 20 Hz
recorded as they are. It delays no control period: it is a process of its own. Reading:
steps of a finished log, without images, decoded and assembled to transitions, on one thread;
beside it the plain reader of mcap-ros2-support on the same file, in alternating blocks of one
process.

    python -m takeover.workspace -- python -m benchmarks.log [--steps 20000] [--blocks 5]
"""

import argparse
from collections.abc import Callable
from functools import partial
import os
from pathlib import Path
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
from mcap_ros2.reader import read_ros2_messages
from nav_msgs.msg import Odometry
import numpy as np
from sensor_msgs.msg import LaserScan
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.log_messages import headless_channels, STEP_TOPIC
from takeover.data.log_reader import log_files, read_steps
from takeover.data.log_writer import LogWriter
from takeover.data.step_joiner import JoinConfig, PolicyPart, RewardPart, StepJoiner
from takeover.specs import spec_hash, TaskSpec
from takeover.task import load_task
from takeover_nodes import qos
from tests.nodes.fake_drive import FakeDrive
from tests.nodes.recorder import hear_state, recorder, TASK
from tests.stack import new_domain, Observer

STEPS_OF_EPISODE = 400
SHARE_TARGET, RATE_TARGET = 0.05, 20_000.0
FIRST = 1_764_000_000_000_000
DRIVEN_STEPS = 300


def parts(task: TaskSpec, count: int) -> list[tuple[PolicyPart, np.ndarray, RewardPart]]:
    """Return what three nodes say about `count` steps in a row."""
    rng = np.random.default_rng(0)
    actions, period_ns = len(task.action.components), round(1e9 / task.rate_hz)
    found = []
    for index in range(count):
        sequence, stamp_ns = FIRST + index, 1000 * FIRST + period_ns * index
        policy = PolicyPart(
            sequence=sequence,
            stamp_ns=stamp_ns,
            observation=rng.normal(size=task.observation_size).astype(np.float32),
            observation_stamp_ns=stamp_ns - 1,
            action=rng.normal(size=actions),
            policy_version='0123456789ab',
            spec_hash=spec_hash(task),
        )
        last = index % STEPS_OF_EPISODE == STEPS_OF_EPISODE - 1
        reward = RewardPart(
            sequence=sequence,
            episode=1 + index // STEPS_OF_EPISODE,
            source=int(Source.POLICY),
            commanded=policy.action,
            reward=0.0,
            onset=False,
            stored=True,
            terminated=last,
            truncated=False,
            outcome=int(last),
        )
        found.append((policy, policy.action, reward))
    return found


def record(task: TaskSpec, folder: Path, said: list[tuple]) -> np.ndarray:
    """Record steps as recorder_node does; return the time each took its thread, ms [n]."""
    identity, times_ms = spec_hash(task), []
    joiner = StepJoiner(JoinConfig(identity, task.observation_size, len(task.action.components)))
    with LogWriter(folder, headless_channels(), {'task': task.task}) as log:
        for policy, executed, reward in said:
            start_s = time.perf_counter()
            joiner.policy(policy, start_s)
            joiner.ready(start_s)
            joiner.executed(policy.sequence, executed, start_s)
            joiner.ready(start_s)
            joiner.reward(reward, start_s)
            for step in joiner.ready(start_s):
                log.write_step(step, identity, 'base_link')
            times_ms.append(1e3 * (time.perf_counter() - start_s))
    return np.array(times_ms)


def processor_s(process: int) -> float:
    """Return the processor time a process has had, s."""
    fields = Path(f'/proc/{process}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def whole_process_ms(task: TaskSpec, folder: Path, steps: int) -> float:
    """Return the processor time of recorder_node for one step with its inputs, ms."""
    domain = new_domain()
    observer = Observer(domain)
    hear_state(observer)
    drive = FakeDrive(observer, task)
    for topic, message, rate_hz in (
        ('odom', Odometry(), 50.0),
        ('scan', LaserScan(ranges=[1.0] * 360), 20.0),
    ):
        publisher = observer.node.create_publisher(type(message), topic, qos.SENSOR)
        observer.node.create_timer(1.0 / rate_hz, partial(publisher.publish, message))
    try:
        with recorder(domain, folder) as process:
            drive.begin(observer)
            before_s, first = processor_s(process.pid), drive.count
            drive.drive(lambda: drive.count >= first + steps, task.rate_hz)
            return 1e3 * (processor_s(process.pid) - before_s) / steps
    finally:
        observer.close()


def per_second(count: Callable[[], int]) -> float:
    """Return how many things a second `count` gets through."""
    start_s = time.perf_counter()
    number = count()
    return number / (time.perf_counter() - start_s)


def main() -> int:
    """Measure, print, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--steps', type=int, default=20_000, help='in the log')
    parser.add_argument('--blocks', type=int, default=5, help='readings of it by each reader')
    given = parser.parse_args()
    task = load_task(TASK)
    period_ms = 1e3 / task.rate_hz
    print(f'log, {given.steps} steps of {task.task}, no images, {machine()}')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times_ms = record(task, folder, parts(task, given.steps))
        (file,) = log_files([folder])

        def transitions() -> int:
            assembler = TransitionAssembler(1.0 / task.rate_hz)
            return sum(1 for _ in assembler.assemble(read_steps([folder], spec_hash(task))))

        def plain_messages() -> int:
            return sum(1 for _ in read_ros2_messages(str(file), topics=[STEP_TOPIC]))

        ours, plain = [], []
        for _ in range(given.blocks):
            ours.append(per_second(transitions))
            plain.append(per_second(plain_messages))
        size = file.stat().st_size / given.steps
    with tempfile.TemporaryDirectory() as name:
        process_ms = whole_process_ms(task, Path(name), DRIVEN_STEPS)
    share = float(times_ms.mean()) / period_ms
    rate = float(np.median(ours))
    ratios = np.array(ours) / np.array(plain)
    whole_share = process_ms / period_ms
    cheap, fast = max(share, whole_share) < SHARE_TARGET, rate > RATE_TARGET
    p99_ms = np.percentile(times_ms, 99)
    print(
        f'  recording a step: mean {times_ms.mean():.3f} ms, p99 {p99_ms:.3f} ms, '
        f'{100.0 * share:.2f} % of {period_ms:g} ms; the whole process with its inputs '
        f'{process_ms:.2f} ms, {100.0 * whole_share:.1f} % (target {100.0 * SHARE_TARGET:g} %); '
        f'{size:.0f} bytes on the disk: {verdict(cheap)}'
    )
    print(
        f'  log to transitions: {rate:.0f} a second ({min(ours):.0f} to {max(ours):.0f}; target '
        f'{RATE_TARGET:g}), {np.median(ratios):.1f} times as fast as mcap-ros2-support reads the '
        f'messages alone ({ratios.min():.1f} to {ratios.max():.1f}): {verdict(fast)}'
    )
    return 0 if cheap and fast else 1


if __name__ == '__main__':
    sys.exit(main())
