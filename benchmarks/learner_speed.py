"""How fast the learners learn on one core, beside Stable-Baselines3 and a JAX version.

The contenders are processes of one thread that take turns in blocks of updates, so that a noisy
minute hits all of them; ratios are medians over the rounds, with the smallest and the largest.
Same networks (3x256 GELU; RLPD: 10 critics of 2x256), batch 256, observation 17, action 6; drawing
the batch from the replay included.

    python -m benchmarks.learner_speed [--rounds 10]
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
import subprocess
import sys
import time

from benchmarks.machine import machine, verdict
from benchmarks.peers import ENVIRONMENT
from benchmarks.peers.contender import (
    ACTION_SIZE,
    BATCH_SIZE,
    filled_replay,
    HIDDEN,
    learner_block,
    OBSERVATION_SIZE,
)
from benchmarks.peers.matmul_peak import matmul_peak_gflops, update_flops
import numpy as np
from takeover.agents.dsact import DsactConfig, DsactLearner
from takeover.training import compute
from tests.conftest import REPOSITORY

# Ratio of our DSAC-T to each peer.
TARGETS = {'sb3': 2.2, 'sb3_medium': 1.5, 'jax': 0.85}
BLOCK = {'dsact': 60, 'sb3': 30, 'sb3_medium': 30, 'jax': 60, 'rlpd': 2}
RLPD_UTD, RLPD_TARGET = 20, 60.0
BUSY_TARGET, STORED_TARGET, REPLAY_TARGET = 0.5, 0.1, 0.05
MEMORY_UPDATES, MEMORY_TARGET_MB = 100_000, 20.0


class Contender:
    """A running `benchmarks.peers.contender`."""

    def __init__(self, name: str) -> None:
        """Start it and wait until it is warm."""
        self.name = name
        env = os.environ | {'OMP_NUM_THREADS': '1'} | (ENVIRONMENT if name == 'jax' else {})
        command = [sys.executable, '-m', 'benchmarks.peers.contender', name]
        pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}
        self._process = subprocess.Popen(command, cwd=REPOSITORY, env=env, text=True, **pipes)
        self._answer()

    def rate(self) -> float:
        """Do a block; return updates a second."""
        self._process.stdin.write(f'{BLOCK[self.name]}\n')
        self._process.stdin.flush()
        return BLOCK[self.name] / self._answer()['wall_s']

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f'contender {self.name} ended')
        return json.loads(line)


@contextmanager
def running(*names: str) -> Iterator[list[Contender]]:
    """Start contenders and end them."""
    contenders = []
    try:
        contenders += [Contender(name) for name in names]
        yield contenders
    finally:
        for contender in contenders:
            contender.close()


def race(rounds: int) -> bool:
    """Let our DSAC-T and its peers take turns."""
    names = ('dsact', *TARGETS)
    rates: dict[str, list[float]] = {name: [] for name in names}
    with running(*names) as contenders:
        for _ in range(rounds):
            for contender in contenders:
                rates[contender.name].append(contender.rate())
    for name in names:
        print(f'  {name:<11} {spread(rates[name])} updates/s')
    passed = True
    for name, target in TARGETS.items():
        ratios = np.array(rates['dsact']) / np.array(rates[name])
        good = bool(np.median(ratios) >= target)
        passed &= good
        print(f'DSAC-T / {name}: {spread(ratios)} (target {target:g}): {verdict(good)}')
    flops = update_flops(OBSERVATION_SIZE, ACTION_SIZE, HIDDEN, BATCH_SIZE, delay=2)
    peak = matmul_peak_gflops('medium')
    achieved = 1e-9 * flops * np.median(rates['dsact'])
    print(
        f'matrix products: {achieved:.0f} of {peak:.0f} Gflop/s measured peak, '
        f'{100.0 * achieved / peak:.0f} %; {1e-6 * flops:.0f} Mflop an update'
    )
    return passed


def ensemble(rounds: int) -> bool:
    """Time RLPD."""
    with running('rlpd') as (contender,):
        rates = [RLPD_UTD * contender.rate() for _ in range(rounds)]
    good = bool(np.median(rates) >= RLPD_TARGET)
    print(f'RLPD: {spread(rates)} critic updates/s (target {RLPD_TARGET:g}): {verdict(good)}')
    return good


def beside_load(rounds: int) -> bool:
    """Time DSAC-T alone and beside a process that keeps a core busy."""
    alone, beside = [], []
    with running('dsact') as (contender,):
        for _ in range(rounds):
            alone.append(contender.rate())
            busy = subprocess.Popen([sys.executable, '-c', 'while True: pass'])
            try:
                beside.append(contender.rate())
            finally:
                busy.kill()
                busy.wait()
    ratio = np.median(beside) / np.median(alone)
    good = bool(ratio > BUSY_TARGET)
    print(
        f'DSAC-T beside a busy process: {ratio:.2f} of its rate alone '
        f'(target more than {BUSY_TARGET:g}): {verdict(good)}'
    )
    return good


def stored(rounds: int) -> bool:
    """Time updates with 10 k and with 1 M stored transitions, and the replay's own share."""
    learner = DsactLearner(DsactConfig(), OBSERVATION_SIZE, ACTION_SIZE, 0)
    replays = {rows: filled_replay(rows, 1_100_000) for rows in (10_000, 1_000_000)}
    rates = {rows: [] for rows in replays}
    for _ in range(rounds + 1):
        for rows, replay in replays.items():
            block, start_s = learner_block(learner, replay), time.perf_counter()
            block(BLOCK['dsact'])
            rates[rows].append(BLOCK['dsact'] / (time.perf_counter() - start_s))
    few, many = (np.array(rates[rows][1:]) for rows in replays)
    ratio = float(np.median(many / few))
    same = abs(ratio - 1.0) <= STORED_TARGET
    print(
        f'updates/s with 1 M stored / with 10 k: {spread(many / few)} '
        f'(target within {STORED_TARGET:.0%}): {verdict(same)}'
    )
    share = replay_s(replays[1_000_000]) * float(np.median(many))
    small = share < REPLAY_TARGET
    print(
        f'replay add + sample at 1 M stored: {share:.1%} of an update '
        f'(target under {REPLAY_TARGET:.0%}): {verdict(small)}'
    )
    return same and small


