"""The safety gate, one test for each rule; the properties are in tests/properties/test_gate.py."""

import math

import pytest
from takeover.safety.acceptance import CLOCK_TOLERANCE_NS, Rejection
from takeover.safety.estop import EstopConfig
from takeover.safety.gate import GateState, SafetyGate, WAITING
from takeover.safety.limits import AxisLimits, LimitsError

NAMES = ('linear.x', 'angular.z')
LIMITS = (AxisLimits(0.0, 0.6, 1.0, 2.0, 20.0), AxisLimits(-1.5, 1.5, 4.0, 6.0, 80.0))


class Rig:
    """A gate, its two clocks and a sender that counts."""

    def __init__(self, **settings):
        self.gate = SafetyGate(NAMES, LIMITS, **settings)
        self.now_s, self.now_ns, self.sequence = 100.0, 10**18, 0
        self.gate.activate(self.now_s)

    def wait(self, gap_s):
        """Let time pass on both clocks."""
        self.now_s += gap_s
        self.now_ns += round(gap_s * 1e9)
        return self

    def command(self, values=(0.4, 0.5), sequence=None, age_s=0.0):
        """Send a command."""
        self.sequence = self.sequence + 1 if sequence is None else sequence
        return self.gate.command(
            values, self.sequence, self.now_ns - round(age_s * 1e9), self.now_ns, self.now_s
        )

    def tick(self, gap_s=0.02):
        """Tick once, later."""
        return self.wait(gap_s).gate.tick(self.now_s)

    def drive(self, values=(0.4, 0.5), duration_s=1.0):
        """Command at 20 Hz and tick at 50 Hz until at speed."""
        for _ in range(round(duration_s / 0.1)):
            for step in range(5):
                output = self.tick()
                if step in (0, 2):
                    output = self.command(values)
        return output

    def coast(self, duration_s):
        """Only tick."""
        for _ in range(round(duration_s / 0.02)):
            output = self.tick()
        return output


def test_it_stands_by_until_the_first_command():
    """Zero, and it says what it waits for."""
    output = Rig().coast(1.0)
    assert output.state is GateState.STANDBY and output.reason == 'no command yet'
    assert output.values == (0.0, 0.0)


def test_a_command_is_forwarded_at_once():
    """The output of its arrival already moves, by the time since the last output."""
    rig = Rig()
    rig.tick()
    rig.wait(0.013)
    output = rig.command()
    assert output.state is GateState.FORWARDING
    assert output.values[0] == pytest.approx(0.5 * 20.0 * 0.013**2)
    assert output.requested == (0.4, 0.5)
    assert output.limited_by == ('linear.x/jerk', 'angular.z/jerk')


def test_it_reaches_the_command_exactly():
    """And then nothing limits it."""
    output = Rig().drive()
    assert output.values == (0.4, 0.5) and output.limited_by == ()


def test_velocity_beyond_the_bound_is_limited_and_reported():
    """Not refused."""
    output = Rig().drive((9.0, -9.0))
    assert output.values == (0.6, -1.5)
    assert output.limited_by == ('linear.x/velocity', 'angular.z/velocity')


def test_a_command_is_repeated_until_the_time_out_and_then_stopped():
    """Exact zero within the bound; the next good command is followed again."""
    rig = Rig(period_s=0.02)
    rig.drive()
    rig.command()
    assert rig.tick(0.34).state is GateState.FORWARDING
    output = rig.tick()
    assert output.state is GateState.STOPPING and output.reason == 'no command for 0.35 s'
    output = rig.coast(rig.gate.stop_bound_s() - 0.36)
    assert output.state is GateState.STOPPED and output.values == (0.0, 0.0)
    assert rig.gate.stops == 1
    assert rig.command().state is GateState.FORWARDING


def test_the_time_out_counts_from_the_stamp():
    """Time on the way is not time gained."""
    rig = Rig()
    rig.drive()
    rig.command(age_s=0.3)
    assert rig.tick(0.04).state is GateState.FORWARDING
    assert rig.tick(0.02).state is GateState.STOPPING


