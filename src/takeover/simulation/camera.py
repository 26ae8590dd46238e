"""The rover's forward camera, offscreen through EGL: a GPU if there is one, else in software.

Shadows, reflections and multisampling are off (see the model), which in software is the difference
between twenty and several hundred frames per second. The renderer is made once and used for
every episode: it holds the textures, which all models of the rover share. The path and the goal
line are drawn into the picture only; the physics knows nothing of them.
"""

import atexit
from dataclasses import dataclass
import math

import mujoco
import numpy as np
from takeover.errors import TakeoverError
from takeover.robot import CameraSpec
from takeover.simulation.course import Course

CAMERA = 'forward'
PACKAGES = 'libegl1 libegl-mesa0 libgl1-mesa-dri'
VISIBLE_M = 6.0  # lines farther away are under a pixel, and cost as much
_PATH_RGBA = np.array([0.98, 0.85, 0.20, 1.0], dtype=np.float32)
_EDGE_RGBA = np.array([0.92, 0.93, 0.95, 1.0], dtype=np.float32)
_GOAL_RGBA = np.array([0.15, 0.65, 0.30, 1.0], dtype=np.float32)
_MAX_GEOMS = 1000


class CameraUnavailable(TakeoverError):
    """This machine has no offscreen renderer; the message says what to install."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """A flat box on the floor, as mjv_initGeom takes it."""

    half_size: np.ndarray
    position: np.ndarray
    rotation: np.ndarray
    rgba: np.ndarray


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
        self._strips: list[_Strip] = []
        # OpenGL is torn down at exit; whoever forgets to close must not fail there.
        atexit.register(self.close)

    def render(self, model: mujoco.MjModel, data: mujoco.MjData, course: Course) -> np.ndarray:
        """Return the picture, uint8 [height, width, 3], first row at the top."""
        if course is not self._course:
            self._course, self._strips = course, _strips(course)
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


def _strips(course: Course) -> list[_Strip]:
    """Lay the path, the lines beside it and the goal line on the floor."""
    strips, look = [], course.look
    length = course.tracker().length_m
    middle, edge = (0.05, _PATH_RGBA), (0.03, _EDGE_RGBA)
    if look is not None:
        middle = look.middle_width_m, _opaque(look.middle_rgb)
        edge = look.edge_width_m, _opaque(look.edge_rgb)
    for stripe, (offset, step, (width, rgba)) in enumerate(
        ((0.0, 0.25, middle), (course.lines_m, 0.5, edge), (-course.lines_m, 0.5, edge))
    ):
        count = max(1, round(length / step))
        corners = [course.pose(length * i / count, offset)[:2] for i in range(count + 1)]
        strips += [
            _strip(a, b, width, rgba)
            for piece, (a, b) in enumerate(zip(corners, corners[1:]))
            if look is None or not look.is_worn(stripe, piece)
        ]
    left, right = (course.pose(course.goal_s_m, side * course.lines_m)[:2] for side in (1.0, -1.0))
    return strips + [_strip(left, right, 0.12, _GOAL_RGBA, height=0.004)]


def _strip(
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
    rgba: np.ndarray,
    height: float = 0.003,
) -> _Strip:
    (x0, y0), (x1, y1) = start, end
    length, angle = math.hypot(x1 - x0, y1 - y0), math.atan2(y1 - y0, x1 - x0)
    cos, sin = math.cos(angle), math.sin(angle)
    return _Strip(
        np.array([0.5 * length + 0.3 * width, 0.5 * width, 0.001]),
        np.array([0.5 * (x0 + x1), 0.5 * (y0 + y1), height]),
        np.array([cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0]),
        rgba,
    )


def _opaque(rgb: np.ndarray) -> np.ndarray:
    return np.append(rgb, 1.0).astype(np.float32)
