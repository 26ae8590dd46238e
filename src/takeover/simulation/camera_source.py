"""The simulated rover's forward camera, rendered beside the simulation from what it tells.

The simulation says which seed the course has and where the rover truly is; from the same task and
robot file this makes the same course and the same picture, and stamps it with the time of the
pose. So whoever drives the simulation never waits for a picture.
"""

import math
import threading
import time

import mujoco
from takeover.camera.config import SimConfig
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.source import CameraError
from takeover.episode_spec import PathEpisodeSpec
from takeover.robot import RoverSpec
from takeover.samples import OdometrySample
from takeover.simulation.camera import CameraUnavailable, ForwardCamera
from takeover.simulation.course import Course, CourseError
from takeover.simulation.rover_model import build_model

# A pose this far from the last is that of another episode, of which nothing was heard yet.
JUMP_M = 0.5
# A simulation of which nothing was heard for so long is not there.
HEARD_S = 1.0
# The body sinks onto its wheels, as it does before an episode begins.
SETTLE_S = 0.2


class ObservedScene:
    """What was heard of the simulation last; fed by one thread, read by another."""

    def __init__(self) -> None:
        """Know nothing."""
        self._news = threading.Condition()
        self._episode: tuple[int, int, int] | None = None
        self._pose: OdometrySample | None = None
        self._last: OdometrySample | None = None
        self._heard_s = -math.inf

    def hear_episode(self, number: int, seed: int, stamp_ns: int) -> None:
        """Take which episode is under way; the first report of a number is its beginning."""
        with self._news:
            if self._episode is None or self._episode[0] != number:
                self._episode, self._pose = (number, seed, stamp_ns), None
            self._last = None

    def hear_pose(self, pose: OdometrySample) -> None:
        """Take where the rover truly is; what is not of the episode that is known is left out."""
        with self._news:
            self._heard_s = time.monotonic()
            if self._episode is None or pose.stamp_ns <= self._episode[2] or pose.fault():
                return
            before = self._last
            if before and math.hypot(pose.x_m - before.x_m, pose.y_m - before.y_m) > JUMP_M:
                # `_last` stays: the next report of the episode lets go of it.
                return
            self._pose = self._last = pose
            self._news.notify_all()

    def is_heard(self) -> bool:
        """Tell whether a simulation is running."""
        with self._news:
            return self._episode is not None and time.monotonic() - self._heard_s < HEARD_S

    def wait(self, stamp_ns: int, timeout_s: float) -> tuple[int, OdometrySample] | None:
        """Return seed and pose as soon as one of `stamp_ns` or later is known, None if too late.

        A pose from long before `stamp_ns` is one after a clock was set back: it counts, too.
        """

        def known() -> bool:
            pose = self._pose
            return pose is not None and not 0 < stamp_ns - pose.stamp_ns < 1_000_000_000

        with self._news:
            return (
                (self._episode[1], self._pose) if self._news.wait_for(known, timeout_s) else None
            )


class SimulatedCameraSource:
    """Renders the scene; a `CameraSource`, whose OpenGL lives in the thread that calls it."""

    description = 'simulated camera'

    def __init__(
        self, config: SimConfig, robot: RoverSpec, episode: PathEpisodeSpec, scene: ObservedScene
    ) -> None:
        """Prepare; `open` makes the renderer, of the config's size.

        :param episode: of the task that is simulated.
        """
        camera = robot.simulation.camera.model_copy(
            update={'width': config.width, 'height': config.height}
        )
        physics = robot.simulation.model_copy(update={'camera': camera})
        self._robot = robot.model_copy(update={'simulation': physics})
        self._episode, self._scene, self._camera_spec = episode, scene, camera
        self._lens = forward_lens(config.width, config.height, camera.fov_y_rad)
        self._period_ns = round(1e9 / config.rate_hz)
        self._camera: ForwardCamera | None = None
        self._seed: int | None = None
        self._due_ns = 0

    def open(self) -> None:
        """Make the renderer (0.2 s).

        :raises CameraError: no simulation is heard, or this machine has no renderer.
        """
        self.close()
        if not self._scene.is_heard():
            raise CameraError('no simulation is heard on `episode` and `ground_truth/odom`')
        course = Course(0, self._episode)
        try:
            # Textures are the same in the models of all courses, so one renderer serves them all.
            self._camera = ForwardCamera(self._camera_spec, build_model(self._robot, course))
        except CameraUnavailable as error:
            raise CameraError(str(error)) from error

    def read(self, timeout_s: float) -> Frame | None:
        """Return the picture of the first pose that is due; None when none came in time.

        :raises CameraError: the task file allows no such course.
        """
        seen = self._scene.wait(self._due_ns, timeout_s)
        if seen is None:
            return None
        seed, pose = seen
        if seed != self._seed:
            self._build(seed)
        # Behind by more than a period it goes on from now: a camera does not catch up either.
        behind = abs(pose.stamp_ns - self._due_ns) > self._period_ns
        self._due_ns = (pose.stamp_ns if behind else self._due_ns) + self._period_ns
        self._place(pose)
        pixels = self._camera.render(self._model, self._data, self._course)
        return Frame(pixels, 'rgb8', pose.stamp_ns, self._lens)

    def facts(self) -> dict[str, float | int | str]:
        """Return the course that is shown."""
        return {} if self._seed is None else {'seed': self._seed}

    def close(self) -> None:
        """Free the renderer."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _build(self, seed: int) -> None:
        try:
            self._course = Course(seed, self._episode)
        except CourseError as error:
            raise CameraError(f'course of seed {seed}: {error}') from error
        self._model = build_model(self._robot, self._course)
        self._data = mujoco.MjData(self._model)
        mujoco.mj_step(self._model, self._data, round(SETTLE_S / self._model.opt.timestep))
        self._seed = seed

    def _place(self, pose: OdometrySample) -> None:
        """Put the rover where it is; height and tilt are those of one that stands."""
        half_rad = 0.5 * pose.yaw_rad
        self._data.qpos[:2] = pose.x_m, pose.y_m
        self._data.qpos[3:7] = math.cos(half_rad), 0.0, 0.0, math.sin(half_rad)
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)


def forward_lens(width: int, height: int, fov_y_rad: float) -> Intrinsics:
    """Return the ideal lens of a rendered picture: square pixels, the axis in the middle."""
    focal = 0.5 * height / math.tan(0.5 * fov_y_rad)
    return Intrinsics(width, height, focal, focal, 0.5 * (width - 1), 0.5 * (height - 1))
