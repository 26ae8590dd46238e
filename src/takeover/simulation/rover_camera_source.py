"""The simulated rover's forward camera beside the simulation."""

import math

import mujoco
import numpy as np
from takeover.camera.config import SimConfig
from takeover.camera.source import CameraError
from takeover.episode_spec import PathEpisodeSpec
from takeover.robot import RoverSpec
from takeover.samples import OdometrySample
from takeover.simulation.camera import ForwardCamera
from takeover.simulation.camera_source import ObservedScene, SimulatedCameraSource
from takeover.simulation.course import Course, CourseError
from takeover.simulation.rover_model import build_model, physics_of

# A pose this far from the last is that of another episode, of which nothing was heard yet.
JUMP_M = 0.5
# The body sinks onto its wheels, as it does before an episode begins.
SETTLE_S = 0.2


def rover_scene() -> ObservedScene:
    """Return a scene with a rover, of which nothing is known."""
    return ObservedScene(_jumped)


class RoverCameraSource(SimulatedCameraSource):
    """Renders the course, seen from where the rover is."""

    TRUTH = 'ground_truth/odom'

    def __init__(
        self, config: SimConfig, robot: RoverSpec, episode: PathEpisodeSpec, scene: ObservedScene
    ) -> None:
        """Prepare; `open` makes the renderer, of the config's size.

        :param episode: of the task that is simulated.
        :raises SimulationError: the robot file has no simulation.
        """
        physics = physics_of(robot)
        camera = physics.camera.model_copy(update={'width': config.width, 'height': config.height})
        super().__init__(config, scene, camera.fov_y_rad)
        physics = physics.model_copy(update={'camera': camera})
        self._robot = robot.model_copy(update={'simulation': physics})
        self._episode, self._camera_spec = episode, camera
        self._camera: ForwardCamera | None = None

    def close(self) -> None:
        """Free the renderer."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _make(self) -> None:
        # Textures are the same in the models of all courses, so one renderer serves them all.
        course = Course(0, self._episode)
        self._camera = ForwardCamera(self._camera_spec, build_model(self._robot, course))

    def _build(self, seed: int) -> None:
        try:
            self._course = Course(seed, self._episode)
        except CourseError as error:
            raise CameraError(f'course of seed {seed}: {error}') from error
        self._model = build_model(self._robot, self._course)
        self._data = mujoco.MjData(self._model)
        mujoco.mj_step(self._model, self._data, round(SETTLE_S / self._model.opt.timestep))

    def _render(self, state: OdometrySample) -> np.ndarray:
        """Put the rover where it is; height and tilt are those of one that stands."""
        half_rad = 0.5 * state.yaw_rad
        self._data.qpos[:2] = state.x_m, state.y_m
        self._data.qpos[3:7] = math.cos(half_rad), 0.0, 0.0, math.sin(half_rad)
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        return self._camera.render(self._model, self._data, self._course)


def _jumped(before: OdometrySample, now: OdometrySample) -> bool:
    return math.hypot(now.x_m - before.x_m, now.y_m - before.y_m) > JUMP_M
