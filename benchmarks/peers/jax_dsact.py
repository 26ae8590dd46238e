"""One DSAC-T update in plain JAX: the yardstick for the torch learner of takeover.agents.dsact.

The same maths by hand (arXiv 2310.05858, `critic_loss='gaussian'`): jax.numpy, an Adam with the
formulas of torch.optim.Adam, state donated; one compiled program with and one without the actor,
which is 2 % faster than one with a branch. Weights are [E, in, out], values of critics [E, B].
`main` first checks losses, density, Adam and delay against numbers worked out apart from this
code, then times updates with the draw of the batch.

JAX reads its settings when it starts: a process that times this on one thread must have
ENVIRONMENT set before it imports this module. `main` starts itself anew with it where it is not.

    python -m benchmarks.peers.jax_dsact [--blocks 10]
"""

import argparse
from collections.abc import Sequence
from functools import partial
import json
import math
import os
import sys
import time
from typing import Any

from benchmarks.peers import ENVIRONMENT
import jax
import jax.numpy as jnp
import numpy as np

# The caller waits while that thread computes, or sampling would take place on a second core.
jax.config.update('jax_cpu_enable_async_dispatch', False)

DISCOUNT, TARGET_RATE, AVERAGE_RATE = 0.99, 0.005, 0.005
BOUND_SIGMAS, NOISE_BOUND, EPSILON = 3.0, 3.0, 0.1
CRITIC_RATE, ACTOR_RATE, ALPHA_RATE = 1e-4, 1e-4, 3e-4
MIN_LOG_STD, MAX_LOG_STD, INITIAL_LOG_ALPHA = -20.0, 0.5, 1.0
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-8
TANH_SLACK, HALF_LOG_TWO_PI = 1e-6, 0.5 * math.log(2.0 * math.pi)
UPDATES, ROWS = 200, 100_000

# (Q, sigma, y_q, y_z, M) and the gradients that follow: dL/dQ, dL/dsigma.
GRADIENTS = (
    ((1.0, 2.0, 3.0, 5.0, 2.0), (-2.0, -6.074074)),
    ((1.0, 2.0, 3.0, 20.0, 2.0), (-2.0, -16.197531)),
    ((1.0, 2.0, 3.0, -20.0, 2.0), (-2.0, -16.197531)),
    ((0.0, 0.5, 1.0, -0.2, 0.5), (-1.0, 0.326667)),
    ((10.0, 4.0, 8.0, 9.0, 3.0), (1.130435, 2.129485)),
    ((0.0, 0.001, 0.5, 0.5, 1.0), (-5.499945, -2.749989)),
)

Layers = list[tuple[jax.Array, jax.Array]]
Tree = Any


def initial_layers(generator: np.random.Generator, sizes: Sequence[int], members: int) -> Layers:
    """Draw weights [E, in, out] and biases [E, 1, out] as torch.nn.Linear does."""
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        bound = before**-0.5
        weight = generator.uniform(-bound, bound, (members, before, after))
        bias = generator.uniform(-bound, bound, (members, 1, after))
        layers.append((jnp.asarray(weight, jnp.float32), jnp.asarray(bias, jnp.float32)))
    return layers


def mlp(layers: Layers, values: jax.Array) -> jax.Array:
    """Return [E, B, out] for inputs [B, in] that all members share.

    Member by member, which is faster here than one batched product by 2 to 3 %.
    """
    outputs = []
    for member in range(layers[0][0].shape[0]):
        hidden = values
        for index, (weight, bias) in enumerate(layers):
            hidden = hidden @ weight[member] + bias[member]
            if index < len(layers) - 1:
                hidden = jax.nn.gelu(hidden, approximate=False)
        outputs.append(hidden)
    return jnp.stack(outputs)


