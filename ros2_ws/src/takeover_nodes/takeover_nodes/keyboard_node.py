"""keyboard_node: publishes the keys of its terminal on `joy`, for a day without a joystick.

Keys drive only while the terminal repeats them, see takeover.devices.keys. The dead-man is button
0; it is held exactly as long as a driving key acts.
"""

from dataclasses import dataclass
import sys

from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Joy
from takeover.devices.device import DeviceError, DeviceState, Identity
from takeover.devices.keyboard import Keyboard, Terminal
from takeover.devices.keys import HELP
from takeover_nodes import qos
from takeover_nodes.input_device import autorepeat_rate_hz, InputDeviceNode, max_rate_hz
from takeover_nodes.parameters import parameter
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class KeyboardParameters:
    """Parameters of keyboard_node."""

    key_hold_s: float = parameter(
        0.5,
        'seconds a key acts that was just pressed; longer than the pause before it repeats',
        at_least=0.1,
        at_most=2.0,
    )
    repeat_hold_s: float = parameter(
        0.15, 'seconds a key goes on to act after each repeat', at_least=0.05, at_most=1.0
    )
    autorepeat_rate_hz: float = autorepeat_rate_hz('the state of the keys')
    max_rate_hz: float = max_rate_hz()


class KeyboardNode(InputDeviceNode):
    """Binds the terminal to `joy`."""

    NAME = 'keyboard_node'
    PARAMETERS = KeyboardParameters

    def configure(self) -> None:
        """Take the terminal now, so that a node without one ends with a sentence."""
        self.joy_publisher = self.create_publisher(Joy, 'joy', qos.INPUT)
        self.terminal = Terminal()
        sys.stderr.write(f'{HELP}\n')

    def open_device(self, known: Identity | None) -> Keyboard:
        """Return the keyboard; a terminal that has gone does not come back."""
        if known is not None:
            raise DeviceError('the terminal is gone')
        given = self.parameters
        return Keyboard(self.terminal, given.key_hold_s, given.repeat_hold_s)

    def publish(self, state: DeviceState) -> None:
        """Publish axes and buttons."""
        joy = Joy(axes=state.axes, buttons=state.buttons)
        joy.header.frame_id = 'joy'
        joy.header.stamp = self.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)


def main() -> None:
    """Run keyboard_node."""
    # The events executor knows no guard condition, by which the reading thread wakes the node.
    sys.exit(run(KeyboardNode, SingleThreadedExecutor))
