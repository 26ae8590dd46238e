"""safety_node: the one publisher on the robot's command topics.

Commands are forwarded at once, through the limits; a 50 Hz tick slews towards the last one and
enforces the time-outs. Whatever ends this node by its own will (SIGINT, SIGTERM, deactivation, an
error) ends with a deceleration to zero; SIGKILL is covered by the robot's own time-out.

What differs from robot to robot is in robot_gates.py (gate and senses) and robot_outputs.py.
"""

from dataclasses import dataclass
import sys
import time

from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from takeover.arm_spec import ArmSpec
from takeover.safety.gate import EstopConfig, GateOutput, GateState, Rejection, SafetyGate
from takeover.task import load_task_and_robot
from takeover_msgs.msg import Command, ExecutedCommand, SafetyState
from takeover_nodes import conversions, diagnostics, qos
from takeover_nodes.arm_loading import load_for_arm
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import parameter, required
from takeover_nodes.robot_gates import ArmFeedback, make_gate, NOT_READY
from takeover_nodes.robot_outputs import make_output
from takeover_nodes.spinning import run

STATES = {
    GateState.STANDBY: SafetyState.STATE_STANDBY,
    GateState.FORWARDING: SafetyState.STATE_FORWARDING,
    GateState.STOPPING: SafetyState.STATE_STOPPING,
    GateState.STOPPED: SafetyState.STATE_STOPPED,
    GateState.ESTOPPED: SafetyState.STATE_ESTOPPED,
}
LEVELS = {
    GateState.STANDBY: diagnostics.OK,
    GateState.FORWARDING: diagnostics.OK,
    GateState.STOPPING: diagnostics.WARN,
    GateState.STOPPED: diagnostics.WARN,
    GateState.ESTOPPED: diagnostics.ERROR,
}
# How often the graph is searched for a second publisher on the robot's command topics.
RIVAL_CHECK_PERIOD_S = 0.5
# The last zero is sent more than once: the robot may miss one.
LAST_ZEROS = 3


@dataclass(frozen=True)
class SafetyParameters:
    """Parameters of safety_node."""

    task_file: str = required('task YAML: the action the commands must match')
    robot_file: str = parameter('', 'robot YAML: limits and time-outs; empty: that of the task')
    tick_rate_hz: float = parameter(
        50.0, 'Hz of slewing and time-outs', at_least=10.0, at_most=200.0
    )
    e_stop_required: bool = parameter(False, 'stop and latch when the e_stop heartbeat is missing')
    e_stop_timeout_s: float = parameter(
        0.3, 'seconds without e_stop heartbeat that latch the stop', at_least=0.05, at_most=2.0
    )


def level(state: GateState, reason: str) -> bytes:
    """Return how bad a state is; a robot that takes no commands stands on purpose."""
    return diagnostics.OK if reason == NOT_READY else LEVELS[state]


