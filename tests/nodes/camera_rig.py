"""A camera node in this process, active, and somebody who hears it and speaks to it."""

from collections.abc import Iterator
import contextlib
import threading

from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, Image
from takeover_nodes import qos
from takeover_nodes.camera_node import CameraNode
from takeover_nodes.conversions import stamp_to_ns
from tests.stack import new_domain, Observer, wait_until

SIZE = {'width': 64, 'height': 48}


class Rig:
    """The node and its observer."""

    def __init__(self, node: CameraNode, observer: Observer) -> None:
        self.node, self.observer = node, observer

    def status(self, component: str = 'camera') -> tuple[bytes, str, dict[str, str]]:
        """Return the newest diagnostic of a component: (level, sentence, facts)."""
        array = self.observer.last('/diagnostics')
        status = next(s for s in array.status if s.name.endswith(f': {component}'))
        return status.level, status.message, {item.key: item.value for item in status.values}

    def wait_for_status(self, level: bytes | None, text: str) -> dict[str, str]:
        """Wait until the camera is reported so (None: at whatever level); return the facts."""

        def look():
            if self.observer.last('/diagnostics') is None:
                return None
            status = self.status()
            return status if level in (None, status[0]) and text in status[1] else None

        return wait_until(look, f'{text!r} is reported')[2]

    def last_words(self) -> str:
        """Return what was reported last."""
        return self.status()[1] if self.observer.last('/diagnostics') else 'nothing'

    def stamps(self, topic: str) -> list[int]:
        """Return the stamps heard on a topic in the order of arrival."""
        return [stamp_to_ns(message.header.stamp) for _, message in self.observer.heard[topic]]

    def wait_for(self, topic: str, count: int) -> list:
        """Wait until so many messages of a topic were heard; return them."""
        heard = self.observer.heard[topic]
        wait_until(lambda: len(heard) >= count, f'{count} of {topic}: {self.last_words()}')
        return [message for _, message in heard]


@contextlib.contextmanager
def camera(*given: str, hear: tuple[str, ...] = (), active: bool = True) -> Iterator[Rig]:
    """Run a camera node with parameters `name:=value`, heard on topics."""
    domain = new_domain()
    words = [word for item in given for word in ('-p', item)]
    rclpy.init(args=['--ros-args', *words], domain_id=domain)
    observer = Observer(domain)
    for topic in hear:
        observer.hear(CameraInfo if topic.endswith('info') else Image, topic, qos.SENSOR)
    observer.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    node, ended = CameraNode(), threading.Event()
    executor = EventsExecutor()
    executor.add_node(node)

    def spin() -> None:
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin, daemon=True)
    try:
        if active:
            assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
            assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        thread.start()
        yield Rig(node, observer)
    finally:
        ended.set()
        if thread.ident is not None:
            thread.join(10.0)
        node.on_stop_requested()
        executor.shutdown()
        node.destroy_node()
        observer.close()
        rclpy.try_shutdown()
