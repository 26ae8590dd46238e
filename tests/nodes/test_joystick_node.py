"""joystick_node over real DDS, with a device that the test plays.

The same through an event node of the kernel is in tests/system/test_joystick_device.py.
"""

from queue import Empty, Queue
import time

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from sensor_msgs.msg import Joy
from takeover.devices.device import DeviceLost, DeviceState, Identity
from takeover_nodes import conversions
from takeover_nodes.joystick_node import JoystickNode, outside_dead_zone
from tests.nodes.device_rig import device_status, Port, running_node
from tests.stack import wait_until

# How long after the device has gone a message may still be stamped, on a machine that is busy
# with other things.
LAST_STAMP_S = 0.2 + 0.8


class Pad:
    """A gamepad that goes through the states it is given."""

    problem = None

    def __init__(self, *axes, buttons=(0, 0)):
        self.identity = Identity('Test Pad', 0x045E, 0x028E, 'AB:12', 'usb-1')
        self.state = DeviceState(axes, buttons)
        self.coming: Queue = Queue()

    def read(self, timeout_s):
        """Return the state after one report."""
        try:
            state = self.coming.get(timeout=max(timeout_s, 0.001))
        except Empty:
            return []
        if isinstance(state, Exception):
            raise state
        self.state = state
        return [state]

    def facts(self):
        """Return nothing."""
        return {}

    def close(self):
        """Do nothing."""


@pytest.fixture
def rig():
    port = Port()

    class Node(JoystickNode):
        def open_device(self, known):
            return port.open()

    with running_node(Node, {'joy': Joy}) as (_, observer):
        yield port, observer


def stamps_s(heard):
    return [1e-9 * conversions.stamp_to_ns(joy.header.stamp) for _, joy in heard]


def test_without_a_joystick_it_is_silent_and_says_so(rig):
    _, observer = rig
    wait_until(lambda: len(observer.heard['/diagnostics']) >= 3, 'diagnostics go on')
    level, message, facts = device_status(observer)
    assert level == DiagnosticStatus.ERROR and message == 'nothing is plugged in'
    assert facts['published'] == '0'
    assert observer.heard['joy'] == []


def test_a_joystick_that_nobody_touches_is_repeated_with_new_stamps(rig):
    port, observer = rig
    port.plug(Pad(0.25, -1.0, buttons=(0, 1)))
    wait_until(lambda: len(observer.heard['joy']) >= 20, 'repeats')
    heard = observer.heard['joy'][:20]
    stamps = stamps_s(heard)
    assert stamps == sorted(set(stamps))
    assert all(list(joy.axes) == [0.25, -1.0] for _, joy in heard)
    assert all(list(joy.buttons) == [0, 1] for _, joy in heard)
    assert heard[0][1].header.frame_id == 'joy'
    # 20 Hz; the first message is the news of its being found.
    assert 0.5 < stamps[-1] - stamps[0] < 10.0
    wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.OK, 'well')
    level, message, facts = device_status(observer)
    assert 'Test Pad (045e:028e, id AB:12, usb-1)' in message
    assert facts['vendor_product'] == '045e:028e' and facts['unique_id'] == 'AB:12'


def test_a_press_is_published_at_once_and_not_with_the_next_repeat(rig):
    port, observer = rig
    pad = Pad(0.0)
    port.plug(pad)
    wait_until(lambda: observer.heard['joy'], 'heard')
    for _ in range(20):
        pad.coming.put(DeviceState((0.0,), (1, 0)))
        pad.coming.put(DeviceState((0.0,), (0, 0)))
    # Of 40 changes within a few milliseconds repeats alone would publish the last.
    wait_until(lambda: int(device_status(observer)[2]['published']) >= 41, 'all published')


def test_an_unplugged_joystick_is_silence_at_once_and_starts_anew_when_it_is_back(rig):
    port, observer = rig
    pad = Pad(0.0)
    port.plug(pad)
    pad.coming.put(DeviceState((1.0,), (1, 1)))
    wait_until(lambda: observer.heard['joy'] and observer.last('joy').buttons[0], 'driving')
    gone_s = time.time()
    pad.coming.put(DeviceLost('Test Pad is gone'))
    wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.ERROR, 'the error')
    assert device_status(observer)[1:2] == ('Test Pad is gone',)
    wait_until(lambda: time.time() > gone_s + LAST_STAMP_S + 0.5, 'a while')
    assert max(stamps_s(observer.heard['joy'])) < gone_s + LAST_STAMP_S

    back_s = time.monotonic()
    port.plug(Pad(-0.5, buttons=(0, 1)))
    wait_until(lambda: len(observer.since('joy', back_s)) >= 3, 'back')
    for _, joy in observer.since('joy', back_s):
        assert (list(joy.axes), list(joy.buttons)) == ([-0.5], [0, 1])
    wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.OK, 'well again')
    facts = device_status(observer)[2]
    assert (facts['times_found'], facts['times_lost']) == ('2', '1')


@pytest.mark.parametrize(
    ('axis', 'dead_zone', 'expected'),
    [(0.3, 0.0, 0.3), (-1.0, 0.5, -1.0), (0.5, 0.5, 0.0), (-0.75, 0.5, -0.5), (-0.1, 0.5, 0.0)],
)
def test_the_dead_zone_stretches_what_is_outside(axis, dead_zone, expected):
    result = outside_dead_zone(axis, dead_zone)
    assert result == pytest.approx(expected) and str(result) != '-0.0'
