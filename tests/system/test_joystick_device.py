"""joystick_node on an event node of the kernel, served by another process through FUSE.

The library that reads it is the real evdev; what is played is the kernel. Where FUSE may not be
used these tests are skipped.
"""

import contextlib
import json
import os
from pathlib import Path
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import evdev
import pytest
from sensor_msgs.msg import Joy
from takeover.devices.device import DeviceError, DeviceForbidden, DeviceLost, Identity
from takeover.devices.evdev_joystick import EvdevJoystick, find_joystick
from takeover.workspace import node_environment, package_prefix
from takeover_nodes import conversions, qos
from tests.nodes.device_rig import device_status
from tests.stack import DEADLINE_S, new_domain, Observer, wait_until

SERVER = Path(__file__).with_name('fuse_event_node.py')
SYN, KEY, ABS = 0, 1, 3
DROPPED = [SYN, 3, 0]
REPORT = [SYN, 0, 0]
LB, B = 310, 305
STICK, TRIGGER, HAT = [0, -32768, 32767, 16, 128, 0], [0, 0, 255, 0, 0, 0], [0, -1, 1, 0, 0, 0]
# A wired Xbox pad as the kernel's xpad driver shows it.
XBOX = {
    'name': 'Microsoft X-Box 360 pad',
    'vendor': 0x045E,
    'product': 0x028E,
    'phys': 'usb-0000:00:14.0-1/input0',
    'axes': {0: STICK, 1: STICK, 2: TRIGGER, 3: STICK, 4: STICK, 5: TRIGGER, 16: HAT, 17: HAT},
    'keys': [304, 305, 307, 308, 310, 311, 314, 315, 316, 317, 318],
}
OTHER = {**XBOX, 'name': 'Other Pad', 'vendor': 0xF00D, 'product': 0x0001, 'uniq': 'a0:b1'}
MOUSE = {'name': 'Mouse', 'vendor': 1, 'product': 2, 'axes': {}, 'keys': [272, 273]}


class Kernel:
    """The process that serves the event nodes, and its folder."""

    def __init__(self, folder, process):
        self.folder, self.process = folder, process

    def order(self, **order):
        """Have one order carried out."""
        self.process.stdin.write(f'{json.dumps(order)}\n')
        self.process.stdin.flush()
        assert self.process.stdout.readline() == 'done\n'

    def plug(self, name, model=XBOX):
        """Make an event node."""
        self.order(plug=name, model=model)

    def report(self, name, *events):
        """Let a joystick report events, and the end of the report."""
        self.order(events=name, list=[*events, REPORT])


@pytest.fixture
def kernel(tmp_path):
    """Serve a folder of event nodes, or skip."""
    if not os.access('/dev/fuse', os.R_OK | os.W_OK):
        pytest.skip('/dev/fuse is not there or not ours to use')
    folder = tmp_path / 'input'
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, SERVER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: folder.is_mount() or process.poll() is not None, 'the folder is served')
        if process.poll() is not None:
            pytest.skip(f'FUSE does not work here: {process.stderr.read().strip()[-300:]}')
        yield Kernel(folder, process)
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(DEADLINE_S)
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        if str(folder) in Path('/proc/mounts').read_text():
            subprocess.run(['fusermount3', '-u', '-z', folder], check=True)


def read(joystick, condition):
    """Read until a state satisfies the condition; return it."""
    states = []

    def satisfied():
        states.extend(joystick.read(0.05))
        return next((state for state in states if condition(state)), None)

    return wait_until(satisfied, 'the state')


@contextlib.contextmanager
def opened(joystick):
    try:
        yield joystick
    finally:
        joystick.close()


def test_identity_axes_and_buttons_come_through_the_library(kernel):
    kernel.plug('event3')
    with opened(find_joystick('', folder=kernel.folder)) as joystick:
        assert str(joystick.identity) == (
            'Microsoft X-Box 360 pad (045e:028e, usb-0000:00:14.0-1/input0)'
        )
        assert len(joystick.state.axes) == 8 and len(joystick.state.buttons) == 11
        assert joystick.state.axes == pytest.approx((0, 0, 1, 0, 0, 1, 0, 0), abs=1e-4)
        kernel.report('event3', [ABS, 1, -32768], [ABS, 5, 255], [ABS, 16, 1], [KEY, LB, 1])
        state = read(joystick, lambda state: state.buttons[4])
        assert state.axes == pytest.approx((0, 1, 1, 0, 0, -1, -1, 0), abs=1e-4)