def replay_s(replay: object) -> float:
    """Return the median seconds of one add and one sample of a batch."""
    rng, times = np.random.default_rng(2), []
    observation = rng.standard_normal((2001, OBSERVATION_SIZE)).astype(np.float32)
    action = rng.uniform(-1.0, 1.0, ACTION_SIZE).astype(np.float32)
    for before, after in zip(observation, observation[1:]):
        start_s = time.perf_counter()
        replay.add({'vector': before}, action, 0.5, False, False, {'vector': after})
        replay.sample(BATCH_SIZE, rng)
        times.append(time.perf_counter() - start_s)
    return float(np.median(times))


def memory() -> bool:
    """Do 100 k updates of a small learner and see what they leave in memory."""
    config = DsactConfig(hidden=(16, 16), batch_size=16)
    block = learner_block(
        DsactLearner(config, OBSERVATION_SIZE, ACTION_SIZE, 0), filled_replay(10_000)
    )
    block(2000)
    before = resident_mb()
    block(MEMORY_UPDATES)
    grown = resident_mb() - before
    good = grown < MEMORY_TARGET_MB
    print(
        f'memory after {MEMORY_UPDATES} updates: {grown:+.1f} MB '
        f'(target less than {MEMORY_TARGET_MB:g}): {verdict(good)}'
    )
    return good


def resident_mb() -> float:
    """Return the resident memory of this process."""
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6


def spread(values: list[float] | np.ndarray) -> str:
    """Return the median with the smallest and the largest."""
    return f'{np.median(values):.3g} ({min(values):.3g} to {max(values):.3g})'


def main() -> int:
    """Measure, print, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=10, help='turns of each contender')
    rounds = parser.parse_args().rounds
    print(f'learner speed, one thread each, {machine()}')
    print(f'torch: {compute.prepare()}')
    passed = [race(rounds), ensemble(rounds), beside_load(rounds), stored(rounds), memory()]
    return 0 if all(passed) else 1


if __name__ == '__main__':
    sys.exit(main())
