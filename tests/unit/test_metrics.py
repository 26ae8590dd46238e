import pytest
from takeover.metrics import (
    Hearing,
    LatencyMeter,
    MAX_PENDING,
    Percentiles,
    percentiles,
    TickJitter,
)

MS = 1_000_000


def test_percentiles_of_nothing_are_zero():
    assert percentiles([]) == Percentiles()


def test_percentiles_interpolate_between_samples():
    found = percentiles(range(101))
    assert (found.count, found.p50, found.p90, found.p99, found.max) == (101, 50, 90, 99, 100)


def forward(meter, sequence, tick_ns=1000 * MS, policy_drives=True):
    meter.on_forwarded(sequence, tick_ns, tick_ns + 3 * MS, tick_ns + 7 * MS, policy_drives)


@pytest.mark.parametrize('policy_first', [True, False])
def test_a_command_is_joined_in_whichever_order_its_ends_are_heard(policy_first):
    meter = LatencyMeter()
    steps = [lambda: meter.on_policy_command(5, 1001 * MS), lambda: forward(meter, 5)]
    for step in steps if policy_first else reversed(steps):
        step()
    assert {hop: list(samples) for hop, samples in meter.samples_ms.items()} == {
        'tick_to_policy': [1.0],
        'policy_to_arbiter': [2.0],
        'arbiter_to_gate': [4.0],
        'tick_to_gate': [7.0],
    }


def test_a_step_that_the_arbiter_repeats_counts_once():
    meter = LatencyMeter()
    for _ in range(3):
        meter.on_policy_command(5, 1001 * MS)
        forward(meter, 5)
    assert meter.percentiles()['tick_to_gate'].count == 1


def test_what_was_forwarded_for_a_person_is_not_the_policys_latency_even_when_repeated():
    meter = LatencyMeter()
    meter.on_policy_command(5, 1001 * MS)
    forward(meter, 5, policy_drives=False)
    forward(meter, 5)
    assert meter.percentiles()['tick_to_gate'].count == 0


def test_commands_without_their_other_end_do_not_pile_up():
    meter = LatencyMeter()
    for sequence in range(3 * MAX_PENDING):
        meter.on_policy_command(sequence, MS)
    assert len(meter._published_ns) == MAX_PENDING


def test_only_the_newest_samples_are_looked_at_when_asked():
    meter = LatencyMeter()
    for sequence, late_ms in ((1, 90), (2, 5)):
        meter.on_policy_command(sequence, (1000 + late_ms) * MS)
        forward(meter, sequence)
    assert meter.percentiles(newest=1)['tick_to_policy'].max == pytest.approx(5.0)


def test_jitter_is_the_deviation_and_a_missing_tick_is_a_gap():
    jitter = TickJitter(0.05)
    for at_ms in (0, 50, 101, 150, 250, 300):
        jitter.tick(at_ms * MS)
    assert list(jitter.deviations_ms) == pytest.approx([0.0, 1.0, -1.0, 0.0])
    assert jitter.gaps == 1
    assert jitter.percentiles().max == pytest.approx(1.0)


def test_a_clock_that_jumps_back_is_no_period():
    jitter = TickJitter(0.05)
    for at_ms in (1000, 1050, 10, 60):
        jitter.tick(at_ms * MS)
    assert list(jitter.deviations_ms) == pytest.approx([0.0, 0.0])


def test_a_topic_never_heard_has_no_age_and_no_rate():
    assert Hearing().age_s(5.0) is None
    assert Hearing().rate_hz(5.0) == 0.0


def test_rate_follows_the_last_seconds_and_falls_to_zero_in_silence():
    hearing = Hearing()
    for i in range(101):
        hearing.heard(0.05 * i)
    assert hearing.rate_hz(5.0) == pytest.approx(20.0)
    assert hearing.age_s(5.5) == pytest.approx(0.5)
    assert hearing.rate_hz(7.5) == 0.0
