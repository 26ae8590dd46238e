"""The safety gate of a robot, and what the gate of an arm must hear beside commands.

Kinematics are loaded for arms alone: a base needs none.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from geometry_msgs.msg import WrenchStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from takeover.arm_spec import ArmSpec
from takeover.robot import RobotSpec
from takeover.safety.estop import EstopConfig
from takeover.safety.gate import GateOutput, SafetyGate
from takeover.safety.limits import limits_for_action
from takeover.specs import ActionSpec
from takeover_nodes import arm_messages, qos
from takeover_nodes.managed_node import ManagedNode

if TYPE_CHECKING:
    from takeover.safety.arm_gate import ArmGate

NOT_READY = 'the robot takes no commands now'


def make_gate(
    action: ActionSpec, robot: RobotSpec, period_s: float, estop: EstopConfig
) -> SafetyGate:
    """Return a gate that has seen nothing yet.

    Args:
        action: of the task.
        robot: limits and time-outs.
        period_s: of its ticks.
        estop: what the e-stop does.

    Raises:
        LimitsError, ValueError: naming what cannot be used.
    """
    if isinstance(robot, ArmSpec):
        from takeover.safety.arm_gate import ArmGate

        return ArmGate(action, robot, period_s, estop)
    return SafetyGate(
        [component.name for component in action.components],
        limits_for_action(action, robot),
        timeout_s=robot.timeouts.gate_s,
        period_s=period_s,
        estop=estop,
        controller_timeout_s=robot.timeouts.controller_s,
    )


class ArmFeedback:
    """Lets the gate of an arm feel joints and wrench; tells where the tool is.

    `robot_ready` is for whoever moves the arm between episodes: as long as it is false, nothing is
    sent; then the gate, once it is at rest, begins anew where it finds the arm. Never heard, the
    robot is ready.
    """

    def __init__(
        self,
        node: ManagedNode,
        gate: 'ArmGate',
        robot: ArmSpec,
        stopped: Callable[[GateOutput], None],
    ) -> None:
        """Subscribe.

        Args:
            node: safety_node, while it configures.
            gate: whose senses these are.
            robot: names of frames and topics.
            stopped: called with the first output of a protective stop.
        """
        self.node, self.gate, self.stopped = node, gate, stopped
        self.tool_frame = robot.tool_frame
        self.ready = True
        self.begins_anew = False
        self.publisher = node.speak(Odometry, 'tool_state', qos.SENSOR)
        # Joints are heard before activation too: a policy needs tool_state at its first tick.
        node.hear(JointState, 'joint_states', self.on_joints, qos.SENSOR, while_inactive=True)
        node.hear(Bool, 'robot_ready', self.on_ready, qos.LATCHED, while_inactive=True)
        if robot.wrench is not None:
            node.hear(WrenchStamped, robot.wrench.topic, self.on_wrench, qos.SENSOR)

    def on_joints(self, message: JointState) -> None:
        """Take measured joints; tell where they put the tool."""
        sample = arm_messages.joint_sample(message)
        fault = self.gate.on_joints(sample, self.node.now_ns(), self.node.now_s())
        if fault is not None:
            self.node.get_logger().warning(f'not used: {fault}', throttle_duration_sec=2.0)
            return
        tool = self.gate.tool()
        self.publisher.publish(arm_messages.tool_message(tool, self.tool_frame, tool.stamp_ns))

    def on_wrench(self, message: WrenchStamped) -> None:
        """Feel the wrench."""
        sample = arm_messages.wrench_sample(message)
        output = self.gate.on_wrench(sample, self.node.now_ns(), self.node.now_s())
        if output is not None:
            self.stopped(output)

    def on_ready(self, message: Bool) -> None:
        """Learn whether the robot takes commands."""
        if message.data == self.ready:
            return
        self.ready = message.data
        self.follow(self.node.now_s())

    def follow(self, now_s: float) -> None:
        """Close the gate while the robot is not ready, and let it begin anew where the arm is."""
        self.begins_anew = self.ready
        if not self.ready:
            self.gate.begin_stop(NOT_READY, now_s)
        self.tick(now_s)

    def tick(self, now_s: float) -> None:
        """Let the gate begin anew if it shall, and no longer sends a stop."""
        if self.begins_anew and self.gate.at_rest:
            self.begins_anew = False
            self.gate.begin_anew(now_s)
