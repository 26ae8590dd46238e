"""Whatever a camera sends: nothing is given on twice, no time goes back, no silence is missed."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
from takeover.camera.frame import Frame
from takeover.camera.frame_check import FrameCheck, NEW_CLOCK_FRAMES, SILENT_PERIODS

PERIOD_S = 0.1
PICTURES = [
    np.random.default_rng(i).integers(30, 220, (16, 16, 1), dtype=np.uint8) for i in range(3)
]
PICTURES += [np.zeros((16, 16, 1), dtype=np.uint8), np.full((8, 16, 1), 100, dtype=np.uint8)]

frames = st.lists(
    st.tuples(st.integers(0, len(PICTURES) - 1), st.integers(0, 12), st.floats(0.0, 1.0)),
    max_size=60,
)


def judged(sequence):
    """Return (picture, stamp, name of the fault or None) of each frame."""
    check, now_s, found = FrameCheck(16, 16, PERIOD_S), 0.0, []
    for picture, stamp_ns, pause_s in sequence:
        now_s += pause_s
        fault = check.check(Frame(PICTURES[picture], 'mono8', stamp_ns), now_s)
        found.append((picture, stamp_ns, fault and fault.name))
    return found


@given(frames)
def test_stamps_given_on_rise_but_for_a_clock_set_back(sequence):
    newest_ns, backwards = None, 0
    for _, stamp_ns, fault in judged(sequence):
        backwards += fault == 'stamp_backwards'
        if fault is None:
            assert newest_ns is None or stamp_ns > newest_ns or backwards >= NEW_CLOCK_FRAMES
            newest_ns, backwards = stamp_ns, 0


@given(frames)
def test_a_picture_is_never_given_on_right_after_itself(sequence):
    found = judged(sequence)
    for (before, _, _), (picture, _, fault) in zip(found, found[1:]):
        if picture == before:
            assert fault is not None


@given(frames)
def test_what_is_black_or_of_another_size_is_never_given_on(sequence):
    assert all(fault is not None for picture, _, fault in judged(sequence) if picture >= 3)


@given(frames)
def test_every_fault_is_one_of_the_named_ones_and_good_frames_get_through(sequence):
    found = judged(sequence)
    if found and found[0][0] < 3:
        assert found[0][2] is None
    legal = {'stamp_backwards', 'stamp_still', 'wrong_size', 'repeated', 'frozen', 'black', None}
    assert {fault for _, _, fault in found} <= legal


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30), st.floats(0.0, 5.0))
def test_silence_is_told_exactly_when_it_is_longer_than_three_periods(pauses_s, later_s):
    check, now_s = FrameCheck(16, 16, PERIOD_S), 0.0
    for i, pause_s in enumerate(pauses_s):
        now_s += pause_s
        check.check(Frame(PICTURES[i % 3], 'mono8', i), now_s)
    waited_s = (now_s + later_s) - now_s
    assert (check.look(now_s + later_s) is not None) == (waited_s > SILENT_PERIODS * PERIOD_S)
