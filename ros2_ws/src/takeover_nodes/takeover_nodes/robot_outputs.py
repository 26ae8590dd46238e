"""Where the output of the safety gate goes: the command topics of a robot, and nothing else.

One class for each interface. All that a class needs of the robot's controller is said in it; its
topics are its own, and the safety node stops when somebody else publishes on them.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.duration import Duration
from std_msgs.msg import Float64MultiArray
from takeover.arm_spec import ArmSpec
from takeover.errors import TakeoverError
from takeover.robot import RobotSpec, RoverSpec
from takeover.safety.gate import GateOutput
from takeover.specs import ActionSpec, GRIPPER, TWIST
from takeover_nodes import conversions, qos
from takeover_nodes.managed_node import ManagedNode
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

if TYPE_CHECKING:
    from takeover.safety.arm_gate import ArmOutput

# A trajectory ends so many periods of the gate from now: see JointTrajectoryOutput.
TRAJECTORY_PERIODS = 2


class OutputError(TakeoverError):
    """The action of the task cannot be executed through the controller of the robot file."""


class RobotOutput(ABC):
    """Publishes what the gate puts out."""

    def __init__(self, node: ManagedNode, action: ActionSpec, period_s: float) -> None:
        """Take note of the action.

        Args:
            node: safety_node, while it configures.
            action: of the task.
            period_s: of the gate.
        """
        self.node, self.frame, self.period_s = node, action.frame or '', period_s
        self.names = tuple(component.name for component in action.components)
        self.publishers: list = []

    def speak(self, message: type, topic: str) -> object:
        """Make a publisher of commands."""
        publisher = self.node.speak(message, topic, qos.command(self.period_s))
        self.publishers.append(publisher)
        return publisher

    @property
    def topics(self) -> list[str]:
        """Full names of the topics on which nobody else may publish."""
        return [publisher.topic_name for publisher in self.publishers]

    @abstractmethod
    def publish(self, output: GateOutput) -> None:
        """Send one output to the robot."""

    def rest(self, output: GateOutput) -> None:
        """Leave standing still behind, after the last output of the gate."""
        self.publish(replace(output, values=(0.0,) * len(self.names)))

    def twist(self, output: GateOutput) -> TwistStamped:
        """Return the components of an output that are of a twist, stamped now."""
        parts = [(name, value) for name, value in zip(self.names, output.values) if name in TWIST]
        names, values = zip(*parts)
        return conversions.twist_message(names, values, self.node.now_ns(), self.frame)


class TwistOutput(RobotOutput):
    """The body of a base moves: `cmd_vel`, TwistStamped, in the frame of the action.

    diff_drive_controller and its like. `cmd_vel_timeout` is the robot file's
    timeouts.controller_s; limits of the controller's own must not be less than those of the file.

    A base whose robot file says `command: {message: twist}` gets Twist, which has neither stamp
    nor frame: it must take it in its own frame, and knows no age of a command but its arrival.
    """

    def __init__(
        self, node: ManagedNode, action: ActionSpec, period_s: float, robot: RoverSpec
    ) -> None:
        """Make the publisher."""
        super().__init__(node, action, period_s)
        self.stamped = robot.command.message == 'twist_stamped'
        self.publisher = self.speak(TwistStamped if self.stamped else Twist, 'cmd_vel')

    def publish(self, output: GateOutput) -> None:
        """Send the twist."""
        twist = self.twist(output)
        self.publisher.publish(twist if self.stamped else twist.twist)


class ArmControllerOutput(RobotOutput):
    """What the controllers of all arms share: names of the joints, and the gripper beside them.

    The gripper is a forward_command_controller (`interface_name: position`, `joints` those of
    gripper.joints): Float64MultiArray with the position of each of its joints, equal shares of the
    width. It has no time-out: it keeps what it got last.
    """

    def __init__(
        self, node: ManagedNode, action: ActionSpec, period_s: float, robot: ArmSpec
    ) -> None:
        """Make the publishers.

        Raises:
            OutputError: the action moves a gripper that has no topic.
        """
        super().__init__(node, action, period_s)
        self.joint_names = list(robot.joint_names)
        self.publisher = self.speak(self.MESSAGE, robot.controller.topic)
        self.gripper_publisher, self.fingers = None, 0
        if GRIPPER in self.names:
            if robot.controller.gripper_topic is None:
                raise OutputError(
                    f'controller.gripper_topic of {robot.robot} is needed: the action of the task '
                    'moves the gripper'
                )
            self.fingers = len(robot.gripper.joints)
            self.gripper_publisher = self.speak(Float64MultiArray, robot.controller.gripper_topic)

    def publish(self, output: 'ArmOutput') -> None:
        """Send joints or twist, and the gripper; what was never measured is not commanded."""
        if output.positions is not None:
            self.publisher.publish(self.message(output))
        if self.gripper_publisher is not None and output.width_m is not None:
            shares = [output.width_m / self.fingers] * self.fingers
            self.gripper_publisher.publish(Float64MultiArray(data=shares))

    @abstractmethod
    def message(self, output: 'ArmOutput') -> object:
        """Return the command of the arm."""


class JointTrajectoryOutput(ArmControllerOutput):
    """joint_trajectory_controller: JointTrajectory of one point, positions without velocities.

    The point is to be reached two periods from now. With one, the arm would stand for a moment
    whenever the next point is late by a millisecond; with more it would lag farther behind. And
    nothing moves for longer than that after this node has died. Without velocities the controller
    interpolates linearly, and `allow_nonzero_velocity_at_trajectory_end` does not matter; the
    stamp is zero, which means at once.

    The controller needs all joints of the robot file (in any order),
    `interpolate_from_desired_state: true` (else each point begins from the measured state, which
    is behind), and no `constraints` tighter than the robot file's tracking_tolerance_rad. Its
    `command_interfaces` are [position] where the hardware stands steps of velocity, and [effort]
    with gains where it does not, as on a Franka.
    """

    MESSAGE = JointTrajectory

    def message(self, output: 'ArmOutput') -> JointTrajectory:
        """Return a trajectory of one point."""
        point = JointTrajectoryPoint(
            positions=output.positions.tolist(),
            time_from_start=Duration(seconds=TRAJECTORY_PERIODS * self.period_s).to_msg(),
        )
        return JointTrajectory(joint_names=self.joint_names, points=[point])


class ForwardPositionOutput(ArmControllerOutput):
    """forward_command_controller: Float64MultiArray, the position of each joint.

    The controller needs `interface_name: position` and `joints` in the order of the robot file. It
    hands on what it gets at once and has no time-out: the last position holds. The hardware must
    stand steps of the gate's period (20 ms), by an interpolation of its own.
    """

    MESSAGE = Float64MultiArray

    def message(self, output: 'ArmOutput') -> Float64MultiArray:
        """Return the positions."""
        return Float64MultiArray(data=output.positions.tolist())


class ServoTwistOutput(ArmControllerOutput):
    """MoveIt Servo: TwistStamped, the twist that is executed, in the frame of the action.

    Servo does the inverse kinematics again; the joints of the gate follow the measured ones. Its
    limits must be no narrower, `scale.linear` and `scale.rotational` among them: they cap the
    twist in speed units, too. It needs `command_in_type: speed_units`, `incoming_command_timeout`
    the robot file's timeouts.controller_s, the robot file's tool_frame as the tip of its group,
    the frame of the action in its model, and to be switched to twists.
    """

    MESSAGE = TwistStamped

    def __init__(
        self, node: ManagedNode, action: ActionSpec, period_s: float, robot: ArmSpec
    ) -> None:
        """Make the publishers.

        Raises:
            OutputError: the action is no twist, or see the base class.
        """
        if action.kind != 'twist':
            raise OutputError(
                f'controller.interface of {robot.robot} is servo_twist, which executes twists; '
                f'the action of the task is of the kind {action.kind}'
            )
        super().__init__(node, action, period_s, robot)

    def message(self, output: 'ArmOutput') -> TwistStamped:
        """Return the twist."""
        return self.twist(output)


ARM_OUTPUTS = {
    'joint_trajectory': JointTrajectoryOutput,
    'forward_position': ForwardPositionOutput,
    'servo_twist': ServoTwistOutput,
}


def make_output(
    node: ManagedNode, action: ActionSpec, robot: RobotSpec, period_s: float
) -> RobotOutput:
    """Return what publishes the commands of a robot.

    Args:
        node: safety_node, while it configures.
        action: of the task.
        robot: whose controller it is.
        period_s: of the gate.

    Raises:
        OutputError: action and controller do not fit.
    """
    if isinstance(robot, ArmSpec):
        return ARM_OUTPUTS[robot.controller.interface](node, action, period_s, robot)
    return TwistOutput(node, action, period_s, robot)