@pytest.mark.parametrize(
    ('values', 'age_s', 'sequence', 'kind'),
    [
        ((0.1,), 0.0, None, 'wrong length'),
        ((0.1,) * 3, 0.0, None, 'wrong length'),
        ((), 0.0, None, 'wrong length'),
        ((math.nan, 0.0), 0.0, None, 'not finite'),
        ((0.0, -math.inf), 0.0, None, 'not finite'),
        ((0.1, 0.1), 0.351, None, 'stale stamp'),
        ((0.1, 0.1), -0.351, None, 'stamp in the future'),
        ((0.1, 0.1), 0.0, 20, 'duplicate'),
        ((0.1, 0.1), 0.0, 19, 'out of order'),
    ],
)
def test_a_bad_command_is_refused_counted_and_does_not_feed_the_time_out(
    values, age_s, sequence, kind
):
    """The robot stops as if nothing had come."""
    rig = Rig()
    rig.drive()
    assert rig.sequence == 20
    for _ in range(18):
        rig.wait(0.02)
        rejection = rig.command(values, sequence, age_s)
        assert isinstance(rejection, Rejection) and rejection.kind == kind and rejection.reason
    assert rig.tick().state is GateState.STOPPING
    assert rig.gate.rejected == {kind: 18}


def test_a_clock_that_goes_backwards_stops_and_starts_anew():
    """Also counters may have restarted; a correction of a few milliseconds is none."""
    rig = Rig()
    rig.drive()
    rig.now_ns -= CLOCK_TOLERANCE_NS
    assert rig.command().state is GateState.FORWARDING
    rig.now_ns -= 10 * CLOCK_TOLERANCE_NS
    assert rig.command().kind == 'clock went backwards'
    output = rig.tick()
    assert output.state is GateState.STOPPING and 'backwards' in output.reason
    assert rig.command(sequence=1).state is GateState.FORWARDING


def test_a_paused_process_does_not_leap_ahead():
    """While following, at most two periods count."""
    paused, steady = Rig(period_s=0.02), Rig(period_s=0.02)
    for rig in (paused, steady):
        rig.drive()
        rig.command((0.6, 1.5))
    assert paused.tick(0.3).values == pytest.approx(steady.tick(0.04).values)


def test_a_pause_makes_no_stop_later():
    """While stopping all time counts, from the moment the command became too old."""
    paused, steady = Rig(), Rig()
    for rig in (paused, steady):
        rig.drive()
    steady.coast(0.44)
    assert paused.tick(0.44).values == pytest.approx(steady.gate.tick(steady.now_s).values)


def test_after_a_pause_as_long_as_the_controllers_time_out_it_starts_from_zero():
    """The robot has stopped by itself; anything else would set it in motion."""
    rig = Rig(controller_timeout_s=0.5)
    rig.drive()
    output = rig.tick(3.0)
    assert output.values == (0.0, 0.0) and output.state is GateState.STOPPED
    assert output.reason == 'the gate was paused for 3.0 s'
    rig.drive()
    rig.wait(3.0)
    assert rig.command().values == (0.0, 0.0)
    assert rig.tick().values[0] <= 0.5 * 20.0 * 0.02**2 + 1e-12


def test_an_estop_decelerates_within_the_limits_and_latches():
    """Commands do not end it."""
    rig = Rig()
    rig.drive()
    first = rig.wait(0.01).gate.estop('button', rig.now_s)
    assert first.state is GateState.ESTOPPED and 0.0 < first.values[0] < 0.4
    output = rig.drive()
    assert output.values == (0.0, 0.0) and output.state is GateState.ESTOPPED
    assert output.reason == 'e-stop: button' and output.requested == (0.0, 0.0)
    assert rig.gate.stops == 1 and rig.gate.rejected == {}


def test_an_estop_may_stop_harder_when_configured():
    """Never softer than normal."""
    hard = Rig(estop=EstopConfig(deceleration=(8.0, 20.0), jerk=(math.inf, math.inf)))
    hard.drive()
    hard.gate.estop('button', hard.now_s)
    assert hard.tick(0.051).values == (0.0, 0.0)
    for bad in (
        EstopConfig(deceleration=(1.0, 6.0)),
        EstopConfig(jerk=(20.0,)),
        EstopConfig(jerk=(math.nan, 80.0)),
    ):
        with pytest.raises(LimitsError, match='^estop'):
            SafetyGate(NAMES, LIMITS, estop=bad)


def test_a_reset_waits_for_the_robot_to_stand():
    """And says so."""
    rig = Rig()
    rig.drive()
    rig.gate.estop('button', rig.now_s)
    assert rig.gate.reset(rig.now_s) == (False, 'not reset: the robot is still stopping')
    rig.coast(1.0)
    assert rig.gate.reset(rig.now_s)[0]
    assert rig.gate.state is GateState.STOPPED


def test_a_reset_moves_nothing_before_a_zero_command():
    """A policy that kept commanding does not make the robot leap."""
    rig = Rig()
    rig.drive()
    rig.gate.estop('button', rig.now_s)
    rig.drive()
    rig.gate.reset(rig.now_s)
    output = rig.drive()
    assert output.values == (0.0, 0.0) and output.state is GateState.STOPPED
    assert output.reason == WAITING
    rig.drive((0.0, 0.0), 0.1)
    assert rig.drive().values == (0.4, 0.5)


