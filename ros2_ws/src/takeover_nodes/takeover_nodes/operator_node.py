"""operator_node: a simulated person who watches the rover and takes over by joystick.

For demonstrations and experiments without a person. It publishes `joy` and nothing else, so that
all that comes after the device is as for a person; it sees states, never what the policy asks for.

A person's time is not the simulation's: like time-outs and the policy's ticks, reactions run on
the steady clock, whatever `real_time_factor` and `use_sim_time` say.

A joystick that says it is released says that somebody watches and is content. Who does not see the
rover must not say so, and is silent instead: then the arbiter holds if the person was driving, and
does not give the robot back to the policy before it is seen again and let go of; where a device is
required, the policy does not drive unwatched either.
"""

from dataclasses import dataclass
import sys

from nav_msgs.msg import Odometry, Path
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Joy
from takeover.action import ActionContract
from takeover.intervention.joystick import load_joystick
from takeover.outcome import Outcome
from takeover.simulation.hand import JoystickHand
from takeover.simulation.observed_rover import ObservedObstacle, ObservedRover
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_nodes import conversions, diagnostics, parameters, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import run
from visualization_msgs.msg import MarkerArray


@dataclass(frozen=True)
class OperatorParameters:
    """Parameters of operator_node."""

    task_file: str = required('task YAML: the rate, and what a failure is')
    robot_file: str = required('robot YAML: how wide it is, and how long a device may be silent')
    input_file: str = required('mapping YAML of the joystick that the person holds')
    skill: float = parameter(
        0.4,
        'about the share of episodes that the person finishes alone; 1.0: the expert',
        at_least=0.1,
        at_most=1.0,
    )
    seed: int = parameter(0, 'seed of reactions, habits and noise', at_least=0)


class OperatorNode(Node):
    """Lets a ScriptedOperator see what is told of the rover, and publishes its joystick."""

    def __init__(self) -> None:
        """Sit down, and look at everything there is to see."""
        super().__init__('operator_node')
        parameters.declare(self, OperatorParameters)
        given = parameters.read(self, OperatorParameters)
        task, robot = load_task_and_robot(given.task_file, given.robot_file)
        action = ActionContract(task.action)
        hand = JoystickHand(load_joystick(given.input_file, action), action)
        period_s = 1.0 / task.rate_hz
        self.operator = ScriptedOperator(
            robot, task.episode, hand, period_s, OperatorConfig(given.skill), given.seed
        )
        self.skill = given.skill
        self.rover = ObservedRover()
        self.episode: EpisodeState | None = None
        self.begun: tuple | None = None
        self.unseen: str | None = None
        self.blind = False
        self.silence_s = robot.timeouts.input_device_s
        self.published_s = ManagedNode.now_s()
        self.published = self.takeovers = self.times_blind = 0
        self.meter = diagnostics.TickMeter(period_s)
        self.joy_publisher = self.create_publisher(Joy, 'joy', qos.INPUT)
        self.listen()
        self.diagnostics = diagnostics.Diagnostics(self)
        self.diagnostics.add('operator', self.status)
        self.create_timer(period_s, self.tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def listen(self) -> None:
        """Subscribe to what a person would see."""
        self.create_subscription(Odometry, 'ground_truth/odom', self.on_truth, qos.SENSOR)
        self.create_subscription(Odometry, 'odom', self.on_odometry, qos.SENSOR)
        self.create_subscription(Path, 'path', self.on_path, qos.LATCHED)
        self.create_subscription(MarkerArray, 'obstacles', self.on_obstacles, qos.LATCHED)
        self.create_subscription(EpisodeState, 'episode', self.on_episode, qos.LATCHED)

    def on_truth(self, message: Odometry) -> None:
        """See where the rover is."""
        pose = conversions.odometry_sample(message)
        self.warn_refused(self.rover.hear_true_pose(pose, ManagedNode.now_s()))

    def on_odometry(self, message: Odometry) -> None:
        """Learn where the rover believes it is."""
        believed = conversions.odometry_sample(message)
        self.warn_refused(self.rover.hear_odometry(believed, ManagedNode.now_s()))

    def on_path(self, message: Path) -> None:
        """See a new course."""
        self.warn_refused(self.rover.hear_path(conversions.path_sample(message)))

    def on_obstacles(self, message: MarkerArray) -> None:
        """See the round obstacles."""
        round_ones = conversions.round_obstacles(message)
        self.warn_refused(
            self.rover.hear_obstacles([ObservedObstacle(*each) for each in round_ones])
        )

    def on_episode(self, message: EpisodeState) -> None:
        """Learn whether there is anything to watch."""
        self.episode = message

    def warn_refused(self, reason: str | None) -> None:
        """Log what was heard and cannot be used."""
        if reason:
            self.get_logger().warning(f'refused: {reason}', throttle_duration_sec=2.0)

    def tick(self) -> None:
        """Look, decide, and move the joystick; who sees nothing does not touch it."""
        now_s = ManagedNode.now_s()
        self.meter.tick(now_s)
        self.unseen = self.rover.look(now_s)
        silent = now_s - self.published_s >= self.silence_s
        self.note_blind(self.unseen is not None and silent)
        if self.unseen is not None:
            return
        self.begin()
        # After such a silence the arbiter wants to see the dead-man released before it obeys.
        drove = self.operator.driving
        axes, buttons = self.operator.joy(self.rover, attending=self.running and not silent)
        if self.operator.driving != drove:
            self.takeovers += not drove
            self.get_logger().info('lets go' if drove else 'takes over')
        joy = Joy(axes=axes, buttons=buttons)
        joy.header.frame_id = 'joy'
        joy.header.stamp = self.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)
        self.published_s, self.published = now_s, self.published + 1

    def begin(self) -> None:
        """Begin with the hands off when the episode or the course is another one."""
        number = self.episode.episode if self.episode is not None else 0
        if self.begun != (number, self.rover.path_stamp_ns):
            self.begun = (number, self.rover.path_stamp_ns)
            self.operator.reset()

    @property
    def running(self) -> bool:
        """Whether an episode is under way."""
        return self.episode is not None and self.episode.outcome == Outcome.RUNNING

    def note_blind(self, blind: bool) -> None:
        """Say so when nothing is seen for so long that the silence matters, and when it is over.

        At the start of a course poses come a moment after the path: nothing to complain of.
        """
        if blind == self.blind:
            return
        self.blind = blind
        if not blind:
            self.get_logger().info('sees the rover')
        elif not self.published:
            self.get_logger().info(f'waits for a rover: no {self.unseen}')
        else:
            self.times_blind += 1
            self.get_logger().warning(f'blind, hands off: no {self.unseen}')
        self.diagnostics.publish()

    def status(self) -> diagnostics.Status:
        """Report whether somebody watches."""
        facts = {
            **self.meter.facts(),
            'skill': self.skill,
            'published': self.published,
            'takeovers': self.takeovers,
            'times_blind': self.times_blind,
        }
        if self.blind:
            return diagnostics.ERROR, f'blind, hands off: no {self.unseen}', facts
        if not self.running:
            return diagnostics.OK, 'between two episodes', facts
        return diagnostics.OK, 'drives' if self.operator.driving else 'watches', facts


def main() -> None:
    """Run operator_node."""
    sys.exit(run(OperatorNode))
