"""What the library writes and reads without ROS is what ROS writes and reads."""

from dataclasses import replace

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from takeover.data import cdr
from takeover.data.log_messages import (
    encode_event,
    EpisodeEnd,
    EventDecoder,
    PolicyChange,
    UndoEpisode,
)
from takeover.data.step_codec import encode_step, StepDecoder
from takeover_msgs import msg
from takeover_nodes.conversions import stamp_to_ns
from takeover_nodes.message_texts import text_with_all
from tests.drives import drive, SPEC_HASH

OURS = ('EpisodeState', 'InterventionState', 'PolicyState', 'SafetyState', 'Step', 'UndoEpisode')


STEPS = [
    *drive(1, 8),
    *(
        replace(
            step,
            image_stamps_ns=(step.stamp_ns - 1, step.stamp_ns - 30_000_000)[:cameras],
            pixels=np.arange(cameras * 107).astype(np.uint8),
        )
        for step in drive(1, 4)
        for cameras in (1, 2)
    ),
]


@pytest.mark.parametrize('step', STEPS)
def test_ros_reads_our_steps_and_we_its(step):
    message = deserialize_message(encode_step(step, 'base_link', SPEC_HASH), msg.Step)
    assert message.header.frame_id == 'base_link'
    assert message.sequence == step.sequence
    assert message.observation.tolist() == step.observation.tolist()
    assert message.executed.tolist() == step.executed.tolist()
    assert (message.onset, message.outcome) == (step.onset, step.outcome)
    assert bytes(message.pixels) == step.pixels.tobytes()
    assert tuple(map(stamp_to_ns, message.image_stamps)) == step.image_stamps_ns
    assert (message.policy_version, message.spec_hash) == (step.policy_version, SPEC_HASH)

    found, spec_hash = StepDecoder().decode_with_hash(serialize_message(message))
    assert spec_hash == SPEC_HASH
    assert encode_step(found, 'base_link', SPEC_HASH) == encode_step(step, 'base_link', SPEC_HASH)


def test_a_step_with_empty_arrays_is_read():
    message = msg.Step(reward=-1.5, outcome=4, spec_hash=SPEC_HASH)
    step, spec_hash = StepDecoder().decode_with_hash(serialize_message(message))
    assert (step.reward, step.outcome, spec_hash) == (-1.5, 4, SPEC_HASH)


@pytest.mark.parametrize(
    ('event', 'name'),
    [
        (EpisodeEnd(5_000_000_001, 2, -3, 4, False, True, 45.0, 0.5), 'EpisodeState'),
        (UndoEpisode(5_000_000_001, 2, 10, 20), 'UndoEpisode'),
        (PolicyChange(5_000_000_001, '0123456789ab', '/m/p.onnx'), 'PolicyState'),
    ],
)
def test_ros_reads_our_events_and_we_its(event, name):
    message = deserialize_message(encode_event(event)[1], getattr(msg, name))
    for field, value in vars(event).items():
        if field not in ('stamp_ns', 'robot'):
            assert getattr(message, field) == value
    found = EventDecoder().decode(f'takeover_msgs/msg/{name}', serialize_message(message))
    assert found == event


@pytest.mark.parametrize('name', OURS)
def test_the_fields_in_our_text_are_those_of_the_built_messages(name):
    kind = getattr(msg, name)
    fields = kind.get_fields_and_field_types()
    assert [field.name for field in cdr.fields(f'takeover_msgs/{name}')] == list(fields)


def test_messages_with_arrays_of_text_and_numbers_are_read():
    state = msg.SafetyState(
        state=3, reason='why', rejected_reasons=['a', 'bc'], rejected_counts=[1, 2**40]
    )
    found = cdr.decode('takeover_msgs/SafetyState', serialize_message(state))
    assert found['rejected_reasons'] == ['a', 'bc']
    assert found['rejected_counts'] == [1, 2**40]
    again = deserialize_message(cdr.encode('takeover_msgs/SafetyState', found), msg.SafetyState)
    assert again == state


def test_the_text_of_an_installed_message_has_all_it_needs():
    text = text_with_all('nav_msgs/Odometry')
    for needed in (
        'std_msgs/Header',
        'builtin_interfaces/Time',
        'geometry_msgs/PoseWithCovariance',
        'geometry_msgs/Quaternion',
        'geometry_msgs/Vector3',
    ):
        assert text.count(f'\nMSG: {needed}\n') == 1
    assert np.all([len(line) > 0 for line in text.split('=' * 80)])
