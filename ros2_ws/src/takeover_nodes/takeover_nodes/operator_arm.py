"""The seat before an arm: tool, goal, gripper and contact seen, a SpaceMouse in hand.

A person also leaves a protective stop that too hard a push has latched, once the episode is over;
any other latched stop is left to whoever has latched it.
"""

from geometry_msgs.msg import PoseStamped, Twist, Vector3, WrenchStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import JointState, Joy
from std_srvs.srv import Trigger
from takeover.action import ActionContract
from takeover.arm_spec import ArmSpec
from takeover.intervention.device_choice import load_mapping, SPACEMOUSE
from takeover.simulation.arm.observed import ObservedArm
from takeover.simulation.seat import operator_config, seat_operator
from takeover.specs import TaskSpec
from takeover_msgs.msg import SafetyState
from takeover_nodes import arm_messages, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.operator_seat import Seat

# What the safety gate says of a stop that the wrench has latched.
WRENCH_STOP = 'e-stop: wrench'
RESET_PERIOD_S = 0.4


class ArmSeat(Seat):
    """Publishes `spacenav/twist` and `spacenav/joy`."""

    ROBOT = 'arm'

    def __init__(
        self,
        node: Node,
        task: TaskSpec,
        robot: ArmSpec,
        input_file: str,
        skill: float,
        seed: int,
    ) -> None:
        """See `operator_seat.take_seat`."""
        super().__init__(node)
        mapping = load_mapping(ActionContract(task.action), robot, SPACEMOUSE, input_file)
        self.operator = seat_operator(task, robot, mapping, operator_config(robot, skill), seed)
        self.view = ObservedArm(robot)
        self.latched, self.asked_s = False, 0.0
        self.twist_publisher = node.create_publisher(Twist, 'spacenav/twist', qos.INPUT)
        self.joy_publisher = node.create_publisher(Joy, 'spacenav/joy', qos.INPUT)
        self.reset_client = node.create_client(Trigger, 'safety_node/reset')
        hear = node.create_subscription
        hear(Odometry, 'ground_truth/tool', self.on_tool, qos.SENSOR)
        hear(PoseStamped, 'ground_truth/goal', self.on_goal, qos.LATCHED)
        hear(SafetyState, 'safety/state', self.on_safety_state, qos.LATCHED)
        hear(JointState, 'joint_states', self.on_joints, qos.SENSOR)
        if robot.wrench is not None:
            hear(WrenchStamped, robot.wrench.topic, self.on_wrench, qos.SENSOR)

    @property
    def course(self) -> int | None:
        """The stamp of the goal."""
        return self.view.goal_stamp_ns

    def on_goal(self, message: PoseStamped) -> None:
        """See where the tool has to be."""
        self.warn_refused(self.view.hear_goal(arm_messages.pose_sample(message)))

    def on_tool(self, message: Odometry) -> None:
        """See where the tool is."""
        tool = arm_messages.tool_sample(message)
        self.warn_refused(self.view.hear_tool(tool, ManagedNode.now_s()))

    def on_joints(self, message: JointState) -> None:
        """See how far the gripper is open."""
        joints = arm_messages.joint_sample(message)
        self.warn_refused(self.view.hear_joints(joints, ManagedNode.now_s()))

    def on_wrench(self, message: WrenchStamped) -> None:
        """See how hard the tool touches something."""
        wrench = arm_messages.wrench_sample(message)
        self.warn_refused(self.view.hear_wrench(wrench, ManagedNode.now_s()))

    def on_safety_state(self, state: SafetyState) -> None:
        """Learn whether too hard a push has stopped the arm."""
        estopped = state.state == SafetyState.STATE_ESTOPPED
        self.latched = estopped and state.reason.startswith(WRENCH_STOP)

    def rest(self, now_s: float) -> None:
        """Leave the stop of a push that was too hard; the gate refuses while it still pushes."""
        if self.latched and now_s - self.asked_s >= RESET_PERIOD_S:
            self.asked_s = now_s
            if self.reset_client.service_is_ready():
                self.reset_client.call_async(Trigger.Request())

    def send(self, axes: list[float], buttons: list[int]) -> None:
        """Publish the SpaceMouse as spacenav_node does."""
        x, y, z, roll, pitch, yaw = axes
        self.twist_publisher.publish(
            Twist(linear=Vector3(x=x, y=y, z=z), angular=Vector3(x=roll, y=pitch, z=yaw))
        )
        joy = Joy(axes=axes, buttons=buttons)
        joy.header.stamp = self.node.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)
