import numpy as np
import pytest
from takeover.command import Source
from takeover.data.step import Step
from takeover.policy.evidence import Evidence, VersionEvidence
from takeover.probability import wilson_interval


def step(sequence, source=Source.POLICY, version='a', episode=1, **ends):
    zero = np.zeros(2)
    return Step(
        sequence, 0, episode, source, np.zeros(3, np.float32), zero, zero, zero, 0.0,
        policy_version=version, **ends,
    )  # fmt: skip


def test_only_what_the_policy_drove_counts():
    evidence = Evidence(0.05)
    evidence.take_all(
        [
            step(1),
            step(2, onset=True),
            step(3, Source.HUMAN),
            step(4, Source.HOLD),
            step(5, episode=0),
            step(6, terminated=True, outcome=1),
        ]
    )
    found = evidence.of('a')
    assert (found.takeovers, found.failures, found.goals) == (1, 0, 1)
    assert found.driven_s == pytest.approx(0.15)


def test_every_end_but_the_goal_is_a_failure():
    evidence = Evidence(0.05)
    evidence.take_all([step(1, terminated=True, outcome=2), step(2, truncated=True, outcome=4)])
    assert evidence.of('a').failures == 2


def of(*versions):
    evidence = Evidence(0.05)
    evidence.versions = {found.version: found for found in versions}
    return evidence


def test_luck_in_one_episode_is_trusted_less_than_many_goals_with_a_take_over():
    lucky = VersionEvidence('lucky', driven_s=10.0, goals=1)
    proven = VersionEvidence('proven', driven_s=400.0, takeovers=1, goals=16)
    assert of(proven).success_bounds()['proven'] > of(lucky).success_bounds()['lucky'] > 0.0


def test_hovering_for_long_is_no_better_than_failing_at_once():
    hovers = VersionEvidence('a', driven_s=100.0, failures=9, goals=1)
    fails = VersionEvidence('a', driven_s=10.0, failures=9, goals=1)
    quick = VersionEvidence('a', driven_s=10.0, takeovers=1, goals=9)
    bounds = [of(found).success_bounds()['a'] for found in (hovers, fails, quick)]
    assert bounds[0] == bounds[1] < bounds[2]


def test_what_is_known_of_the_version_before_counts_at_a_discount():
    before = VersionEvidence('before', 100.0, takeovers=2, goals=10)
    after = VersionEvidence('after', 10.0, takeovers=1, goals=1)
    bounds = of(before, after).success_bounds()
    assert bounds['after'] == pytest.approx(wilson_interval(10.0, 12.8)[0])
    assert of(after).success_bounds()['after'] < bounds['after'] < bounds['before']


def drives(name, goals, takeovers, times=1):
    return [
        VersionEvidence(f'{name}{n}', 20.0, takeovers=takeovers, goals=goals)
        for n in range(1, times + 1)
    ]


def test_who_learned_on_is_trusted_while_it_is_not_worse_beyond_doubt():
    good = drives('good', goals=2, takeovers=1, times=6)
    assert of(*good).trusted().version == 'good6'
    doubtful = drives('doubtful', goals=0, takeovers=1)
    assert of(*good, *doubtful).trusted().version == 'doubtful1'


def test_after_a_collapse_the_best_one_is_trusted():
    bad, lucky = drives('bad', 0, 2, times=5), drives('lucky', 4, 1)
    good, collapsed = drives('good', 2, 1, times=6), drives('collapsed', 0, 1, times=5)
    assert of(*bad, *lucky, *good, *collapsed).trusted().version == 'good6'


def test_of_versions_that_never_came_to_the_goal_the_newest_is_trusted():
    assert Evidence(0.05).trusted() is None
    failed = of(*drives('v', 0, 4, times=3), VersionEvidence('new', 0.0))
    assert failed.trusted().version == 'v3'


def test_only_those_that_are_kept_can_be_trusted():
    evidence = of(*drives('good', 2, 1, times=6), *drives('collapsed', 0, 1, times=9))
    assert evidence.trusted({'good2', 'good3', 'collapsed9'}).version == 'good3'
    assert evidence.trusted({'collapsed4'}).version == 'collapsed4'
    assert evidence.trusted({'other'}) is None
