"""What the replay of a task with pictures takes of memory, and how fast it is drawn from.

Transitions with pictures of 84 x 84 x 3 go through `takeover.training.takeover_replay`, as a
learner feeds it: each step is met as the end of one transition and as the start of the next, its
pictures are stored once. Beside it, computed, what the naive way takes: a copy of what was seen
before and one of what was seen after for every transition. Drawn are single batches of 256, half
of them demonstrations, in which every row has both pictures; without random shifts and with them.

    python -m benchmarks.replay [--transitions 100000] [--batches 100]
"""

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import sys
import time

from benchmarks.machine import machine, verdict
import numpy as np
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.augmentation import random_shift
from takeover.data.step import Step
from takeover.specs import TaskSpec
from takeover.task import load_task
from takeover.training.replay_config import ReplayConfig
from takeover.training.takeover_replay import TakeoverReplay

TASK_FILE = Path(__file__).parents[1] / 'config' / 'tasks' / 'rover_lane.yaml'
SHAPE = (84, 84, 3)
BATCH, SHIFT = 256, 4
# Of the transitions, what was demonstrated.
DEMONSTRATED = 0.1
STEPS_OF_EPISODE = 500
MEMORY_TARGET_GB, TIME_TARGET_MS = 2.5, 5.0
_WARM_UP = 10


def large_lane() -> TaskSpec:
    """Return the lane's task with pictures of 84 x 84 x 3."""
    fields = load_task(TASK_FILE).model_dump(mode='json')
    fields['features'][-1] |= {'shape': list(SHAPE), 'size': int(np.prod(SHAPE))}
    return TaskSpec.model_validate_json(json.dumps(fields))


def steps(task: TaskSpec, count: int, first: int, source: Source) -> Iterator[Step]:
    """Return steps of episodes, each with a picture of its own."""
    rng = np.random.default_rng(first)
    period_ns = round(1e9 / task.rate_hz)
    for index in range(count):
        last = index % STEPS_OF_EPISODE == STEPS_OF_EPISODE - 1 or index == count - 1
        yield Step(
            sequence=first + index,
            stamp_ns=period_ns * (first + index),
            episode=1 + index // STEPS_OF_EPISODE,
            source=source,
            observation=rng.normal(size=task.observation_size).astype(np.float32),
            policy_action=np.zeros(2),
            commanded=rng.uniform([0.0, -1.5], [0.6, 1.5]),
            executed=np.zeros(2),
            reward=0.0,
            terminated=last,
            outcome=int(last),
            pixels=np.frombuffer(rng.bytes(task.pixels_size), np.uint8),
        )


def fill(replay: TakeoverReplay, arriving: Iterator[Step], prior: bool) -> None:
    """Feed a replay as a learner does, episode by episode."""
    assembler = TransitionAssembler(1.0 / replay.task.rate_hz)
    episode: list[Step] = []
    for step in arriving:
        replay.see(step, prior)
        episode.append(step)
        for transition in assembler.push(step):
            replay.add(transition, prior)
        if step.terminated:
            (replay.demonstrate if prior else replay.end_episode)(episode)
            episode = []


def resident_gb() -> float:
    """Return the memory of this process that is in use, GB."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return 1024e-9 * int(line.split()[1])
    raise OSError('/proc/self/status says nothing of VmRSS')


def drawing_ms(replay: TakeoverReplay, batches: int, shift: int) -> np.ndarray:
    """Return how long each batch took, and its processor time, ms [batches, 2].

    :param shift: pixels by which pictures are shifted at most, as a part of it; 0: not at all.
    """
    rng, times_ms = np.random.default_rng(0), []
    for _ in range(_WARM_UP + batches):
        start_s = np.array([time.perf_counter(), time.process_time()])
        batch = replay.batch(BATCH, rng)
        for seen in (batch.observation, batch.next_observation) if shift else ():
            for pictures in seen.images.values():
                random_shift(pictures.numpy(), rng, shift)
        times_ms.append(1e3 * (np.array([time.perf_counter(), time.process_time()]) - start_s))
    return np.array(times_ms[_WARM_UP:])


def filled(task: TaskSpec, transitions: int) -> tuple[TakeoverReplay, float]:
    """Return a full replay, and what it added to the memory of this process, GB."""
    demonstrated = round(DEMONSTRATED * transitions)
    before_gb = resident_gb()
    config = ReplayConfig(capacity=transitions + transitions // 10, mirror=False, shift=0)
    replay = TakeoverReplay(task, config, discount=0.97, reward_scale=1.0)
    fill(replay, steps(task, demonstrated, 1, Source.HUMAN), prior=True)
    own = transitions - demonstrated
    fill(replay, steps(task, own, 10 * transitions, Source.POLICY), prior=False)
    return replay, resident_gb() - before_gb


def main() -> int:
    """Measure, print, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--transitions', type=int, default=100_000, help='that are kept')
    parser.add_argument('--batches', type=int, default=100, help='of 256, with and without shifts')
    given = parser.parse_args()
    task = large_lane()
    shape = ' x '.join(map(str, SHAPE))
    print(f'replay, {given.transitions} transitions with pictures of {shape}, {machine()}')
    replay, used_gb = filled(task, given.transitions)
    kept = len(replay.online) + len(replay.prior)
    once_gb = 1e-9 * kept * task.pixels_size
    small = used_gb < MEMORY_TARGET_GB and kept == given.transitions
    print(
        f'  memory: {used_gb:.2f} GB for {kept} transitions (target {MEMORY_TARGET_GB:g} GB), of '
        f'which pixels {once_gb:.2f} GB; with both pictures in every transition '
        f'{2.0 * once_gb:.2f} GB: {verdict(small)}'
    )
    fast = True
    for what, shift in (('without shifts', 0), (f'with shifts of up to {SHIFT} pixels', SHIFT)):
        times_ms = drawing_ms(replay, given.batches, shift)
        (median_ms, processor_ms), (p95_ms, _) = np.percentile(times_ms, [50, 95], axis=0)
        fast &= median_ms < TIME_TARGET_MS
        print(
            f'  drawing {BATCH} {what}: median {median_ms:.2f} ms (target {TIME_TARGET_MS:g} ms), '
            f'p95 {p95_ms:.2f} ms, of the processor {processor_ms:.2f} ms: '
            f'{verdict(median_ms < TIME_TARGET_MS)}'
        )
    return 0 if small and fast else 1


if __name__ == '__main__':
    sys.exit(main())
