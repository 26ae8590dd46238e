"""Parity vectors survive their text, floats and bytes, and what does not fit is refused."""

import json

import numpy as np
import pytest
from takeover.policy.errors import BundleError
from takeover.policy.parity import decode_parity, encode_parity, Parity
from tests.small_lane import small_lane
from tests.vision_policies import random_records

LANE = small_lane(left=1, right=1)


def decode(case, fields):
    return decode_parity(fields, case.task, 'policy.onnx')


def text_of(case, **changes):
    parts = {'observations': case.images, 'actions': np.zeros((16, 2), np.float32), **changes}
    return json.loads(encode_parity(Parity(**parts)))


def test_floats_survive(case):
    actions = case.mlp.forward(case.observations).astype(np.float32)
    found = decode(case, json.loads(encode_parity(Parity(case.observations, actions))))
    assert found.observations.dtype == found.actions.dtype == np.float32
    assert np.array_equal(found.observations, case.observations)
    assert np.array_equal(found.actions, actions)


def test_images_survive_as_bytes(image_case):
    fields = text_of(image_case)
    assert fields['observations']['shape'] == [16, 12, 10, 3]
    assert set(fields['observations']) == {'shape', 'uint8'}
    found = decode(image_case, fields)
    assert found.observations.dtype == np.uint8
    assert np.array_equal(found.observations, image_case.images)


def test_sixteen_images_of_a_common_size_fit_the_metadata():
    images = np.zeros((16, 84, 84, 3), np.uint8)
    assert len(encode_parity(Parity(images, np.zeros((16, 6), np.float32)))) < 500_000


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'observations': np.zeros((16, 12, 10, 3), np.float32)}, 'cannot be read as uint8'),
        ({'observations': np.zeros((16, 10, 12, 3), np.uint8)}, r'\[at least 16, 12, 10, 3\]'),
        ({'observations': np.zeros((16, 360), np.uint8)}, r'has shape \[16, 360\]'),
        ({'observations': np.zeros((15, 12, 10, 3), np.uint8)}, r'shape \[15, 12, 10, 3\]'),
        ({'actions': np.zeros((16, 3), np.float32)}, r'actions has shape \[16, 3\]'),
        ({'actions': np.zeros((17, 2), np.float32)}, 'as many actions as observations'),
        ({'actions': np.zeros((16, 2), np.uint8)}, 'actions cannot be read as float32'),
        ({'actions': np.full((16, 2), np.nan, np.float32)}, 'actions are not finite'),
    ],
)
def test_what_does_not_fit_is_refused(image_case, changes, said):
    with pytest.raises(BundleError, match=said):
        decode(image_case, text_of(image_case, **changes))


@pytest.mark.parametrize('shape', [[-1, 12, 10, 3], [16, 12, 10], 5760, 'abcd', [16.0, 12, 10, 3]])
def test_a_shape_that_is_none_is_refused(image_case, shape):
    fields = text_of(image_case)
    fields['observations']['shape'] = shape
    with pytest.raises(BundleError, match='observations cannot be read as uint8'):
        decode(image_case, fields)


def encoded(observations):
    """Return one field as it stands in the text."""
    return json.loads(encode_parity(Parity(observations, np.zeros(1))))['observations']


def lane_text(**changes):
    records = random_records(LANE, 16)
    fields = json.loads(encode_parity(Parity(records, np.zeros((16, 2), np.float32))))
    fields['observations'] |= changes
    return records, fields


def test_records_survive_field_by_field():
    records, fields = lane_text()
    assert set(fields['observations']) == {'observation', 'left', 'right'}
    assert set(fields['observations']['left']) == {'shape', 'uint8'}
    found = decode_parity(fields, LANE, 'policy.onnx').observations
    assert found.dtype == LANE.observation_dtype and found.tobytes() == records.tobytes()


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'left': {'shape': [16, 8, 6, 3], 'uint8': 'AAA'}}, 'left cannot be read as uint8'),
        ({'left': {'shape': [16, 8, 6, 3], 'float32': ''}}, 'left cannot be read as uint8'),
        ({'left': None}, 'left cannot be read as uint8'),
        (
            {'right': encoded(np.zeros((17, 8, 6, 3), np.uint8))},
            'as many of each of observation, left, right are needed',
        ),
        (
            {'right': encoded(np.zeros((16, 6, 8, 3), np.uint8))},
            r'right has shape \[16, 6, 8, 3\]',
        ),
        (
            {'observation': encoded(np.full((16, 2), np.inf, np.float32))},
            'observation are not finite',
        ),
        ({'rear': {}}, 'observations must hold exactly observation, left, right'),
    ],
)
def test_a_damaged_field_is_named(changes, said):
    with pytest.raises(BundleError, match=f'^policy.onnx: takeover.parity: {said}'):
        decode_parity(lane_text(**changes)[1], LANE, 'policy.onnx')


@pytest.mark.parametrize('observations', [None, [], {'left': {}}, 'text'])
def test_observations_that_are_no_fields_are_refused(observations):
    fields = lane_text()[1] | {'observations': observations}
    with pytest.raises(BundleError, match='must hold exactly observation, left, right'):
        decode_parity(fields, LANE, 'policy.onnx')
