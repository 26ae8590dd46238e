"""Ages on the steady clock."""

import math

import pytest
from takeover.safety.watchdog import Watchdog


def test_never_heard_is_expired():
    """With a reason of its own."""
    dog = Watchdog('policy command', 0.2)
    assert dog.expired(-1e9) and dog.age_s(0.0) == math.inf
    assert dog.reason() == 'no policy command yet'


def test_it_expires_only_after_the_time_out():
    """Exactly at the time-out it is still good."""
    dog = Watchdog('policy command', 0.25)
    dog.feed(10.0)
    assert not dog.expired(10.25) and dog.expired(10.2501)
    assert dog.reason() == 'no policy command for 0.25 s'
    dog.forget()
    assert dog.expired(10.0)


def test_the_age_on_arrival_counts_and_a_lead_does_not():
    """A sender whose clock is ahead does not make it younger."""
    dog = Watchdog('command', 0.25)
    dog.feed(10.0, 0.125)
    assert dog.expires_s == 10.125
    dog.feed(10.0, -5.0)
    assert dog.expires_s == 10.25


@pytest.mark.parametrize('timeout_s', [0.0, -1.0, math.inf, math.nan])
def test_a_time_out_must_be_a_positive_number(timeout_s):
    """Named after what it watches."""
    with pytest.raises(ValueError, match='time-out of joystick must be'):
        Watchdog('joystick', timeout_s)
