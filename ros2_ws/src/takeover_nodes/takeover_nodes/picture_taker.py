"""A few pictures of the camera at telling moments, and no load on it in between."""

import time

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from takeover.report.observer import RunObserver
from takeover_nodes import qos


class PictureTaker:
    """Listens to the camera only while a picture is wanted: they are rendered on demand."""

    def __init__(self, node: Node, observer: RunObserver) -> None:
        """Ask for a first picture, which is not kept."""
        self.node, self.observer = node, observer
        self.subscription = None
        # A simulator may stand still while it makes its renderer: let it do so before it drives.
        self.warming_up = True
        self.look()

    def look(self) -> None:
        """Begin or end to listen; to be called a few times per second."""
        wanted = self.warming_up or self.observer.wants_picture()
        if wanted and self.subscription is None:
            self.subscription = self.node.create_subscription(
                Image, 'camera/image_raw', self.on_picture, qos.SENSOR
            )
        elif not wanted and self.subscription is not None:
            self.node.destroy_subscription(self.subscription)
            self.subscription = None

    def on_picture(self, message: Image) -> None:
        """Keep one picture; the subscription ends with the next look."""
        if self.warming_up:
            self.warming_up = False
        elif self.observer.wants_picture() and message.encoding == 'rgb8':
            rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
            pixels = rows[:, : 3 * message.width].reshape(message.height, message.width, 3)
            self.observer.on_picture(pixels.copy(), time.monotonic())
