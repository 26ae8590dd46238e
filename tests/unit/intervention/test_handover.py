"""The blend of a hand-over."""

import pytest
from takeover.intervention.handover import Handover


def test_it_goes_from_the_last_command_to_the_target_linearly():
    """Component by component."""
    handover = Handover((0.4, -1.0), 10.0, 0.2)
    assert handover.command((0.0, 1.0), 10.0) == (0.4, -1.0)
    assert handover.command((0.0, 1.0), 10.05) == pytest.approx((0.3, -0.5))
    assert handover.command((0.0, 1.0), 10.15) == pytest.approx((0.1, 0.5))
    assert handover.command((0.0, 1.0), 10.3) == (0.0, 1.0)


def test_it_follows_a_target_that_moves():
    """The share grows, the target is always the newest."""
    handover = Handover((0.0,), 0.0, 1.0)
    assert handover.command((1.0,), 0.5) == pytest.approx((0.5,))
    assert handover.command((-1.0,), 0.5) == pytest.approx((-0.5,))


def test_without_a_duration_it_is_over_at_once():
    """No division by zero."""
    handover = Handover((0.4,), 10.0, 0.0)
    assert handover.over(10.0) and handover.command((0.0,), 10.0) == (0.0,)


def test_a_target_of_another_size_is_refused():
    """Never cut to the shorter one."""
    with pytest.raises(ValueError, match='zip'):
        Handover((0.4,), 10.0, 0.2).command((0.0, 1.0), 10.1)