def test_a_zero_sent_before_the_reset_does_not_count():
    """One that was on its way is not the person's answer to the reset."""
    rig = Rig()
    rig.gate.estop('button', rig.now_s)
    rig.drive((0.0, 0.0), 0.1)
    rig.gate.reset(rig.now_s)
    rig.command((0.0, 0.0), age_s=0.1)
    assert rig.drive().values == (0.0, 0.0)
    rig.command((0.0, 0.0))
    assert rig.drive().values == (0.4, 0.5)


def test_a_reset_without_a_latch_changes_nothing():
    """Also while driving."""
    rig = Rig()
    rig.drive()
    assert rig.gate.reset(rig.now_s) == (True, 'no e-stop is latched')
    assert rig.command().state is GateState.FORWARDING


def test_a_pressed_estop_cannot_be_reset():
    """The heartbeat must have said released."""
    rig = Rig()
    assert rig.gate.estop_heartbeat(True, rig.now_s).state is GateState.ESTOPPED
    assert rig.gate.estop_heartbeat(True, rig.now_s) is None
    rig.coast(1.0)
    assert rig.gate.reset(rig.now_s) == (False, 'not reset: the e-stop is still pressed')
    rig.gate.estop_heartbeat(False, rig.now_s)
    assert rig.gate.state is GateState.ESTOPPED
    assert rig.gate.reset(rig.now_s)[0]


def test_a_required_heartbeat_that_is_missing_latches():
    """Counted from activation, and again after it was heard."""
    rig = Rig(estop=EstopConfig(required=True, timeout_s=0.3))
    assert rig.coast(0.28).state is GateState.STANDBY
    output = rig.coast(0.04)
    assert output.state is GateState.ESTOPPED
    assert output.reason == 'e-stop: no e-stop heartbeat for 0.3 s'
    assert rig.gate.reset(rig.now_s) == (False, 'not reset: no e-stop heartbeat for 0.3 s')
    rig.gate.estop_heartbeat(False, rig.now_s)
    assert rig.gate.reset(rig.now_s)[0]
    assert rig.coast(0.32).state is GateState.ESTOPPED


def test_without_a_requirement_silence_of_the_estop_is_no_stop():
    """Only a pressed one is."""
    rig = Rig()
    rig.gate.estop_heartbeat(False, rig.now_s)
    assert rig.coast(2.0).state is GateState.STANDBY


def test_a_latched_estop_outlives_activation():
    """Switching off and on is no reset."""
    rig = Rig()
    rig.gate.estop('button', rig.now_s)
    rig.gate.activate(rig.now_s)
    assert rig.command().state is GateState.ESTOPPED


def test_a_closed_gate_stops_and_follows_nothing_until_activated():
    """For deactivation and shutdown."""
    rig = Rig()
    rig.drive()
    output = rig.gate.begin_stop('deactivated', rig.now_s)
    assert output.state is GateState.STOPPING and output.reason == 'deactivated'
    output = rig.drive()
    assert output.state is GateState.STOPPED and output.values == (0.0, 0.0)
    rig.gate.activate(rig.now_s)
    assert rig.command().state is GateState.FORWARDING


def test_steady_time_that_goes_back_changes_nothing():
    """It cannot happen; if it does, the output stays."""
    rig = Rig()
    before = rig.drive().values
    assert rig.gate.tick(rig.now_s - 5.0).values == before


def test_the_callers_refusals_are_counted_with_the_others():
    """Such as a wrong frame."""
    rig = Rig()
    rig.gate.reject('wrong frame')
    rig.command((0.1,))
    assert rig.gate.rejected == {'wrong frame': 1, 'wrong length': 1}


@pytest.mark.parametrize(
    'settings',
    [
        {'timeout_s': 0.6},
        {'period_s': 0.0},
        {'period_s': 0.4},
        {'timeout_s': math.nan},
        {'controller_timeout_s': math.inf},
    ],
)
def test_time_outs_that_contradict_each_other_are_refused(settings):
    """Period, time-out and the controller's time-out are in this order."""
    with pytest.raises(ValueError, match='period_s < timeout_s < controller_timeout_s'):
        SafetyGate(NAMES, LIMITS, **settings)


def test_names_and_limits_must_match():
    """One for each axis."""
    with pytest.raises(LimitsError, match='one AxisLimits for each'):
        SafetyGate(NAMES, LIMITS[:1])
