"""Whatever a device sends: nothing is raised, and what comes out is in range."""

from hypothesis import given
from hypothesis import strategies as st
from takeover.devices.joystick_layout import JoystickLayout
from takeover.devices.keys import DRIVE, KeyDecoder, PRESS, VirtualStick
from takeover.devices.spacemouse_reports import SpaceMouseReports

KNOWN_LENGTHS = {1: (6, 12), 2: (6,), 3: range(1, 9)}


@st.composite
def reports(draw):
    """Anything, and often something that looks like a report."""
    number = draw(st.sampled_from((1, 2, 3, 23)))
    small = st.integers(-1100, 1100).map(lambda count: count.to_bytes(2, 'little', signed=True))
    counts = st.lists(small, max_size=8).map(b''.join)
    return draw(st.one_of(st.binary(max_size=70), counts.map(lambda rest: bytes([number]) + rest)))


@given(st.lists(reports(), max_size=30), st.integers(0, 32))
def test_any_report_is_used_or_counted_and_axes_stay_in_range(sent, buttons):
    parser = SpaceMouseReports(buttons)
    used = 0
    for report in sent:
        before = parser.state
        if parser.take(report):
            used += 1
            assert len(report) - 1 in KNOWN_LENGTHS[report[0]]
        else:
            assert parser.state == before
    state = parser.state
    assert used + sum(parser.ignored.values()) == len(sent)
    assert len(state.axes) == 6 and all(-1.0 <= axis <= 1.0 for axis in state.axes)
    assert len(state.buttons) == buttons and set(state.buttons) <= {0, 1}


@given(st.lists(st.integers(-350, 350), min_size=6, max_size=6))
def test_two_short_reports_say_what_one_long_says(counts):
    raw = b''.join(count.to_bytes(2, 'little', signed=True) for count in counts)
    short, long = SpaceMouseReports(2), SpaceMouseReports(2)
    assert short.take(b'\x01' + raw[:6]) and short.take(b'\x02' + raw[6:])
    assert long.take(b'\x01' + raw)
    assert short.state == long.state
    assert long.deflected is any(counts)


@given(
    st.dictionaries(
        st.integers(0, 63), st.tuples(st.integers(-40000, 40000), st.integers(-40000, 40000))
    ),
    st.lists(st.integers(0, 0x2FF), max_size=20),
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 0x2FF), st.integers(-(2**31), 2**31 - 1)),
        max_size=50,
    ),
)
def test_any_event_leaves_a_joystick_in_range(axes, buttons, events):
    layout = JoystickLayout(axes, buttons)
    for event in events:
        layout.take(*event)
        state = layout.state
        assert len(state.axes) == len(axes) and all(-1.0 <= axis <= 1.0 for axis in state.axes)
        assert set(state.buttons) <= {0, 1}


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_any_bytes_of_a_terminal_are_keys_or_nothing(texts):
    decoder = KeyDecoder()
    for text in texts:
        assert set(decoder.take(text)) <= {*DRIVE, *PRESS}


@given(
    st.lists(
        st.sampled_from([b'w', b' ', b'?', b'\x1b[A', b'\x1b[3~', b'\x1bOD', b'\x1b[1;5C']),
        max_size=10,
    ),
    st.data(),
)
def test_the_same_keys_are_found_however_the_bytes_are_cut(sequences, data):
    text = b''.join(sequences)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    decoder, keys = KeyDecoder(), []
    for begin, end in zip([0, *cuts], [*cuts, len(text)]):
        keys += decoder.take(text[begin:end])
    assert keys == KeyDecoder().take(text)


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted({*DRIVE, *PRESS})), st.floats(0.0, 1.0)), max_size=40
    )
)
def test_nothing_acts_longer_than_the_first_while_after_the_last_key(presses):
    stick, now_s = VirtualStick(0.5, 0.15), 0.0
    for key, pause_s in presses:
        now_s += pause_s
        stick.press(key, now_s)
        assert sum(stick.state.buttons) == 1
        assert stick.until_s <= now_s + 0.5
    stick.expire(now_s + 0.5)
    assert not any(stick.state.buttons) and not any(stick.state.axes)
