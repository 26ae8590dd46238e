"""The seat before a rover: true pose, odometry, path and obstacles seen, a joystick in hand."""

from nav_msgs.msg import Odometry, Path
from rclpy.node import Node
from sensor_msgs.msg import Joy
from takeover.action import ActionContract
from takeover.intervention.device_choice import JOYSTICK, load_mapping
from takeover.robot import RoverSpec
from takeover.simulation.observed_rover import ObservedObstacle, ObservedRover
from takeover.simulation.seat import operator_config, seat_operator
from takeover.specs import TaskSpec
from takeover_nodes import conversions, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.operator_seat import Seat
from visualization_msgs.msg import MarkerArray


class RoverSeat(Seat):
    """Publishes `joy`."""

    ROBOT = 'rover'

    def __init__(
        self,
        node: Node,
        task: TaskSpec,
        robot: RoverSpec,
        input_file: str,
        skill: float,
        seed: int,
    ) -> None:
        """See `operator_seat.take_seat`."""
        super().__init__(node)
        mapping = load_mapping(ActionContract(task.action), robot, JOYSTICK, input_file)
        self.operator = seat_operator(task, robot, mapping, operator_config(robot, skill), seed)
        self.view = ObservedRover()
        self.joy_publisher = node.create_publisher(Joy, 'joy', qos.INPUT)
        hear = node.create_subscription
        hear(Odometry, 'ground_truth/odom', self.on_truth, qos.SENSOR)
        hear(Odometry, 'odom', self.on_odometry, qos.SENSOR)
        hear(Path, 'path', self.on_path, qos.LATCHED)
        hear(MarkerArray, 'obstacles', self.on_obstacles, qos.LATCHED)

    @property
    def course(self) -> int | None:
        """The stamp of the path."""
        return self.view.path_stamp_ns

    def on_truth(self, message: Odometry) -> None:
        """See where the rover is."""
        pose = conversions.odometry_sample(message)
        self.warn_refused(self.view.hear_true_pose(pose, ManagedNode.now_s()))

    def on_odometry(self, message: Odometry) -> None:
        """Learn where the rover believes it is."""
        believed = conversions.odometry_sample(message)
        self.warn_refused(self.view.hear_odometry(believed, ManagedNode.now_s()))

    def on_path(self, message: Path) -> None:
        """See a new course."""
        self.warn_refused(self.view.hear_path(conversions.path_sample(message)))

    def on_obstacles(self, message: MarkerArray) -> None:
        """See the round obstacles."""
        round_ones = conversions.round_obstacles(message)
        self.warn_refused(
            self.view.hear_obstacles([ObservedObstacle(*each) for each in round_ones])
        )

    def rest(self, now_s: float) -> None:
        """Wait: the rover needs nothing."""

    def send(self, axes: list[float], buttons: list[int]) -> None:
        """Publish the joystick as joy_node does."""
        joy = Joy(axes=axes, buttons=buttons)
        joy.header.frame_id = 'joy'
        joy.header.stamp = self.node.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)
