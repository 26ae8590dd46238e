"""A device node in this process, a device that the test plays, and somebody who hears the node."""

import contextlib
from queue import Empty, Queue
import threading

from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.executors import SingleThreadedExecutor
from takeover.devices.device import DeviceError
from takeover_nodes import qos
from tests.stack import new_domain, Observer, wait_until


class Port:
    """Where devices are plugged in: whatever is put there is opened once."""

    def __init__(self):
        self.waiting: Queue = Queue()

    def plug(self, device):
        """Plug a device in."""
        self.waiting.put(device)

    def open(self, *_, **__):
        """Open what is plugged in."""
        try:
            return self.waiting.get_nowait()
        except Empty:
            raise DeviceError('nothing is plugged in') from None


@contextlib.contextmanager
def running_node(make_node, topics, *arguments):
    """Spin a node in a thread; yield it and an observer that hears `topics` (message by name)."""
    domain = new_domain()
    rclpy.init(args=['--ros-args', *arguments] if arguments else None, domain_id=domain)
    observer = Observer(domain)
    for topic, message in topics.items():
        observer.hear(message, topic, qos.INPUT)
    observer.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    node = make_node()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ended = threading.Event()

    def spin():
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        wait_until(lambda: observer.last('/diagnostics'), 'the node is heard')
        yield node, observer
    finally:
        ended.set()
        thread.join(10.0)
        node.on_stop_requested()
        executor.shutdown()
        node.destroy_node()
        observer.close()
        rclpy.try_shutdown()


def device_status(observer):
    """Return the newest diagnostic of the device: (level, sentence, facts)."""
    array = observer.last('/diagnostics')
    status = next(status for status in array.status if status.name.endswith(': device'))
    return status.level, status.message, {value.key: value.value for value in status.values}
