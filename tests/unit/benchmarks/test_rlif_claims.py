"""The verdicts on learning from take-overs, on tables whose answers are known."""

from dataclasses import replace

from benchmarks.rlif.claims import claims, SeedResult
import pytest


def seed_result(number, deployed, start=40.0, answer=50.0, best=None):
    policies = {'start': start, 'start_longer': start, 'deployed': deployed}
    policies |= {'hg_dagger': answer, 'hg_dagger_longer': answer}
    newest = {4000: deployed if best is None else best, 8000: 60.0}
    return SeedResult(number, policies, newest, {4000: start, 8000: deployed})


GOOD = [seed_result(number, deployed) for number, deployed in enumerate([84.0, 86.0, 90.0])]
DEPLOYED, ABOVE_START, ABOVE_ANSWER, NOT_BELOW_START, NEAR_BEST = range(5)


def fails(results):
    return [index for index, claim in enumerate(claims(results)) if not claim.holds]


def changed(result, **policies):
    return replace(result, policies=result.policies | policies)


def test_a_good_table_bears_out_every_claim_by_its_medians():
    assert fails(GOOD) == []
    assert [claim.found for claim in claims(GOOD)] == [
        '86.0 %',
        '+46.0 points (40.0 %)',
        '+36.0 points (50.0 %)',
        'the worst +44.0 points',
        'the worst 0.0 points',
    ]


@pytest.mark.parametrize(
    ('results', 'failing'),
    [
        ([GOOD[0], GOOD[0], GOOD[2]], [DEPLOYED]),
        ([changed(each, start=56.5) for each in GOOD], [ABOVE_START]),
        ([changed(each, start_longer=56.5) for each in GOOD], [ABOVE_START]),
        ([changed(each, hg_dagger=86.0) for each in GOOD], [ABOVE_ANSWER]),
        ([changed(each, hg_dagger_longer=86.0) for each in GOOD], [ABOVE_ANSWER]),
        ([*GOOD, changed(GOOD[2], start=91.0)], [NOT_BELOW_START]),
        ([*GOOD, seed_result(3, 86.0, best=91.5)], [NEAR_BEST]),
        ([*GOOD, replace(GOOD[1], trusted={4000: 91.5, 8000: 86.0})], [NEAR_BEST]),
    ],
)
def test_each_claim_can_fail_alone(results, failing):
    assert fails(results) == failing


def test_what_is_just_reached_holds():
    shares = [100.0 * goals / 150.0 for goals in (128, 128, 83, 120)]
    deployed, _, start, _ = shares
    edge = seed_result(0, deployed, start=start, best=deployed + 5.0)
    assert deployed - start == pytest.approx(30.0) and fails([edge]) == []


def test_the_best_of_a_run_counts_whatever_it_was_and_the_end_is_the_last_mark():
    result = seed_result(0, 70.0, start=75.0)
    assert result.own_best == 75.0 and result.newest_at_end == 60.0
