"""Clocks of other hosts, by the stamps they make."""

import pytest
from takeover.doctor.clocks import check
from takeover.doctor.finding import Severity
from tests.unit.doctor.healthy import changed, graph_of, samples, setting_of, topics_of, worst


def judged(said, topic='scan', task='rover_path'):
    setting = setting_of(task)
    facts = changed(topics_of(setting)[topic], samples=said)
    return worst(check(setting, graph_of(setting, topics={topic: facts})))


def test_clocks_that_agree_are_well_and_the_least_ages_are_told():
    setting = setting_of()
    (finding,) = check(setting, graph_of(setting))
    assert finding.severity is Severity.OK
    assert 'odom 10.0 ms' in finding.found and 'scan 10.0 ms' in finding.found


@pytest.mark.parametrize(
    ('age_s', 'severity'), [(-0.05, Severity.WARNING), (-0.4, Severity.ERROR)]
)
def test_stamps_from_the_future_mean_that_the_other_clock_is_ahead(age_s, severity):
    finding = judged(samples(age_s=age_s))
    assert finding.severity is severity
    assert '/scan' in finding.found and f'{-1e3 * age_s:.0f} ms' in finding.found
    assert 'base_driver is ahead' in finding.cause and 'chrony' in finding.remedy


def test_a_picture_from_the_future_is_found_too():
    said = samples(age_s=-0.4)
    assert judged(said, 'camera/resize/image_raw', 'rover_lane').severity is Severity.ERROR


@pytest.mark.parametrize(('age_s', 'severity'), [(0.1, Severity.WARNING), (0.4, Severity.ERROR)])
def test_a_constant_age_means_that_the_other_clock_is_behind(age_s, severity):
    finding = judged(samples(age_s=age_s))
    assert finding.severity is severity and 'is behind ours' in finding.cause


def test_an_age_that_scatters_is_a_slow_way_and_no_clock():
    said = tuple(
        sample.model_copy(update={'age_s': 0.1 + 0.005 * i}) for i, sample in enumerate(samples())
    )
    finding = judged(said)
    assert 'wait on their way' in finding.cause and 'ping' in finding.remedy


def test_stamps_of_another_kind_of_time_name_use_sim_time():
    finding = judged(samples(age_s=1.7e9))
    assert finding.severity is Severity.ERROR and 'use_sim_time' in finding.remedy


def test_no_stamps_at_all_are_an_error():
    unstamped = tuple(s.model_copy(update={'stamp_ns': 0}) for s in samples(age_s=1.7e9))
    assert 'every stamp is 0' in judged(unstamped).found


def test_one_stamp_again_and_again_is_a_stalled_driver():
    same = tuple(s.model_copy(update={'stamp_ns': 5}) for s in samples())
    finding = judged(same)
    assert finding.severity is Severity.ERROR and 'stalled' in finding.cause


def test_without_anything_stamped_it_says_that_it_compared_nothing():
    setting = setting_of()
    silent = {name: changed(facts, samples=()) for name, facts in topics_of(setting).items()}
    (finding,) = check(setting, graph_of(setting, topics=silent))
    assert finding.severity is Severity.INFO
