"""spacemouse_node over real DDS, fed with the bytes of a SpaceMouse."""

from queue import Empty, Queue
import time

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Twist, Vector3
import pytest
from sensor_msgs.msg import Joy
from takeover.devices.device import Identity
from takeover.devices.hid_spacemouse import HidSpaceMouse
from takeover_nodes.spacemouse_node import SpaceMouseNode
from tests.nodes.device_rig import device_status, Port, running_node
from tests.stack import wait_until

IDENTITY = Identity('SpaceMouse Compact', 0x256F, 0xC635)
TOPICS = {
    'spacenav/twist': Twist,
    'spacenav/joy': Joy,
    'spacenav/offset': Vector3,
    'spacenav/rot_offset': Vector3,
}
FORWARD, REST = '01 0000 a2fe 0000', '01 0000 0000 0000'
TURN_LEFT = '02 0000 0000 a2fe'
FULL = 350 / 512
FLOOD = 5000


class Handle:
    """A HID device: any object with `read` and `close`."""

    def __init__(self):
        self.reports: Queue = Queue()

    def send(self, *reports):
        """Send bytes given in hexadecimal."""
        for report in reports:
            self.reports.put(bytes.fromhex(report))

    def unplug(self):
        """Make every later read fail."""
        self.reports.put(OSError('read error'))

    def read(self, max_length, timeout_ms):
        """Return one report as hidapi does."""
        try:
            report = self.reports.get(timeout=1e-3 * timeout_ms)
        except Empty:
            return []
        if isinstance(report, OSError):
            raise report
        return list(report)

    def close(self):
        """Do nothing."""


class Rig:
    """The node, a socket, and what is heard."""

    def __init__(self, port, observer):
        self.port, self.observer = port, observer

    def plug(self):
        """Plug a SpaceMouse in and wait until it is heard."""
        handle = Handle()
        self.port.plug(handle)
        began_s = time.monotonic()
        wait_until(lambda: self.observer.since('spacenav/twist', began_s), 'heard')
        return handle

    def twist(self):
        """Return the newest twist as six numbers."""
        twist = self.observer.last('spacenav/twist')
        return [*_numbers(twist.linear), *_numbers(twist.angular)]


def _numbers(vector):
    return [vector.x, vector.y, vector.z]


@pytest.fixture
def rig():
    port = Port()

    def find(wanted, known, **options):
        return HidSpaceMouse(port.open(), IDENTITY, **options)

    with running_node(lambda: SpaceMouseNode(find), TOPICS, '-p', 'stale_s:=0.5') as running:
        yield Rig(port, running[1])


def test_at_rest_it_says_zero_again_and_again(rig):
    rig.plug()
    wait_until(lambda: len(rig.observer.heard['spacenav/joy']) >= 10, 'repeats')
    assert rig.twist() == [0.0] * 6
    heard = rig.observer.heard['spacenav/joy'][:10]
    stamps = [(joy.header.stamp.sec, joy.header.stamp.nanosec) for _, joy in heard]
    assert stamps == sorted(set(stamps))


def test_deflection_is_published_on_all_topics(rig):
    handle = rig.plug()
    handle.send(FORWARD, TURN_LEFT, '03 02')
    wait_until(lambda: list(rig.observer.last('spacenav/joy').buttons) == [0, 1], 'the button')
    wait_until(lambda: rig.twist()[5] > 0.0, 'the turn')
    assert rig.twist() == pytest.approx([FULL, 0.0, 0.0, 0.0, 0.0, FULL])
    assert rig.observer.last('spacenav/joy').axes[0] == pytest.approx(FULL)
    wait_until(lambda: rig.observer.last('spacenav/rot_offset').z > 0.0, 'the rotation')
    assert _numbers(rig.observer.last('spacenav/offset')) == pytest.approx([FULL, 0.0, 0.0])


def test_a_flood_of_reports_does_not_become_a_flood_of_messages(rig):
    handle = rig.plug()
    handle.send(*(f'01 0000 {step % 250 + 1:02x}00 0000' for step in range(FLOOD)), REST)
    wait_until(lambda: handle.reports.empty() and rig.twist() == [0.0] * 6, 'the last one')
    wait_until(lambda: device_status(rig.observer)[2]['reports'] == str(FLOOD + 1), 'counted')
    assert int(device_status(rig.observer)[2]['published']) < FLOOD / 4


def test_unplugged_it_is_silent_and_comes_back_at_rest(rig):
    handle = rig.plug()
    handle.send(FORWARD)
    wait_until(lambda: rig.twist()[0] > 0.0, 'forward')
    handle.unplug()
    wait_until(lambda: device_status(rig.observer)[0] == DiagnosticStatus.ERROR, 'the error')
    assert 'SpaceMouse Compact (256f:c635) is gone' in device_status(rig.observer)[1]
    silent_s = time.monotonic() + 0.2
    wait_until(lambda: time.monotonic() > silent_s + 0.5, 'a while')
    assert rig.observer.since('spacenav/twist', silent_s) == []
    rig.plug()
    assert rig.twist() == [0.0] * 6


def test_a_lost_radio_link_is_silent_until_the_next_report(rig):
    handle = rig.plug()
    handle.send(FORWARD)
    # Before it was plugged in there was another error.
    lost = 'still connected to its receiver'
    wait_until(lambda: lost in device_status(rig.observer)[1], 'the error')
    assert device_status(rig.observer)[0] == DiagnosticStatus.ERROR
    silent_s = time.monotonic() + 0.2
    wait_until(lambda: time.monotonic() > silent_s + 0.5, 'a while')
    assert rig.observer.since('spacenav/twist', silent_s) == []
    handle.send(REST)
    wait_until(lambda: rig.observer.since('spacenav/twist', silent_s), 'heard again')
    assert rig.twist() == [0.0] * 6


def test_damaged_reports_are_counted(rig):
    handle = rig.plug()
    handle.send('01 00', '17 5a', '01 0000 ff7f 0000')
    wait_until(
        lambda: device_status(rig.observer)[2].get('reports malformed') == '2', 'two damaged ones'
    )
    assert device_status(rig.observer)[2]['reports of another kind'] == '1'
    assert rig.twist() == [0.0] * 6