class SafetyNode(ManagedNode):
    """Binds the library's gate to topics."""

    NAME = 'safety_node'
    PARAMETERS = SafetyParameters

    gate: SafetyGate | None = None

    def __init__(self) -> None:
        """Load the kinematics of an arm."""
        super().__init__()
        load_for_arm(self, 'takeover.safety.arm_gate')

    def is_latched(self) -> bool:
        """Tell whether an e-stop is latched; a latch outlives cleanup and configure."""
        return self.gate is not None and self.gate.state is GateState.ESTOPPED

    def configure(self) -> None:
        """Load the limits and make the gate."""
        given = self.parameters
        self.task, robot = load_task_and_robot(given.task_file, given.robot_file or None)
        self.period_s = 1.0 / given.tick_rate_hz
        estop = EstopConfig(required=given.e_stop_required, timeout_s=given.e_stop_timeout_s)
        latched = self.gate.reason if self.is_latched() else None
        self.gate = make_gate(self.task.action, robot, self.period_s, estop)
        if latched:
            self.gate.estop(latched, self.now_s())
        self.output = make_output(self, self.task.action, robot, self.period_s)
        self.feedback: ArmFeedback | None = None
        if isinstance(robot, ArmSpec):
            self.feedback = ArmFeedback(self, self.gate, robot, self.publish_stop)
        self.meter = diagnostics.TickMeter(self.period_s)
        self.command = Command()
        self.executed_publisher = self.speak(
            ExecutedCommand, 'safety/executed_command', qos.RECORD
        )
        self.state_publisher = self.speak(SafetyState, 'safety/state', qos.LATCHED)
        self.hear(Command, 'control/command', self.on_command, qos.command())
        self.hear(Bool, 'e_stop', self.on_e_stop, qos.INPUT)
        self.serve(Trigger, '~/reset', self.on_reset)
        self.diagnostics.add('gate', self.status)

    def activate(self) -> None:
        """Start from standstill; nothing moves before the first command."""
        self.gate.activate(self.now_s())
        if self.feedback is not None:
            self.feedback.follow(self.now_s())
        self.published_state: tuple = ()
        self.meter.restart()
        self.publish(self.gate.tick(self.now_s()), on_arrival=False)
        self.every(self.period_s, self.tick)
        self.every(RIVAL_CHECK_PERIOD_S, self.look_for_rivals)

    def deactivate(self) -> None:
        """Decelerate to zero within the limits, then leave an explicit zero behind."""
        self.gate.begin_stop('deactivated', self.now_s())
        deadline_s = self.now_s() + self.gate.stop_bound_s()
        output = self.gate.tick(self.now_s())
        while not self.gate.at_rest and self.now_s() < deadline_s:
            self.publish(output, on_arrival=False)
            time.sleep(self.period_s)
            output = self.gate.tick(self.now_s())
        for _ in range(LAST_ZEROS):
            self.output.rest(output)
        self.publish_state(output)

    def on_command(self, command: Command) -> None:
        """Forward a command at once, or reject it and keep the time-out running.

        Whatever else is wrong with it, an e-stop that it tells of counts.
        """
        if command.estop:
            self.publish_stop(self.gate.estop('e-stop pressed on the input device', self.now_s()))
        if command.header.frame_id != self.task.action.frame:
            self.gate.reject('wrong frame')
            return
        if command.source == Command.SOURCE_NONE:
            self.gate.reject('no source')
            return
        stamp_ns = conversions.stamp_to_ns(command.header.stamp)
        output = self.gate.command(
            command.values,
            command.sequence,
            stamp_ns,
            self.now_ns(),
            self.now_s(),
            source=command.source,
        )
        if isinstance(output, Rejection):
            self.get_logger().warning(
                f'command rejected: {output.reason}', throttle_duration_sec=2.0
            )
            return
        self.command = command
        self.publish(output, on_arrival=True)

    def on_e_stop(self, heartbeat: Bool) -> None:
        """Take the e-stop heartbeat; true locks."""
        output = self.gate.estop_heartbeat(heartbeat.data, self.now_s())
        if output is not None:
            self.publish_stop(output)

    def on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Leave the latched stop, if its cause is gone."""
        response.success, response.message = self.gate.reset(self.now_s())
        self.get_logger().info(f'reset: {response.message}')
        return response

    def tick(self) -> None:
        """Slew towards the last command; stop when it has become too old."""
        now_s = self.now_s()
        self.meter.tick(now_s)
        if self.feedback is not None:
            self.feedback.tick(now_s)
        self.publish(self.gate.tick(now_s), on_arrival=False)

    def look_for_rivals(self) -> None:
        """Latch a stop when another node publishes on one of the robot's command topics."""
        for topic in self.output.topics:
            publishers = self.get_publishers_info_by_topic(topic)
            if len(publishers) > 1:
                me = (self.get_name(), self.get_namespace())
                rivals = {(info.node_name, info.node_namespace) for info in publishers} - {me}
                named = ', '.join(f'{space.rstrip("/")}/{name}' for name, space in sorted(rivals))
                reason = f'another publisher on {topic}: {named or me[0]}'
                self.publish_stop(self.gate.estop(reason, self.now_s()))

    def publish_stop(self, output: GateOutput) -> None:
        """Send the first output of a stop at once."""
        self.publish(output, on_arrival=False)

    def publish(self, output: GateOutput, on_arrival: bool) -> None:
        """Send one output to the robot and tell what was executed."""
        now = conversions.ns_to_stamp(self.now_ns())
        if self.feedback is None or self.feedback.ready or not self.gate.at_rest:
            self.output.publish(output)
        executed = ExecutedCommand(
            sequence=self.command.sequence,
            policy_sequence=self.command.policy_sequence,
            source=self.command.source,
            tick_stamp=self.command.tick_stamp,
            arbiter_stamp=self.command.header.stamp,
            on_arrival=on_arrival,
            requested=self.command.values,
            executed=output.values,
            limited_by=list(output.limited_by),
        )
        executed.header.stamp = now
        executed.header.frame_id = self.task.action.frame
        self.executed_publisher.publish(executed)
        self.publish_state(output)

    def publish_state(self, output: GateOutput) -> None:
        """Publish state and reason when they changed; log every stop once."""
        current = (output.state, output.reason)
        if current == self.published_state:
            return
        self.published_state = current
        if level(output.state, output.reason) != diagnostics.OK:
            self.get_logger().warning(f'{output.state.name.lower()}: {output.reason}')
        self.publish_state_message()

    def publish_state_message(self) -> None:
        """Publish the gate's state now."""
        rejected = self.gate.rejected
        state = SafetyState(
            state=STATES[self.gate.state],
            reason=self.gate.reason,
            stops=self.gate.stops,
            rejected=sum(rejected.values()),
            rejected_reasons=list(rejected),
            rejected_counts=list(rejected.values()),
        )
        state.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.state_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report the state with the reason of every stop."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        if not self.active:
            return diagnostics.OK, 'inactive', {}
        self.publish_state_message()
        facts = {
            **self.meter.facts(),
            'state': self.gate.state.name,
            'stops': self.gate.stops,
            **{f'rejected: {why}': count for why, count in self.gate.rejected.items()},
        }
        return level(self.gate.state, self.gate.reason), self.gate.reason, facts


def main() -> None:
    """Run safety_node."""
    sys.exit(run(SafetyNode))
