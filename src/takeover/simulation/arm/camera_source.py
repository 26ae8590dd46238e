"""The cameras of a simulated arm beside the simulation: at its wrist, and in front of it.

The arm is put to its next start before an episode begins. Until that is heard, pictures show it in
the light of the episode before; nothing is driven or learned meanwhile.
"""

import mujoco
import numpy as np
from takeover.arm_samples import JointSample
from takeover.arm_spec import ArmSpec
from takeover.camera.config import SimConfig
from takeover.camera.source import CameraError
from takeover.episode_spec import PegEpisodeSpec, ReachEpisodeSpec
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.camera_source import ObservedScene, SimulatedCameraSource
from takeover.simulation.ticks import SimulationError

VIEWS = ('wrist', 'front')


class ArmCameraSource(SimulatedCameraSource):
    """Renders the arm at its task, in a simulation of its own in which no time passes."""

    TRUTH = 'ground_truth/joints'

    def __init__(
        self,
        config: SimConfig,
        robot: ArmSpec,
        episode: ReachEpisodeSpec | PegEpisodeSpec,
        scene: ObservedScene,
    ) -> None:
        """Prepare; `open` makes the renderer, of the config's size.

        :param episode: of the task that is simulated.
        :raises CameraError: the file of cameras names no view of an arm.
        """
        if config.view not in VIEWS:
            raise CameraError(
                f'view is {config.view}; the cameras of a simulated arm are {", ".join(VIEWS)}'
            )
        name = f'{config.view}_camera'
        camera = getattr(robot.simulation, name).model_copy(
            update={'width': config.width, 'height': config.height}
        )
        super().__init__(config, scene, camera.fov_y_rad)
        physics = robot.simulation.model_copy(update={name: camera})
        self._robot = robot.model_copy(update={'simulation': physics})
        self._episode, self._view = episode, config.view
        self._simulation: ArmSimulation | None = None

    def close(self) -> None:
        """Free the renderer."""
        if self._simulation is not None:
            self._simulation.close()
            self._simulation, self._seed = None, None

    def _make(self) -> None:
        self._simulation = ArmSimulation(self._robot, self._episode)
        self._simulation.render(self._view)

    def _build(self, seed: int) -> None:
        try:
            self._simulation.reset(seed)
        except SimulationError as error:
            raise CameraError(f'episode of seed {seed}: {error}') from error

    def _render(self, state: JointSample) -> np.ndarray:
        model, data = self._simulation.model, self._simulation.data
        for name, position in zip(state.names, state.positions):
            data.joint(name).qpos = position
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)
        return self._simulation.render(self._view)
