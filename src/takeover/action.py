"""The action of a task: how many numbers, between which bounds, in SI."""

from collections.abc import Sequence

import numpy as np
from takeover.specs import ActionSpec


class ActionContract:
    """Checks values against the action of a task; arrays are float64 [size], read-only."""

    def __init__(self, spec: ActionSpec):
        """Prepare the bounds.

        :param spec: `task.action`.
        """
        self.spec = spec
        self.names: tuple[str, ...] = tuple(component.name for component in spec.components)
        self.units: tuple[str, ...] = tuple(component.unit for component in spec.components)
        self.size = len(self.names)
        self.low = _constant([component.low for component in spec.components])
        self.high = _constant([component.high for component in spec.components])
        self.zero = _constant([0.0] * self.size)

    def validate(self, values: Sequence[float] | np.ndarray) -> str | None:
        """Say why `values` must not be sent (wrong length, not finite), or None."""
        if len(values) != self.size:
            return f'action has {len(values)} values, needs {self.size} ({", ".join(self.names)})'
        for name, finite in zip(self.names, np.isfinite(np.asarray(values, dtype=np.float64))):
            if not finite:
                return f'action {name} is not finite'
        return None

    def clip(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return `values` within the bounds, float64 [size]; they must be valid."""
        return np.minimum(np.maximum(np.asarray(values, dtype=np.float64), self.low), self.high)

    def normalised(self, values: np.ndarray) -> np.ndarray:
        """Return SI values [..., size] in [-1, 1], float32; beyond the bounds: the bound.

        For learners only: what leaves the library is SI.
        """
        middle, half_range = 0.5 * (self.high + self.low), 0.5 * (self.high - self.low)
        return np.clip((values - middle) / half_range, -1.0, 1.0).astype(np.float32)

    def to_si(self, normalised: np.ndarray) -> np.ndarray:
        """Return values of [-1, 1] in SI, float32 [..., size]; the inverse of `normalised`."""
        middle, half_range = 0.5 * (self.high + self.low), 0.5 * (self.high - self.low)
        return (middle + half_range * normalised).astype(np.float32)


def _constant(values: list[float]) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
