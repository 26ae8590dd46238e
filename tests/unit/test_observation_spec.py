"""Inputs and features: what is legal in the contract of an environment."""

from pydantic import ValidationError
import pytest
from takeover.observation_spec import (
    FeatureSpec,
    InputSpec,
    MAX_FEATURE_SIZE,
    MAX_IMAGE_SIZE,
)

VECTOR = {
    'name': 'observation.0',
    'kind': 'vector',
    'inputs': ('observation',),
    'size': 17,
    'unit': '1',
    'low': -1.0,
    'high': 1.0,
}
IMAGE = VECTOR | {'kind': 'image', 'size': 48, 'low': 0.0, 'high': 255.0, 'shape': (4, 6, 2)}
SEEN = IMAGE | {'size': 72, 'shape': (4, 6, 3), 'form': {'crop': (0.3, 0.0, 1.0, 1.0)}}
SPEED = VECTOR | {'kind': 'odom.linear_velocity', 'size': 1, 'unit': 'm/s'}


def test_only_an_image_has_a_shape_in_its_json_and_only_that_of_a_camera_a_form():
    assert FeatureSpec(**IMAGE).model_dump(mode='json')['shape'] == [4, 6, 2]
    assert 'form' not in FeatureSpec(**IMAGE).model_dump(mode='json')
    form = FeatureSpec(**SEEN).model_dump(mode='json')['form']
    assert form == {'crop': [0.3, 0.0, 1.0, 1.0], 'encoding': 'rgb8', 'stack': 1}
    fields = FeatureSpec(**VECTOR).model_dump(mode='json')
    assert 'shape' not in fields and 'form' not in fields
    assert fields['angle_min_rad'] is None


@pytest.mark.parametrize('fields', [VECTOR, IMAGE, SEEN])
def test_a_feature_survives_its_json(fields):
    feature = FeatureSpec(**fields)
    assert FeatureSpec.model_validate_json(feature.model_dump_json()) == feature


@pytest.mark.parametrize('kind', ['vector', 'image'])
def test_an_observation_of_an_environment_ages_too(kind):
    with pytest.raises(ValidationError, match=f'{kind} needs a number of seconds'):
        InputSpec(type=kind, max_age_s=None)


def test_the_largest_sizes_are_legal():
    assert FeatureSpec(**VECTOR | {'size': MAX_FEATURE_SIZE}).size == 4096
    largest = (250, 200, 3)
    assert FeatureSpec(**IMAGE | {'size': MAX_IMAGE_SIZE, 'shape': largest}).shape == largest


@pytest.mark.parametrize(
    ('fields', 'said'),
    [
        (VECTOR | {'size': 0}, 'greater than or equal to 1'),
        (VECTOR | {'size': 4097}, 'size of vector is 4097, must be 4096 or less'),
        (VECTOR | {'unit': 'm'}, "unit of vector must be '1'"),
        (VECTOR | {'shape': (17, 1, 1)}, 'shape is not used by vector'),
        (VECTOR | {'ahead_m': (0.5,)}, 'ahead_m is not used by vector'),
        (VECTOR | {'angle_min_rad': 0.0}, 'not used by vector'),
        (SPEED | {'shape': (1, 1, 1)}, 'shape is not used by odom.linear_velocity'),
        (IMAGE | {'shape': None}, 'shape is needed by image'),
        (IMAGE | {'size': 47}, 'size of image must be 48, got 47'),
        (IMAGE | {'shape': (0, 6, 2)}, r'shape \[0, 6, 2\] must be \[height, width, channels\]'),
        (IMAGE | {'shape': (-4, -6, 2)}, 'each 1 or more'),
        (IMAGE | {'shape': (8, 6)}, 'shape.2'),
        (IMAGE | {'high': 1.0}, r'must be \[0, 255\], those of uint8, got \[0.0, 1.0\]'),
        (IMAGE | {'low': -1.0}, r'must be \[0, 255\]'),
        (VECTOR | {'form': {}}, 'form is not used by vector'),
        (IMAGE | {'form': {}}, 'has 2 channels; rgb8 has 3, times a stack of 1: 3'),
        (SEEN | {'form': {'stack': 2}}, 'has 3 channels; rgb8 has 3, times a stack of 2: 6'),
        (SEEN | {'form': {'encoding': 'mono8'}}, 'mono8 has 1, times a stack of 1: 1'),
        (
            IMAGE | {'size': 150_001, 'shape': (150_001, 1, 1)},
            'size of image is 150001, must be 150000 or less',
        ),
    ],
)
def test_what_does_not_fit_is_refused(fields, said):
    with pytest.raises(ValidationError, match=said):
        FeatureSpec(**fields)
