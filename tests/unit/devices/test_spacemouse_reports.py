"""Reports of a SpaceMouse as they come from the wire."""

import struct

import pytest
from takeover.devices.spacemouse_reports import SpaceMouseReports

REST = (0.0,) * 6


def after(*reports, buttons=2):
    parser = SpaceMouseReports(buttons)
    used = [parser.take(bytes.fromhex(report)) for report in reports]
    return parser, used


# The cap pushed to its end: 350 counts are 0x015e, -350 are 0xfea2, low byte first.
@pytest.mark.parametrize(
    ('report', 'axis', 'sign'),
    [
        ('01 0000 a2fe 0000', 0, 1),  # away from the user: forward
        ('01 0000 5e01 0000', 0, -1),
        ('01 a2fe 0000 0000', 1, 1),  # to the left
        ('01 5e01 0000 0000', 1, -1),
        ('01 0000 0000 a2fe', 2, 1),  # pulled up
        ('01 0000 0000 5e01', 2, -1),
        ('02 0000 a2fe 0000', 3, 1),  # rolled to the right
        ('02 a2fe 0000 0000', 4, 1),  # pitched forward, nose down
        ('02 0000 0000 a2fe', 5, 1),  # turned to the left
        ('01 0000 0000 0000 0000 0000 a2fe', 5, 1),  # all six in one report
        ('01 0000 a2fe 0000 0000 0000 0000', 0, 1),
    ],
)
def test_axes_have_the_signs_and_the_scale_of_spacenav_node(report, axis, sign):
    parser, used = after(report)
    expected = [0.0] * 6
    expected[axis] = sign * 350 / 512
    assert used == [True]
    assert parser.state.axes == pytest.approx(expected)
    assert parser.deflected
    assert '-0.0' not in map(str, parser.state.axes)


def test_translation_and_rotation_reports_keep_each_other():
    parser, _ = after('01 0000 a2fe 0000', '02 0000 0000 a2fe')
    assert parser.state.axes == pytest.approx((350 / 512, 0, 0, 0, 0, 350 / 512))
    parser.take(bytes.fromhex('01 0000 0000 0000'))
    assert parser.state.axes == pytest.approx((0, 0, 0, 0, 0, 350 / 512))
    parser.take(bytes.fromhex('02 0000 0000 0000'))
    assert not parser.deflected and parser.state.axes == REST


def test_a_full_scale_of_350_makes_the_end_of_the_travel_one():
    parser = SpaceMouseReports(2, full_scale=350.0)
    parser.take(bytes.fromhex('01 0000 a2fe 0000'))
    assert parser.state.axes[0] == 1.0
    parser.take(struct.pack('<b3h', 1, 0, -500, 0))
    assert parser.state.axes[0] == 1.0


@pytest.mark.parametrize(
    ('report', 'pressed'),
    [('03 01', {0}), ('03 02', {1}), ('03 0300', {0, 1}), ('03 0000', set()), ('03 fc', set())],
)
def test_buttons_are_the_bits_of_their_report(report, pressed):
    parser, used = after(report)
    assert used == [True]
    assert {index for index, held in enumerate(parser.state.buttons) if held} == pressed
    assert parser.state.axes == REST


def test_a_large_model_has_buttons_in_the_higher_bytes():
    parser, _ = after('03 00 10 00 04', buttons=27)
    assert [index for index, held in enumerate(parser.state.buttons) if held] == [12, 26]


@pytest.mark.parametrize(
    'report',
    [
        '',
        '01',
        '01 0000 a2fe 00',
        '01 0000 a2fe 0000 00',
        '02 0000 a2fe 0000 0000 0000 0000',
        '03',
        '03 00 00 00 00 00 00 00 00 00',
        '01 0000 ff7f 0000',
        '02 0080 0000 0000',
    ],
)
def test_a_damaged_report_is_counted_and_changes_nothing(report):
    parser, used = after('01 0000 a2fe 0000', '03 01', report)
    assert used == [True, True, False]
    assert parser.ignored == {'malformed': 1}
    assert parser.state.axes[0] == pytest.approx(350 / 512) and parser.state.buttons == (1, 0)


def test_a_report_about_something_else_is_counted_apart():
    parser, used = after('17 5a')  # the charge of a battery
    assert used == [False]
    assert parser.ignored == {'of another kind': 1}
