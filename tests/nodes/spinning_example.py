"""A process of its own for test_spinning.py: a node that ticks, and ends as the argument says."""

import sys

from rclpy.node import Node
from std_msgs.msg import Bool
from takeover.errors import TakeoverError
from takeover_nodes import qos
from takeover_nodes.spinning import run


class Example(Node):
    """Ticks; its last act is a message."""

    def __init__(self) -> None:
        super().__init__('example')
        self.publisher = self.create_publisher(Bool, 'last_words', qos.LATCHED)
        if 'mistake' in sys.argv:
            raise TakeoverError('the file is not there')
        if 'idle' not in sys.argv:
            self.create_timer(0.02, self.tick)
        self.publisher.publish(Bool(data=False))

    def tick(self) -> None:
        """Fail if asked to."""
        if 'bug' in sys.argv:
            raise ZeroDivisionError

    def on_stop_requested(self) -> None:
        """Say the last words."""
        self.publisher.publish(Bool(data=True))
        self.publisher.wait_for_all_acked()


sys.exit(run(Example))
