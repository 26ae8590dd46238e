"""Axes and buttons as joy_linux_node numbers and signs them, from the events of the kernel."""

import pytest
from takeover.devices.joystick_layout import (
    EV_ABS,
    EV_KEY,
    EV_SYN,
    is_joystick,
    JoystickLayout,
    SYN_DROPPED,
    SYN_REPORT,
)

ABS_X, ABS_Y, ABS_Z, ABS_RX, ABS_RY, ABS_RZ, HAT_X, HAT_Y = 0, 1, 2, 3, 4, 5, 16, 17
BTN_LEFT, BTN_TOUCH, BTN_A, BTN_B, BTN_LB, BTN_TRIGGER_HAPPY = 0x110, 0x14A, 304, 305, 310, 0x2C0
STICK = (-32768, 32767)
# An Xbox pad of the kernel's xpad driver.
XBOX_AXES = {code: STICK for code in (ABS_X, ABS_Y, ABS_RX, ABS_RY)} | {
    ABS_Z: (0, 255),
    ABS_RZ: (0, 255),
    HAT_X: (-1, 1),
    HAT_Y: (-1, 1),
}
XBOX_BUTTONS = [304, 305, 307, 308, 310, 311, 314, 315, 316, 317, 318]


@pytest.fixture
def pad():
    return JoystickLayout(XBOX_AXES, XBOX_BUTTONS)


def state_after(layout, *events):
    for event in events:
        layout.take(*event)
    return layout.state


@pytest.mark.parametrize(
    ('code', 'value', 'index', 'position'),
    [
        (ABS_X, -32768, 0, 1.0),
        (ABS_X, 32767, 0, -1.0),
        (ABS_Y, -32768, 1, 1.0),
        (ABS_Z, 0, 2, 1.0),
        (ABS_Z, 255, 2, -1.0),
        (ABS_RX, -32768, 3, 1.0),
        (ABS_RY, 32767, 4, -1.0),
        (ABS_RZ, 255, 5, -1.0),
        (HAT_X, -1, 6, 1.0),
        (HAT_X, 0, 6, 0.0),
        (HAT_Y, 1, 7, -1.0),
        (ABS_X, 40000, 0, -1.0),
    ],
)
def test_left_and_forward_are_positive_and_a_pulled_trigger_is_minus_one(
    pad, code, value, index, position
):
    axes = state_after(pad, (EV_ABS, code, value)).axes
    assert len(axes) == 8
    assert axes[index] == position
    assert str(axes[index]) != '-0.0'


def test_buttons_are_numbered_in_the_order_of_their_codes(pad):
    for index, code in enumerate(XBOX_BUTTONS):
        assert state_after(pad, (EV_KEY, code, 1)).buttons.index(1) == index
        assert state_after(pad, (EV_KEY, code, 0)).buttons == (0,) * 11


def test_unnamed_buttons_come_last_and_keys_of_a_keyboard_are_none():
    layout = JoystickLayout({ABS_X: STICK}, [0x100, 0x120, 0x13A, 30])
    buttons = [
        state_after(layout, (EV_KEY, code, 1)).buttons for code in (0x120, 0x13A, 0x100, 30)
    ]
    assert buttons == [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 1, 1)]


def test_it_starts_from_what_the_device_says(pad):
    values = dict.fromkeys(XBOX_AXES, 0) | {ABS_Y: -32768, ABS_Z: 255}
    pad.set_all(values, [BTN_LB])
    assert pad.state.axes[1:3] == (1.0, -1.0)
    assert pad.state.buttons == (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)


def test_a_state_may_be_looked_at_only_after_a_complete_report(pad):
    assert not pad.take(EV_ABS, ABS_X, 5)
    assert not pad.take(EV_KEY, BTN_A, 1)
    assert pad.take(EV_SYN, SYN_REPORT, 0)


def test_events_after_an_overrun_are_skipped_to_the_next_report(pad):
    pad.take(EV_SYN, SYN_DROPPED, 0)
    pad.take(EV_KEY, BTN_A, 1)
    pad.take(EV_ABS, ABS_X, -32768)
    assert pad.overruns == 1
    assert pad.state.axes[0] == 0.0 and not any(pad.state.buttons)
    pad.take(EV_SYN, SYN_REPORT, 0)
    assert state_after(pad, (EV_KEY, BTN_A, 1)).buttons[0] == 1


def test_a_key_that_repeats_is_held(pad):
    assert state_after(pad, (EV_KEY, BTN_A, 2)).buttons[0] == 1


def test_an_axis_without_a_range_stays_zero():
    layout = JoystickLayout({ABS_X: (0, 0)}, [BTN_A])
    assert state_after(layout, (EV_ABS, ABS_X, 7)).axes == (0.0,)


def test_events_it_does_not_know_change_nothing(pad):
    before = pad.state
    assert state_after(pad, (EV_ABS, 40, 7), (EV_KEY, 30, 1), (4, 4, 9), (99, 0, 0)) == before


@pytest.mark.parametrize(
    ('axes', 'buttons', 'expected'),
    [
        (XBOX_AXES, XBOX_BUTTONS, True),
        ([ABS_X, ABS_Y], [0x120], True),
        ([ABS_X, ABS_Y], [BTN_TRIGGER_HAPPY], True),
        ([ABS_X, ABS_Y], [BTN_LEFT, BTN_TOUCH], False),  # a touchpad
        ([ABS_X, ABS_Y, ABS_Z], [], False),  # an accelerometer
        ([], [30, BTN_A], False),  # a keyboard with odd keys
    ],
)
def test_joysticks_are_told_from_other_devices(axes, buttons, expected):
    assert is_joystick(axes, buttons) is expected
