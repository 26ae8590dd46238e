"""The rover's forward camera, offscreen.

The renderer is made once and used for every episode. The path and the goal line are drawn into
the picture only; the physics knows nothing of them.
"""

from functools import partial
import math

import mujoco
import numpy as np
from takeover.robot import CameraSpec
from takeover.simulation.course import Course
from takeover.simulation.floor_lines import Strip, strips
from takeover.simulation.offscreen import OffscreenRenderer

CAMERA = 'forward'
VISIBLE_M = 6.0  # lines farther away are under a pixel, and cost as much
_MAX_GEOMS = 1000


class ForwardCamera:
    """Renders the camera `forward` of the rover's models; use it from one thread."""

    def __init__(self, spec: CameraSpec, model: mujoco.MjModel) -> None:
        """Make the renderer.

        :raises CameraUnavailable: EGL or its driver is missing.
        """
        self._size = (spec.height, spec.width)
        self._renderer = OffscreenRenderer(model, _MAX_GEOMS)
        self._options = mujoco.MjvOption()
        self._course: Course | None = None
        self._strips: list[Strip] = []

    def render(self, model: mujoco.MjModel, data: mujoco.MjData, course: Course) -> np.ndarray:
        """Return the picture, uint8 [height, width, 3], first row at the top."""
        if course is not self._course:
            self._course, self._strips = course, strips(course)
        draw = partial(self._draw_lines, data.camera(CAMERA).xpos)
        return self._renderer.render(model, data, CAMERA, self._size, self._options, draw)

    def _draw_lines(self, eye: np.ndarray, scene: mujoco.MjvScene) -> None:
        for strip in self._strips:
            if math.dist(strip.position[:2], eye[:2]) < VISIBLE_M:
                mujoco.mjv_initGeom(
                    scene.geoms[scene.ngeom],
                    int(mujoco.mjtGeom.mjGEOM_BOX),
                    strip.half_size,
                    strip.position,
                    strip.rotation,
                    strip.rgba,
                )
                scene.ngeom += 1

    def close(self) -> None:
        """Free the renderer; it cannot be used any more."""
        self._renderer.close()
