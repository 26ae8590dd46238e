"""How the lane of one course looks: no two courses of a lane have the same floor, light and paint.

A camera meets other floors and other light than those it was shown: what was demonstrated on a
few courses alone does not hold on the next one.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

_LOOK = 5  # beside the other uses of a course's seed
# Paint that somebody might have had at hand, by day.
_PAINTS = np.array(
    [
        [0.95, 0.95, 0.95],
        [0.98, 0.85, 0.20],
        [0.95, 0.50, 0.15],
        [0.80, 0.20, 0.20],
        [0.20, 0.35, 0.80],
        [0.10, 0.10, 0.12],
        [0.25, 0.65, 0.35],
    ]
)


@dataclass(frozen=True, eq=False)
class LaneLook:
    """Of one course: colours are red, green, blue from 0 to 1, widths in metres."""

    floor_rgb: np.ndarray
    light: float
    """Factor on all light."""
    middle_rgb: np.ndarray
    edge_rgb: np.ndarray
    middle_width_m: float
    edge_width_m: float
    worn: float
    """Share of the paint that is gone."""
    seed: int

    def is_worn(self, stripe: int, piece: int) -> bool:
        """Tell whether a piece of a line is gone; always the same answer."""
        rng = np.random.Generator(np.random.PCG64([self.seed, _LOOK, stripe, piece]))
        return bool(rng.random() < self.worn)

    def light_up(self, model: mujoco.MjModel) -> None:
        """Give a model of the rover this floor and this light."""
        model.mat('floor').rgba[:3] = self.floor_rgb
        model.light_diffuse *= self.light
        model.vis.headlight.ambient[:] *= self.light
        model.vis.headlight.diffuse[:] *= self.light


def look_of(seed: int) -> LaneLook:
    """Return the look of the course of a seed.

    The paint of the lines is never close to the colour of the floor.
    """
    rng = np.random.Generator(np.random.PCG64([seed, _LOOK]))
    floor = rng.uniform(0.4, 1.0) * (1.0 - 0.5 * rng.random(3))
    # The texture of the floor is grey: what is seen is darker than its tint.
    clear = [paint for paint in _PAINTS if np.abs(paint - 0.63 * floor).max() > 0.35]
    middle, edge = (clear[rng.integers(len(clear))] for _ in range(2))
    return LaneLook(
        floor_rgb=floor,
        light=float(rng.uniform(0.7, 1.2)),
        middle_rgb=middle,
        edge_rgb=edge,
        middle_width_m=float(rng.uniform(0.03, 0.08)),
        edge_width_m=float(rng.uniform(0.02, 0.05)),
        worn=float(rng.uniform(0.0, 0.4)),
        seed=seed,
    )
