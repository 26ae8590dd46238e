"""The two cameras of a simulated arm, offscreen.

One renderer serves both and all episodes. The camera at the wrist does not see the links behind
it, so they are not drawn for it.
"""

import mujoco
import numpy as np
from takeover.arm_spec import ArmSpec
from takeover.simulation.arm.hand import WRIST_CAMERA
from takeover.simulation.arm.scene import FRONT_CAMERA, LINK_GROUP
from takeover.simulation.offscreen import OffscreenRenderer

_MAX_GEOMS = 200


class ArmCameras:
    """Renders one model; use it from one thread."""

    def __init__(self, robot: ArmSpec, model: mujoco.MjModel) -> None:
        """Make the renderer.

        :raises CameraUnavailable: EGL or its driver is missing.
        """
        self._model = model
        self._renderer = OffscreenRenderer(model, _MAX_GEOMS)
        physics = robot.simulation
        self._views = {
            WRIST_CAMERA: (physics.wrist_camera, _options(links=False)),
            FRONT_CAMERA: (physics.front_camera, _options(links=True)),
        }

    def render(self, name: str, data: mujoco.MjData) -> np.ndarray:
        """Return the picture of a camera, uint8 [height, width, 3], first row at the top.

        :param name: 'wrist' or 'front'.
        """
        spec, options = self._views[name]
        return self._renderer.render(self._model, data, name, (spec.height, spec.width), options)

    def close(self) -> None:
        """Free the renderer; it cannot be used any more."""
        self._renderer.close()


def _options(links: bool) -> mujoco.MjvOption:
    options = mujoco.MjvOption()
    options.geomgroup[LINK_GROUP] = links
    options.sitegroup[:] = 0
    return options
