"""The force and torque sensor at the wrist of a simulated arm.

It sits between the last link and the hand. The weight of the hand and of what it holds is taken
off, the rest goes through a first-order low-pass filter. What remains is what the environment
exerts on the tool, less what it takes to accelerate the hand: about 1 N at 1 m/s2.
"""

import math

import mujoco
import numpy as np
from takeover.simulation.arm.hand import FORCE, HAND, TOOL

FILTER_S = 0.02


class WristSensor:
    """Samples at each step of the physics, tells once a tick; in the axes of the tool."""

    def __init__(self, model: mujoco.MjModel, steps: int) -> None:
        """Find the sensor in the model.

        :param steps: of the physics in a tick.
        """
        self._site, self._hand = model.site(TOOL).id, model.body(HAND).id
        start = int(model.sensor(FORCE).adr[0])  # the torque follows
        self._addresses = slice(start, start + 6)
        self._weight_n = model.body_subtreemass[self._hand] * model.opt.gravity
        share = 1.0 - math.exp(-model.opt.timestep / FILTER_S)
        self._weights = share * (1.0 - share) ** np.arange(steps)[::-1]
        self._kept = (1.0 - share) ** steps
        self._samples = np.zeros((steps, 6))
        self.reset()

    def reset(self) -> None:
        """Feel nothing."""
        self.wrench = np.zeros(6)
        """Force in N, then torque about the tool's origin in N m."""

    def sample(self, step: int, data: mujoco.MjData) -> None:
        """Take what it feels after a step of the physics."""
        self._samples[step] = data.sensordata[self._addresses]

    def measure(self, data: mujoco.MjData) -> None:
        """Filter the samples of a tick; the hand hangs as it does at its end."""
        turn = data.site_xmat[self._site].reshape(3, 3).T
        x, y, z = (turn @ (data.subtree_com[self._hand] - data.site_xpos[self._site])).tolist()
        fx, fy, fz = (turn @ self._weight_n).tolist()
        weight = np.array([fx, fy, fz, y * fz - z * fy, z * fx - x * fz, x * fy - y * fx])
        # MuJoCo tells what the last link exerts on the hand.
        felt = -(self._weights @ self._samples) - self._weights.sum() * weight
        self.wrench = self._kept * self.wrench + felt
