"""A planar lidar by MuJoCo's ray casts: Gaussian range noise, lost returns, a blind zone close by.

It sees the obstacles only (its plane lies above the rover and never meets the floor on flat
ground). As REP 117 has it: +inf is no return within range, -inf is nearer than can be measured.
"""

import mujoco
import numpy as np
from takeover.robot import LidarSpec
from takeover.samples import LaserScanSample
from takeover.simulation.rover_model import OBSTACLE_GROUP

FRAME = 'base_link'


class Lidar:
    """Casts the beams of one lidar from the site `lidar` of a model."""

    def __init__(self, spec: LidarSpec, model: mujoco.MjModel, rng: np.random.Generator) -> None:
        self._spec = spec
        self._model = model
        self._rng = rng
        self._site = model.site('lidar').id
        angles = spec.angle_min_rad + spec.angle_increment_rad * np.arange(spec.beams)
        self._directions = np.stack([np.cos(angles), np.sin(angles), np.zeros(spec.beams)], axis=1)
        self._groups = np.zeros(mujoco.mjNGROUP, dtype=np.uint8)
        self._groups[OBSTACLE_GROUP] = 1
        self._geoms = np.empty(spec.beams, dtype=np.int32)

    def true_ranges(self, data: mujoco.MjData) -> np.ndarray:
        """Return the distance along each beam, float64 [beams]; +inf where nothing is met."""
        distances = np.empty(self._spec.beams)
        directions = self._directions @ data.site_xmat[self._site].reshape(3, 3).T
        mujoco.mj_multiRay(
            self._model,
            data,
            data.site_xpos[self._site],
            directions.ravel(),
            self._groups,
            1,
            -1,
            self._geoms,
            distances,
            None,
            self._spec.beams,
            self._spec.range_max_m,
        )
        return np.where(self._geoms >= 0, distances, np.inf)

    def scan(self, stamp_ns: int, data: mujoco.MjData) -> LaserScanSample:
        """Measure once; every call draws new noise."""
        spec = self._spec
        ranges = self.true_ranges(data)
        ranges += self._rng.normal(0.0, spec.noise_m, spec.beams)
        ranges[ranges < spec.range_min_m] = -np.inf
        ranges[ranges > spec.range_max_m] = np.inf
        ranges[self._rng.random(spec.beams) < spec.dropout] = np.inf
        return LaserScanSample(
            stamp_ns,
            spec.angle_min_rad,
            spec.angle_increment_rad,
            spec.range_min_m,
            spec.range_max_m,
            ranges.astype(np.float32),
            FRAME,
        )
