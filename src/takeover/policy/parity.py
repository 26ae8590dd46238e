"""Parity vectors: recorded observations and the actions the trained network gave for them.

In the file: JSON, for observations and actions the shape and the numbers in base64, little-endian
float32, of images uint8; of a vector with images, each field of the observations by its name.
"""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from takeover.policy.errors import BundleError
from takeover.policy.model_inputs import joined, split
from takeover.specs import canonical_json, Contract

MIN_PARITY_VECTORS = 16


@dataclass(frozen=True, eq=False)
class Parity:
    """Recorded pairs, N of each.

    `observations` [N, n] float32 SI, of images [N, height, width, channels] uint8, of both [N]
    records; `actions` float32 [N, m] SI.
    """

    observations: np.ndarray
    actions: np.ndarray


def encode_parity(parity: Parity) -> str:
    """Return the text that `takeover.parity` holds."""
    fields: dict[str, Any] = {'actions': _encode(parity.actions)}
    if parity.observations.dtype.names is None:
        fields['observations'] = _encode(parity.observations)
    else:
        fields['observations'] = {
            name: _encode(values) for name, values in split(parity.observations).items()
        }
    return canonical_json(fields)


def decode_parity(fields: dict[str, Any], contract: Contract, path: str) -> Parity:
    """Read `takeover.parity`; `path` is only for messages.

    :raises BundleError: not readable, or of another shape or type than the contract's.
    """
    dtype = contract.observation_dtype
    if dtype.names is None:
        observations = _decode(
            fields, 'observations', dtype.name, contract.observation_shape, path
        )
    else:
        observations = _decode_records(fields.get('observations'), contract, path)
    actions = _decode(fields, 'actions', 'float32', (len(contract.action.components),), path)
    if len(observations) != len(actions):
        raise BundleError(f'{path}: takeover.parity: as many actions as observations are needed')
    return Parity(observations, actions)


def _decode_records(fields: Any, contract: Contract, path: str) -> np.ndarray:
    dtype = contract.observation_dtype
    if not isinstance(fields, dict) or fields.keys() != set(dtype.names):
        raise BundleError(
            f'{path}: takeover.parity: observations must hold exactly {", ".join(dtype.names)}'
        )
    parts = {
        name: _decode(fields, name, dtype[name].base.name, dtype[name].shape, path)
        for name in dtype.names
    }
    if len(set(map(len, parts.values()))) != 1:
        raise BundleError(
            f'{path}: takeover.parity: as many of each of {", ".join(dtype.names)} are needed'
        )
    return joined(parts, contract)


def _encode(array: np.ndarray) -> dict[str, Any]:
    data = np.ascontiguousarray(array).astype(_stored(array.dtype.name)).tobytes()
    return {
        'shape': list(array.shape),
        array.dtype.name: base64.b64encode(data).decode('ascii'),
    }


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
