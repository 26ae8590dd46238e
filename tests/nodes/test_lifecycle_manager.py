"""The lifecycle manager and a node that is slow to come up."""

from dataclasses import dataclass
import threading
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from takeover_nodes.lifecycle_manager_node import LifecycleManagerNode
from takeover_nodes.managed_node import ManagedNode
from tests.stack import wait_until

SLOW_S = 1.0


@dataclass(frozen=True)
class Parameters:
    """None."""


class SlowNode(ManagedNode):
    """Its services are there long before anybody answers them."""

    NAME = 'slow_node'
    PARAMETERS = Parameters

    def configure(self):
        """Need nothing."""


def test_a_node_that_is_still_loading_is_waited_for_and_brought_up(ros):
    ros(
        *('-p', 'lifecycle_manager_node:managed_nodes:=[slow_node]'),
        *('-p', 'lifecycle_manager_node:health_timeout_s:=0.2'),
    )
    slow, manager = SlowNode(), LifecycleManagerNode()
    over = threading.Event()

    def spin(node, after_s):
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        time.sleep(after_s)
        while not over.is_set():
            executor.spin_once(timeout_sec=0.05)
        executor.shutdown()

    threads = [
        threading.Thread(target=spin, args=each) for each in ((manager, 0.0), (slow, SLOW_S))
    ]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: slow.active, 'it is active')
        wait_until(lambda: manager.up, 'the manager knows')
    finally:
        over.set()
        for thread in threads:
            thread.join()
        slow.destroy_node()
        manager.destroy_node()
        rclpy.try_shutdown()
