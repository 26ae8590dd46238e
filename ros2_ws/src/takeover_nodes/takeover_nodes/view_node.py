"""view_node: shows the live streams and the policy's own input in Rerun.

It only listens. To the camera's full pictures only on request: a camera makes them only while
somebody listens. It ends with a signal; what was written to a file by then is whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
import os
import sys

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from takeover.camera.source import CameraError
from takeover.report.record import MODES
from takeover.report.seen import SeenImage
from takeover.report.viewer import open_viewer, Target
from takeover.report.viewing import POLICY, ROBOT, SENT, Viewing
from takeover.task import load_task
from takeover_msgs.msg import (
    Command,
    EpisodeState,
    ExecutedCommand,
    InterventionState,
    PolicyObservation,
    PolicyState,
    StepReward,
)
from takeover_nodes import parameters, qos
from takeover_nodes.camera_messages import image_pixels
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.parameters import parameter
from takeover_nodes.spinning import run
from takeover_nodes.watching import NICENESS

CAMERA, CAMERA_FULL = 'camera/resize/image_raw', 'camera/image_raw'


@dataclass(frozen=True)
class ViewParameters:
    """Parameters of view_node."""

    task_file: str = parameter('', 'task YAML: names of commands and pictures; empty: numbers')
    camera_full: bool = parameter(
        False, 'also show camera/image_raw, which makes the camera publish it'
    )
    save: str = parameter('', 'file (.rrd) to write, instead of showing anything')
    connect: str = parameter('', 'address of a viewer that runs: rerun+http://HOST:9876/proxy')
    web: bool = parameter(False, 'serve it to a browser, instead of opening a viewer')


class ViewNode(Node):
    """Feeds what it hears to a Viewing, and what that makes of it to Rerun."""

    def __init__(self) -> None:
        """Open the viewer and listen."""
        super().__init__('view_node')
        parameters.declare(self, ViewParameters)
        given = parameters.read(self, ViewParameters)
        task = load_task(given.task_file) if given.task_file else None
        cameras = [CAMERA, *([CAMERA_FULL] if given.camera_full else [])]
        self.viewing = Viewing(task, cameras)
        target = Target(save=given.save, connect=given.connect, web=given.web)
        self.viewer = open_viewer(self.viewing.layout, target)
        self.listen(cameras)
        self.get_logger().info(f'{self.viewer.where}; Ctrl-C ends it')

    def listen(self, cameras: Iterable[str]) -> None:
        """Subscribe to everything that is shown."""
        for message, topic, callback, profile in (
            (PolicyObservation, 'policy/observation', self.on_observation, qos.RECORD),
            (Command, 'policy/command', self.on_policy_command, qos.command()),
            (Command, 'control/command', self.on_sent, qos.command()),
            (ExecutedCommand, 'safety/executed_command', self.on_executed, qos.RECORD),
            (InterventionState, 'intervention/state', self.on_mode, qos.LATCHED),
            (StepReward, 'intervention/reward', self.on_reward, qos.RECORD),
            (EpisodeState, 'episode', self.on_episode, qos.LATCHED),
            (PolicyState, 'policy/version', self.on_policy, qos.LATCHED),
        ):
            self.create_subscription(message, topic, callback, profile)
        for topic in cameras:
            self.listen_to_camera(topic)

    def listen_to_camera(self, topic: str) -> None:
        """Show the pictures of a topic."""

        def on_image(image: Image) -> None:
            try:
                picture = rgb(image)
            except CameraError as error:
                self.get_logger().warning(f'{topic}: not shown: {error}', once=True)
                return
            self.viewer.show(self.viewing.camera(topic, picture, stamp_of(image)))

        self.create_subscription(Image, topic, on_image, qos.SENSOR)

    def on_observation(self, message: PolicyObservation) -> None:
        """Show what the policy saw."""
        self.viewer.show(self.viewing.seen(map(rgb, message.images), stamp_of(message)))

    def on_policy_command(self, command: Command) -> None:
        """Show what the policy asks for, and how old what it saw was."""
        time_ns = stamp_of(command)
        self.viewer.show(self.viewing.command(POLICY, command.values, time_ns))
        ages_ms = [1e-6 * (time_ns - stamp_to_ns(stamp)) for stamp in command.image_stamps]
        self.viewer.show(self.viewing.frame_ages(ages_ms, time_ns))

    def on_sent(self, command: Command) -> None:
        """Show what the arbiter sends."""
        self.viewer.show(self.viewing.command(SENT, command.values, stamp_of(command)))

    def on_executed(self, executed: ExecutedCommand) -> None:
        """Show what the gate lets through."""
        self.viewer.show(self.viewing.command(ROBOT, executed.executed, stamp_of(executed)))

    def on_mode(self, state: InterventionState) -> None:
        """Show who drives."""
        self.viewer.show(self.viewing.mode(MODES[state.mode], stamp_of(state)))

    def on_reward(self, reward: StepReward) -> None:
        """Show what a step was worth; known a step later."""
        self.viewer.show(self.viewing.reward(reward.reward, reward.onset, stamp_of(reward)))

    def on_episode(self, state: EpisodeState) -> None:
        """Show how an episode ended."""
        self.viewer.show(self.viewing.episode(state.episode, state.outcome, stamp_of(state)))

    def on_policy(self, state: PolicyState) -> None:
        """Show which policy drives."""
        self.viewer.show(self.viewing.policy(state.version, stamp_of(state)))

    def on_stop_requested(self) -> None:
        """Bring everything to where it goes."""
        self.viewer.close()


def rgb(image: Image) -> np.ndarray:
    """Return the pixels of an Image as RGB uint8 [h, w, 3].

    :raises CameraError: an encoding that is not known, or too few bytes.
    """
    form = SeenImage('', image.height, image.width, image.encoding)
    return form.as_rgb(image_pixels(image))


def stamp_of(message: object) -> int:
    """Return the stamp of a message in nanoseconds."""
    return stamp_to_ns(message.header.stamp)


def main() -> None:
    """Run view_node until a signal comes."""
    # Watching must never delay what is watched.
    os.nice(max(0, NICENESS - os.nice(0)))
    sys.exit(run(ViewNode))
