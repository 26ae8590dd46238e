"""The pictures that a policy acted on: published for the recorder and whoever wants to look.

Part of policy_node. They follow the command, so that no command waits for them.
"""

import numpy as np
from takeover.observation import Observation
from takeover.pictures import split_pictures
from takeover.specs import Contract
from takeover_msgs.msg import Command, PolicyObservation
from takeover_nodes import qos
from takeover_nodes.camera_messages import image_message
from takeover_nodes.managed_node import ManagedNode


class PolicyPictures:
    """Publishes `policy/observation` for a task with images; for others it does nothing."""

    def __init__(self, node: ManagedNode, task: Contract) -> None:
        """Make the publisher; `node` is policy_node, while it configures."""
        self.images = task.images
        self.frames = [task.inputs[image.inputs[0]].frame or '' for image in self.images]
        self.ages_ms: list[float] = []
        if self.images:
            self.publisher = node.speak(PolicyObservation, 'policy/observation', qos.RECORD)

    def publish(self, command: Command, observation: Observation, tick_ns: int) -> None:
        """Publish what a command was based on.

        Args:
            command: as it was published.
            observation: what the policy acted on.
            tick_ns: ROS time at which the observation was made.
        """
        if not self.images:
            return
        stamps_ns = observation.image_stamps_ns
        self.ages_ms = [1e-6 * (tick_ns - stamp_ns) for stamp_ns in stamps_ns]
        message = PolicyObservation(header=command.header, sequence=command.sequence)
        pictures = split_pictures(self.images, observation.pixels)
        for image, frame, stamp_ns in zip(self.images, self.frames, stamps_ns, strict=True):
            message.images.append(
                image_message(pictures[image.name], image.form.encoding, stamp_ns, frame)
            )
        self.publisher.publish(message)

    def facts(self) -> dict[str, float | str]:
        """Return the age of the oldest picture that the newest command was based on, and which."""
        if not self.ages_ms:
            return {}
        oldest = int(np.argmax(self.ages_ms))
        return {'frame_age_ms': self.ages_ms[oldest], 'oldest_frame': self.images[oldest].name}
