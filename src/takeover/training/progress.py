"""Where a training run is, for whoever watches it."""

from dataclasses import dataclass, field


@dataclass
class Progress:
    """Where a run is; numbers not known yet are NaN."""

    step: int = 0
    steps: int = 0
    updates: int = 0
    updates_per_s: float = float('nan')
    training_return: float = float('nan')
    evaluation_return: float = float('nan')
    numbers: dict[str, float] = field(default_factory=dict)
