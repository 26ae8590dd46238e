"""On which topics a robot is commanded, and by messages of which type."""

from takeover.arm_spec import ArmSpec
from takeover.robot import RoverSpec
from takeover.specs import ActionSpec, GRIPPER

_TWIST_STAMPED = 'geometry_msgs/msg/TwistStamped'
BASE_COMMANDS = {'twist_stamped': _TWIST_STAMPED, 'twist': 'geometry_msgs/msg/Twist'}
_ARRAY = 'std_msgs/msg/Float64MultiArray'
ARM_COMMANDS = {
    'joint_trajectory': 'trajectory_msgs/msg/JointTrajectory',
    'forward_position': _ARRAY,
    'servo_twist': _TWIST_STAMPED,
}
BASE_TOPIC = 'cmd_vel'


def command_topics(action: ActionSpec, robot: RoverSpec | ArmSpec) -> dict[str, str]:
    """Return the topics the gate publishes to the robot on, each with its message type."""
    if not isinstance(robot, ArmSpec):
        return {BASE_TOPIC: BASE_COMMANDS[robot.command.message]}
    topics = {robot.controller.topic: ARM_COMMANDS[robot.controller.interface]}
    moves_gripper = any(component.name == GRIPPER for component in action.components)
    if moves_gripper and robot.controller.gripper_topic is not None:
        topics[robot.controller.gripper_topic] = _ARRAY
    return topics
