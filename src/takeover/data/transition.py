"""The shape of what is stored and sampled: arrays of one observation, batches of transitions."""

from collections.abc import Mapping
from dataclasses import dataclass
import numbers

import numpy as np
from takeover.errors import TakeoverError

VECTOR = 'vector'
"""Name of the observation of an environment that has only one."""
DTYPES = ('bool', 'uint8', 'uint16', 'int32', 'int64', 'float32')
"""Legal element types of observations, in native byte order."""
# Actions arrive rounded; what is within this beyond [-1, 1] is brought back to it.
_ACTION_SLACK = 1e-6
_LARGEST_REWARD = float(np.finfo(np.float32).max)


class ReplayError(TakeoverError):
    """A transition, a batch, a state or a setting of the replay that cannot be used."""


@dataclass(frozen=True)
class ArraySpec:
    """Shape and element type of one array of an observation, without the batch axis."""

    shape: tuple[int, ...]
    """Length of each axis; () for a single number."""
    dtype: str
    """One of `DTYPES`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be stored."""
        if self.dtype not in DTYPES:
            raise ReplayError(f'dtype is {self.dtype!r}; legal: {", ".join(DTYPES)}')
        if not isinstance(self.shape, tuple) or not all(
            type(length) is int and length > 0 for length in self.shape
        ):
            raise ReplayError(f'shape must be a tuple of positive integers, is {self.shape!r}')

    def check(self, name: str, value: np.ndarray) -> None:
        """Refuse a value that is not exactly of this form.

        :param name: of the value, as it stands in the error.
        :raises ReplayError: when its type, element type or shape differs or it is not finite.
        """
        check_array(name, value, self.shape, self.dtype)
        if self.dtype == 'float32' and not np.isfinite(value).all():
            raise ReplayError(f'{name} must be finite, holds NaN or infinity')


def check_array(name: str, value: np.ndarray, shape: tuple[int, ...], dtype: str) -> None:
    """Refuse a value that is not an array of exactly this shape and element type.

    :raises ReplayError: naming it as `name`.
    """
    legal = f'{dtype} array of shape {list(shape)}'
    if not isinstance(value, np.ndarray):
        raise ReplayError(f'{name} must be a {legal}, is a {type(value).__name__}')
    if value.dtype != dtype or value.shape != shape:
        raise ReplayError(
            f'{name} must be a {legal}, is {value.dtype} of shape {list(value.shape)}'
        )


def check_observation(
    name: str, specs: Mapping[str, ArraySpec], observation: Mapping[str, np.ndarray]
) -> None:
    """Refuse an observation that is not exactly what `specs` say.

    :param name: of the observation, as it stands in the error.
    :raises ReplayError: when names, shapes or element types differ or a number is not finite.
    """
    if not isinstance(observation, Mapping) or observation.keys() != specs.keys():
        found = sorted(observation) if isinstance(observation, Mapping) else type(observation)
        raise ReplayError(f'{name} must map exactly {sorted(specs)} to arrays, is {found}')
    for key, spec in specs.items():
        spec.check(f'{name} {key!r}', observation[key])


def checked_action(action: np.ndarray, size: int) -> np.ndarray:
    """Return a copy of an action within [-1, 1] exactly.

    :param action: floating point [size], up to 1e-6 beyond [-1, 1].
    :raises ReplayError: when it is anything else.
    """
    legal = f'floating-point array of shape [{size}]'
    if not isinstance(action, np.ndarray) or action.dtype.kind != 'f':
        raise ReplayError(f'action must be a {legal}, is {action!r}')
    if action.shape != (size,):
        raise ReplayError(f'action must be a {legal}, has shape {list(action.shape)}')
    if not np.abs(action).max() <= 1.0 + _ACTION_SLACK:
        raise ReplayError(f'action must be finite and in [-1, 1], is {action.tolist()}')
    return action.clip(-1.0, 1.0)


def check_outcome(reward: float, terminated: bool, truncated: bool) -> None:
    """Refuse what a step cannot have led to.

    :raises ReplayError: when the reward is no finite float32 or a flag is no truth value.
    """
    if not isinstance(reward, numbers.Real) or not abs(reward) <= _LARGEST_REWARD:
        raise ReplayError(f'reward must be a finite number of float32, is {reward!r}')
    for name, flag in (('terminated', terminated), ('truncated', truncated)):
        if not isinstance(flag, (bool, np.bool_)):
            raise ReplayError(f'{name} must be True or False, is {flag!r}')


@dataclass(eq=False)
class TransitionBatch:
    """B transitions, one a row; copies, so that the caller may change them."""

    observation: dict[str, np.ndarray]
    """What was seen before, by name: [B, *shape]."""
    action: np.ndarray
    """What was done, float32 [B, A], normalised to [-1, 1]."""
    reward: np.ndarray
    """What it earned, float32 [B]."""
    mask: np.ndarray
    """1 - terminated, float32 [B]: whether the future counts. Truncation does not clear it. Of an
    n-step return also multiplied by discount ** (its length - 1)."""
    next_observation: dict[str, np.ndarray]
    """What was seen afterwards, by name: [B, *shape]."""

    def __len__(self) -> int:
        """Return the number of transitions."""
        return len(self.action)
