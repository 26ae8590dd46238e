"""A SpaceMouse behind a HID handle: found, opened, read, fallen silent, and gone."""

import pytest
from takeover.devices.device import DeviceError, DeviceForbidden, DeviceLost, Identity
from takeover.devices.hid_spacemouse import find_spacemouse, HidSpaceMouse, MODELS

FORWARD, REST = bytes.fromhex('01 0000 a2fe 0000'), bytes.fromhex('01 0000 0000 0000')


class Handle:
    """What hidapi opens: gives the reports it was given, then none."""

    def __init__(self, *reports):
        self.reports, self.closed, self.gone = list(reports), False, False
        self.timeouts_ms = []

    def read(self, max_length, timeout_ms):
        """Return one report as hidapi does."""
        self.timeouts_ms.append(timeout_ms)
        if self.gone:
            raise OSError('read error')
        return list(self.reports.pop(0))[:max_length] if self.reports else []

    def close(self):
        """Note it."""
        self.closed = True


class Backend:
    """What hidapi is: entries, one for each use of each device."""

    def __init__(self, *entries, forbidden=False):
        self.entries, self.forbidden, self.opened = entries, forbidden, []

    def enumerate(self):
        """Return what is plugged in."""
        return [
            {
                'vendor_id': vendor,
                'product_id': product,
                'serial_number': serial,
                'path': path,
                'usage_page': 1,
                'usage': usage,
            }
            for vendor, product, serial, path, usage in self.entries
        ]

    def device(self):
        """Return a handle that is not open yet."""
        handle = Handle()

        def open_path(path):
            if self.forbidden:
                raise OSError('open failed')
            self.opened.append(path)

        handle.open_path = open_path
        return handle


COMPACT = (0x256F, 0xC635, '', b'/dev/hidraw3', 8)
WIRELESS = (0x256F, 0xC62E, 'S1', b'/dev/hidraw4', 8)
KEYS_OF_WIRELESS = (0x256F, 0xC62E, 'S1', b'/dev/hidraw5', 6)
MOUSE = (0x046D, 0xC077, '', b'/dev/hidraw0', 2)


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def opened(clock):
    handle = Handle()
    identity = Identity('SpaceMouse Compact', 0x256F, 0xC635)
    return handle, HidSpaceMouse(handle, identity, stale_s=0.5, clock=lambda: clock[0])


def test_reports_become_states(opened):
    handle, mouse = opened
    assert mouse.state.axes == (0.0,) * 6 and mouse.state.buttons == (0, 0)
    handle.reports = [FORWARD, b'\x01\x00', b'\x03\x01']
    assert mouse.read(0.05)[0].axes[0] == pytest.approx(350 / 512)
    assert mouse.read(0.05) == []
    assert mouse.read(0.05)[0].buttons == (1, 0)
    assert mouse.read(0.05) == []
    assert mouse.facts() == {'reports': 2, 'reports malformed': 1}


def test_it_never_waits_for_ever(opened):
    handle, mouse = opened
    for timeout_s in (0.0, 0.0001, 0.05):
        mouse.read(timeout_s)
    assert handle.timeouts_ms == [1, 1, 50]


def test_silence_at_rest_is_normal_and_under_deflection_is_not(opened, clock):
    handle, mouse = opened
    clock[0] += 100.0
    assert mouse.problem is None
    handle.reports = [FORWARD]
    mouse.read(0.05)
    clock[0] += 0.4
    assert mouse.problem is None
    clock[0] += 0.2
    assert 'has been silent for 0.5 s' in mouse.problem
    handle.reports = [REST]
    mouse.read(0.05)
    clock[0] += 100.0
    assert mouse.problem is None


def test_damaged_reports_do_not_keep_a_deflected_one_alive(opened, clock):
    handle, mouse = opened
    handle.reports = [FORWARD, b'\x01\xff']
    mouse.read(0.05)
    clock[0] += 0.6
    mouse.read(0.05)
    assert mouse.problem


def test_one_that_is_unplugged_is_lost(opened):
    handle, mouse = opened
    handle.gone = True
    with pytest.raises(DeviceLost, match=r'SpaceMouse Compact \(256f:c635\) is gone'):
        mouse.read(0.05)
    mouse.close()
    assert handle.closed


def test_the_first_one_is_found_among_other_devices_and_other_uses():
    backend = Backend(MOUSE, KEYS_OF_WIRELESS, WIRELESS, COMPACT)
    mouse = find_spacemouse('', backend=backend)
    assert mouse.identity.unique_id == 'S1' and backend.opened == [b'/dev/hidraw4']


@pytest.mark.parametrize('wanted', ['256f:c635', 'SpaceMouse Compact'])
def test_one_is_found_by_model_and_name(wanted):
    backend = Backend(WIRELESS, COMPACT)
    assert find_spacemouse(wanted, backend=backend).identity.model == '256f:c635'


def test_only_the_one_that_was_lost_is_taken_again():
    known = Identity('SpaceMouse Compact', 0x256F, 0xC635)
    with pytest.raises(DeviceError, match='no SpaceMouse Compact .*; there is SpaceMouse Wire'):
        find_spacemouse('', known, backend=Backend(WIRELESS))
    assert find_spacemouse('', known, backend=Backend(WIRELESS, COMPACT)).identity == Identity(
        'SpaceMouse Compact', 0x256F, 0xC635, '', '/dev/hidraw3'
    )


def test_none_is_a_sentence():
    with pytest.raises(DeviceError, match='^no SpaceMouse is plugged in$'):
        find_spacemouse('', backend=Backend(MOUSE))


def test_one_that_may_not_be_opened_names_the_remedy():
    with pytest.raises(DeviceForbidden, match=r'/dev/hidraw3: .*udev/rules.d'):
        find_spacemouse('', backend=Backend(COMPACT, forbidden=True))


def test_the_real_library_has_what_is_used_of_it():
    with pytest.raises(DeviceError):
        find_spacemouse('no such name')


def test_every_model_has_buttons():
    assert all(1 <= model.buttons <= 32 and model.name for model in MODELS.values())
