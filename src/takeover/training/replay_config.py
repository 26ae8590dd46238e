"""What of a session of take-overs is kept to learn from, and how it is drawn."""

from dataclasses import dataclass

import numpy as np
from takeover.errors import TakeoverError


@dataclass(frozen=True)
class ReplayConfig:
    """What is kept, and how it is drawn."""

    capacity: int = 200_000
    """Observations kept of each of: this run, and what was before."""
    n_step: int = 5
    """Steps of each return."""
    mirror: bool = True
    """Show half of all rows in the mirror; the task must be symmetric."""
    safe_s: float = 3.0
    """A step without take-over or failure for so long after it is worth cloning."""
    people: bool = False
    """Clone each step that a person drove, unless a failure followed, also where the policy needed
    the next take-over soon: for tasks in which it cannot go on from where it is let go of."""
    own_share: float = 0.5
    """Of the rows to clone, those of this run, once there are enough; the rest are
    demonstrations."""
    own_from: int = 400
    """Safe steps that are enough."""
    cloning_rows: int = 128
    """Rows to clone in each step of the actor."""
    shift: int = 4
    """Pixels by which pictures are shifted at random, up to so many; 0: not at all."""
    colours: float = 0.0
    """How strongly the colours of pictures are changed at random, less than 1; 0: not at all. For
    tasks in which the colours do not matter."""

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name, least in (('capacity', 2), ('n_step', 1), ('own_from', 1), ('cloning_rows', 2)):
            if getattr(self, name) < least:
                raise TakeoverError(f'{name} is {getattr(self, name)}; legal: {least} or more')
        if self.shift < 0:
            raise TakeoverError(f'shift is {self.shift}; legal: 0 or more')
        if not 0.0 <= self.colours < 1.0:
            raise TakeoverError(f'colours is {self.colours}; legal: 0 to less than 1')
        if not 0.0 < self.safe_s < np.inf:
            raise TakeoverError(f'safe_s is {self.safe_s}; legal: positive')
        if not 0.0 <= self.own_share < 1.0:
            raise TakeoverError(f'own_share is {self.own_share}; legal: 0 to less than 1')
