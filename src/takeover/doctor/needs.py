"""Which topics a task needs: what is heard, of which type, and from whom."""

from dataclasses import dataclass

from takeover.arm_spec import ArmSpec
from takeover.intervention.device_choice import JOYSTICK, SPACEMOUSE
from takeover.robot import RobotSpec
from takeover.specs import TaskSpec

JOY, TWIST = 'joy', 'twist'
KEYBOARD = 'keyboard'
# Of every kind of topic: the message.
MESSAGE_TYPES = {
    'odometry': 'nav_msgs/msg/Odometry',
    'laser_scan': 'sensor_msgs/msg/LaserScan',
    'path': 'nav_msgs/msg/Path',
    'image': 'sensor_msgs/msg/Image',
    'joint_state': 'sensor_msgs/msg/JointState',
    'tool_state': 'nav_msgs/msg/Odometry',
    'pose': 'geometry_msgs/msg/PoseStamped',
    'wrench': 'geometry_msgs/msg/WrenchStamped',
    JOY: 'sensor_msgs/msg/Joy',
    TWIST: 'geometry_msgs/msg/Twist',
}
# Topics of the drivers, the first with the buttons.
DEVICE_TOPICS = {
    JOYSTICK: {'joy': JOY},
    KEYBOARD: {'joy': JOY},
    SPACEMOUSE: {'spacenav/joy': JOY, 'spacenav/twist': TWIST},
}
GATE, POLICY = 'safety_node', 'policy_node'


@dataclass(frozen=True)
class Need:
    """A topic that somebody of the control stack must hear."""

    topic: str
    """Relative to the namespace."""
    kind: str
    """Of MESSAGE_TYPES."""
    max_age_s: float | None
    """None: latched, or of a device."""
    frame: str | None = None
    """Which every message must name; None: any."""
    by: str = POLICY
    """Who needs it."""


def sensor_needs(task: TaskSpec, robot: RobotSpec) -> tuple[Need, ...]:
    """Return what policy and gate must hear of the robot and its sensors."""
    needs = {
        topic: Need(topic, spec.type, spec.max_age_s, spec.frame)
        for topic, spec in task.inputs.items()
    }
    if isinstance(robot, ArmSpec):
        age_s = robot.timeouts.observation_s
        needs.setdefault('joint_states', Need('joint_states', 'joint_state', age_s, by=GATE))
        if robot.wrench is not None:
            topic, age_s = robot.wrench.topic, robot.wrench.max_age_s
            needs.setdefault(topic, Need(topic, 'wrench', age_s, by=GATE))
    return tuple(needs.values())


def device_needs(device: str) -> tuple[Need, ...]:
    """Return what the arbiter must hear of a device of DEVICE_TOPICS; of another: nothing."""
    topics = DEVICE_TOPICS.get(device, {})
    return tuple(Need(topic, kind, None, by='intervention_node') for topic, kind in topics.items())