def test_two_reports_in_one_read_are_two_states(kernel):
    kernel.plug('event3')
    with opened(EvdevJoystick(kernel.folder / 'event3')) as joystick:
        kernel.report('event3', [KEY, B, 1], REPORT, [KEY, B, 0])
        states = []
        wait_until(lambda: states.extend(joystick.read(0.05)) or len(states) >= 2, 'two states')
        assert [state.buttons[1] for state in states] == [1, 0]


def test_what_is_held_when_it_is_opened_is_known(kernel):
    kernel.plug('event3')
    kernel.report('event3', [KEY, LB, 1], [ABS, 0, 32767])
    with opened(EvdevJoystick(kernel.folder / 'event3')) as joystick:
        assert joystick.state.buttons[4] == 1 and joystick.state.axes[0] == -1.0


def test_after_an_overrun_the_state_is_asked_for(kernel):
    kernel.plug('event3')
    with opened(EvdevJoystick(kernel.folder / 'event3')) as joystick:
        kernel.order(forget='event3', list=[[KEY, LB, 1], [ABS, 1, -32768]])
        kernel.order(events='event3', list=[DROPPED, [KEY, B, 1], REPORT])
        state = read(joystick, lambda state: state.buttons[4])
        assert state.axes[1] == 1.0 and state.buttons[1] == 1
        assert joystick.facts()['overruns'] == 1


def test_an_unplugged_one_is_lost(kernel):
    kernel.plug('event3')
    with opened(EvdevJoystick(kernel.folder / 'event3')) as joystick:
        kernel.order(unplug='event3')
        with pytest.raises(DeviceLost, match=r'045e:028e.*is gone'):
            wait_until(lambda: joystick.read(0.05), 'never')


def test_the_wanted_one_is_found_among_others(kernel):
    kernel.plug('event0', MOUSE)
    kernel.plug('event10', XBOX)
    kernel.plug('event9', OTHER)
    for wanted, name in [
        ('', 'event9'),
        ('045e:028e', 'event10'),
        ('Other Pad', 'event9'),
        ('A0:B1', 'event9'),
        (str(kernel.folder / 'event10'), 'event10'),
    ]:
        with opened(find_joystick(wanted, folder=kernel.folder)) as joystick:
            assert joystick.path.endswith(f'/{name}'), wanted
    assert find_joystick('f00d:0001', folder=kernel.folder).identity.vendor == 0xF00D
    with pytest.raises(DeviceError, match="no joystick 'Third Pad' in .*; there is Other Pad"):
        find_joystick('Third Pad', folder=kernel.folder)
    with pytest.raises(DeviceError, match='Mouse .* is not a joystick'):
        EvdevJoystick(kernel.folder / 'event0')


def test_another_joystick_in_the_same_place_is_not_taken_for_the_lost_one(kernel):
    kernel.plug('event3', OTHER)
    known = Identity(XBOX['name'], XBOX['vendor'], XBOX['product'])
    path = str(kernel.folder / 'event3')
    with pytest.raises(DeviceError, match='is now Other Pad .* and was Microsoft'):
        find_joystick(path, known)
    with pytest.raises(DeviceError, match='no Microsoft .*; there is Other Pad'):
        find_joystick('', known, kernel.folder)


def test_what_may_not_be_read_names_the_remedy(monkeypatch, tmp_path):
    def refuse(path):
        raise PermissionError(13, 'Permission denied')

    (tmp_path / 'event4').touch()
    monkeypatch.setattr('evdev.InputDevice', refuse)
    with pytest.raises(DeviceForbidden, match='permission denied; .*usermod -aG input'):
        EvdevJoystick('/dev/input/event4')
    with pytest.raises(DeviceError, match='event4 may not be read: .*usermod -aG input'):
        find_joystick('', folder=tmp_path)


