"""Pictures of a MuJoCo model without a screen, through EGL: a GPU if there is one, else software.

Shadows, reflections and multisampling are off (the last by the model), which in software is the
difference between twenty and several hundred frames per second.
"""

import atexit
from collections.abc import Callable

import mujoco
import numpy as np
from takeover.errors import TakeoverError

PACKAGES = 'libegl1 libegl-mesa0 libgl1-mesa-dri'


class CameraUnavailable(TakeoverError):
    """This machine has no offscreen renderer; the message says what to install."""


class OffscreenRenderer:
    """Renders the cameras of models that share their textures; use it from one thread."""

    def __init__(self, model: mujoco.MjModel, max_geoms: int) -> None:
        """Make the renderer (0.2 to 0.3 s), for pictures up to the size the model asks for.

        :raises CameraUnavailable: EGL or its driver is missing.
        """
        size = model.vis.global_
        self._gl = _egl_context(int(size.offwidth), int(size.offheight))
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, int(mujoco.mjtFontScale.mjFONTSCALE_100))
        mujoco.mjr_setBuffer(int(mujoco.mjtFramebuffer.mjFB_OFFSCREEN), self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=max_geoms)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[int(flag)] = 0
        self._camera = mujoco.MjvCamera()
        self._camera.type = int(mujoco.mjtCamera.mjCAMERA_FIXED)
        # OpenGL is torn down at exit; whoever forgets to close must not fail there.
        atexit.register(self.close)

    def render(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        camera: str,
        size: tuple[int, int],
        options: mujoco.MjvOption,
        draw: Callable[[mujoco.MjvScene], None] | None = None,
    ) -> np.ndarray:
        """Return the picture of a camera, uint8 [height, width, 3], first row at the top.

        :param size: height and width, in pixels.
        :param draw: adds to the scene what is in the picture only.
        """
        self._camera.fixedcamid = model.camera(camera).id
        everything = int(mujoco.mjtCatBit.mjCAT_ALL)
        mujoco.mjv_updateScene(model, data, options, None, self._camera, everything, self._scene)
        if draw:
            draw(self._scene)
        height, width = size
        picture = np.empty((height, width, 3), dtype=np.uint8)
        view = mujoco.MjrRect(0, 0, width, height)
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


def _egl_context(width: int, height: int) -> 'mujoco.egl.GLContext':
    """Return an EGL context; whatever fails below is told as one sentence."""
    try:
        from mujoco.egl import GLContext

        return GLContext(width, height)
    except Exception as error:  # OpenGL raises a class of its own for every missing piece
        raise CameraUnavailable(
            f'no offscreen renderer ({type(error).__name__}: {error}); the camera is off. On '
            f'Debian and Ubuntu: apt-get install --no-install-recommends {PACKAGES}'
        ) from error
