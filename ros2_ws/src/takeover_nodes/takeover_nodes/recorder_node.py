"""recorder_node: the one writer of the log, from which alone is learned.

It joins what policy, arbiter and gate say about each step, appends the steps and the events
between them to a log, and tells what has reached the disk. It is nobody's dependency: whatever
happens to the disk, the robot drives on. The writing is done in a thread of `LogWriter`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
import math
import sys

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from takeover.data.log_disk import LogConfig, WriterState
from takeover.data.log_messages import library_channel, STEP_TOPIC
from takeover.data.log_metadata import log_metadata
from takeover.data.log_writer import LogWriter
from takeover.data.mcap_file import LogChannel
from takeover.data.step_codec import NAME as STEP
from takeover.data.step_joiner import JoinConfig, PolicyPart, RewardPart, StepJoiner
from takeover.image_form import NO_PIXELS
from takeover.specs import spec_hash
from takeover.task import load_task
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyObservation,
    PolicyState,
    RecorderState,
    SafetyState,
    StepReward,
    UndoEpisode,
)
from takeover_nodes import conversions, parameters, qos, spinning
from takeover_nodes.diagnostics import Diagnostics, ERROR, OK, Status, WARN
from takeover_nodes.input_messages import INPUT_MESSAGES, input_profile
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.message_texts import log_channel
from takeover_nodes.parameters import parameter, required

# How often steps are looked at that have waited too long for a part.
LOOK_PERIOD_S = 0.1
STATE_PERIOD_S = 1.0
EVENTS = (
    ('episode', EpisodeState, qos.LATCHED),
    ('intervention/state', InterventionState, qos.LATCHED),
    ('intervention/undo', UndoEpisode, qos.RECORD),
    ('policy/version', PolicyState, qos.LATCHED),
    ('safety/state', SafetyState, qos.LATCHED),
)


@dataclass(frozen=True)
class RecorderParameters:
    """Parameters of recorder_node."""

    task_file: str = required('task YAML: what a step consists of')
    log_dir: str = parameter('logs', 'folder of the logs; made if need be')
    flush_s: float = parameter(
        0.5, 'seconds after which steps go to the disk', at_least=0.05, at_most=10.0
    )
    images: list[str] = parameter([], 'topics of images to record as they are')
    record_inputs: bool = parameter(
        True, "record the task's inputs as they are, apart from its images"
    )
    min_free_images_mb: float = parameter(
        500.0, 'MB free on the disk below which no images are recorded', at_least=0.0
    )
    min_free_mb: float = parameter(
        100.0, 'MB free on the disk below which nothing is recorded', at_least=0.0
    )


class RecorderNode(Node):
    """Feeds a StepJoiner, and what comes out of it to a LogWriter."""

    def __init__(self) -> None:
        """Begin a log and subscribe to everything it consists of."""
        super().__init__('recorder_node')
        parameters.declare(self, RecorderParameters)
        self.given = parameters.read(self, RecorderParameters)
        task = load_task(self.given.task_file)
        self.spec_hash = spec_hash(task)
        self.frame_id = task.action.frame or ''
        self.joiner = StepJoiner(
            JoinConfig(
                self.spec_hash,
                task.observation_size,
                len(task.action.components),
                task.pixels_size,
            )
        )
        self.step_topic = self.resolve_topic_name(STEP_TOPIC.lstrip('/'))
        raw = [(topic, message, profile, False) for topic, message, profile in EVENTS]
        if self.given.record_inputs:
            # Pictures are not among them: a step holds those that were acted on.
            raw += [
                (topic, INPUT_MESSAGES[spec.type][0], input_profile(spec), False)
                for topic, spec in task.inputs.items()
                if spec.type != 'image'
            ]
        raw += [(topic, Image, qos.SENSOR, True) for topic in self.given.images]
        self.log = LogWriter(
            self.given.log_dir,
            self.channels(raw),
            log_metadata(self.given.task_file, 'recorder_node', asdict(self.given)),
            LogConfig(self.given.flush_s, self.given.min_free_images_mb, self.given.min_free_mb),
        )
        self.listen(raw)
        if task.images:
            self.create_subscription(
                PolicyObservation, 'policy/observation', self.on_pictures, qos.RECORD
            )
        self.state = self.create_publisher(RecorderState, 'recorder/state', qos.LATCHED)
        self.told: tuple | None = None
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_PERIOD_S, self.look, clock=steady)
        self.create_timer(STATE_PERIOD_S, self.tell, clock=steady)
        Diagnostics(self).add('log', self.status)

    def channels(self, raw: list[tuple]) -> list[LogChannel]:
        """Return the channels of the log."""
        return [
            library_channel(self.step_topic, STEP),
            *(
                log_channel(self.resolve_topic_name(topic), message, image)
                for topic, message, _, image in raw
            ),
        ]

    def listen(self, raw: list[tuple]) -> None:
        """Subscribe to the parts of a step, and to what is recorded as it is."""
        for message, topic, callback in (
            (Command, 'policy/command', self.on_policy),
            (ExecutedCommand, 'safety/executed_command', self.on_executed),
            (StepReward, 'intervention/reward', self.on_reward),
        ):
            self.create_subscription(message, topic, callback, qos.RECORD)
        for topic, message, profile, _ in raw:
            self.record(topic, message, profile)

    def record(self, topic: str, message: type, profile: QoSProfile) -> None:
        """Append every message of a topic to the log, undecoded."""
        name = self.resolve_topic_name(topic)

        def keep(data: bytes) -> None:
            self.log.write(name, data, self.get_clock().now().nanoseconds)

        self.create_subscription(message, topic, keep, profile, raw=True)

    def on_policy(self, command: Command) -> None:
        """Take the policy's part of a step."""
        self.join(
            self.joiner.policy,
            PolicyPart(
                sequence=command.sequence,
                stamp_ns=conversions.stamp_to_ns(command.header.stamp),
                observation=np.array(command.observation, dtype=np.float32),
                observation_stamp_ns=conversions.stamp_to_ns(command.observation_stamp),
                action=np.array(command.values),
                policy_version=command.policy_version,
                spec_hash=command.spec_hash,
                image_stamps_ns=tuple(map(conversions.stamp_to_ns, command.image_stamps)),
            ),
        )

    def on_pictures(self, observation: PolicyObservation) -> None:
        """Take the pictures of a step, those of all cameras one after the other."""
        pictures = [np.frombuffer(image.data, np.uint8) for image in observation.images]
        self.join(self.joiner.pixels, observation.sequence, np.concatenate([NO_PIXELS, *pictures]))

    def on_executed(self, command: ExecutedCommand) -> None:
        """Take the gate's part of a step: what it sent when the step's command arrived."""
        if command.on_arrival:
            self.join(self.joiner.executed, command.policy_sequence, np.array(command.executed))

    def on_reward(self, reward: StepReward) -> None:
        """Take the arbiter's part of a step."""
        self.join(
            self.joiner.reward,
            RewardPart(
                sequence=reward.sequence,
                episode=reward.episode,
                source=reward.source,
                commanded=np.array(reward.commanded),
                reward=reward.reward,
                onset=reward.onset,
                stored=reward.stored,
                terminated=reward.terminated,
                truncated=reward.truncated,
                outcome=reward.outcome,
            ),
        )

    def join(self, take: Callable, *part: object) -> None:
        """Give the joiner a part, and the log the steps that are complete now."""
        take(*part, ManagedNode.now_s())
        self.look()

    def look(self) -> None:
        """Append the steps that are complete."""
        self.append(ManagedNode.now_s())

    def append(self, now_s: float) -> None:
        """Append the steps that are complete at a time of the steady clock."""
        for step in self.joiner.ready(now_s):
            self.log.write_step(
                step,
                self.spec_hash,
                self.frame_id,
                self.step_topic,
                self.get_clock().now().nanoseconds,
            )

    def tell(self) -> None:
        """Publish what is on the disk, if that has changed."""
        log = self.log.state
        facts = (log.state, log.reason, log.file, log.steps, self.joiner.incomplete, log.bytes)
        if facts == self.told:
            return
        self.told = facts
        message = RecorderState(
            state=int(log.state),
            reason=log.reason,
            file=str(log.file or ''),
            steps=log.steps,
            last_sequence=log.last_sequence,
            incomplete=self.joiner.incomplete,
            bytes=log.bytes,
            free_bytes=log.free_bytes,
        )
        message.header.stamp = self.get_clock().now().to_msg()
        self.state.publish(message)

    def status(self) -> Status:
        """Return how the recording goes, for `/diagnostics`."""
        log = self.log.state
        level, message = OK, log.reason
        if log.state is WriterState.STOPPED:
            level = ERROR
        elif log.state is WriterState.NO_IMAGES:
            level = WARN
        elif self.joiner.refused:
            level, message = WARN, f'refused {self.joiner.refused_because}'
        facts = {
            'file': log.file or '',
            'steps': log.steps,
            'waiting': self.joiner.waiting,
            'incomplete': self.joiner.incomplete,
            'late_parts': self.joiner.late,
            'refused': self.joiner.refused,
            'lost_messages': log.lost,
            'free_mb': log.free_bytes / 1e6,
        }
        return level, message, facts

    def on_stop_requested(self) -> None:
        """Bring what there is to the disk and close the file."""
        self.append(math.inf)
        self.log.close()
        self.tell()


def main() -> None:
    """Run recorder_node."""
    sys.exit(spinning.run(RecorderNode))
