"""Says what policy, arbiter and gate say about each step, and keeps what it said."""

from dataclasses import dataclass
import time

import numpy as np
from takeover.specs import spec_hash
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    PolicyObservation,
    RecorderState,
    StepReward,
)
from takeover_nodes import conversions, qos
from takeover_nodes.camera_messages import image_message
from tests.stack import Observer, wait_until

RATE_HZ = 40.0
BEGIN_PERIOD_S = 0.1
STEPS_OF_EPISODE = 50


@dataclass(frozen=True)
class Said:
    """What was said about one step."""

    command: Command
    executed: ExecutedCommand
    reward: StepReward
    pictures: PolicyObservation | None = None
    """Of a task with images."""


class FakeDrive:
    """A drive of episodes with a take-over in each, on the topics the recorder listens to."""

    def __init__(self, observer: Observer, task, seed: int = 0) -> None:
        self.task, self.spec_hash = task, spec_hash(task)
        self.rng = np.random.default_rng(seed)
        self.sequence = time.time_ns() // 1000
        self.count = 0
        self.begun = True
        self.said: dict[int, Said] = {}
        node = observer.node
        self.clock = node.get_clock()
        self.out = {
            topic: node.create_publisher(message, topic, profile)
            for topic, message, profile in (
                # A deep queue: a burst must not overwrite itself before it is sent.
                ('policy/command', Command, qos.RECORD),
                ('safety/executed_command', ExecutedCommand, qos.RECORD),
                ('intervention/reward', StepReward, qos.RECORD),
                ('episode', EpisodeState, qos.LATCHED),
            )
        }
        if task.images:
            self.out['policy/observation'] = node.create_publisher(
                PolicyObservation, 'policy/observation', qos.RECORD
            )

    def begin(self, observer: Observer) -> RecorderState:
        """Wait until a recorder hears everything; return its state then.

        A publisher may know its subscriber before it is known itself, so one step of no episode
        is said again and again until it is on the disk. It is not kept in `said`, and whatever of
        it is lost, no other step lacks a part.
        """
        wait_until(
            lambda: all(out.get_subscription_count() > 0 for out in self.out.values()),
            'the recorder listens',
        )
        before = dict(self.said)
        self.begun = False
        said, due_s = self.step(), time.monotonic() + BEGIN_PERIOD_S

        def on_disk() -> bool:
            nonlocal due_s
            if time.monotonic() >= due_s:
                due_s += BEGIN_PERIOD_S
                self.publish(said)
            state = observer.last('recorder/state')
            return state is not None and state.last_sequence >= self.sequence

        wait_until(on_disk, 'the first step is on the disk')
        self.begun, self.count, self.said = True, 0, before
        return observer.last('recorder/state')

    def step(self, without: str = '', **changes: object) -> Said:
        """Say the next step.

        :param without: topic that stays silent about it.
        :param changes: fields of the policy's command.
        """
        self.sequence, self.count = self.sequence + 1, self.count + 1
        said = self.next(**changes)
        self.said[self.sequence] = said
        self.publish(said, without)
        if said.reward.outcome:
            self.out['episode'].publish(
                EpisodeState(
                    episode=said.reward.episode, outcome=said.reward.outcome, terminated=True
                )
            )
        return said

    def publish(self, said: Said, without: str = '') -> None:
        """Publish the parts of a step, but for the one of a topic that stays silent."""
        for topic, message in (
            ('policy/command', said.command),
            ('safety/executed_command', said.executed),
            ('intervention/reward', said.reward),
            ('policy/observation', said.pictures),
        ):
            if topic != without and message is not None:
                self.out[topic].publish(message)

    def next(self, **changes: object) -> Said:
        """Return what is to be said about the step that is on."""
        place = self.count % STEPS_OF_EPISODE
        source = Command.SOURCE_HUMAN if 20 <= place < 30 else Command.SOURCE_POLICY
        action = self.rng.uniform(0.0, 0.5, 2)
        command = Command(
            sequence=self.sequence,
            policy_sequence=self.sequence,
            source=Command.SOURCE_POLICY,
            policy_version='0123456789ab',
            spec_hash=self.spec_hash,
            values=action,
            observation=self.rng.normal(size=self.task.observation_size).astype(np.float32),
        )
        now_ns = self.clock.now().nanoseconds
        command.header.stamp = conversions.ns_to_stamp(now_ns)
        command.observation_stamp = conversions.ns_to_stamp(now_ns - 5_000_000)
        pictures = self.pictures(now_ns) if self.task.images else None
        if pictures is not None:
            command.image_stamps = [image.header.stamp for image in pictures.images]
        for name, value in changes.items():
            setattr(command, name, value)
        executed = ExecutedCommand(
            policy_sequence=self.sequence,
            source=source,
            on_arrival=True,
            executed=0.5 * action,
        )
        last = place == STEPS_OF_EPISODE - 1 and self.begun
        reward = StepReward(
            sequence=self.sequence,
            episode=1 + self.count // STEPS_OF_EPISODE if self.begun else 0,
            source=source,
            commanded=0.75 * action,
            reward=-1.0 if place == 19 else 0.0,
            onset=place == 19,
            stored=True,
            terminated=last,
            outcome=EpisodeState.GOAL if last else EpisodeState.RUNNING,
        )
        return Said(command, executed, reward, pictures)

    def pictures(self, now_ns: int) -> PolicyObservation:
        """Return pictures of noise for the step that is on, a little older each."""
        message = PolicyObservation(sequence=self.sequence)
        for number, image in enumerate(self.task.images, start=1):
            pixels = self.rng.integers(0, 256, image.shape, np.uint8)
            stamp_ns = now_ns - number * 10_000_000
            message.images.append(image_message(pixels, image.form.encoding, stamp_ns, 'camera'))
        return message

    def drive(self, until, rate_hz: float = RATE_HZ) -> None:
        """Say steps at a rate until a condition holds."""

        def step_and_look() -> bool:
            nonlocal due_s
            if time.monotonic() >= due_s:
                due_s += 1.0 / rate_hz
                self.step()
            return until()

        due_s = time.monotonic()
        wait_until(step_and_look, 'the drive is over', deadline_s=60.0)
