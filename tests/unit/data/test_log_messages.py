"""Events of a log: once each, as they were said."""

from dataclasses import replace

from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
import pytest
from takeover.data import cdr
from takeover.data.errors import LogError, MessageError
from takeover.data.log_messages import (
    encode_event,
    EPISODE,
    EpisodeEnd,
    EventDecoder,
    headless_channels,
    POLICY,
    PolicyChange,
    STEP,
    UNDO,
    UndoEpisode,
)
from takeover.data.step_codec import encode_step
from tests.drives import drive, FIRST, SPEC_HASH

END = EpisodeEnd(7_000_000_009, 3, -5, 2, True, False, 12.5, 0.75)
TAKEN_BACK = UndoEpisode(7_000_000_009, 3, FIRST + 1, FIRST + 2)
CHANGE = PolicyChange(7_000_000_009, '0123456789ab', '/models/policy.onnx')


@pytest.mark.parametrize(('event', 'kind'), [(END, EPISODE), (TAKEN_BACK, UNDO), (CHANGE, POLICY)])
def test_an_event_comes_back_and_other_tools_read_it(event, kind):
    topic, data = encode_event(event)
    assert EventDecoder().decode(kind, data) == event
    (channel,) = (channel for channel in headless_channels() if channel.topic == topic)
    assert channel.type == kind
    text = channel.definition.encode()
    schema = Schema(data=text, encoding='ros2msg', id=1, name=kind)
    found = DecoderFactory().decoder_for('cdr', schema)(data)
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (7, 9)
    for name, value in vars(event).items():
        if name not in ('stamp_ns', 'robot'):
            assert getattr(found, name) == value


def test_what_is_repeated_is_told_once():
    decoder = EventDecoder()

    def tell(event, kind):
        return decoder.decode(kind, encode_event(event)[1])

    running = replace(END, outcome=0, terminated=False)
    told = [
        tell(event, EPISODE)
        for event in (running, END, END, running, END, replace(END, episode=4))
    ]
    assert [event and event.episode for event in told] == [None, 3, None, None, 3, 4]
    versions = [tell(replace(CHANGE, version=v), POLICY) for v in 'aabba']
    assert [change and change.version for change in versions] == ['a', None, 'b', None, 'a']
    step = encode_step(next(drive()), '', SPEC_HASH)
    assert decoder.decode(STEP, step) is not None
    assert decoder.decode(STEP, step) is None


def test_a_step_of_another_task_is_refused():
    step = encode_step(next(drive()), '', SPEC_HASH)
    with pytest.raises(LogError, match=f"spec_hash is '{SPEC_HASH}'.*'{'e' * 16}'"):
        EventDecoder('e' * 16).decode(STEP, step)
    assert EventDecoder(SPEC_HASH).decode(STEP, step) is not None


def test_only_steps_of_the_episode_are_taken_back():
    steps = list(drive(4, 10))
    third = [step for step in steps if step.episode == 3]
    undo = UndoEpisode(0, 3, third[0].sequence, third[-1].sequence)
    assert [step for step in steps if undo.covers(step)] == third
    assert not UndoEpisode(0, 2, third[0].sequence, third[-1].sequence).covers(third[0])


def test_nothing_is_told_of_other_messages():
    assert EventDecoder().decode('nav_msgs/msg/Odometry', b'anything') is None


def test_a_message_that_is_cut_off_or_unknown_is_refused():
    _, data = encode_event(END)
    with pytest.raises(MessageError, match='EpisodeState'):
        EventDecoder().decode(EPISODE, data[:30])
    with pytest.raises(MessageError, match='little-endian'):
        EventDecoder().decode(EPISODE, b'\x01' + data)
    with pytest.raises(MessageError, match='no definition of takeover_msgs/Nothing; known: '):
        cdr.fields('takeover_msgs/Nothing')


def test_the_text_of_a_schema_explains_every_type_once():
    text = cdr.schema_text('takeover_msgs/Step')
    assert text.count('MSG: std_msgs/Header\n') == 1
    assert text.count('MSG: builtin_interfaces/Time\n') == 1
    assert text.startswith('# One step of the policy')
