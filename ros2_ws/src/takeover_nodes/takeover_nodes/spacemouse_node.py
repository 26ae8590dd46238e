"""spacemouse_node: publishes a SpaceMouse on `spacenav/...`, as spacenav_node of ROS 2 does.

For machines without spacenavd and the `spacenav` package. Axes, signs and scale are those of
takeover.devices.spacemouse_reports. What spacenav_node does not do: a cap at rest is zeros at a
steady rate, a SpaceMouse that is not there is silence, and a moving one never floods the topics.
"""

from collections.abc import Callable
from dataclasses import dataclass
import sys

from geometry_msgs.msg import Twist, Vector3
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Joy
from takeover.devices.device import DeviceState, Identity, OpenDevice
from takeover.devices.hid_spacemouse import find_spacemouse
from takeover_nodes import qos
from takeover_nodes.input_device import autorepeat_rate_hz, InputDeviceNode, max_rate_hz
from takeover_nodes.parameters import parameter
from takeover_nodes.spinning import run


@dataclass(frozen=True)
class SpaceMouseParameters:
    """Parameters of spacemouse_node."""

    device: str = parameter(
        '', 'name, serial number or vendor:product of the SpaceMouse; empty: the first found'
    )
    autorepeat_rate_hz: float = autorepeat_rate_hz('the state of the SpaceMouse')
    max_rate_hz: float = max_rate_hz()
    full_scale: float = parameter(
        512.0,
        'counts that become 1; full deflection is about 350',
        at_least=256.0,
        at_most=1024.0,
    )
    stale_s: float = parameter(
        0.5,
        'seconds of silence of a deflected SpaceMouse after which its radio link is lost',
        at_least=0.05,
        at_most=10.0,
    )


class SpaceMouseNode(InputDeviceNode):
    """Binds a SpaceMouse to the topics of spacenav_node."""

    NAME = 'spacemouse_node'
    PARAMETERS = SpaceMouseParameters

    def __init__(self, find: Callable[..., OpenDevice] = find_spacemouse) -> None:
        """Start with the SpaceMouse that `find` opens."""
        self.find = find
        super().__init__()

    def configure(self) -> None:
        """Make the publishers."""
        self.twist_publisher = self.create_publisher(Twist, 'spacenav/twist', qos.INPUT)
        self.offset_publisher = self.create_publisher(Vector3, 'spacenav/offset', qos.INPUT)
        self.rotation_publisher = self.create_publisher(Vector3, 'spacenav/rot_offset', qos.INPUT)
        self.joy_publisher = self.create_publisher(Joy, 'spacenav/joy', qos.INPUT)

    def open_device(self, known: Identity | None) -> OpenDevice:
        """Find the SpaceMouse."""
        options = self.parameters
        return self.find(
            options.device, known, full_scale=options.full_scale, stale_s=options.stale_s
        )

    def publish(self, state: DeviceState) -> None:
        """Publish the twist, its two halves, and all axes and buttons."""
        linear, angular = Vector3(), Vector3()
        linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = state.axes
        joy = Joy(axes=state.axes, buttons=state.buttons)
        joy.header.stamp = self.get_clock().now().to_msg()
        self.joy_publisher.publish(joy)
        self.twist_publisher.publish(Twist(linear=linear, angular=angular))
        self.offset_publisher.publish(linear)
        self.rotation_publisher.publish(angular)


def main() -> None:
    """Run spacemouse_node."""
    # The events executor knows no guard condition, by which the reading thread wakes the node.
    sys.exit(run(SpaceMouseNode, SingleThreadedExecutor))
