"""The contract of a Gymnasium environment, so that its policies become bundles like a robot's.

What the contract says, from the spaces of the environment as given, wrappers included:

* observation: a float Box is flattened in C order, each run of components with equal bounds is one
  feature `observation.<first component>`; a uint8 Box [height, width, channels] is one image;
* a component without bounds, or with bounds beyond +-`UNBOUNDED`, gets those: nothing is clipped
  to them, they are the extremes at which a bundle is verified;
* action: a float Box with finite bounds that contain 0, flattened in C order;
* rate: 1 / `env.unwrapped.dt`, else `metadata['render_fps']`, else `UNTIMED_RATE_HZ`: an
  environment that knows neither has no time, and its step counts as a second. A wrapper that
  repeats actions does not change it;
* greatest age of the observation: one period.

An environment of a robot's task, such as RoverPathEnv, has the contract of the task file.
"""

from collections.abc import Iterator
import itertools
from numbers import Real
import re

import gymnasium
from gymnasium.spaces import Box
import numpy as np
from pydantic import ValidationError
from takeover.observation_spec import FeatureSpec, InputSpec, PIXEL_BOUNDS
from takeover.policy.errors import EnvironmentContractError
from takeover.specs import ActionComponent, ActionSpec, NamedContract, TaskSpec

UNBOUNDED = 1e6
UNTIMED_RATE_HZ = 1.0
MIN_RATE_HZ, MAX_RATE_HZ = 1.0, 200.0
INPUT = 'observation'
_RATE_DECIMALS = 6


def environment_contract(env: gymnasium.Env) -> NamedContract:
    """Return what a policy of this environment and the environment agree on.

    :raises EnvironmentContractError: a space that no policy file can hold, or a rate outside
        [1, 200] Hz; names it and the legal form.
    """
    name = _env_name(env)
    task = getattr(env.unwrapped, 'task', None)
    if isinstance(task, TaskSpec):
        if (env.observation_space, env.action_space) != (
            env.unwrapped.observation_space,
            env.unwrapped.action_space,
        ):
            raise EnvironmentContractError(
                f'{name}: a wrapper changed the spaces, they are no longer those of the task '
                f'{task.task}; give the environment without it'
            )
        return task
    rate_hz = _rate_hz(env, name)
    try:
        features = _features(env.observation_space, name)
        return NamedContract(
            task='gymnasium.' + re.sub('[^a-z0-9_.]', '_', name.lower().replace('/', '.')),
            rate_hz=rate_hz,
            inputs={INPUT: InputSpec(type=features[0].kind, max_age_s=1.0 / rate_hz)},
            features=features,
            action=_action(env.action_space, name),
        )
    except ValidationError as error:
        said = error.errors(include_url=False)[0]['msg'].removeprefix('Value error, ')
        part = {
            'FeatureSpec': f'the observation space is {_shown(env.observation_space)}: ',
            'ActionSpec': f'the action space is {_shown(env.action_space)}: ',
        }.get(error.title, 'the name makes no task name: ')
        raise EnvironmentContractError(f'{name}: {part}{said}') from None


def _env_name(env: gymnasium.Env) -> str:
    return type(env.unwrapped).__name__ if env.spec is None else env.spec.id


def _rate_hz(env: gymnasium.Env, name: str) -> float:
    step_s = getattr(env.unwrapped, 'dt', None)
    frames = env.metadata.get('render_fps')
    rate_hz, said = UNTIMED_RATE_HZ, ''
    if isinstance(step_s, Real):
        rate_hz, said = (1.0 / float(step_s) if step_s else np.inf), f'dt is {step_s} s'
    elif isinstance(frames, Real):
        rate_hz, said = float(frames), f"metadata['render_fps'] is {frames} Hz"
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise EnvironmentContractError(
            f'{name}: {said}; a policy acts at {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz'
        )
    return round(rate_hz, _RATE_DECIMALS)


def _features(space: gymnasium.Space, name: str) -> tuple[FeatureSpec, ...]:
    if isinstance(space, Box) and space.dtype == np.uint8 and len(space.shape) == 3:
        low, high = PIXEL_BOUNDS
        size = int(np.prod(space.shape))
        return (_feature('image', 'observation', size, low, high, shape=space.shape),)
    if not _is_of_floats(space):
        raise EnvironmentContractError(
            f'{name}: the observation space is {_shown(space)}; legal for now: a Box of floats, '
            'or a uint8 Box [height, width, channels]'
        )
    return tuple(
        _feature('vector', f'observation.{first}', size, low, high)
        for first, size, low, high in _runs(space)
    )


def _runs(space: Box) -> Iterator[tuple[int, int, float, float]]:
    """Yield first component, length, low and high of every run of equal bounds."""
    bounds = zip(
        *(
            np.clip(side.astype(np.float64).ravel(), -UNBOUNDED, UNBOUNDED).tolist()
            for side in (space.low, space.high)
        )
    )
    first = 0
    for (low, high), run in itertools.groupby(bounds):
        size = sum(1 for _ in run)
        yield first, size, low, high
        first += size


def _feature(
    kind: str,
    name: str,
    size: int,
    low: float,
    high: float,
    shape: tuple[int, int, int] | None = None,
) -> FeatureSpec:
    return FeatureSpec(
        name=name, kind=kind, inputs=(INPUT,), size=size, unit='1', low=low, high=high, shape=shape
    )


def _action(space: gymnasium.Space, name: str) -> ActionSpec:
    if not _is_of_floats(space):
        raise EnvironmentContractError(
            f'{name}: the action space is {_shown(space)}; legal: a Box of floats with finite '
            'bounds'
        )
    components = []
    bounds = zip(space.low.ravel().tolist(), space.high.ravel().tolist())
    for index, (low, high) in enumerate(bounds):
        if not (-np.inf < low <= 0.0 <= high < np.inf and low < high):
            raise EnvironmentContractError(
                f'{name}: action.{index} has the bounds [{low}, {high}]; they must be finite, '
                'differ and contain 0; gymnasium.wrappers.RescaleAction can change them'
            )
        components.append(ActionComponent(name=f'action.{index}', unit='1', low=low, high=high))
    return ActionSpec(kind='vector', frame=None, components=tuple(components))


def _is_of_floats(space: gymnasium.Space) -> bool:
    return (
        isinstance(space, Box) and np.issubdtype(space.dtype, np.floating) and space.low.size > 0
    )


def _shown(space: gymnasium.Space) -> str:
    text = repr(space)
    return text if len(text) <= 120 else text[:117] + '...'
