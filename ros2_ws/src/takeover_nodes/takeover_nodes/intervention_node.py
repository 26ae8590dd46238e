"""intervention_node: the one arbiter between the policy, the person and holding still.

It steps on the arrival of each policy command, so that nothing waits for a timer, and on a timer
of its own when no policy command comes: a person must be able to drive with the policy dead. For
each command of the policy it tells who drove and what the step was worth.
"""

import math
import sys

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Joy
from takeover.action import ActionContract
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.episode_start import EpisodeStart, tool_input
from takeover.intervention.episode_tracker import EpisodeTracker
from takeover.rewards.rlif import InterventionLabeller
from takeover.specs import spec_hash
from takeover.task import load_task_and_robot
from takeover_msgs.msg import Command, InterventionState, SafetyState
from takeover_nodes import conversions, diagnostics, qos
from takeover_nodes.arm_messages import tool_sample
from takeover_nodes.episode_reporter import EpisodeReporter
from takeover_nodes.intervention_parameters import InterventionParameters
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.spinning import run
from takeover_nodes.start_reporter import StartReporter


class InterventionNode(ManagedNode):
    """Binds the library's arbiter to topics."""

    NAME = 'intervention_node'
    PARAMETERS = InterventionParameters

    def configure(self) -> None:
        """Load task, robot and mapping; make the arbiter and what tells the rewards."""
        given = self.parameters
        self.task, robot = load_task_and_robot(given.task_file, given.robot_file or None)
        self.spec_hash = spec_hash(self.task)
        self.action = ActionContract(self.task.action)
        self.period_s = 1.0 / self.task.rate_hz
        config, mapping = given.arbiter_config(robot), given.mapping(self.action, robot)
        self.make_arbiter = lambda: Arbiter(self.action, config, mapping)
        self.arbiter = self.make_arbiter()
        self.meter = diagnostics.TickMeter(self.period_s)
        self.foreign = 0
        self.published_state: tuple = ()
        self.command_publisher = self.speak(Command, 'control/command', qos.command(self.period_s))
        self.state_publisher = self.speak(InterventionState, 'intervention/state', qos.LATCHED)
        self.episodes = self.make_episodes()
        self.hear(Command, 'policy/command', self.on_policy_command, qos.command())
        self.hear(SafetyState, 'safety/state', self.on_safety_state, qos.LATCHED)
        if mapping.AXES_IN_JOY:
            self.hear(Joy, 'joy', self.on_joy, qos.INPUT)
        else:
            self.hear(Joy, 'spacenav/joy', self.on_joy, qos.INPUT)
            self.hear(Twist, 'spacenav/twist', self.on_twist, qos.INPUT)
        if mapping.frame is not None:
            self.hear(Odometry, 'tool_state', self.on_tool, qos.SENSOR)
        self.diagnostics.add('arbiter', self.status)

    def make_episodes(self) -> EpisodeReporter:
        """Make what tells the reward of each step, and where its episode began."""
        labeller = InterventionLabeller(self.parameters.label_config(), self.period_s)
        tool_topic = tool_input(self.task)
        start = EpisodeStart() if tool_topic else None
        tracker = EpisodeTracker(self.parameters.episodes, labeller, self.period_s, start)
        self.starts = StartReporter(self, start, tracker, tool_topic) if tool_topic else None
        return EpisodeReporter(self, tracker, self.task.action.frame)

    def activate(self) -> None:
        """Start from HOLD, whatever happened before."""
        self.arbiter = self.make_arbiter()
        self.sequence = self.new_sequence()
        self.policy_command = Command()
        self.policy_heard_s = -math.inf
        self.published_state = ()
        self.meter.restart()
        self.step()
        self.every(self.period_s, self.step_without_policy)

    def deactivate(self) -> None:
        """Say that nobody drives."""
        self.episodes.stop()
        self.publish_state(InterventionState.MODE_HOLD, 'inactive')

    def on_policy_command(self, command: Command) -> None:
        """Take a command of the policy; step at once."""
        if command.spec_hash != self.spec_hash:
            self.foreign += 1
            self.warn_refused(f'spec {command.spec_hash or "missing"}, want {self.spec_hash}')
            return
        age_s = 1e-9 * (self.now_ns() - conversions.stamp_to_ns(command.header.stamp))
        drives = command.source != Command.SOURCE_NONE
        if self.refused(
            self.arbiter.on_policy(command.values, command.sequence, self.now_s(), age_s, drives)
        ):
            return
        self.policy_command, self.policy_heard_s = command, self.now_s()
        self.step(command)

    def on_joy(self, joy: Joy) -> None:
        """Take the state of the input device; the next step acts on it."""
        stamp_ns = conversions.stamp_to_ns(joy.header.stamp)
        self.refused(self.arbiter.on_joy(joy.axes, joy.buttons, stamp_ns, self.now_s()))

    def on_twist(self, twist: Twist) -> None:
        """Take the axes of a SpaceMouse; they have no stamp but that of their arrival."""
        axes = [
            getattr(vector, axis) for vector in (twist.linear, twist.angular) for axis in 'xyz'
        ]
        self.refused(self.arbiter.on_twist(axes, self.now_ns(), self.now_s()))

    def on_tool(self, odometry: Odometry) -> None:
        """Take how the tool of an arm is turned."""
        tool = tool_sample(odometry)
        age_s = 1e-9 * (self.now_ns() - tool.stamp_ns)
        self.refused(self.arbiter.on_tool(tool, self.now_s(), age_s))

    def on_safety_state(self, state: SafetyState) -> None:
        """Follow the gate's e-stop latch."""
        latched = state.state == SafetyState.STATE_ESTOPPED
        self.arbiter.on_estop(latched, self.now_s())

    def refused(self, reason: str | None) -> bool:
        """Tell whether a message was not taken, and log why."""
        if reason:
            self.warn_refused(reason)
        return reason is not None

    def warn_refused(self, reason: str) -> None:
        """Log a message that was not taken."""
        self.get_logger().warning(f'refused: {reason}', throttle_duration_sec=2.0)

    def step_without_policy(self) -> None:
        """Step on the timer while no policy command comes: late by half a period and more."""
        if self.now_s() - self.policy_heard_s >= 1.5 * self.period_s:
            self.step()

    def step(self, fresh: Command | None = None) -> None:
        """Ask the arbiter who drives and publish the command.

        Args:
            fresh: the policy's command this step answers; without one it is no step to learn from.
        """
        now_s, now_ns = self.now_s(), self.now_ns()
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
        command.header.stamp = conversions.ns_to_stamp(now_ns)
        self.command_publisher.publish(command)
        # A button pressed since the last step ends the episode with that step, not with this one.
        for press in output.presses:
            self.episodes.on_press(press)
        if fresh is not None:
            self.episodes.on_step(fresh, output, now_ns)
        if self.starts is not None:
            self.starts.on_step(output.source)
        self.publish_state(int(output.mode), output.reason)

    def publish_state(self, mode: int, reason: str) -> None:
        """Publish who drives and why, when it changed."""
        now = (mode, reason, self.arbiter.takeovers, self.episodes.tracker.episode)
        if now == self.published_state:
            return
        self.published_state = now
        state = InterventionState(mode=mode, reason=reason, takeovers=now[2], episode=now[3])
        state.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.state_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report who drives, why, and what was refused."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        if not self.active:
            return diagnostics.OK, 'inactive', {}
        mode, reason, takeovers, episode = self.published_state
        facts = {
            **self.meter.facts(),
            'takeovers': takeovers,
            'episode': episode,
            'device messages': self.arbiter.device_messages,
            'refused: other spec': self.foreign,
            **{f'refused: {why}': count for why, count in self.arbiter.refused.items()},
        }
        held = mode in (InterventionState.MODE_HOLD, InterventionState.MODE_ESTOPPED)
        return diagnostics.WARN if held else diagnostics.OK, reason, facts


def main() -> None:
    """Run intervention_node."""
    sys.exit(run(InterventionNode))
