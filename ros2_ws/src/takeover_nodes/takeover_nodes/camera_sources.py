"""From what a file says of a camera to the source that gives its frames."""

from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from takeover.arm_spec import ArmSpec
from takeover.camera.config import (
    CameraConfig,
    load_camera,
    load_cameras,
    OpenCvConfig,
    RealSenseConfig,
    SimConfig,
    TopicConfig,
)
from takeover.camera.source import CameraError, CameraSource
from takeover.shipped import config_path
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_nodes import arm_messages, conversions, qos
from takeover_nodes.camera_parameters import CameraParameters
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.topic_camera import TopicCamera

CAMERAS = 'cameras'
OF_ROVER, OF_ARM = 'sim', 'sim_arm'  # files of the cameras of simulated robots


def find_camera(given: CameraParameters) -> tuple[str, CameraConfig]:
    """Return name and description of the camera that the parameters mean.

    Without a file it is a simulated one: that which the task sees, else the first.

    :raises TakeoverError: files are wrong, or name no such camera.
    """
    if given.config_file:
        return load_camera(config_path(given.config_file, CAMERAS), given.camera)
    if not given.task_file:
        raise CameraError('needs config_file, a file of cameras, or task_file, of a simulation')
    task, robot = load_task_and_robot(given.task_file, given.robot_file or None)
    path = config_path(OF_ARM if isinstance(robot, ArmSpec) else OF_ROVER, CAMERAS)
    names = list(load_cameras(path))
    seen = {topic.split('/')[0] for topic, spec in task.inputs.items() if spec.type == 'image'}
    return load_camera(path, given.camera or next((n for n in names if n in seen), names[0]))


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
    if not task_file:
        raise CameraError('source sim needs the parameter task_file: the scene it shows')
    task, robot = load_task_and_robot(task_file, robot_file or None)
    if isinstance(robot, ArmSpec):
        from takeover.simulation.arm.camera_source import ArmCameraSource
        from takeover.simulation.camera_source import ObservedScene

        scene, message, convert = ObservedScene(), JointState, arm_messages.joint_sample
        source = ArmCameraSource(config, robot, task.episode, scene)
    else:
        from takeover.simulation.rover_camera_source import rover_scene, RoverCameraSource

        scene, message, convert = rover_scene(), Odometry, conversions.odometry_sample
        source = RoverCameraSource(config, robot, task.episode, scene)

    def on_state(state: object) -> None:
        scene.hear_state(convert(state))

    def on_episode(state: EpisodeState) -> None:
        stamp_ns = conversions.stamp_to_ns(state.header.stamp)
        scene.hear_episode(state.episode, state.seed, stamp_ns)

    node.hear(message, source.TRUTH, on_state, qos.SENSOR, while_inactive=True)
    node.hear(EpisodeState, 'episode', on_episode, qos.LATCHED, while_inactive=True)
    return source
