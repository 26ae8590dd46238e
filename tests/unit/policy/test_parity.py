"""Parity vectors survive their text, floats and bytes, and what does not fit is refused."""

import json

import numpy as np
import pytest
from takeover.policy.errors import BundleError
from takeover.policy.parity import decode_parity, encode_parity, Parity


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
