"""Keys of a terminal: which bytes are which key, and how long a key acts."""

import math

import pytest
from takeover.devices.keys import DRIVE, ESTOP, HELP, KeyDecoder, PRESS, VirtualStick


@pytest.mark.parametrize(
    ('text', 'keys'),
    [
        (b'w', ['w']),
        (b'WwX?', ['w', 'w']),
        (b'\x1b[A', ['w']),
        (b'\x1bOB', ['s']),
        (b'\x1b[C\x1b[D', ['d', 'a']),
        (b' ', [' ']),
        (b'\x1b[3~', []),  # the delete key
        (b'\x1b[1;5A', []),  # an arrow with control
        (b'\x1bw', ['w']),
        (b'\x1b\x1b[A', ['w']),
        (b'\xff\x00', []),
    ],
)
def test_bytes_become_keys(text, keys):
    assert KeyDecoder().take(text) == keys


@pytest.mark.parametrize('cut', [1, 2])
def test_an_arrow_in_two_pieces_is_one_key_and_its_letters_do_not_drive(cut):
    decoder = KeyDecoder()
    arrow = b'\x1b[D'
    assert decoder.take(arrow[:cut]) == []
    assert decoder.take(arrow[cut:]) == ['a']
    assert decoder.take(b'd') == ['d']


def test_a_sequence_that_never_ends_is_given_up():
    decoder = KeyDecoder()
    assert decoder.take(b'\x1b[' + b'1' * 100) == []
    assert decoder.take(b'w') == ['w']


def pressed(stick):
    """Return (forward, left, dead-man)."""
    return (*stick.state.axes, stick.state.buttons[0])


@pytest.fixture
def stick():
    return VirtualStick(0.5, 0.15)


def test_a_key_pressed_once_drives_half_a_second(stick):
    stick.press('w', 10.0)
    stick.expire(10.49)
    assert pressed(stick) == (1.0, 0.0, 1)
    stick.expire(10.5)
    assert pressed(stick) == (0.0, 0.0, 0)
    assert stick.until_s == math.inf


def test_a_key_that_is_held_drives_until_its_repeats_stop(stick):
    stick.press('w', 10.0)
    for repeat in range(40):
        stick.expire(10.4 + repeat * 0.03)
        assert pressed(stick) == (1.0, 0.0, 1)
        stick.press('w', 10.4 + repeat * 0.03)
    last_s = 10.4 + 39 * 0.03
    stick.expire(last_s + 0.14)
    assert pressed(stick) == (1.0, 0.0, 1)
    stick.expire(last_s + 0.151)
    assert pressed(stick) == (0.0, 0.0, 0)


def test_after_a_release_the_first_while_is_long_again(stick):
    stick.press('w', 10.0)
    stick.press('w', 20.0)
    stick.expire(20.4)
    assert pressed(stick) == (1.0, 0.0, 1)


def test_the_last_key_alone_acts(stick):
    stick.press('w', 10.0)
    stick.press('d', 10.1)
    assert pressed(stick) == (0.0, -1.0, 1)
    stick.press('y', 10.2)
    assert pressed(stick) == (0.0, 0.0, 0)
    assert stick.state.buttons == (0, 0, 1, 0, 0, 0)


def test_the_emergency_stop_also_lets_go(stick):
    stick.press('w', 10.0)
    stick.press(' ', 10.1)
    assert pressed(stick) == (0.0, 0.0, 0)
    assert stick.state.buttons[ESTOP] == 1


def test_a_person_can_take_over_and_stand_still(stick):
    stick.press('h', 10.0)
    assert pressed(stick) == (0.0, 0.0, 1)


def test_no_key_has_two_meanings_and_the_help_names_each():
    assert not set(DRIVE) & set(PRESS)
    words = HELP.replace('space', ' ').replace(',', ' ').replace(';', ' ').split(' ')
    assert {*DRIVE, *PRESS} - {' '} <= set(words)
    assert '\n' not in HELP
