"""What is said of a camera: its state, every fault since the last report, and its rate."""

import pytest
from takeover.camera.capture_status import CaptureState, CaptureStatus
from takeover.camera.frame_check import FrameFault
from takeover_nodes.camera_report import verdict
from takeover_nodes.diagnostics import ERROR, OK, WARN

FROZEN = FrameFault('frozen', '3 frames are the same')


def status(state=CaptureState.STREAMING, fault=None, rate_hz=30.0, **faults):
    reason = '' if state is CaptureState.STREAMING else 'it is not plugged in'
    return CaptureStatus(state, reason, fault, 4, 100, 0, 0, faults, rate_hz, 1)


@pytest.mark.parametrize(
    ('state', 'level'),
    [
        (CaptureState.OPENING, WARN),
        (CaptureState.MISSING, ERROR),
        (CaptureState.LOST, ERROR),
        (CaptureState.STOPPED, ERROR),
    ],
)
def test_a_camera_that_is_not_read_says_why_and_how_often_it_was_tried(state, level):
    text = f'{state.value} after 4 attempts: it is not plugged in'
    assert verdict(status(state), {}, 30.0) == (level, text)


def test_a_camera_that_is_well_says_its_rate():
    assert verdict(status(rate_hz=29.5), {}, 30.0) == (OK, '29.5 of 30 Hz')
    assert verdict(status(rate_hz=0.0), {}, 30.0)[0] == OK, 'of one frame no rate is known'


def test_a_fault_that_is_over_counts_until_it_was_reported():
    assert verdict(status(repeated=3), {'repeated': 1}, 30.0) == (
        ERROR,
        'repeated: 2 since the last report',
    )
    assert verdict(status(repeated=3), {'repeated': 3}, 30.0)[0] == OK


def test_the_fault_of_the_newest_frame_is_told_once_before_the_others():
    text = verdict(status(fault=FROZEN, frozen=5, black=1), {}, 30.0)[1]
    assert text == 'frozen: 3 frames are the same; black: 1 since the last report'


def test_a_slow_camera_is_a_warning_and_beside_a_fault_an_error():
    assert verdict(status(rate_hz=5.0), {}, 30.0) == (WARN, 'slow: 5.0 of 30 Hz')
    level, text = verdict(status(rate_hz=5.0, silent=2), {}, 30.0)
    assert level == ERROR and text == 'silent: 2 since the last report; slow: 5.0 of 30 Hz'
