"""Parity vectors: recorded observations and the actions the trained network gave for them.

In the file: JSON, for observations and actions the shape and the numbers in base64, little-endian
float32, of images uint8.
"""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from takeover.policy.errors import BundleError
from takeover.specs import canonical_json, Contract

MIN_PARITY_VECTORS = 16


@dataclass(frozen=True, eq=False)
class Parity:
    """Recorded pairs, N of each.

    `observations` [N, n] float32 SI, of images [N, height, width, channels] uint8; `actions`
    float32 [N, m] SI.
    """

    observations: np.ndarray
    actions: np.ndarray


def encode_parity(parity: Parity) -> str:
    """Return the text that `takeover.parity` holds."""
    return canonical_json(
        {
            name: {
                'shape': list(array.shape),
                array.dtype.name: base64.b64encode(
                    array.astype(_stored(array.dtype.name)).tobytes()
                ).decode('ascii'),
            }
            for name, array in (('observations', parity.observations), ('actions', parity.actions))
        }
    )


def decode_parity(fields: dict[str, Any], contract: Contract, path: str) -> Parity:
    """Read `takeover.parity`; `path` is only for messages.

    :raises BundleError: not readable, or of another shape or type than the contract's.
    """
    observations = _decode(
        fields, 'observations', contract.observation_dtype, contract.observation_shape, path
    )
    actions = _decode(fields, 'actions', 'float32', (len(contract.action.components),), path)
    if len(observations) != len(actions):
        raise BundleError(f'{path}: takeover.parity: as many actions as observations are needed')
    return Parity(observations, actions)


def _decode(
    fields: dict[str, Any], name: str, dtype: str, shape: tuple[int, ...], path: str
) -> np.ndarray:
    try:
        found = tuple(fields[name]['shape'])
        data = base64.b64decode(fields[name][dtype], validate=True)
        array = np.frombuffer(data, _stored(dtype)).reshape(found)
        if array.shape != found:
            raise ValueError(found)
    except (KeyError, TypeError, ValueError):
        raise BundleError(f'{path}: takeover.parity: {name} cannot be read as {dtype}') from None
    if array.shape[1:] != shape or len(array) < MIN_PARITY_VECTORS:
        raise BundleError(
            f'{path}: takeover.parity: {name} has shape {list(found)}, must be '
            f'[at least {MIN_PARITY_VECTORS}, {", ".join(map(str, shape))}]'
        )
    if not np.isfinite(array).all():
        raise BundleError(f'{path}: takeover.parity: {name} are not finite')
    return array


def _stored(dtype: str) -> np.dtype:
    return np.dtype(dtype).newbyteorder('<')
