"""`takeover evaluate`: how much reward a policy bundle earns in a Gymnasium environment."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from takeover.errors import TakeoverError

if TYPE_CHECKING:
    import gymnasium
    import numpy as np
    from takeover.policy.bundle import PolicyBundle
    from takeover.policy.onnx_policy import OnnxPolicy


def command(
    file: Path, /, *, env: str | None = None, episodes: int = 10, out: Path | None = None
) -> None:
    """Let a policy act alone in a Gymnasium environment and print the returns.

    The same episodes for every policy: their seeds are fixed. Refused when the policy was made for
    another contract than the environment's; the message names the fields.

    Args:
        file: The policy bundle (.onnx).
        env: Id of the environment, as gymnasium.make takes it; default: where it was trained.
        episodes: How many episodes.
        out: Also write seed and return of each episode to this CSV file.
    """
    if episodes < 1:
        raise TakeoverError(f'--episodes is {episodes}; it must be 1 or more')
    from rich.console import Console
    from rich.progress import track
    from takeover.policy.bundle import check_contract, read_bundle
    from takeover.policy.environment_contract import environment_contract
    from takeover.policy.onnx_policy import OnnxPolicy
    from takeover.training.returns import episode_returns, evaluation_seeds

    bundle = read_bundle(file)
    name = trained_in(bundle) if env is None else env
    world = make(name)
    console = Console(highlight=False)
    try:
        check_contract(bundle, environment_contract(world))
        policy = OnnxPolicy(bundle)
        seeds = evaluation_seeds(episodes)
        shown = track(seeds, description=name, console=console, transient=True)
        returns = episode_returns(world, Actor(policy, world), shown)
    finally:
        world.close()
    console.print(
        f'{name}: policy {bundle.version}, {episodes} episodes: return {returns.mean():.2f} ± '
        f'{returns.std():.2f}, min {returns.min():.2f}, max {returns.max():.2f}',
        markup=False,
        soft_wrap=True,
    )
    if out is not None:
        write(out, seeds, returns)


class Actor:
    """A policy that takes observations and gives actions as an environment's spaces have them."""

    def __init__(self, policy: 'OnnxPolicy', env: 'gymnasium.Env') -> None:
        """Take a policy whose contract is that of `env`."""
        self._policy, self._space = policy, env.action_space
        self._shape = policy.bundle.contract.observation_shape

    def __call__(self, observation: 'np.ndarray') -> 'np.ndarray':
        """Return the action for one observation."""
        action = self._policy.act(observation.reshape(self._shape))
        return action.reshape(self._space.shape).astype(self._space.dtype)


def trained_in(bundle: 'PolicyBundle') -> str:
    """Return the environment that the bundle's provenance names.

    :raises TakeoverError: it names none, or one that must not be taken from a file.
    """
    name = bundle.provenance.get('env')
    if not isinstance(name, str):
        raise TakeoverError(
            f'{bundle.path}: does not say where it was trained; give --env, for example '
            '--env Pendulum-v1'
        )
    if ':' in name:
        # gymnasium.make would import what stands before the colon.
        raise TakeoverError(
            f'{bundle.path}: was trained in {name!r}, which imports a module; if you trust it, '
            f'give --env {name}'
        )
    return name


def make(name: str) -> 'gymnasium.Env':
    """Make an environment.

    :raises TakeoverError: Gymnasium does not know it, or it needs what is not installed.
    """
    import gymnasium

    try:
        return gymnasium.make(name)
    except (gymnasium.error.Error, ImportError) as error:
        raise TakeoverError(f'the environment {name!r} cannot be made: {error}') from None


def write(path: Path, seeds: range, returns: 'np.ndarray') -> None:
    """Write one row per episode.

    :raises TakeoverError: the file cannot be written.
    """
    try:
        with path.open('w', newline='') as file:
            rows = csv.writer(file)
            rows.writerow(('seed', 'return'))
            rows.writerows(zip(seeds, returns.tolist()))
    except OSError as error:
        raise TakeoverError(f'{path}: cannot be written: {error.strerror}') from None