def test_a_file_that_is_no_event_node_is_a_sentence(tmp_path):
    (tmp_path / 'event4').touch()
    for path in (tmp_path / 'event4', tmp_path / 'none'):
        with pytest.raises(DeviceError, match='cannot be opened as an event device'):
            EvdevJoystick(path)


def test_a_joystick_that_the_kernel_itself_makes_is_found_read_and_lost():
    if not os.access('/dev/uinput', os.R_OK | os.W_OK):
        pytest.skip('/dev/uinput is not there or not ours to use')
    axis = evdev.AbsInfo(value=0, min=-128, max=127, fuzz=0, flat=0, resolution=0)
    capabilities = {ABS: [(0, axis), (1, axis)], KEY: [LB, B]}
    made = evdev.UInput(capabilities, name='Takeover Test Pad', vendor=0x1234, product=0x5678)
    try:
        if made.device is None:
            pytest.skip('no event node appears in /dev/input')
        with opened(find_joystick('1234:5678')) as joystick:
            made.write(ABS, 0, -128)
            made.write(KEY, LB, 1)
            made.syn()
            state = read(joystick, lambda state: any(state.buttons))
            assert state.axes[0] == 1.0 and state.buttons == (0, 1)
            made.close()
            with pytest.raises(DeviceLost):
                wait_until(lambda: joystick.read(0.05), 'never')
    finally:
        made.close()


@contextlib.contextmanager
def running_joystick_node(*given):
    """Run the node as a process of its own; yield somebody who hears it."""
    domain = new_domain()
    env = node_environment() | {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    observer = Observer(domain)
    observer.hear(Joy, 'joy', qos.INPUT)
    observer.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    program = package_prefix('takeover_nodes', env) / 'lib/takeover_nodes/joystick_node'
    arguments = ['--ros-args', *[word for item in given for word in ('-p', item)]]
    process = subprocess.Popen([program, *arguments], env=env)
    try:
        wait_until(lambda: observer.last('/diagnostics'), 'the node is heard')
        yield observer
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
        observer.close()


def newest_stamp_s(observer):
    return 1e-9 * conversions.stamp_to_ns(observer.last('joy').header.stamp)


def test_the_node_follows_a_joystick_through_unplug_and_replug(kernel):
    kernel.plug('event3')
    with running_joystick_node(f'device_folder:={kernel.folder}') as observer:
        wait_until(lambda: len(observer.heard['joy']) >= 10, 'repeats of a joystick at rest')
        kernel.report('event3', [KEY, LB, 1], [ABS, 1, -32768])
        wait_until(lambda: observer.last('joy').buttons[4], 'the dead-man')
        assert observer.last('joy').axes[1] == 1.0
        level, message, facts = device_status(observer)
        assert facts['vendor_product'] == '045e:028e' and facts['path'].endswith('event3')

        kernel.order(unplug='event3')
        gone_s = time.time()
        wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.ERROR, 'the error')
        # Others may be plugged in meanwhile, also where the lost one was.
        kernel.plug('event3', OTHER)
        wait_until(lambda: 'there is Other Pad' in device_status(observer)[1], 'not taken')
        wait_until(lambda: time.time() > gone_s + 1.5, 'a while')
        assert newest_stamp_s(observer) < gone_s + 1.0

        back_s = time.monotonic()
        kernel.plug('event7', XBOX)
        wait_until(lambda: len(observer.since('joy', back_s)) >= 3, 'back')
        assert not any(
            any(joy.buttons) or joy.axes[1] > 0.1 for _, joy in observer.since('joy', back_s)
        )
        wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.OK, 'well again')
        assert device_status(observer)[2]['path'].endswith('event7')


def test_the_node_is_silent_when_what_serves_the_joystick_dies(kernel):
    kernel.plug('event3')
    with running_joystick_node(f'device:={kernel.folder}/event3') as observer:
        wait_until(lambda: len(observer.heard['joy']) >= 3, 'heard')
        kernel.process.kill()
        died_s = time.time()
        wait_until(lambda: device_status(observer)[0] == DiagnosticStatus.ERROR, 'the error')
        wait_until(lambda: time.time() > died_s + 1.5, 'a while')
        assert newest_stamp_s(observer) < died_s + 1.0
