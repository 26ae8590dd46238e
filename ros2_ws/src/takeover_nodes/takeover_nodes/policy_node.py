"""policy_node: the newest observation in, one command out, on a steady 20 Hz timer.

A tick without a fresh observation publishes nothing and counts: silence tells the arbiter, a
repeated command would lie to it. The bundle is verified against the task at configure.

A candidate announced on `learner/policy` is checked beside the ticks and takes over between two of
them; one that is refused leaves the policy that drives where it is.

Noise for a policy that learns is put on the command alone: candidates are judged without it.

Of a task with images, `policy/observation` shows the pictures that each command was based on.
"""

from collections import Counter
from dataclasses import dataclass
import sys

from takeover.action import ActionContract
from takeover.errors import TakeoverError
from takeover.observation import Missing, ObservationBuilder
from takeover.observation_spec import InputSpec
from takeover.policy.exploration import ExplorationNoise
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.stand_still import NO_POLICY, StandStill
from takeover.shipped import demo_policy
from takeover.task import load_task_and_robot
from takeover_msgs.msg import Command, PolicyState
from takeover_nodes import conversions, diagnostics, qos
from takeover_nodes.input_messages import INPUT_MESSAGES, input_profile
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import parameter, ParameterError, required
from takeover_nodes.policy_exchange import PolicyExchange
from takeover_nodes.policy_pictures import PolicyPictures
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class PolicyParameters:
    """Parameters of policy_node."""

    task_file: str = required('task YAML: observation and action the policy must match')
    robot_file: str = parameter('', 'robot YAML: limits and time-outs; empty: that of the task')
    policy_file: str = parameter(
        '',
        'policy bundle (.onnx with contract and parity vectors); empty: the one of the task; '
        'none: a person drives alone',
    )
    exploration_std: float = parameter(
        0.0,
        "noise on the policy's commands while it learns, in halves of the action range; 0.0 for a "
        'robot that works; may be set while it runs',
        at_least=0.0,
        at_most=1.0,
        dynamic=True,
    )
    swap_at: str = parameter(
        'tick',
        'exchange policies between two ticks (tick), or while the policy moves nothing (hold)',
    )
    swap_max_latency_ms: float = parameter(
        0.0,
        'p99 of processor time, ms, that a new policy may take for an action; 0.0: period / 10',
        at_least=0.0,
        at_most=1000.0,
    )
    swap_max_saturation: float = parameter(
        0.8,
        'share of the action components of a new policy that may be at a bound',
        at_least=0.0,
        at_most=1.0,
    )
    swap_max_jump: float = parameter(
        1.0,
        'mean difference of a new policy from the present one, in halves of the action range',
        at_least=0.0,
        at_most=2.0,
    )
    swap_observations: int = parameter(
        100, 'newest observations that a new policy is judged on', at_least=16, at_most=1000
    )


