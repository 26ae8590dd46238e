"""The two cameras of a simulated arm, offscreen; see `takeover.simulation.camera` for the means.

One renderer serves both and all episodes. The camera at the wrist does not see the links behind
it, so they are not drawn for it.
"""

import atexit

import mujoco
import numpy as np
from takeover.arm_spec import ArmSpec
from takeover.simulation.arm.hand import WRIST_CAMERA
from takeover.simulation.arm.scene import FRONT_CAMERA, LINK_GROUP
from takeover.simulation.camera import egl_context

_MAX_GEOMS = 200


class ArmCameras:
    """Renders one model; use it from one thread."""

    def __init__(self, robot: ArmSpec, model: mujoco.MjModel) -> None:
        """Make the renderer (about 0.3 s).

        :raises CameraUnavailable: EGL or its driver is missing.
        """
        self._model = model
        self._gl = egl_context(int(model.vis.global_.offwidth), int(model.vis.global_.offheight))
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, int(mujoco.mjtFontScale.mjFONTSCALE_100))
        mujoco.mjr_setBuffer(int(mujoco.mjtFramebuffer.mjFB_OFFSCREEN), self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=_MAX_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[int(flag)] = 0
        physics = robot.simulation
        self._views = {
            WRIST_CAMERA: (physics.wrist_camera, _options(links=False)),
            FRONT_CAMERA: (physics.front_camera, _options(links=True)),
        }
        self._camera = mujoco.MjvCamera()
        self._camera.type = int(mujoco.mjtCamera.mjCAMERA_FIXED)
        # OpenGL is torn down at exit; whoever forgets to close must not fail there.
        atexit.register(self.close)

    def render(self, name: str, data: mujoco.MjData) -> np.ndarray:
        """Return the picture of a camera, uint8 [height, width, 3], first row at the top.

        :param name: 'wrist' or 'front'.
        """
        spec, options = self._views[name]
        self._camera.fixedcamid = self._model.camera(name).id
        mujoco.mjv_updateScene(
            self._model,
            data,
            options,
            None,
            self._camera,
            int(mujoco.mjtCatBit.mjCAT_ALL),
            self._scene,
        )
        picture = np.empty((spec.height, spec.width, 3), dtype=np.uint8)
        view = mujoco.MjrRect(0, 0, spec.width, spec.height)
        self._gl.make_current()
        mujoco.mjr_render(view, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, view, self._context)
        return np.ascontiguousarray(picture[::-1])

    def close(self) -> None:
        """Free the renderer; it cannot be used any more."""
        atexit.unregister(self.close)
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def _options(links: bool) -> mujoco.MjvOption:
    options = mujoco.MjvOption()
    options.geomgroup[LINK_GROUP] = links
    options.sitegroup[:] = 0
    return options
