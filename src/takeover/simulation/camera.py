"""The rover's forward camera, offscreen through EGL: a GPU if there is one, else in software.

Shadows, reflections and multisampling are off (see the model), which in software is the difference
between twenty and several hundred frames per second. The renderer is made once and used for
every episode: it holds the textures, which all models of the rover share. The path and the goal
line are drawn into the picture only; the physics knows nothing of them.
"""

import atexit
import math

import mujoco
import numpy as np
from takeover.errors import TakeoverError
from takeover.robot import CameraSpec
from takeover.simulation.course import Course
from takeover.simulation.floor_lines import Strip, strips

CAMERA = 'forward'
PACKAGES = 'libegl1 libegl-mesa0 libgl1-mesa-dri'
VISIBLE_M = 6.0  # lines farther away are under a pixel, and cost as much
_MAX_GEOMS = 1000


class CameraUnavailable(TakeoverError):
    """This machine has no offscreen renderer; the message says what to install."""


class ForwardCamera:
    """Renders the camera `forward` of the rover's models; use it from one thread."""

    def __init__(self, spec: CameraSpec, model: mujoco.MjModel) -> None:
        """Make the renderer (0.2 s).

        :raises CameraUnavailable: EGL or its driver is missing.
        """
        self._size = (spec.height, spec.width)
        self._gl = egl_context(spec.width, spec.height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, int(mujoco.mjtFontScale.mjFONTSCALE_100))
        mujoco.mjr_setBuffer(int(mujoco.mjtFramebuffer.mjFB_OFFSCREEN), self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=_MAX_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[int(flag)] = 0
        self._camera = mujoco.MjvCamera()
        self._camera.type = int(mujoco.mjtCamera.mjCAMERA_FIXED)
        self._options = mujoco.MjvOption()
        self._course: Course | None = None
        self._strips: list[Strip] = []
        # OpenGL is torn down at exit; whoever forgets to close must not fail there.
        atexit.register(self.close)

    def render(self, model: mujoco.MjModel, data: mujoco.MjData, course: Course) -> np.ndarray:
        """Return the picture, uint8 [height, width, 3], first row at the top."""
        if course is not self._course:
            self._course, self._strips = course, strips(course)
        self._camera.fixedcamid = model.camera(CAMERA).id
        mujoco.mjv_updateScene(
            model,
            data,
            self._options,
            None,
            self._camera,
            int(mujoco.mjtCatBit.mjCAT_ALL),
            self._scene,
        )
        self._draw_lines(data.cam_xpos[self._camera.fixedcamid])
        height, width = self._size
        picture = np.empty((height, width, 3), dtype=np.uint8)
        view = mujoco.MjrRect(0, 0, width, height)
        self._gl.make_current()
        mujoco.mjr_render(view, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, view, self._context)
        return np.ascontiguousarray(picture[::-1])

    def _draw_lines(self, eye: np.ndarray) -> None:
        for strip in self._strips:
            if math.dist(strip.position[:2], eye[:2]) < VISIBLE_M:
                mujoco.mjv_initGeom(
                    self._scene.geoms[self._scene.ngeom],
                    int(mujoco.mjtGeom.mjGEOM_BOX),
                    strip.half_size,
                    strip.position,
                    strip.rotation,
                    strip.rgba,
                )
                self._scene.ngeom += 1

    def close(self) -> None:
        """Free the renderer; it cannot be used any more."""
        atexit.unregister(self.close)
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def egl_context(width: int, height: int) -> 'mujoco.egl.GLContext':
    """Return an EGL context; whatever fails below is told as one sentence."""
    try:
        from mujoco.egl import GLContext

        return GLContext(width, height)
    except Exception as error:  # OpenGL raises a class of its own for every missing piece
        raise CameraUnavailable(
            f'no offscreen renderer ({type(error).__name__}: {error}); the camera is off. On '
            f'Debian and Ubuntu: apt-get install --no-install-recommends {PACKAGES}'
        ) from error
