"""The simulated rover behind the topics of a real base, for sim_node."""

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
from rclpy.node import Node
from sensor_msgs.msg import LaserScan
from takeover.robot import RoverSpec
from takeover.samples import OdometrySample
from takeover.simulation.episode import Progress
from takeover.simulation.rover import RoverSimulation
from takeover.specs import TaskSpec
from takeover_nodes import qos, sensor_messages
from takeover_nodes.sim_robot import Pacing, PublishedCamera, SimulatedRobot
from visualization_msgs.msg import MarkerArray

BASE_FRAME, CAMERA_FRAME, WORLD_FRAME = 'base_link', 'camera_optical_frame', 'map'


class SimulatedRover(SimulatedRobot):
    """Takes `cmd_vel`; publishes odometry, scan, path, obstacles and the true pose."""

    simulation: RoverSimulation

    def __init__(
        self,
        node: Node,
        pacing: Pacing,
        task: TaskSpec,
        robot: RoverSpec,
        seed: int,
        with_cameras: bool,
    ) -> None:
        """See `sim_robot.make_robot`."""
        super().__init__(node, pacing)
        self.simulation = RoverSimulation(robot, task.episode, seed)
        self.scan_period_s = 1.0 / robot.simulation.lidar.rate_hz
        if with_cameras:
            spec, render = robot.simulation.camera, self.simulation.render
            self.cameras = [PublishedCamera(node, 'camera', CAMERA_FRAME, spec, render)]
        publisher = node.create_publisher
        self.odom_publisher = publisher(Odometry, 'odom', qos.SENSOR)
        self.truth_publisher = publisher(Odometry, 'ground_truth/odom', qos.SENSOR)
        self.scan_publisher = publisher(LaserScan, 'scan', qos.SENSOR)
        self.path_publisher = publisher(Path, 'path', qos.LATCHED)
        self.obstacles_publisher = publisher(MarkerArray, 'obstacles', qos.LATCHED)
        if robot.command.message == 'twist':
            node.create_subscription(Twist, 'cmd_vel', self.on_unstamped, qos.command())
        else:
            node.create_subscription(TwistStamped, 'cmd_vel', self.on_twist, qos.command())

    def on_unstamped(self, twist: Twist) -> None:
        """Take a command of a base that needs no stamps."""
        self.on_twist(TwistStamped(twist=twist))

    def on_twist(self, message: TwistStamped) -> None:
        """Take a command as a base does; between episodes the brake is on."""
        if not self.pacing.running:
            return
        twist = message.twist
        if not self.simulation.set_command(twist.linear.x, twist.angular.z):
            self.warn('cmd_vel is not finite: ignored')

    def tell(self) -> None:
        """Publish path and obstacles."""
        now_ns = self.pacing.stamp_ns(self.simulation.time_ns)
        self.path_publisher.publish(sensor_messages.path_message(self.simulation.path(), now_ns))
        self.obstacles_publisher.publish(
            sensor_messages.obstacles_message(
                self.simulation.course.obstacles, now_ns, WORLD_FRAME
            )
        )

    def brake(self) -> None:
        """Let the base stop."""
        self.simulation.set_command(0.0, 0.0)

    def publish(self, silent: bool) -> None:
        """Publish odometry, scan and true pose where there is a new one."""
        stamp_ns = self.pacing.stamp_ns
        odometry, scan = self.simulation.odometry(), self.simulation.scan()
        if self.is_new('odom', odometry.stamp_ns) and not silent:
            stamp = stamp_ns(odometry.stamp_ns)
            self.odom_publisher.publish(
                sensor_messages.odometry_message(odometry, BASE_FRAME, stamp)
            )
        if self.is_new('scan', scan.stamp_ns) and not silent:
            stamp = stamp_ns(scan.stamp_ns)
            self.scan_publisher.publish(
                sensor_messages.laser_scan_message(scan, self.scan_period_s, stamp)
            )
        now_ns, pose = self.simulation.time_ns, self.simulation.true_pose
        truth = OdometrySample(
            now_ns,
            pose.x_m,
            pose.y_m,
            pose.yaw_rad,
            pose.linear_m_s,
            pose.angular_rad_s,
            WORLD_FRAME,
        )
        self.truth_publisher.publish(
            sensor_messages.odometry_message(truth, BASE_FRAME, stamp_ns(now_ns))
        )

    def numbers(self, progress: Progress) -> dict[str, float]:
        """Return how fast and how near to the path it drives."""
        return {
            'mean_speed_m_s': progress.mean_speed_m_s,
            'mean_cross_track_m': progress.mean_cross_track_m,
        }
