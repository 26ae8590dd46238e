"""Every fault of a frame has its name, and a good frame has none."""

import numpy as np
import pytest
from takeover.camera.frame import Frame
from takeover.camera.frame_check import FrameCheck, FrameCheckConfig

WIDTH, HEIGHT, PERIOD_S = 64, 48, 0.1
PERIOD_NS = 100_000_000


def noise(seed, height=HEIGHT, width=WIDTH, channels=3):
    shape = (height, width, channels)
    return np.random.default_rng(seed).integers(30, 220, shape, dtype=np.uint8)


def frame(number, pixels=None, stamp_ns=None):
    pixels = noise(number) if pixels is None else pixels
    stamp_ns = 1000 + PERIOD_NS * number if stamp_ns is None else stamp_ns
    return Frame(pixels, 'rgb8', stamp_ns)


def names(check, frames, period_s=PERIOD_S):
    """Return the name of each frame's fault, None where there is none."""
    faults = [check.check(one, period_s * i) for i, one in enumerate(frames)]
    return [fault and fault.name for fault in faults]


@pytest.fixture
def check():
    return FrameCheck(WIDTH, HEIGHT, PERIOD_S)


def test_good_frames_have_no_fault(check):
    assert names(check, map(frame, range(10))) == [None] * 10
    assert check.look(0.95) is None


def test_silence_is_noticed_after_three_periods(check):
    check.check(frame(0), 10.0)
    assert check.look(10.29) is None
    fault = check.look(10.31)
    assert fault.name == 'silent' and '0.31 s' in fault.text
    check.check(frame(1), 10.4)
    assert check.look(10.5) is None


def test_a_camera_that_was_opened_has_three_periods_for_its_first_frame(check):
    check.check(frame(0), 0.0)
    check.restart(50.0)
    assert check.look(50.2) is None and check.look(50.4).name == 'silent'


def test_the_second_of_two_identical_frames_is_not_given_on_and_three_are_frozen(check):
    still = noise(0)
    frames = [frame(i, still) for i in range(4)] + [frame(4)]
    assert names(check, frames) == [None, 'repeated', 'frozen', 'frozen', None]


def test_one_changed_value_is_another_frame(check):
    changed = noise(0)
    changed[-1, -1, -1] += 1
    assert names(check, [frame(0), frame(1, changed)]) == [None, None]


def test_a_simulated_camera_may_repeat_pictures_but_not_stamps():
    check = FrameCheck(WIDTH, HEIGHT, PERIOD_S, FrameCheckConfig(may_repeat=True))
    still = noise(0)
    assert names(check, [frame(i, still) for i in range(4)]) == [None] * 4
    assert check.check(frame(3, still), 1.0).name == 'stamp_still'


def test_a_stamp_that_does_not_advance_or_goes_back_is_named(check):
    stamps = [5000, 5000, 4000, 5001]
    found = names(check, [frame(i, stamp_ns=stamp) for i, stamp in enumerate(stamps)])
    assert found == [None, 'stamp_still', 'stamp_backwards', None]


def test_a_clock_that_was_set_back_is_followed_once_it_has_shown_that_it_goes_on(check):
    stamps = [10**12, 500, 600, 700, 800, 900]
    found = names(check, [frame(i, stamp_ns=stamp) for i, stamp in enumerate(stamps)])
    assert found == [None] + ['stamp_backwards'] * 3 + [None] * 2


def test_old_frames_between_new_ones_never_become_the_clock(check):
    stamps = [10_000, 1, 10_001, 2, 10_002, 3, 10_003, 4, 10_004]
    found = names(check, [frame(i, stamp_ns=stamp) for i, stamp in enumerate(stamps)])
    assert found == [None, 'stamp_backwards'] * 4 + [None]


def test_a_wrong_size_names_both(check):
    fault = check.check(frame(0, noise(0, HEIGHT, 32)), 0.0)
    assert fault.name == 'wrong_size' and '32x48' in fault.text and '64x48' in fault.text


@pytest.mark.parametrize(('value', 'name'), [(0, 'black'), (8, 'black'), (250, 'saturated')])
def test_black_and_saturated_pictures_are_named(check, value, name):
    pixels = np.full((HEIGHT, WIDTH, 3), value, dtype=np.uint8)
    assert check.check(frame(0, pixels), 0.0).name == name


def test_a_dark_picture_with_something_in_it_is_good(check):
    pixels = np.zeros((HEIGHT, WIDTH, 1), dtype=np.uint8)
    pixels[:8] = noise(0, 8, WIDTH, 1)
    assert check.check(frame(0, pixels), 0.0) is None


def test_shares_can_be_set():
    config = FrameCheckConfig(black_level=100, black_share=0.3)
    check = FrameCheck(WIDTH, HEIGHT, PERIOD_S, config)
    assert check.check(frame(0), 0.0).name == 'black'


def test_a_faulty_frame_is_remembered_by_the_other_checks(check):
    black = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    assert names(check, [frame(i, black) for i in range(3)]) == ['black', 'repeated', 'frozen']
