"""The other end of the camera benchmark: a process that takes pictures as the policy does.

It prints, as one line of JSON for each topic, the stamps it heard and how old each was.
"""

import json
import sys
import time

import numpy as np
import rclpy
from rclpy.experimental import EventsExecutor
from sensor_msgs.msg import CameraInfo, Image
from takeover_nodes import qos
from takeover_nodes.conversions import stamp_to_ns


def main() -> None:
    """Listen to the topics given as arguments for as many seconds as the first one says."""
    seconds, topics = float(sys.argv[1]), sys.argv[2:]
    heard: dict[str, list[tuple[int, int]]] = {topic: [] for topic in topics}
    rclpy.init()
    node = rclpy.create_node('camera_receiver')
    for topic in topics:
        _listen(node, topic, heard[topic])
    executor = EventsExecutor()
    executor.add_node(node)
    deadline_s = time.monotonic() + 30.0
    while not all(heard.values()) and time.monotonic() < deadline_s:
        executor.spin_once(timeout_sec=0.1)
    for samples in heard.values():
        samples.clear()
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        executor.spin_once(timeout_sec=0.1)
    for topic, samples in heard.items():
        print(json.dumps({'topic': topic, 'samples': samples}))
    rclpy.try_shutdown()


def _listen(node: object, topic: str, samples: list[tuple[int, int]]) -> None:
    def on_image(message: Image) -> None:
        shape = (message.height, message.width, -1)
        pixels = np.frombuffer(message.data, dtype=np.uint8).reshape(shape)
        assert pixels.size
        note(message)

    def note(message: Image | CameraInfo) -> None:
        stamp_ns = stamp_to_ns(message.header.stamp)
        samples.append((stamp_ns, time.time_ns() - stamp_ns))

    if topic.endswith('camera_info'):
        node.create_subscription(CameraInfo, topic, note, qos.SENSOR)
    else:
        node.create_subscription(Image, topic, on_image, qos.SENSOR)
