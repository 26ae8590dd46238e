"""Observations as the inputs of a model: one tensor, or one for each field of a record."""

from collections.abc import Mapping

import numpy as np
from takeover.specs import Contract, VECTOR_FIELD

# What ONNX Runtime calls the types of observations.
_TENSORS = {'float32': 'tensor(float)', 'uint8': 'tensor(uint8)'}


def input_forms(contract: Contract) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return ONNX Runtime's type and the shape, without the batch, of each input of a model.

    One input `observation`, or, of a contract with a vector and images, one for each field of its
    `observation_dtype`.
    """
    dtype = contract.observation_dtype
    if dtype.names is None:
        return {VECTOR_FIELD: (_TENSORS[dtype.name], contract.observation_shape)}
    return {name: (_TENSORS[dtype[name].base.name], dtype[name].shape) for name in dtype.names}


def split(observations: np.ndarray) -> dict[str, np.ndarray]:
    """Return the fields of observations [N, ...], or themselves, by the names of the inputs."""
    if observations.dtype.names is None:
        return {VECTOR_FIELD: observations}
    return {name: observations[name] for name in observations.dtype.names}


def model_inputs(observations: np.ndarray, contract: Contract) -> dict[str, np.ndarray]:
    """Return what a session is fed for observations [N, ...], contiguous and of the right type."""
    dtype = contract.observation_dtype
    return {
        name: np.ascontiguousarray(values, dtype if dtype.names is None else dtype[name].base)
        for name, values in split(observations).items()
    }


def all_finite(observations: np.ndarray) -> bool:
    """Tell whether every number of one or several observations is finite."""
    return all(bool(np.isfinite(values).all()) for values in split(observations).values())


def joined(fields: Mapping[str, np.ndarray], contract: Contract) -> np.ndarray:
    """Return observations [N, ...] made of their fields; the opposite of `split`."""
    dtype = contract.observation_dtype
    if dtype.names is None:
        return np.ascontiguousarray(fields[VECTOR_FIELD], dtype)
    observations = np.empty(len(next(iter(fields.values()))), dtype)
    for name in dtype.names:
        observations[name] = fields[name]
    return observations
