"""One contender of the race: a process that does blocks of updates when told to, on one thread.

It builds its learner, warms up, prints a line of JSON, and then for each number read from stdin
does that many updates, the draw of each batch included, and prints the seconds they took. So
several can take turns on one core, and a noisy minute hits all of them.

    python -m benchmarks.peers.contender NAME
"""

import argparse
from collections.abc import Callable
import json
import sys
import time

import numpy as np

OBSERVATION_SIZE, ACTION_SIZE, BATCH_SIZE = 17, 6, 256
HIDDEN = (256, 256, 256)
ROWS = 100_000
WARM_UP = 30

Block = Callable[[int], None]


def filled_replay(rows: int = ROWS, capacity: int | None = None) -> 'ReplayBuffer':  # noqa: F821
    """Return a replay with `rows` random transitions of long episodes."""
    from takeover.data.replay_buffer import ReplayBuffer
    from takeover.data.transition import ArraySpec, VECTOR

    rng = np.random.default_rng(0)
    replay = ReplayBuffer(
        capacity or rows + rows // 100 + 2,
        {VECTOR: ArraySpec((OBSERVATION_SIZE,), 'float32')},
        ACTION_SIZE,
    )
    observation = rng.standard_normal(OBSERVATION_SIZE).astype(np.float32)
    for row in range(rows):
        following = rng.standard_normal(OBSERVATION_SIZE).astype(np.float32)
        action = rng.uniform(-1.0, 1.0, ACTION_SIZE).astype(np.float32)
        end = row % 1000 == 999
        reward = float(rng.standard_normal())
        replay.add({VECTOR: observation}, action, reward, False, end, {VECTOR: following})
        observation = following
    return replay


def learner_block(learner: object, replay: object) -> Block:
    """Return a block of updates of one of our learners."""
    from takeover.agents.tensor_batch import TensorBatch

    rng = np.random.default_rng(1)

    def block(updates: int) -> None:
        for _ in range(updates):
            learner.update(TensorBatch.of(replay.sample(learner.batch_rows, rng)))

    return block


def dsact() -> Block:
    """Return our DSAC-T (delay 2)."""
    from takeover.agents.dsact import DsactConfig, DsactLearner
    from takeover.training import compute

    compute.prepare()
    config = DsactConfig(hidden=HIDDEN, batch_size=BATCH_SIZE)
    return learner_block(DsactLearner(config, OBSERVATION_SIZE, ACTION_SIZE, 0), filled_replay())


def rlpd() -> Block:
    """Return our RLPD: 10 critics, 2x256, UTD 20; a block counts updates of 20 critic steps."""
    from takeover.agents.rlpd import RlpdConfig, RlpdLearner
    from takeover.training import compute

    compute.prepare()
    return learner_block(
        RlpdLearner(RlpdConfig(), OBSERVATION_SIZE, ACTION_SIZE, 0), filled_replay()
    )


def sb3(precision: str) -> Block:
    """Return Stable-Baselines3's SAC with our networks; 'highest' is how it ships."""
    import gymnasium
    from stable_baselines3 import SAC
    from stable_baselines3.common.logger import Logger
    import torch

    torch.set_num_threads(1)
    torch.set_float32_matmul_precision(precision)
    env = gymnasium.make('HalfCheetah-v5')
    assert env.observation_space.shape + env.action_space.shape == (OBSERVATION_SIZE, ACTION_SIZE)
    model = SAC(
        'MlpPolicy',
        env,
        batch_size=BATCH_SIZE,
        buffer_size=ROWS,
        device='cpu',
        policy_kwargs={'net_arch': list(HIDDEN), 'activation_fn': torch.nn.GELU},
    )
    model.set_logger(Logger(folder=None, output_formats=[]))
    rng = np.random.default_rng(0)
    for _ in range(ROWS):
        observation, following = rng.standard_normal((2, 1, OBSERVATION_SIZE))
        action = rng.uniform(-1.0, 1.0, (1, ACTION_SIZE))
        model.replay_buffer.add(
            observation, following, action, rng.standard_normal(1), np.zeros(1), [{}]
        )
    return lambda updates: model.train(updates, BATCH_SIZE)


def jax() -> Block:
    """Return the hand-written JAX update; the process must have its ENVIRONMENT."""
    from benchmarks.peers.jax_dsact import JaxDsact

    learner = JaxDsact(OBSERVATION_SIZE, ACTION_SIZE, HIDDEN)
    replay, rng = filled_replay(), np.random.default_rng(1)

    def block(updates: int) -> None:
        for _ in range(updates):
            batch = replay.sample(BATCH_SIZE, rng)
            learner.update(
                batch.observation['vector'],
                batch.action,
                batch.reward,
                batch.mask,
                batch.next_observation['vector'],
            )
        learner.block()

    return block


CONTENDERS: dict[str, Callable[[], Block]] = {
    'dsact': dsact,
    'rlpd': rlpd,
    'sb3': lambda: sb3('highest'),
    'sb3_medium': lambda: sb3('medium'),
    'jax': jax,
}


def main() -> int:
    """Build, warm up, and do blocks until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('name', choices=CONTENDERS)
    name = parser.parse_args().name
    block = CONTENDERS[name]()
    block(2 if name == 'rlpd' else WARM_UP)
    print(json.dumps({'ready': name}), flush=True)
    for line in sys.stdin:
        start_s, cpu_s = time.perf_counter(), time.process_time()
        block(int(line))
        wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - cpu_s
        print(json.dumps({'wall_s': wall_s, 'cpu_s': cpu_s}), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
