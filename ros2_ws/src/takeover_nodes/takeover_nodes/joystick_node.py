"""joystick_node: publishes a joystick or gamepad on `joy`, as joy_node of ROS 2 does on Linux.

For machines without the `joy` package. How axes and buttons are numbered and signed, triggers
included, says takeover.devices.joystick_layout. What joy_node does not do: a joystick that is
unplugged is silence at once, and only the same one is taken when it comes back, from the state it
reports itself.
"""

from dataclasses import dataclass
import math
from pathlib import Path
import sys

from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Joy
from takeover.devices.device import DeviceState, Identity
from takeover.devices.evdev_joystick import EvdevJoystick, find_joystick
from takeover_nodes import qos
from takeover_nodes.input_device import autorepeat_rate_hz, InputDeviceNode, max_rate_hz
from takeover_nodes.parameters import parameter
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class JoystickParameters:
    """Parameters of joystick_node."""

    device: str = parameter(
        '', 'path of an event node, or name, unique id or vendor:product; empty: the first found'
    )
    device_folder: str = parameter('/dev/input', 'folder with the event nodes')
    autorepeat_rate_hz: float = autorepeat_rate_hz('the state of the joystick')
    max_rate_hz: float = max_rate_hz()
    dead_zone: float = parameter(
        0.0,
        'share of the travel of every axis that is zero; 0.0 leaves it to the mapping file',
        at_least=0.0,
        at_most=0.9,
    )


class JoystickNode(InputDeviceNode):
    """Binds a joystick to `joy`."""

    NAME = 'joystick_node'
    PARAMETERS = JoystickParameters

    def configure(self) -> None:
        """Make the publisher."""
        self.joy_publisher = self.create_publisher(Joy, 'joy', qos.INPUT)

    def open_device(self, known: Identity | None) -> EvdevJoystick:
        """Find the joystick."""
        return find_joystick(self.parameters.device, known, Path(self.parameters.device_folder))

    def publish(self, state: DeviceState) -> None:
        """Publish axes and buttons."""
        axes = [outside_dead_zone(axis, self.parameters.dead_zone) for axis in state.axes]
        joy = Joy(axes=axes, buttons=state.buttons)
        joy.header.frame_id = 'joy'
        joy.header.stamp = self.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)


def outside_dead_zone(axis: float, dead_zone: float) -> float:
    """Return 0 within the dead zone, and the rest stretched so that full travel stays full."""
    return math.copysign(max(abs(axis) - dead_zone, 0.0) / (1.0 - dead_zone), axis) + 0.0


def main() -> None:
    """Run joystick_node."""
    # The events executor knows no guard condition, by which the reading thread wakes the node.
    sys.exit(run(JoystickNode, SingleThreadedExecutor))
