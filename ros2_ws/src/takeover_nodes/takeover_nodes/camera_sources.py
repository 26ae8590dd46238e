"""From what a file says of a camera to the source that gives its frames."""

from nav_msgs.msg import Odometry
from takeover.camera.config import (
    CameraConfig,
    OpenCvConfig,
    RealSenseConfig,
    SimConfig,
    TopicConfig,
)
from takeover.camera.source import CameraError, CameraSource
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_nodes import conversions, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.topic_camera import TopicCamera


def make_source(
    node: ManagedNode, config: CameraConfig, task_file: str, robot_file: str
) -> CameraSource:
    """Return the source; libraries of devices are imported by those who use them.

    :raises TakeoverError: files that the simulated camera needs are not given or wrong.
    """
    if isinstance(config, TopicConfig):
        return TopicCamera(node, config)
    if isinstance(config, SimConfig):
        return _simulated(node, config, task_file, robot_file)
    if isinstance(config, RealSenseConfig):
        from takeover.camera.realsense_source import RealSenseSource

        return RealSenseSource(
            config.serial,
            config.width,
            config.height,
            config.rate_hz,
            depth=config.depth,
            exposure_us=config.exposure_us,
            reset_on_start=config.reset_on_start,
            recording=config.recording,
            loop=config.loop,
        )
    if isinstance(config, OpenCvConfig):
        from takeover.camera.opencv_source import OpenCvSource

        return OpenCvSource(config)
    raise CameraError(f'no source of cameras is described by {type(config).__name__}')


def _simulated(
    node: ManagedNode, config: SimConfig, task_file: str, robot_file: str
) -> CameraSource:
    from takeover.simulation.camera_source import ObservedScene, SimulatedCameraSource

    if not task_file:
        raise CameraError('source sim needs the parameter task_file: the course it shows')
    task, robot = load_task_and_robot(task_file, robot_file or None)
    scene = ObservedScene()

    def on_pose(message: Odometry) -> None:
        scene.hear_pose(conversions.odometry_sample(message))

    def on_episode(message: EpisodeState) -> None:
        stamp_ns = conversions.stamp_to_ns(message.header.stamp)
        scene.hear_episode(message.episode, message.seed, stamp_ns)

    node.hear(Odometry, 'ground_truth/odom', on_pose, qos.SENSOR, while_inactive=True)
    node.hear(EpisodeState, 'episode', on_episode, qos.LATCHED, while_inactive=True)
    return SimulatedCameraSource(config, robot, task.episode, scene)
