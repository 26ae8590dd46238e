"""Which device is meant, and which is the same one plugged in again."""

import pytest
from takeover.devices.device import Identity

PAD = Identity('Test Pad', 0x045E, 0x028E, 'AB:12', 'usb-1/input0')


@pytest.mark.parametrize('wanted', ['', 'Test Pad', 'test pad', '045e:028e', '045E:028E', 'ab:12'])
def test_it_answers_to_its_name_its_id_and_its_model(wanted):
    assert PAD.answers_to(wanted)


@pytest.mark.parametrize('wanted', ['Test', '045e:028f', 'usb-1/input0'])
def test_it_answers_to_nothing_else(wanted):
    assert not PAD.answers_to(wanted)


def test_a_device_without_an_id_does_not_answer_to_none():
    assert not Identity('Pad', 1, 2).answers_to('none')
    assert Identity('Pad', 1, 2).answers_to('')


@pytest.mark.parametrize(
    ('other', 'same'),
    [
        (Identity('Test Pad', 0x045E, 0x028E, 'AB:12', 'usb-7/input0'), True),
        (Identity('Test Pad', 0x045E, 0x028E), True),
        (Identity('Test Pad', 0x045E, 0x028E, 'CD:34'), False),
        (Identity('Test Pad', 0x045E, 0x028F, 'AB:12'), False),
        (Identity('Other Pad', 0x045E, 0x028E, 'AB:12'), False),
    ],
)
def test_the_same_device_is_known_again_in_any_socket(other, same):
    assert PAD.same_device(other) is same
    assert other.same_device(PAD) is same


def test_it_says_all_that_is_known_of_it():
    assert str(PAD) == 'Test Pad (045e:028e, id AB:12, usb-1/input0)'
    assert str(Identity('Pad', 1, 2)) == 'Pad (0001:0002)'
