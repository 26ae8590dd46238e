"""Steps as CDR: the fast way says the same as the definition, and as another implementation."""

from dataclasses import fields, replace
import struct

from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
import numpy as np
import pytest
from takeover.command import Source
from takeover.data import cdr
from takeover.data.errors import MessageError
from takeover.data.step import Step
from takeover.data.step_codec import encode_step, NAME, StepDecoder
from tests.drives import drive, SPEC_HASH

FRAME = 'base_link'


def same(one: Step, other: Step) -> bool:
    """Whether two steps have the same fields; their types, too."""
    for field in fields(Step):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            if a.dtype != b.dtype or a.tobytes() != b.tobytes():
                return False
        elif type(a) is not type(b) or a != b:
            return False
    return True


def odd_step() -> Step:
    """Return a step with nothing at its default, and strings of odd lengths."""
    return Step(
        sequence=2**63 + 5,
        stamp_ns=1_764_000_000_123_456_789,
        episode=2**40,
        source=Source.HUMAN,
        observation=np.array([1.5, -0.0, 3.25], np.float32),
        policy_action=np.array([0.1, -0.2]),
        commanded=np.array([0.3, 1e-300]),
        executed=np.array([-1e300, 0.4]),
        reward=-1.0,
        onset=True,
        stored=True,
        terminated=True,
        truncated=True,
        outcome=5,
        policy_version='äöü-7',
        observation_stamp_ns=1_764_000_000_000_000_001,
    )


PICTURED = replace(
    odd_step(),
    image_stamps_ns=(1_764_000_000_000_000_007, 1_763_999_999_999_999_999),
    pixels=np.arange(251, dtype=np.uint8),
)
STEPS = [
    odd_step(),
    replace(odd_step(), policy_version='', onset=False),
    PICTURED,
    replace(PICTURED, policy_version='1'),
    *drive(1, 4),
]


@pytest.mark.parametrize('frame', ['', 'b', 'base_link', 'odometry_f'])
@pytest.mark.parametrize('size', [1, 2, 48])
def test_what_was_encoded_is_decoded(frame, size):
    decoder = StepDecoder()
    for step in STEPS:
        step = replace(step, observation=np.arange(size, dtype=np.float32))
        found, spec_hash = decoder.decode_with_hash(encode_step(step, frame, SPEC_HASH))
        assert same(found, step)
        assert spec_hash == SPEC_HASH


@pytest.mark.parametrize('step', STEPS)
def test_the_bytes_are_those_the_definition_asks_for(step):
    data = encode_step(step, FRAME, SPEC_HASH)
    values = cdr.decode(NAME, data)
    assert cdr.encode(NAME, values) == data
    assert values['header']['frame_id'] == FRAME
    assert values['spec_hash'] == SPEC_HASH
    for name in ('sequence', 'episode', 'source', 'reward', 'onset', 'stored', 'outcome'):
        assert values[name] == getattr(step, name)
    stamps = [10**9 * stamp['sec'] + stamp['nanosec'] for stamp in values['image_stamps']]
    assert tuple(stamps) == step.image_stamps_ns
    assert bytes(values['pixels']) == step.pixels.tobytes()


@pytest.mark.parametrize('step', STEPS)
def test_another_implementation_reads_the_same(step):
    text = cdr.schema_text(NAME).encode()
    schema = Schema(data=text, encoding='ros2msg', id=1, name='takeover_msgs/msg/Step')
    found = DecoderFactory().decoder_for('cdr', schema)(encode_step(step, FRAME, SPEC_HASH))
    assert found.header.stamp.sec * 10**9 + found.header.stamp.nanosec == step.stamp_ns
    assert found.observation == step.observation.tolist()
    for name in ('policy_action', 'commanded', 'executed'):
        assert getattr(found, name) == getattr(step, name).tolist()
    for name in ('terminated', 'truncated', 'outcome', 'policy_version', 'reward', 'onset'):
        assert getattr(found, name) == getattr(step, name)
    stamps = [10**9 * stamp.sec + stamp.nanosec for stamp in found.image_stamps]
    assert tuple(stamps) == step.image_stamps_ns
    assert bytes(found.pixels) == step.pixels.tobytes()


def test_lengths_may_change_from_step_to_step():
    decoder = StepDecoder()
    long, short = odd_step(), replace(odd_step(), observation=np.zeros(2, np.float32))
    # As long as `long`, but with other lengths inside.
    other = replace(long, policy_action=np.zeros(1), commanded=np.zeros(3))
    assert len(encode_step(long, FRAME, SPEC_HASH)) == len(encode_step(other, FRAME, SPEC_HASH))
    # As long as `PICTURED`: a stamp less, eight pixels more.
    moved = replace(
        PICTURED, image_stamps_ns=PICTURED.image_stamps_ns[:1], pixels=np.arange(259, dtype='u1')
    )
    for step in (long, short, other, long, PICTURED, moved, PICTURED, other, short):
        assert same(decoder.decode(encode_step(step, FRAME, SPEC_HASH)), step)


def test_bytes_behind_a_message_are_not_looked_at():
    # The middleware's own encoder leaves some.
    decoder, step = StepDecoder(), odd_step()
    data = encode_step(step, FRAME, SPEC_HASH)
    for _ in range(2):
        assert same(decoder.decode(data + b'\x07' * 8), step)
        assert same(decoder.decode(data), step)


def test_empty_arrays_take_no_place_for_alignment():
    # As the middleware does it; nothing else of an empty array is aligned but its length.
    values = {'reward': -1.5, 'outcome': 4, 'policy_version': 'v', 'spec_hash': SPEC_HASH}
    step, spec_hash = StepDecoder().decode_with_hash(cdr.encode(NAME, values))
    assert (step.reward, step.outcome, step.policy_version) == (-1.5, 4, 'v')
    assert spec_hash == SPEC_HASH
    assert step.observation.size == step.executed.size == 0


@pytest.mark.parametrize('step', [odd_step(), PICTURED])
@pytest.mark.parametrize('cut', [0, 3, 11, 40, 100, -1])
def test_a_message_that_is_cut_off_is_refused(step, cut):
    data = encode_step(step, FRAME, SPEC_HASH)
    decoder = StepDecoder()
    decoder.decode(data)
    for fresh in (decoder, StepDecoder()):
        with pytest.raises(MessageError, match='Step'):
            fresh.decode(data[:cut])


def test_other_bytes_are_refused():
    data = encode_step(odd_step(), FRAME, SPEC_HASH)
    big_endian = b'\x00\x00\x00\x00' + data[4:]
    with pytest.raises(MessageError, match='little-endian'):
        StepDecoder().decode(big_endian)
    source = data.index(struct.pack('<QQ', 2**63 + 5, 2**40)) + 16
    with pytest.raises(MessageError, match='no takeover_msgs/Step'):
        StepDecoder().decode(data[:source] + b'\x09' + data[source + 1 :])
