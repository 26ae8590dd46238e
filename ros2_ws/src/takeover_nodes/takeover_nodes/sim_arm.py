"""The simulated arm behind the topics of a real one, for sim_node.

It has the one controller that its robot file names, and refuses what that would refuse. Between
two episodes it takes no commands and says so (`robot_ready`): in the middle of the pause it is put
to its next start, so that nobody has to drive it there, and whoever commands begins from there.
"""

from collections.abc import Callable

from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from nav_msgs.msg import Odometry
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray
from takeover.arm_spec import ArmSpec
from takeover.simulation.arm.episode import ArmProgress
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.specs import TaskSpec
from takeover_nodes import arm_messages, qos
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.sim_robot import Pacing, PublishedCamera, SimulatedRobot
from trajectory_msgs.msg import JointTrajectory


class SimulatedArm(SimulatedRobot):
    """Takes the commands of its controller; publishes joints, wrench, target and the truth."""

    PLACED_EARLY = True

    simulation: ArmSimulation

    def __init__(
        self,
        node: Node,
        pacing: Pacing,
        task: TaskSpec,
        robot: ArmSpec,
        seed: int,
        with_cameras: bool,
    ) -> None:
        """See `sim_robot.make_robot`."""
        super().__init__(node, pacing)
        self.robot = robot
        self.simulation = ArmSimulation(robot, task.episode, seed)
        if with_cameras:
            views = (
                ('wrist', robot.simulation.wrist_camera),
                (
                    'front',
                    robot.simulation.front_camera,
                ),
            )
            self.cameras = [self.camera(view, spec) for view, spec in views]
        publisher = node.create_publisher
        self.joints_publisher = publisher(JointState, 'joint_states', qos.SENSOR)
        self.wrench_publisher = robot.wrench and publisher(
            WrenchStamped, robot.wrench.topic, qos.SENSOR
        )
        self.ready_publisher = publisher(Bool, 'robot_ready', qos.LATCHED)
        self.target_publisher = None
        if task.episode.kind == 'reach':
            self.target_publisher = publisher(PoseStamped, 'target', qos.LATCHED)
        self.true_tool_publisher = publisher(Odometry, 'ground_truth/tool', qos.SENSOR)
        self.true_joints_publisher = publisher(JointState, 'ground_truth/joints', qos.SENSOR)
        self.goal_publisher = publisher(PoseStamped, 'ground_truth/goal', qos.LATCHED)
        self.listen(robot)

    def camera(self, view: str, spec: object) -> PublishedCamera:
        """Make one camera."""
        name = f'{view}_camera'
        return PublishedCamera(
            self.node, name, f'{name}_optical_frame', spec, lambda: self.simulation.render(view)
        )

    def listen(self, robot: ArmSpec) -> None:
        """Subscribe as the controller of the robot file does, and as that of the gripper."""
        controller = robot.controller
        message, take = {
            'joint_trajectory': (JointTrajectory, self.on_trajectory),
            'forward_position': (Float64MultiArray, self.on_positions),
            'servo_twist': (TwistStamped, self.on_twist),
        }[controller.interface]
        self.hear(message, controller.topic, take)
        if controller.gripper_topic is not None:
            self.hear(Float64MultiArray, controller.gripper_topic, self.on_gripper)

    def hear(self, message: type, topic: str, take: Callable[[object], str | None]) -> None:
        """Take commands while an episode is under way; say why one is refused."""

        def deliver(command: object) -> None:
            if self.pacing.running and (refusal := take(command)):
                self.warn(f'{topic}: {refusal}')

        self.node.create_subscription(message, topic, deliver, qos.command())

    def on_trajectory(self, trajectory: JointTrajectory) -> str | None:
        """Take a trajectory of one point, its joints in any order."""
        names = self.robot.joint_names
        if sorted(trajectory.joint_names) != sorted(names):
            return f'joints are {list(trajectory.joint_names)}; legal: {", ".join(names)}'
        if len(trajectory.points) != 1:
            return f'{len(trajectory.points)} points; legal: 1'
        (point,) = trajectory.points
        if any(point.velocities):
            return 'the last point has a velocity that is not zero'
        if len(point.positions) != len(names):
            return f'{len(point.positions)} positions for {len(names)} joints'
        left_s = 1e-9 * stamp_to_ns(point.time_from_start)
        start_ns = stamp_to_ns(trajectory.header.stamp)
        if start_ns:
            left_s += 1e-9 * (start_ns - self.node.get_clock().now().nanoseconds)
        if left_s < 0.0:
            return f'it ended {-left_s:.3f} s ago'
        order = [trajectory.joint_names.index(name) for name in names]
        positions = np.array(point.positions)[order]
        taken = self.simulation.command_joints(positions, left_s * self.pacing.real_time_factor)
        return None if taken else 'positions are not finite'

    def on_positions(self, command: Float64MultiArray) -> str | None:
        """Take the position of each joint, to be had at once."""
        taken = self.simulation.command_joints(np.array(command.data), 0.0)
        return None if taken else f'needs {len(self.robot.joints)} finite numbers'

    def on_twist(self, command: TwistStamped) -> str | None:
        """Take a twist of the tool."""
        frame, legal = command.header.frame_id, (self.robot.tool_frame, self.robot.base_frame)
        if frame not in legal:
            return f'frame is {frame!r}; legal: {", ".join(legal)}'
        vectors = command.twist.linear, command.twist.angular
        twist = np.array([getattr(vector, axis) for vector in vectors for axis in 'xyz'])
        taken = self.simulation.command_twist(twist, in_tool_frame=frame == self.robot.tool_frame)
        return None if taken else 'twist is not finite'

    def on_gripper(self, command: Float64MultiArray) -> str | None:
        """Take the position of each joint of the gripper."""
        count = len(self.robot.gripper.joints)
        if len(command.data) != count:
            return f'{len(command.data)} positions for {count} joints'
        taken = self.simulation.command_gripper(float(sum(command.data)))
        return None if taken else 'positions are not finite'

    def tell(self) -> None:
        """Publish where to go, and that commands are taken."""
        now_ns = self.pacing.stamp_ns(self.simulation.time_ns)
        goal = arm_messages.pose_message(self.simulation.goal(), now_ns)
        self.goal_publisher.publish(goal)
        if self.target_publisher is not None:
            self.target_publisher.publish(goal)
        self.ready_publisher.publish(Bool(data=True))

    def brake(self) -> None:
        """Hold the joints where their reference is, and the gripper where it is."""
        self.ready_publisher.publish(Bool(data=False))
        self.simulation.command_joints(self.simulation.reference_rad)
        self.simulation.command_gripper(self.simulation.width_m)

    def publish(self, silent: bool) -> None:
        """Publish joints and wrench where there is a new one, and the truth."""
        simulation, stamp_ns = self.simulation, self.pacing.stamp_ns
        joints = simulation.joints()
        if self.is_new('joints', joints.stamp_ns):
            message = arm_messages.joint_state_message(joints, stamp_ns(joints.stamp_ns))
            if not silent:
                self.joints_publisher.publish(message)
            self.true_joints_publisher.publish(message)
        now_ns = simulation.time_ns
        stamp = stamp_ns(now_ns)
        if self.wrench_publisher and self.is_new('wrench', now_ns) and not silent:
            self.wrench_publisher.publish(arm_messages.wrench_message(simulation.wrench(), stamp))
        frame = self.robot.tool_frame
        tool = arm_messages.tool_message(simulation.true_tool(), frame, stamp)
        self.true_tool_publisher.publish(tool)

    def numbers(self, progress: ArmProgress) -> dict[str, float]:
        """Return how fast the tool moves."""
        return {'mean_speed_m_s': progress.mean_speed_m_s}
