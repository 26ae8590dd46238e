"""What the simulated robots of sim_node have in common: sensors that are new, cameras, a brake."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from takeover.arm_spec import ArmSpec
from takeover.errors import TakeoverError
from takeover.robot import CameraSpec, RobotSpec
from takeover.simulation.camera_source import ideal_lens
from takeover.specs import TaskSpec
from takeover_nodes import qos
from takeover_nodes.camera_messages import image_message, info_message

if TYPE_CHECKING:
    from takeover.simulation.task_environment import Simulation


@dataclass
class Pacing:
    """How a simulated robot tells the time, and whether it is driven."""

    stamp_ns: Callable[[int], int]
    """ROS time at which a sample of simulated time was taken."""
    real_time_factor: float
    """Simulated seconds per second."""
    running: bool = False
    """An episode is under way; between two the brake is on, and commands are ignored."""


class SimulatedRobot(ABC):
    """A simulation behind the topics of a real robot; a subclass says which."""

    PLACED_EARLY = False
    """Moved to its next start in the middle of the pause, and not when the episode begins."""

    simulation: 'Simulation'

    def __init__(self, node: Node, pacing: Pacing) -> None:
        """Take note of who paces it.

        Args:
            node: sim_node.
            pacing: kept up to date by it.
        """
        self.node, self.pacing = node, pacing
        self.cameras: list[PublishedCamera] = []
        self.forget()

    def forget(self) -> None:
        """Take every sample for new: another episode has begun, at simulated time zero."""
        self._last_ns: dict[str, int] = {}
        for camera in self.cameras:
            camera.forget()

    def is_new(self, sensor: str, sample_ns: int) -> bool:
        """Tell whether a sample has not been published yet."""
        new = sample_ns > self._last_ns.get(sensor, -1)
        self._last_ns[sensor] = max(sample_ns, self._last_ns.get(sensor, -1))
        return new

    def warn(self, text: str) -> None:
        """Log what a controller would refuse."""
        self.node.get_logger().warning(text, throttle_duration_sec=2.0)

    @abstractmethod
    def tell(self) -> None:
        """Publish what is told once, at the beginning of an episode."""

    @abstractmethod
    def brake(self) -> None:
        """Stand, at the end of an episode."""

    @abstractmethod
    def publish(self, silent: bool) -> None:
        """Publish every sensor that has a new sample, and the truth.

        Args:
            silent: the sensors are dead; the truth is not.
        """

    @abstractmethod
    def numbers(self, progress: Any) -> dict[str, float]:
        """Return the fields of EpisodeState that only this kind of robot has."""

    def publish_pictures(self) -> None:
        """Publish the cameras that are due."""
        for camera in self.cameras:
            camera.publish(self.simulation.time_ns, self.pacing.stamp_ns)


class PublishedCamera:
    """One camera of the simulation, rendered in its process, when somebody listens."""

    def __init__(
        self,
        node: Node,
        name: str,
        frame: str,
        spec: CameraSpec,
        render: Callable[[], np.ndarray],
    ) -> None:
        """Render once, so that the renderer is made before the clock runs, or its absence told.

        Args:
            node: sim_node.
            name: first part of the topics.
            frame: of the pictures.
            spec: size and rate.
            render: gives a picture.
        """
        self.frame, self.spec, self.render = frame, spec, render
        self.lens = ideal_lens(spec.width, spec.height, spec.fov_y_rad)
        self.period_ns = round(1e9 / spec.rate_hz)
        self.images = node.create_publisher(Image, f'{name}/image_raw', qos.SENSOR)
        self.infos = node.create_publisher(CameraInfo, f'{name}/camera_info', qos.SENSOR)
        self.forget()
        self.works = True
        try:
            render()
        except TakeoverError as error:
            node.get_logger().error(f'camera off: {error}')
            self.works = False

    def forget(self) -> None:
        """Let the next picture be due at once."""
        self.last = -1

    def publish(self, now_ns: int, stamp_ns: Callable[[int], int]) -> None:
        """Render and publish the picture if it is due."""
        number = now_ns // self.period_ns
        if not self.works or number <= self.last:
            return
        self.last = number
        if not self.images.get_subscription_count() + self.infos.get_subscription_count():
            return
        stamp, spec = stamp_ns(now_ns), self.spec
        self.images.publish(image_message(self.render(), 'rgb8', stamp, self.frame))
        self.infos.publish(info_message(self.lens, spec.width, spec.height, stamp, self.frame))


def make_robot(
    node: Node, pacing: Pacing, task: TaskSpec, robot: RobotSpec, seed: int, with_cameras: bool
) -> SimulatedRobot:
    """Return the simulated robot of a task; what another kind of robot needs is not loaded.

    Args:
        node: sim_node.
        pacing: kept up to date by it.
        task: what the robot is at.
        robot: physics and sensors.
        seed: of the first episode.
        with_cameras: they are rendered here, and not by camera nodes.

    Raises:
        TakeoverError: task or robot file ask for what the simulation cannot do.
    """
    if isinstance(robot, ArmSpec):
        from takeover_nodes.sim_arm import SimulatedArm

        return SimulatedArm(node, pacing, task, robot, seed, with_cameras)
    from takeover_nodes.sim_rover import SimulatedRover

    return SimulatedRover(node, pacing, task, robot, seed, with_cameras)
