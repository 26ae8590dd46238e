"""Each way a candidate is refused, and the number that the refusal names."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.policy.acceptance import (
    AcceptanceLimits,
    Candidate,
    CandidateRefused,
    judge,
    load_candidate,
    raw_actions,
)
from takeover.policy.bundle import read_bundle
from takeover.policy.errors import BundleError
from takeover.policy.onnx_export import export_mlp
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.parity import Parity
from tests.policy_candidates import BAD, BUNDLE_FILE, good

LIMITS = AcceptanceLimits(max_latency_ms=1000.0)


def announced(path):
    """Return the true announcement of a file."""
    bundle = read_bundle(path)
    return Candidate(bundle.version, bundle.spec_hash, str(path))


def with_last_biases(case, *biases):
    """Return the policy of the case with other biases of the last layer."""
    mlp = replace(case.mlp, biases=(*case.mlp.biases[:-1], np.array(biases)))
    path = case.write(model=export_mlp(mlp), parity_outputs=mlp.forward(case.observations))
    return OnnxPolicy.load(path, case.task)


def recent(policy, observations):
    """Return what the driving policy does on the newest observations."""
    return Parity(observations, raw_actions(policy.bundle, observations).astype(np.float32))


@pytest.fixture
def driving(case):
    """Return the policy that drives."""
    return OnnxPolicy.load(case.write(), case.task)


def test_a_policy_judged_against_itself_does_not_jump(case, driving):
    found = judge(driving, recent(driving, case.observations), LIMITS)
    assert found.jump == pytest.approx(0.0, abs=1e-6)
    assert found.saturation == 0.0
    assert 0.0 < found.latency_ms < 1000.0


def test_an_announced_file_is_loaded(case):
    path = case.write()
    assert load_candidate(announced(path), case.task).version == read_bundle(path).version


def test_a_relative_path_is_refused(case):
    candidate = replace(announced(case.write()), file='policy.onnx')
    with pytest.raises(CandidateRefused, match="'policy.onnx' must be absolute"):
        load_candidate(candidate, case.task)


def test_another_version_than_announced_is_refused(case):
    candidate = announced(case.write())
    with pytest.raises(CandidateRefused, match=f"version '0{{12}}', .* {candidate.version!r}"):
        load_candidate(replace(candidate, version='0' * 12), case.task)


def test_another_spec_hash_than_announced_is_refused(case):
    candidate = replace(announced(case.write()), spec_hash='f' * 16)
    with pytest.raises(CandidateRefused, match='announced with spec hash'):
        load_candidate(candidate, case.task)


def test_a_bundle_of_another_task_is_refused_by_field(case):
    task = case.task.model_copy(update={'rate_hz': 10.0})
    with pytest.raises(BundleError, match='rate_hz: 20.0 Hz, the task needs 10.0 Hz'):
        load_candidate(announced(case.write()), task)


def test_the_jump_is_the_mean_in_halves_of_the_range(case, driving):
    pairs = recent(driving, case.observations)
    # 0.15 m/s is half of half the range; half of the components differ by it.
    shifted = Parity(pairs.observations, pairs.actions + np.float32([0.15, 0.0]))
    assert judge(driving, shifted, LIMITS).jump == pytest.approx(0.25, rel=1e-5)
    with pytest.raises(CandidateRefused, match=r'by 0.25 of half the range .* limit is 0.2$'):
        judge(driving, shifted, replace(LIMITS, max_jump=0.2))


def test_a_candidate_at_its_bounds_is_refused(case, driving):
    candidate = with_last_biases(case, 30.0, -30.0)
    with pytest.raises(CandidateRefused, match='saturated: 100% .* last 16 .* limit is 80%'):
        judge(candidate, recent(driving, case.observations), replace(LIMITS, max_jump=2.0))


def test_full_speed_alone_is_not_saturated(case, driving):
    candidate = with_last_biases(case, 30.0, 0.0)
    found = judge(candidate, recent(driving, case.observations), replace(LIMITS, max_jump=2.0))
    assert found.saturation == pytest.approx(0.5, abs=0.01)


def test_saturation_is_no_reason_when_the_driving_policy_is_at_its_bounds_too(case):
    candidate = with_last_biases(case, 30.0, -30.0)
    assert judge(candidate, recent(candidate, case.observations), LIMITS).saturation == 1.0


def test_a_slow_candidate_is_refused_before_all_runs_are_done(case, driving):
    limits = replace(LIMITS, max_latency_ms=1e-6)
    with pytest.raises(CandidateRefused, match=r'slow: p99 of 3 actions is .* limit is 1e-06 ms'):
        judge(driving, recent(driving, case.observations), limits)


def test_actions_outside_the_bounds_on_recent_observations_are_refused(case, driving):
    narrow = case.task.action.model_copy(
        update={
            'components': (
                case.task.action.components[0].model_copy(update={'high': 1e-3}),
                case.task.action.components[1],
            )
        }
    )
    contract = driving.bundle.contract.model_copy(update={'action': narrow})
    pairs = recent(driving, case.observations)
    driving.bundle = replace(driving.bundle, contract=contract)
    with pytest.raises(CandidateRefused, match=r'outside its bounds on observation \d+ of the'):
        judge(driving, pairs, LIMITS)


def test_an_action_that_is_not_finite_on_recent_observations_is_refused(case, driving):
    pairs = recent(driving, case.observations)
    observations = pairs.observations.copy()
    observations[3] = np.nan
    with pytest.raises(CandidateRefused, match='linear.x is not finite on observation 3 of the'):
        judge(driving, Parity(observations, pairs.actions), LIMITS)


@pytest.mark.parametrize('kind', BAD)
def test_each_kind_of_bad_bundle_is_refused_with_its_word(kind, tmp_path, task):
    make, word = BAD[kind]
    driving = OnnxPolicy.load(BUNDLE_FILE, task)
    pairs = recent(driving, driving.bundle.parity.observations)
    limits = AcceptanceLimits(max_latency_ms=5.0)
    with pytest.raises((CandidateRefused, BundleError), match=word):
        judge(load_candidate(make(tmp_path, 1), task), pairs, limits)
    judge(load_candidate(good(tmp_path, 1), task), pairs, AcceptanceLimits(1000.0))