def distribution(
    critics: Layers, observation: jax.Array, action: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the critics' means and standard deviations of the return, [E, B] each."""
    heads = mlp(critics, jnp.concatenate((observation, action), axis=1))
    return heads[..., 0], jax.nn.softplus(heads[..., 1])


def squash(mean: jax.Array, log_std: jax.Array, noise: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the action in [-1, 1] that standard normal noise draws, and log pi [B]."""
    action = jnp.tanh(mean + jnp.exp(log_std) * noise)
    normal = -0.5 * jnp.square(noise) - log_std - HALF_LOG_TWO_PI
    jacobian = jnp.log(1.0 + TANH_SLACK - jnp.square(action))
    return action, (normal - jacobian).sum(axis=1)


def draw(actor: Layers, observation: jax.Array, noise: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw an action of the actor for each observation; return it and log pi."""
    mean, log_std = jnp.split(mlp(actor, observation)[0], 2, axis=1)
    return squash(mean, jnp.clip(log_std, MIN_LOG_STD, MAX_LOG_STD), noise)


def targets(
    mean: jax.Array,
    std: jax.Array,
    noise: jax.Array,
    reward: jax.Array,
    mask: jax.Array,
    entropy_term: jax.Array,
    discount: float = DISCOUNT,
) -> tuple[jax.Array, jax.Array]:
    """Return what mean and sample of both critics learn from: y_q and y_z, [B] each.

    :param mean: of both target critics [2, B], and so are std and noise.
    :param entropy_term: alpha log pi of the next action, [B].
    """
    sample = mean + std * jnp.clip(noise, -NOISE_BOUND, NOISE_BOUND)
    first = mean[0] < mean[1]
    lower_mean = jnp.where(first, mean[0], mean[1])
    lower_sample = jnp.where(first, sample[0], sample[1])
    y_q = reward + discount * mask * (lower_mean - entropy_term)
    return y_q, reward + discount * mask * (lower_sample - entropy_term)


def moved_average(average: jax.Array, std: jax.Array, updates: jax.Array) -> jax.Array:
    """Return the moving average of sigma [E], which starts with the first batch's mean."""
    now = std.mean(axis=1)
    return jnp.where(updates == 0, now, average + AVERAGE_RATE * (now - average))


def surrogate(
    mean: jax.Array, std: jax.Array, y_q: jax.Array, y_z: jax.Array, average: jax.Array
) -> jax.Array:
    """Return a scalar whose gradients by mean and std are those of DSAC-T's critic loss.

    :param mean: [E, B], and so is std; :param y_q: [B], and so is y_z; :param average: [E].
    """
    q, sigma, average = map(jax.lax.stop_gradient, (mean, std, average[:, None]))
    bound = BOUND_SIGMAS * average
    error = jnp.clip(y_z - q, -bound, bound)
    by_mean = (y_q - q) / (sigma**2 + EPSILON)
    by_std = (error**2 - sigma**2) / (sigma**3 + EPSILON)
    loss = -(average**2 + EPSILON) * (by_mean * mean + by_std * std)
    return loss.mean(axis=1).sum()


def adam(parameters: Tree, gradients: Tree, moments: Tree, rate: float) -> tuple[Tree, Tree]:
    """Return parameters and moments after one step of torch.optim.Adam."""
    count, first, second = moments
    count = count + 1.0
    first = jax.tree.map(lambda m, g: BETA_1 * m + (1.0 - BETA_1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1.0 - BETA_2) * g * g, second, gradients)
    size = rate / (1.0 - BETA_1**count)
    root = jnp.sqrt(1.0 - BETA_2**count)
    parameters = jax.tree.map(
        lambda p, m, v: p - size * m / (jnp.sqrt(v) / root + ADAM_EPSILON),
        parameters,
        first,
        second,
    )
    return parameters, (count, first, second)


def initial_moments(parameters: Tree) -> Tree:
    """Return what `adam` starts with; no two arrays share memory, so all can be donated."""
    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
    return (jnp.zeros(()), *zeros)


def follow(target: Tree, source: Tree) -> Tree:
    """Return the target weights moved towards the online ones."""
    return jax.tree.map(lambda t, s: t + TARGET_RATE * (s - t), target, source)


def updated(state: Tree, batch: tuple[jax.Array, ...], delayed: bool) -> Tree:
    """Return the state after one update; all gradients are taken before the first step.

    :param delayed: also move actor, temperature and targets.
    """
    observation, action, reward, mask, next_observation = batch
    key, *keys = jax.random.split(state['key'], 4)
    actor, critic, alpha = state['actor'], state['critic'], jnp.exp(state['log_alpha'])
    noises = [jax.random.normal(key, action.shape) for key in keys[:2]]

    next_action, next_log_prob = draw(state['target_actor'], next_observation, noises[0])
    mean, std = distribution(state['target_critic'], next_observation, next_action)
    noise = jax.random.normal(keys[2], mean.shape)
    y_q, y_z = targets(mean, std, noise, reward, mask, alpha * next_log_prob)

    def critic_loss(critic: Layers) -> tuple[jax.Array, jax.Array]:
        mean, std = distribution(critic, observation, action)
        average = moved_average(state['average'], std, state['updates'])
        return surrogate(mean, std, y_q, y_z, average), average

    def actor_loss(actor: Layers) -> tuple[jax.Array, jax.Array]:
        drawn, log_prob = draw(actor, observation, noises[1])
        value = distribution(critic, observation, drawn)[0].min(axis=0)
        return (alpha * log_prob - value).mean(), log_prob

    gradients, average = jax.grad(critic_loss, has_aux=True)(critic)
    new = dict(state, key=key, average=average, updates=state['updates'] + 1)
    new['critic'], new['critic_moments'] = adam(
        critic, gradients, state['critic_moments'], CRITIC_RATE
    )
    if delayed:
        gradients, log_prob = jax.grad(actor_loss, has_aux=True)(actor)
        new['actor'], new['actor_moments'] = adam(
            actor, gradients, state['actor_moments'], ACTOR_RATE
        )
        gradient = -(log_prob.mean() - action.shape[1])
        new['log_alpha'], new['alpha_moments'] = adam(
            state['log_alpha'], gradient, state['alpha_moments'], ALPHA_RATE
        )
        new['target_actor'] = follow(state['target_actor'], new['actor'])
        new['target_critic'] = follow(state['target_critic'], new['critic'])
    return new


class JaxDsact:
    """A DSAC-T learner with the defaults of takeover.agents.dsact."""

    def __init__(
        self,
        observation_size: int,
        action_size: int,
        hidden: Sequence[int] = (256, 256, 256),
        seed: int = 0,
        delay: int = 2,
    ) -> None:
        """Draw all networks; targets start as copies."""
        generator = np.random.default_rng(seed)
        actor = initial_layers(generator, (observation_size, *hidden, 2 * action_size), 1)
        critic = initial_layers(generator, (observation_size + action_size, *hidden, 2), 2)
        log_alpha = jnp.float32(INITIAL_LOG_ALPHA)
        self.updates, self.delay = 0, delay
        self.state = {
            'key': jax.random.key(seed),
            'updates': jnp.int32(0),
            'actor': actor,
            'critic': critic,
            'log_alpha': log_alpha,
            'target_actor': jax.tree.map(jnp.copy, actor),
            'target_critic': jax.tree.map(jnp.copy, critic),
            'average': jnp.zeros(2),
            'actor_moments': initial_moments(actor),
            'critic_moments': initial_moments(critic),
            'alpha_moments': initial_moments(log_alpha),
        }
        self._updated = jax.jit(partial(updated, delayed=False), donate_argnums=0)
        self._updated_delayed = jax.jit(partial(updated, delayed=True), donate_argnums=0)

    def update(
        self,
        observation: np.ndarray,
        action: np.ndarray,
        reward: np.ndarray,
        mask: np.ndarray,
        next_observation: np.ndarray,
    ) -> None:
        """Learn from one batch, float32: [B, n], [B, m], [B], [B], [B, n].

        The first `delay` calls, and those with a new batch size, compile.
        """
        self.updates += 1
        compiled = self._updated if self.updates % self.delay else self._updated_delayed
        self.state = compiled(self.state, (observation, action, reward, mask, next_observation))

    def block(self) -> None:
        """Wait for the last update."""
        jax.block_until_ready(self.state)


class Transitions:
    """Random transitions in memory, drawn from like a replay."""

    def __init__(self, observation_size: int, action_size: int, seed: int) -> None:
        """Fill ROWS rows."""
        self.generator = np.random.default_rng(seed)
        shapes = (
            (ROWS, observation_size),
            (ROWS, action_size),
            (ROWS,),
            (ROWS,),
            (ROWS, observation_size),
        )
        self.arrays = [self.generator.standard_normal(shape, np.float32) for shape in shapes]
        self.arrays[1] = np.tanh(self.arrays[1])
        self.arrays[3] = np.ones(ROWS, np.float32)

    def batch(self, size: int) -> list[np.ndarray]:
        """Return `size` rows drawn with replacement."""
        rows = self.generator.integers(ROWS, size=size)
        return [array[rows] for array in self.arrays]


def check_close(what: str, result: Any, expected: Any, tolerance: float = 2e-5) -> None:
    """Refuse a number that is not what it should be."""
    if not np.allclose(result, expected, rtol=tolerance, atol=1e-6):
        raise AssertionError(f'{what}: {np.asarray(result)}, should be {expected}')


def check_mathematics() -> None:
    """Compare gradients, targets, average, density, Adam and delay with what they should be."""
    for (q, sigma, y_q, y_z, average), expected in GRADIENTS:
        arguments = [jnp.full((1, 1), value) for value in (q, sigma)]
        arguments += [jnp.full(1, value) for value in (y_q, y_z, average)]
        result = [gradient.item() for gradient in jax.grad(surrogate, (0, 1))(*arguments)]
        check_close(f'gradients at Q {q}, sigma {sigma}', result, expected)
    mean, std = jnp.array([[3.0], [2.9]]), jnp.array([[0.1], [10.0]])
    for noise, mask, expected in ((1.0, 1.0, 12.88), (5.0, 1.0, 30.88), (5.0, 0.0, 1.0)):
        both = targets(mean, std, jnp.full((2, 1), noise), 1.0, mask, 0.2 * -1.5, 0.9)
        check_close('targets', [y.item() for y in both], [3.88 if mask else 1.0, expected])
    average = moved_average(jnp.zeros(1), jnp.full((1, 4), 2.0), jnp.int32(0))
    check_close('first average', average, [2.0])
    check_close('average', moved_average(average, jnp.full((1, 4), 4.0), jnp.int32(1)), [2.01])
    log_std = jnp.log(jnp.full((1, 1), 0.8))
    action, log_prob = squash(jnp.full((1, 1), 0.3), log_std, jnp.full((1, 1), 0.25))
    check_close('action, density', [action.item(), log_prob.item()], [0.462117, -0.486817])
    value, moments = jnp.float32(1.0), initial_moments(jnp.float32(1.0))
    for gradient, expected in ((2.0, 0.9), (-1.0, 0.8733663)):
        value, moments = adam(value, jnp.float32(gradient), moments, 0.1)
        check_close('Adam', value, expected)
    check_close('Polyak', follow(jnp.float32(0.0), jnp.float32(1.0)), 0.005)
    check_delay()


def check_delay() -> None:
    """Check what moves in which of four updates: critics always, the rest in the even ones."""
    learner, transitions = JaxDsact(3, 2, (8, 8)), Transitions(3, 2, 0)
    late = ('actor', 'log_alpha', 'target_actor', 'target_critic')
    for update in range(1, 5):
        before = jax.tree.map(np.array, {name: learner.state[name] for name in (*late, 'critic')})
        learner.update(*transitions.batch(16))
        for name, tree in before.items():
            moved = not jax.tree.all(jax.tree.map(np.array_equal, tree, learner.state[name]))
            if moved != (name == 'critic' or update % 2 == 0):
                raise AssertionError(f'update {update}: {name} {"moved" if moved else "stayed"}')
        if update % 2 == 0:
            follows = follow(before['target_critic'], learner.state['critic'])
            jax.tree.map(partial(check_close, 'Polyak'), learner.state['target_critic'], follows)


def main() -> int:
    """Check, measure, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--blocks', type=int, default=10, help=f'of {UPDATES} updates each')
    parser.add_argument('--observation-size', type=int, default=17)
    parser.add_argument('--action-size', type=int, default=6)
    parser.add_argument('--batch-size', type=int, default=256)
    parser.add_argument('--seed', type=int, default=0)
    arguments = parser.parse_args()
    if not ENVIRONMENT.items() <= os.environ.items():
        command = [sys.executable, '-m', 'benchmarks.peers.jax_dsact', *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | ENVIRONMENT)
    check_mathematics()
    sizes = arguments.observation_size, arguments.action_size
    learner = JaxDsact(*sizes, seed=arguments.seed)
    transitions = Transitions(*sizes, arguments.seed)
    for _ in range(UPDATES):
        learner.update(*transitions.batch(arguments.batch_size))
    learner.block()
    updates_per_s, begin_s, begin_cpu_s = [], time.perf_counter(), time.process_time()
    for _ in range(arguments.blocks):
        start_s = time.perf_counter()
        for _ in range(UPDATES):
            learner.update(*transitions.batch(arguments.batch_size))
        learner.block()
        updates_per_s.append(round(UPDATES / (time.perf_counter() - start_s), 2))
    cpu_per_wall = (time.process_time() - begin_cpu_s) / (time.perf_counter() - begin_s)
    numbers = {
        'name': 'jax',
        'updates_per_s': updates_per_s,
        'cpu_per_wall': round(cpu_per_wall, 3),
    }
    print(json.dumps(numbers))
    return 0


if __name__ == '__main__':
    sys.exit(main())
