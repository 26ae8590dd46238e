"""What an arm may leave free, and what a file that says more is told."""

import pytest
from takeover.arm_spec import ArmSpec
from takeover.task import load_robot


def with_free(name, *free):
    """Return the arm of a file with these components free."""
    return ArmSpec.model_validate(load_robot(name).model_dump() | {'free': free})


def test_an_arm_leaves_nothing_free_unless_its_file_says_so():
    assert load_robot('franka').free == ()
    assert load_robot('so101').free == ('angular.x',)


@pytest.mark.parametrize(
    ('name', 'free', 'said'),
    [
        ('so101', ('angular.x', 'angular.x'), 'angular.x'),
        ('so101', ('shoulder_pan',), 'free: shoulder_pan is none of linear.x, linear.y'),
        ('so101', ('angular.x', 'angular.y'), 'free names 2 components, at most 1 with 5 joints'),
        ('ur5e', ('angular.x',), 'free names 1 components, at most 0 with 6 joints'),
        ('franka', ('angular.x',), 'free names 1 components, at most 0 with 7 joints'),
    ],
)
def test_what_cannot_be_free_is_refused(name, free, said):
    with pytest.raises(ValueError) as caught:
        with_free(name, *free)
    assert said in str(caught.value)


def test_a_slack_within_which_no_joint_would_be_followed_is_refused():
    robot = load_robot('franka').model_dump() | {'slack_rad': 0.2}
    with pytest.raises(ValueError) as caught:
        ArmSpec.model_validate(robot)
    assert 'slack_rad is 0.2; legal: less than tracking_tolerance_rad, 0.2' in str(caught.value)
