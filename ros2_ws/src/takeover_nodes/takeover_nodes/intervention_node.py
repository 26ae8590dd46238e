"""intervention_node: the one arbiter between the policy, the person and holding still.

It steps on the arrival of each policy command, so that nothing waits for a timer, and on a timer
of its own when no policy command comes: a person must be able to drive with the policy dead.
"""

from dataclasses import dataclass
import math
import sys

from sensor_msgs.msg import Joy
from takeover.action import ActionContract
from takeover.intervention.arbiter import Arbiter, ArbiterConfig
from takeover.intervention.joystick import load_joystick
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import Command, InterventionState, SafetyState
from takeover_nodes import conversions, diagnostics, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import parameter, required
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class InterventionParameters:
    """Parameters of intervention_node."""

    task_file: str = required('task YAML: the action the commands must match')
    robot_file: str = required('robot YAML: limits and time-outs')
    joystick_file: str = required('joystick mapping YAML: dead-man button, axes, scales')
    require_input_device: bool = parameter(
        False, 'drive autonomously only while an input device is heard'
    )
    resume_delay_s: float = parameter(
        1.0, 'seconds to hold after the dead-man is released', at_least=0.0, at_most=30.0
    )


class InterventionNode(ManagedNode):
    """Binds the library's arbiter to topics."""

    NAME = 'intervention_node'
    PARAMETERS = InterventionParameters

    def configure(self) -> None:
        """Load task, robot and joystick mapping and make the arbiter."""
        files = self.parameters
        self.task, robot = load_task_and_robot(files.task_file, files.robot_file)
        self.spec_hash = spec_hash(self.task)
        self.action = ActionContract(self.task.action)
        self.period_s = 1.0 / self.task.rate_hz
        config = ArbiterConfig(
            policy_timeout_s=robot.timeouts.policy_s,
            input_device_timeout_s=robot.timeouts.input_device_s,
            resume_delay_s=files.resume_delay_s,
            require_input_device=files.require_input_device,
        )
        mapping = load_joystick(files.joystick_file, self.action)
        self.make_arbiter = lambda: Arbiter(self.action, config, mapping)
        self.meter = diagnostics.TickMeter(self.period_s)
        self.foreign = 0
        self.command_publisher = self.speak(Command, 'control/command', qos.command(self.period_s))
        self.state_publisher = self.speak(InterventionState, 'intervention/state', qos.LATCHED)
        self.hear(Command, 'policy/command', self.on_policy_command, qos.command())
        self.hear(Joy, 'joy', self.on_joy, qos.INPUT)
        self.hear(SafetyState, 'safety/state', self.on_safety_state, qos.LATCHED)
        self.diagnostics.add('arbiter', self.status)

    def activate(self) -> None:
        """Start from HOLD, whatever happened before."""
        self.arbiter = self.make_arbiter()
        self.sequence = self.new_sequence()
        self.policy_command = Command()
        self.policy_heard_s = -math.inf
        self.published_state: tuple = ()
        self.meter.restart()
        self.step()
        self.every(self.period_s, self.step_without_policy)

    def deactivate(self) -> None:
        """Say that nobody drives."""
        self.publish_state(InterventionState.MODE_HOLD, 'inactive')

    def on_policy_command(self, command: Command) -> None:
        """Take a command of the policy; step at once."""
        if command.spec_hash != self.spec_hash:
            self.foreign += 1
            self.warn_refused(f'spec {command.spec_hash or "missing"}, want {self.spec_hash}')
            return
        age_s = 1e-9 * (self.now_ns() - conversions.stamp_to_ns(command.header.stamp))
        refusal = self.arbiter.on_policy(command.values, command.sequence, self.now_s(), age_s)
        if refusal:
            self.warn_refused(refusal)
            return
        self.policy_command, self.policy_heard_s = command, self.now_s()
        self.step()

    def on_joy(self, joy: Joy) -> None:
        """Take the state of the input device; the next step acts on it."""
        stamp_ns = conversions.stamp_to_ns(joy.header.stamp)
        refusal = self.arbiter.on_joy(joy.axes, joy.buttons, stamp_ns, self.now_s())
        if refusal:
            self.warn_refused(refusal)

    def on_safety_state(self, state: SafetyState) -> None:
        """Follow the gate's e-stop latch."""
        latched = state.state == SafetyState.STATE_ESTOPPED
        self.arbiter.on_estop(latched, self.now_s())

    def warn_refused(self, reason: str) -> None:
        """Log a message that was not taken."""
        self.get_logger().warning(f'refused: {reason}', throttle_duration_sec=2.0)

    def step_without_policy(self) -> None:
        """Step on the timer while no policy command comes: late by half a period and more."""
        if self.now_s() - self.policy_heard_s >= 1.5 * self.period_s:
            self.step()

    def step(self) -> None:
        """Ask the arbiter who drives and publish the command."""
        now_s = self.now_s()
        self.meter.tick(now_s)
        output = self.arbiter.step(now_s)
        self.sequence += 1
        policy = self.policy_command
        command = Command(
            sequence=self.sequence,
            policy_sequence=output.policy_sequence,
            source=int(output.source),
            estop=output.estop_requested,
            observation_stamp=policy.observation_stamp,
            tick_stamp=policy.tick_stamp,
            policy_version=policy.policy_version,
            spec_hash=self.spec_hash,
            values=output.values,
        )
        command.header.frame_id = self.task.action.frame
        command.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.command_publisher.publish(command)
        self.publish_state(int(output.mode), output.reason)

    def publish_state(self, mode: int, reason: str) -> None:
        """Publish who drives and why, when it changed."""
        takeovers = self.arbiter.takeovers
        if (mode, reason, takeovers) == self.published_state:
            return
        self.published_state = (mode, reason, takeovers)
        state = InterventionState(mode=mode, reason=reason, takeovers=takeovers)
        state.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.state_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report who drives, why, and what was refused."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        if not self.active:
            return diagnostics.OK, 'inactive', {}
        mode, reason, takeovers = self.published_state
        facts = {
            **self.meter.facts(),
            'takeovers': takeovers,
            'refused: other spec': self.foreign,
            **{f'refused: {why}': count for why, count in self.arbiter.refused.items()},
        }
        held = mode in (InterventionState.MODE_HOLD, InterventionState.MODE_ESTOPPED)
        return diagnostics.WARN if held else diagnostics.OK, reason, facts


def main() -> None:
    """Run intervention_node."""
    sys.exit(run(InterventionNode))
