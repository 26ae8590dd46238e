"""Compare two states of a training run bit for bit."""

import numpy as np
import torch


def difference(one, other, where='state'):
    """Return where two states differ first, or None."""
    if type(one) is not type(other):
        return f'{where}: {type(one).__name__} and {type(other).__name__}'
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return f'{where}: keys {sorted(one)} and {sorted(other)}'
        parts = ((f'{where}.{key}', one[key], other[key]) for key in one)
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return f'{where}: length {len(one)} and {len(other)}'
        parts = ((f'{where}[{i}]', a, b) for i, (a, b) in enumerate(zip(one, other)))
    elif isinstance(one, torch.Tensor):
        same = one.dtype == other.dtype and np.array_equal(
            one.numpy().view(np.uint8) if one.dim() else one.numpy(),
            other.numpy().view(np.uint8) if other.dim() else other.numpy(),
        )
        return None if same else where
    else:
        return None if one == other else f'{where}: {one!r} and {other!r}'
    return next((found for part in parts if (found := difference(*part[1:], part[0]))), None)
