"""The camera whose driver publishes already: an image topic, raw or compressed, as a source.

A frame keeps the stamp of its message. Messages come in the node's executor and are read in the
thread that captures; one that was not read when the next came is gone.
"""

import threading

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from takeover.camera.config import TopicConfig
from takeover.camera.frame import Frame, Intrinsics
from takeover.camera.resize import decode
from takeover.camera.source import CameraError
from takeover_nodes import qos
from takeover_nodes.camera_messages import image_pixels, info_lens
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.managed_node import ManagedNode


class TopicCamera:
    """A `CameraSource` made of messages; heard while the node is active."""

    def __init__(self, node: ManagedNode, config: TopicConfig) -> None:
        """Subscribe, to the CameraInfo beside the image, too."""
        self._node, self._config = node, config
        message, topic = Image, config.topic
        if config.compressed:
            message, topic = CompressedImage, f'{config.topic}/compressed'
        self._news = threading.Condition()
        self._waiting: Image | CompressedImage | None = None
        self._lens: Intrinsics | None = None
        self._undecodable = 0
        self._topic = node.resolve_topic_name(topic)
        node.hear(message, topic, self._hold, qos.SENSOR)
        folder = config.topic.rpartition('/')[0]
        info = f'{folder}/camera_info' if folder else 'camera_info'
        node.hear(CameraInfo, info, self._learn_lens, qos.SENSOR)

    @property
    def description(self) -> str:
        """The topic."""
        return f'topic {self._topic}'

    def open(self) -> None:
        """Forget what came before.

        :raises CameraError: nobody publishes the topic.
        """
        self._refuse_silence()
        with self._news:
            self._waiting = None

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest message that was not read yet, as a frame.

        :raises CameraError: nobody publishes it any more, or the encoding is none of ours.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting is not None, timeout_s)
            message, self._waiting = self._waiting, None
        if message is None:
            self._refuse_silence()
            return None
        if isinstance(message, Image):
            pixels, encoding = image_pixels(message), message.encoding
        else:
            pixels, encoding = decode(message.data), 'bgr8'
        if pixels is None:
            self._undecodable += 1
            return None
        return Frame(pixels, encoding, stamp_to_ns(message.header.stamp), self._lens_of(pixels))

    def facts(self) -> dict[str, float | int | str]:
        """Return how many compressed pictures could not be decoded."""
        return {'undecodable': self._undecodable} if self._config.compressed else {}

    def close(self) -> None:
        """Let go of nothing: the subscriptions are the node's, until its cleanup."""

    def _hold(self, message: Image | CompressedImage) -> None:
        with self._news:
            self._waiting = message
            self._news.notify()

    def _learn_lens(self, message: CameraInfo) -> None:
        self._lens = info_lens(message)

    def _lens_of(self, pixels: object) -> Intrinsics | None:
        """Return the driver's lens if it is that of this size, else that of the file."""
        lens = self._lens
        if lens is not None and (lens.height, lens.width) == pixels.shape[:2]:
            return lens
        return self._config.lens

    def _refuse_silence(self) -> None:
        if not self._node.count_publishers(self._topic):
            raise CameraError(f'nobody publishes {self._topic}')