class PolicyNode(ManagedNode):
    """Runs one verified policy bundle at the task's rate."""

    NAME = 'policy_node'
    PARAMETERS = PolicyParameters

    def configure(self) -> None:
        """Load task and bundle; refuse a bundle made for another task."""
        files = self.parameters
        self.task, _ = load_task_and_robot(files.task_file, files.robot_file or None)
        self.builder = ObservationBuilder(self.task)
        self.period_s = 1.0 / self.task.rate_hz
        policy = self.load_policy()
        self.exchange = PolicyExchange(self, policy, self.period_s, self.publish_version)
        self.exploration_std, self.noise = 0.0, None
        self.set_exploration()
        self.meter = diagnostics.TickMeter(self.period_s)
        self.inference_ms = 0.0
        self.ticks, self.skipped, self.skipped_reason = 0, Counter(), ''
        self.reported_refusals: Counter[str] = Counter()
        self.command_publisher = self.speak(Command, 'policy/command', qos.command(self.period_s))
        self.version_publisher = self.speak(PolicyState, 'policy/version', qos.LATCHED)
        self.pictures = PolicyPictures(self, self.task)
        for name, spec in self.task.inputs.items():
            self._listen(name, spec)
        self.diagnostics.add('policy', self.status)
        self.get_logger().info(
            f'policy {self.policy.version} for task {self.task.task} '
            f'(spec {self.policy.spec_hash}) from {self.policy.path}'
        )
        self.publish_version()

    def load_policy(self) -> OnnxPolicy | StandStill:
        """Load the policy that drives first, if there is to be one."""
        given = self.parameters
        if given.policy_file != NO_POLICY:
            return OnnxPolicy.load(given.policy_file or demo_policy(self.task.task), self.task)
        if given.exploration_std:
            raise ParameterError(
                f'{self.get_name()}: exploration_std is {given.exploration_std}, and policy_file '
                'none; legal without a policy: 0.0'
            )
        return StandStill(self.task)

    def set_exploration(self) -> None:
        """Follow the parameter, which may be set while the node runs."""
        std = self.get_parameter('exploration_std').value
        if std == self.exploration_std or not self.policy.version:
            return
        action, seed = ActionContract(self.task.action), self.new_sequence()
        self.exploration_std = std
        self.noise = ExplorationNoise(action, std, self.period_s, seed) if std else None
        self.get_logger().info(f'exploration noise {std:g} of half the range on every command')

    @property
    def policy(self) -> OnnxPolicy | StandStill:
        """The policy that drives."""
        return self.exchange.swap.driving

    def cleanup(self) -> None:
        """End a check that is under way."""
        self.exchange.close()

    def _listen(self, name: str, spec: InputSpec) -> None:
        message, convert = INPUT_MESSAGES[spec.type]

        def hold(sample: object) -> None:
            self.builder.update(name, convert(sample), received_s=self.now_s())

        # Inputs are held before activation too, so that the first tick may act.
        self.hear(message, name, hold, input_profile(spec), while_inactive=True)

    def activate(self) -> None:
        """Start the timer."""
        self.sequence = self.new_sequence()
        self.meter.restart()
        self.every(self.period_s, self.tick)

    def tick(self) -> None:
        """Act, then see to candidates."""
        now_s = self.now_s()
        self.meter.tick(now_s)
        self.ticks += 1
        self.act(now_s)
        # The command is out: what is done here comes between two ticks.
        self.exchange.step()

    def act(self, now_s: float) -> None:
        """Publish the command for the newest observation, or skip this tick."""
        now_ns = self.now_ns()
        observation = self.builder.build(now_ns, now_s)
        if isinstance(observation, Missing):
            self.skip(f'{observation.input}: {observation.reason}')
            return
        try:
            values = self.policy.act(observation.packed)
        except TakeoverError as error:
            self.skip(str(error))
            return
        self.set_exploration()
        if self.noise is not None:
            values = self.noise.add(values)
        self.inference_ms = 1e3 * (self.now_s() - now_s)
        self.sequence += 1
        command = Command(
            sequence=self.sequence,
            policy_sequence=self.sequence,
            source=Command.SOURCE_POLICY if self.policy.version else Command.SOURCE_NONE,
            observation_stamp=conversions.ns_to_stamp(observation.oldest_stamp_ns),
            tick_stamp=conversions.ns_to_stamp(now_ns),
            policy_version=self.policy.version,
            spec_hash=self.policy.spec_hash,
            values=values,
            observation=observation.vector,
            image_stamps=[conversions.ns_to_stamp(ns) for ns in observation.image_stamps_ns],
        )
        command.header.frame_id = self.task.action.frame
        command.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.command_publisher.publish(command)
        self.pictures.publish(command, observation, now_ns)
        self.exchange.swap.observe(observation.packed)

    def skip(self, reason: str) -> None:
        """Count a tick without a command."""
        self.skipped[reason.split(':')[0]] += 1
        self.skipped_reason = reason
        self.get_logger().warning(f'no command this tick: {reason}', throttle_duration_sec=2.0)

    def publish_version(self) -> None:
        """Publish which policy is loaded and how many ticks it skipped."""
        state = PolicyState(
            version=self.policy.version,
            spec_hash=self.policy.spec_hash,
            task=self.task.task,
            file=self.policy.path,
            ticks=self.ticks,
            skipped=self.skipped.total(),
            skipped_reason=self.skipped_reason,
        )
        self.exchange.report(state)
        state.header.stamp = conversions.ns_to_stamp(self.now_ns())
        self.version_publisher.publish(state)

    def status(self) -> diagnostics.Status:
        """Report rate, skipped ticks, refused samples, inference time and age of pictures."""
        if self.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        self.publish_version()
        facts = {
            **self.meter.facts(),
            'policy_version': self.policy.version,
            'exploration_std': self.exploration_std,
            'tick_to_command_ms': self.inference_ms,
            'ticks': self.ticks,
            'skipped': self.skipped.total(),
            **{f'skipped: {reason}': count for reason, count in self.skipped.items()},
            **{f'refused: {reason}': count for reason, count in self.builder.refused.items()},
            **self.pictures.facts(),
        }
        refused = self.builder.refused - self.reported_refusals
        self.reported_refusals = self.builder.refused.copy()
        if not self.active:
            return diagnostics.OK, 'inactive', facts
        if self.skipped_reason:
            reason, self.skipped_reason = self.skipped_reason, ''
            because = [f'refused {what}' for what in refused]
            told = '; '.join([f'ticks without a command: {reason}', *because])
            return diagnostics.WARN, told, facts
        return diagnostics.OK, 'acting', facts


def main() -> None:
    """Run policy_node."""
    sys.exit(run(PolicyNode))
