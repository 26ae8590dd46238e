"""How the scene of one episode looks: the same table and board, never in quite the same light.

The hole is dark, the board light and the peg of a colour of its own, as anybody would have it who
works with a camera.
"""

import mujoco
import numpy as np

_LOOK = 5  # beside the other uses of a seed
_TABLE_RGB, _BOARD_RGB = np.array([0.55, 0.45, 0.35]), np.array([0.85, 0.82, 0.75])
_TABLE_VARIES, _BOARD_VARIES = 0.04, 0.03


class ArmLook:
    """Gives a model the look of a seed; always from the same beginnings."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Remember the light of the model."""
        self._model = model
        self._lamp = model.light_diffuse.copy()
        self._directions = model.light_dir.copy()
        headlight = model.vis.headlight
        self._headlight = headlight.ambient.copy(), headlight.diffuse.copy()

    def apply(self, seed: int) -> None:
        """Colour table and board, and light them up."""
        rng = np.random.Generator(np.random.PCG64([seed, _LOOK]))
        model = self._model
        varies = rng.uniform(-1.0, 1.0, (2, 3))
        model.mat('table').rgba[:3] = _TABLE_RGB + _TABLE_VARIES * varies[0]
        model.mat('board').rgba[:3] = _BOARD_RGB + _BOARD_VARIES * varies[1]
        light, lamp = rng.uniform(0.9, 1.1, 2)
        model.light_diffuse[:] = self._lamp * lamp
        direction = self._directions + np.append(rng.uniform(-0.2, 0.2, 2), 0.0)
        model.light_dir[:] = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        ambient, diffuse = self._headlight
        model.vis.headlight.ambient[:] = ambient * light
        model.vis.headlight.diffuse[:] = diffuse * light
