"""Observations as the inputs of a model, and back."""

import numpy as np
import pytest
from takeover.policy.model_inputs import all_finite, input_forms, joined, model_inputs, split
from tests.small_lane import HEIGHT, small_lane, WIDTH
from tests.vision_policies import random_records

LANE = small_lane(left=1, right=2)


def test_a_record_has_one_input_for_each_field():
    assert input_forms(LANE) == {
        'observation': ('tensor(float)', (2,)),
        'left': ('tensor(uint8)', (HEIGHT, WIDTH, 3)),
        'right': ('tensor(uint8)', (HEIGHT, WIDTH, 6)),
    }


def test_a_vector_and_an_image_alone_have_one(case, image_case):
    size = case.task.observation_size
    assert input_forms(case.task) == {'observation': ('tensor(float)', (size,))}
    assert input_forms(image_case.task) == {'observation': ('tensor(uint8)', (12, 10, 3))}


def test_split_and_joined_are_opposites(case, image_case):
    records = random_records(LANE, 5)
    assert list(split(records)) == ['observation', 'left', 'right']
    assert joined(split(records), LANE).tobytes() == records.tobytes()
    for each, values in ((case, case.observations), (image_case, image_case.images)):
        assert split(values)['observation'] is values
        again = joined(split(values), each.task)
        assert again.dtype == values.dtype and (again == values).all()


def test_a_session_is_fed_with_contiguous_arrays_of_the_right_type():
    records = random_records(LANE, 5)
    fed = model_inputs(records, LANE)
    assert {name: (each.dtype, each.shape) for name, each in fed.items()} == {
        'observation': (np.float32, (5, 2)),
        'left': (np.uint8, (5, HEIGHT, WIDTH, 3)),
        'right': (np.uint8, (5, HEIGHT, WIDTH, 6)),
    }
    assert all(each.flags.c_contiguous for each in fed.values())
    assert (fed['right'] == records['right']).all()
    assert not records['right'].flags.c_contiguous


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_found(bad):
    records = random_records(LANE, 5)
    assert all_finite(records) and all_finite(records[0]) and all_finite(records['left'])
    records['observation'][3, 1] = bad
    assert not all_finite(records) and not all_finite(records[3]) and all_finite(records[2])
