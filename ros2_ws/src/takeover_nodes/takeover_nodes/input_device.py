"""What the nodes of input devices share: publish while the device is there, say when it is not.

Silence means that the device is lost. So its state is repeated, with a new stamp each time, while
the device is really there, also when nobody touches it; without it nothing at all is published.
"""

from typing import Any, ClassVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from takeover.devices.device import DeviceState, Identity, OpenDevice
from takeover.devices.reader import DeviceReader, Presence
from takeover_nodes import diagnostics, parameters


class InputDeviceNode(Node):
    """A node that reads one device; a subclass opens it and publishes its states."""

    NAME: ClassVar[str]
    PARAMETERS: ClassVar[type]

    def __init__(self) -> None:
        """Read the parameters, then `configure`, then look for the device."""
        super().__init__(self.NAME)
        parameters.declare(self, self.PARAMETERS)
        self.parameters: Any = parameters.read(self, self.PARAMETERS)
        self.published = 0
        self.seen = Presence(None, None, 0, 0)
        news = self.create_guard_condition(self.on_news)
        self.reader = DeviceReader(self.open_device, news.trigger, self.parameters.max_rate_hz)
        self.configure()
        self.diagnostics = diagnostics.Diagnostics(self)
        self.diagnostics.add('device', self.status)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / self.parameters.autorepeat_rate_hz, self.repeat, clock=steady)
        self.reader.start()

    # What a subclass implements.

    def configure(self) -> None:
        """Make the publishers."""
        raise NotImplementedError

    def open_device(self, known: Identity | None) -> OpenDevice:
        """Open the device, `known` and no other when it was open before; runs in a thread."""
        raise NotImplementedError

    def publish(self, state: DeviceState) -> None:
        """Publish one state, stamped now."""
        raise NotImplementedError

    # The rest.

    def on_news(self) -> None:
        """Publish what has changed; announce a device that came or went."""
        for state in self.reader.take():
            self.say(state)
        presence = self.reader.presence
        if presence == self.seen:
            return
        self.seen = presence
        if presence.problem:
            self.get_logger().error(presence.problem)
        else:
            self.get_logger().info(f'found {presence.identity}')
        self.diagnostics.publish()

    def repeat(self) -> None:
        """Publish the state again while the device is there."""
        state = self.reader.state()
        if state is not None:
            self.say(state)

    def say(self, state: DeviceState) -> None:
        """Publish a state and count it."""
        self.publish(state)
        self.published += 1

    def status(self) -> diagnostics.Status:
        """Report which device it is, or why there is none."""
        presence = self.reader.presence
        facts = {
            'published': self.published,
            'times_found': presence.found,
            'times_lost': presence.lost,
            **self.reader.facts,
        }
        if presence.identity is not None:
            facts |= {
                'name': presence.identity.name,
                'vendor_product': presence.identity.model,
                'unique_id': presence.identity.unique_id or 'none',
                'place': presence.identity.place or 'unknown',
            }
        if presence.problem:
            return diagnostics.ERROR, presence.problem, facts
        return diagnostics.OK, f'reading {presence.identity}', facts

    def on_stop_requested(self) -> None:
        """Give the device back."""
        self.reader.close()


def autorepeat_rate_hz(what: str) -> Any:
    """Describe the parameter of that name; slower, and the arbiter would take it for silence."""
    return parameters.parameter(
        20.0, f'Hz at which {what} is published again', at_least=5.0, at_most=200.0
    )


def max_rate_hz() -> Any:
    """Describe the parameter of that name."""
    return parameters.parameter(
        100.0, 'Hz at most at which motion is published', at_least=5.0, at_most=1000.0
    )
