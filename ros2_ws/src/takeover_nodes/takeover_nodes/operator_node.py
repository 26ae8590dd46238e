"""operator_node: a simulated person who watches the robot and takes over by a device.

For demonstrations and experiments without a person. It publishes what the driver of the device
would, so that all that comes after the device is as for a person; it sees states, never what the
policy asks for. What it sees of a robot, and which device it holds, is in operator_rover.py and
operator_arm.py.

A person's time is not the simulation's: like time-outs and the policy's ticks, reactions run on
the steady clock, whatever `real_time_factor` and `use_sim_time` say.

A device that says it is released says that somebody watches and is content. Who does not see the
robot must not say so, and is silent instead: then the arbiter holds if the person was driving, and
does not give the robot back to the policy before it is seen again and let go of; where a device is
required, the policy does not drive unwatched either.
"""

from dataclasses import dataclass
import sys

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from takeover.outcome import Outcome
from takeover.task import load_task_and_robot
from takeover_msgs.msg import EpisodeState
from takeover_nodes import diagnostics, parameters, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.operator_seat import take_seat
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class OperatorParameters:
    """Parameters of operator_node."""

    task_file: str = required('task YAML: the rate, and what a failure is')
    robot_file: str = parameter(
        '', 'robot YAML: size, and how long a device may be silent; empty: that of the task'
    )
    input_file: str = parameter(
        '', 'mapping of the device, a name or YAML; empty: the one that is shipped for the robot'
    )
    skill: float = parameter(
        0.4,
        'about the share of episodes that the person finishes alone; 1.0: the expert',
        at_least=0.1,
        at_most=1.0,
    )
    seed: int = parameter(0, 'seed of reactions, habits and noise', at_least=0)


class OperatorNode(Node):
    """Lets a ScriptedOperator see what is told of the robot, and moves its device."""

    def __init__(self) -> None:
        """Sit down, and look at everything there is to see."""
        super().__init__('operator_node')
        parameters.declare(self, OperatorParameters)
        given = parameters.read(self, OperatorParameters)
        task, robot = load_task_and_robot(given.task_file, given.robot_file or None)
        self.seat = take_seat(self, task, robot, given.input_file, given.skill, given.seed)
        self.operator = self.seat.operator
        period_s = 1.0 / task.rate_hz
        self.skill = given.skill
        self.episode: EpisodeState | None = None
        self.begun: tuple | None = None
        self.unseen: str | None = None
        self.blind = False
        self.silence_s = robot.timeouts.input_device_s
        self.published_s = ManagedNode.now_s()
        self.published = self.takeovers = self.times_blind = 0
        self.meter = diagnostics.TickMeter(period_s)
        self.create_subscription(EpisodeState, 'episode', self.on_episode, qos.LATCHED)
        self.diagnostics = diagnostics.Diagnostics(self)
        self.diagnostics.add('operator', self.status)
        self.create_timer(period_s, self.tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_episode(self, message: EpisodeState) -> None:
        """Learn whether there is anything to watch."""
        self.episode = message

    def tick(self) -> None:
        """Look, decide, and move the device; who sees nothing does not touch it."""
        now_s = ManagedNode.now_s()
        self.meter.tick(now_s)
        self.unseen = self.seat.view.look(now_s)
        if not self.running:
            self.seat.rest(now_s)
        silent = now_s - self.published_s >= self.silence_s
        self.note_blind(self.unseen is not None and silent)
        if self.unseen is not None:
            return
        self.begin()
        # After such a silence the arbiter wants to see the dead-man released before it obeys.
        drove = self.operator.driving
        axes, buttons = self.operator.joy(self.seat.view, attending=self.running and not silent)
        if self.operator.driving != drove:
            self.takeovers += not drove
            self.get_logger().info('lets go' if drove else 'takes over')
        self.seat.send(axes, buttons)
        self.published_s, self.published = now_s, self.published + 1

    def begin(self) -> None:
        """Begin with the hands off when the episode or the course is another one."""
        number = self.episode.episode if self.episode is not None else 0
        if self.begun != (number, self.seat.course):
            self.begun = (number, self.seat.course)
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
            self.get_logger().info(f'sees the {self.seat.ROBOT}')
        elif not self.published:
            self.get_logger().info(f'waits for the {self.seat.ROBOT}: no {self.unseen}')
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
