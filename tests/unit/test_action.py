"""The action of a task is checked for length and finiteness, and clipped to its bounds."""

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.specs import ActionComponent, ActionSpec


@pytest.fixture
def action():
    return ActionContract(
        ActionSpec(
            kind='twist',
            frame='base_link',
            components=(
                ActionComponent(name='linear.x', unit='m/s', low=0.0, high=0.6),
                ActionComponent(name='angular.z', unit='rad/s', low=-1.5, high=1.5),
            ),
        )
    )


def test_it_knows_names_units_and_bounds(action):
    assert action.size == 2
    assert action.names == ('linear.x', 'angular.z')
    assert action.low.tolist() == [0.0, -1.5]
    assert action.high.tolist() == [0.6, 1.5]
    assert action.zero.tolist() == [0.0, 0.0]


def test_good_values_have_no_fault(action):
    assert action.validate([0.1, 9.0]) is None


def test_a_wrong_length_is_refused(action):
    assert action.validate([0.1]) == 'action has 1 values, needs 2 (linear.x, angular.z)'


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named(action, bad):
    assert action.validate([0.1, bad]) == 'action angular.z is not finite'


def test_clip_keeps_to_the_bounds(action):
    assert action.clip([9.0, -9.0]).tolist() == [0.6, -1.5]


def test_bounds_cannot_be_changed_by_a_caller(action):
    with pytest.raises(ValueError, match='read-only'):
        action.zero[0] = 1.0
