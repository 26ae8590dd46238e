"""The order of things: what is checked, what drives, what is refused and what comes back."""

from dataclasses import replace
import threading
import time

import numpy as np
import pytest
from takeover.policy.acceptance import AcceptanceLimits, Candidate, CandidateRefused, Measurements
from takeover.policy.bundle import read_bundle
from takeover.policy.errors import BundleError
from takeover.policy.hot_swap import (
    HotSwap,
    LONGEST_WAIT_S,
    MOST_RECENT_BYTES,
    Refused,
    RollbackError,
    ROLLED_BACK,
    Swapped,
)
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.task import load_task
from tests.policy_candidates import BUNDLE_FILE, good, missing
from tests.vision_policies import good_vision, LANE_FILE, random_records

DEADLINE_S = 30.0


class FakeProcess:
    """Accepts every file that can be read, when the test lets it."""

    def __init__(self):
        """Let every check through at once."""
        self.open = threading.Event()
        self.open.set()
        self.began = threading.Semaphore(0)
        self.checked: list[str] = []
        self.recent = []

    def check(self, candidate, driving, recent, limits, pause):
        """Answer as the real one does."""
        self.checked.append(candidate.version)
        self.recent.append((driving.version, recent))
        self.began.release()
        assert self.open.wait(DEADLINE_S)
        pause()
        if candidate.file.endswith('bug'):
            raise ZeroDivisionError('a bug')
        try:
            return read_bundle(candidate.file), Measurements(0.1, 0.0, 0.0)
        except BundleError as error:
            raise CandidateRefused(str(error)) from None

    def close(self):
        """Hold nothing back."""
        self.open.set()


@pytest.fixture
def swap(task):
    """Return a hot swap whose process is the fake."""
    swap = HotSwap(OnnxPolicy.load(BUNDLE_FILE, task), AcceptanceLimits(1000.0), 20)
    swap._process = FakeProcess()
    yield swap
    swap.close()


def settle(swap, may_swap=True):
    """Step until nothing is on its way; return what came of it."""
    outcomes = [swap.step(may_swap)]
    deadline_s = time.monotonic() + DEADLINE_S
    while swap.checking_version:
        assert time.monotonic() < deadline_s
        time.sleep(1e-3)
        outcomes.append(swap.step(may_swap))
    return [outcome for outcome in outcomes if outcome is not None]


def exchange(swap, candidate):
    """Let a candidate take over."""
    swap.announce(candidate)
    (outcome,) = settle(swap)
    assert isinstance(outcome, Swapped)


def test_an_accepted_candidate_drives_and_the_one_before_is_kept(swap, tmp_path):
    first, candidate = swap.driving, good(tmp_path, 0)
    swap.announce(candidate)
    assert swap.driving is first
    (outcome,) = settle(swap)
    assert (outcome.version, outcome.previous_version) == (candidate.version, first.version)
    assert swap.driving.version == candidate.version and swap.previous is first
    assert swap.swaps == 1 and swap.refused is None


def test_a_step_never_waits_for_a_check(swap, tmp_path):
    swap._process.open.clear()
    swap.announce(good(tmp_path, 0))
    for _ in range(100):
        assert swap.step(True) is None
    assert swap.checking_version and swap.swaps == 0


def test_the_answer_is_taken_in_right_after_a_tick(swap, tmp_path):
    swap.announce(good(tmp_path, 0))
    swap.step(True)
    assert swap._process.began.acquire(timeout=DEADLINE_S)
    (found,) = settle(swap)
    assert found.check_s < LONGEST_WAIT_S
    swap._process.open.clear()
    swap.announce(good(tmp_path, 1))
    swap.step(True)
    swap._process.open.set()
    # No tick comes any more: it goes on by itself.
    _, checked = swap._verdicts.get(timeout=DEADLINE_S)
    assert checked.check_s >= LONGEST_WAIT_S


def test_a_refused_candidate_changes_nothing_and_is_told(swap, tmp_path):
    first, candidate = swap.driving, missing(tmp_path, 0)
    swap.announce(candidate)
    (outcome,) = settle(swap)
    assert isinstance(outcome, Refused) and 'cannot be read' in outcome.reason
    assert swap.refused == outcome and swap.driving is first and swap.swaps == 0


def test_a_bug_in_the_check_is_a_refusal(swap, tmp_path):
    swap.announce(replace(missing(tmp_path, 0), file='/bug'))
    (outcome,) = settle(swap)
    assert outcome.reason == '/bug: ZeroDivisionError: a bug'


@pytest.mark.parametrize('make', [good, missing])
def test_an_announcement_heard_again_is_not_checked_again(swap, tmp_path, make):
    candidate = make(tmp_path, 0)
    for _ in range(3):
        swap.announce(candidate)
        settle(swap)
    assert swap._process.checked == [candidate.version]


def test_the_policy_that_drives_is_not_checked(swap):
    bundle = swap.driving.bundle
    swap.announce(Candidate(bundle.version, bundle.spec_hash, bundle.path))
    assert settle(swap) == [] and swap._process.checked == []


def test_a_newer_candidate_replaces_the_one_under_check(swap, tmp_path):
    older, newer = good(tmp_path, 0), good(tmp_path, 1)
    swap._process.open.clear()
    swap.announce(older)
    swap.step(True)
    swap.announce(newer)
    swap._process.open.set()
    (outcome,) = settle(swap)
    assert outcome.version == newer.version and swap.swaps == 1


def test_a_candidate_waits_for_its_moment(swap, tmp_path):
    candidate = good(tmp_path, 0)
    swap.announce(candidate)
    assert settle(swap, may_swap=False) == []
    assert swap.waiting_version == candidate.version and swap.swaps == 0
    assert isinstance(swap.step(True), Swapped)
    assert swap.waiting_version == ''


def test_it_is_judged_on_the_newest_observations(swap, tmp_path):
    known = swap.driving.bundle.parity.observations
    for row in range(30):
        swap.observe(known[row])
    swap.announce(good(tmp_path, 0))
    settle(swap)
    ((version, recent),) = swap._process.recent
    assert version == swap.previous.version
    # Fewer than the driving policy brought along, so that these come first.
    assert np.array_equal(recent.observations[:-20], known)
    assert np.array_equal(recent.observations[-20:], known[10:30])
    acted = [swap.previous.act(observation) for observation in recent.observations]
    assert recent.actions == pytest.approx(np.array(acted), abs=1e-5)


def test_an_observation_is_kept_as_it_was(swap, tmp_path):
    vector = swap.driving.bundle.parity.observations[0].copy()
    swap.observe(vector)
    vector[:] = 7.0
    swap.announce(good(tmp_path, 0))
    settle(swap)
    assert not np.any(swap._process.recent[0][1].observations == 7.0)


@pytest.fixture
def lane_swap(tmp_path):
    """Return a hot swap of a task with images, and its task."""
    task = load_task(LANE_FILE)
    policy = OnnxPolicy.load(good_vision(tmp_path, 0).file, task)
    swap = HotSwap(policy, AcceptanceLimits(1000.0), 30)
    swap._process = FakeProcess()
    yield swap, task
    swap.close()


@pytest.mark.parametrize('seen', [0, 5, 40])
def test_with_images_it_is_judged_on_records(lane_swap, tmp_path, seen):
    swap, task = lane_swap
    records = random_records(task, max(seen, 1), seed=9)[:seen]
    for row in range(seen):
        # As the node has them: records without a dimension, which it does not keep.
        record = records[row : row + 1].reshape(())
        swap.observe(record)
    swap.announce(good_vision(tmp_path, 1))
    (outcome,) = settle(swap)
    assert isinstance(outcome, Swapped)
    ((_, recent),) = swap._process.recent
    known = swap.previous.bundle.parity.observations
    expected = records[-30:] if seen >= len(known) else np.concatenate([known, records])
    assert recent.observations.dtype == task.observation_dtype
    assert recent.observations.tobytes() == expected.tobytes()
    acted = [swap.previous.act(record) for record in recent.observations]
    assert recent.actions == pytest.approx(np.array(acted), abs=1e-5)


def test_of_large_images_fewer_are_kept(tmp_path):
    lane = load_task(LANE_FILE)
    (image,) = lane.images
    large = image.model_copy(update={'size': 128 * 128 * 3, 'shape': (128, 128, 3)})
    task = lane.model_copy(update={'features': (*lane.vector_features, large)})
    policy = OnnxPolicy.load(good_vision(tmp_path, 0, task).file, task)
    swap = HotSwap(policy, AcceptanceLimits(1000.0), 100)
    record = random_records(task, 1)[0]
    for _ in range(200):
        swap.observe(record)
    assert 16 <= len(swap._recent) < 100
    assert len(swap._recent) * record.nbytes <= MOST_RECENT_BYTES


def test_rollback_without_an_exchange_is_refused(swap):
    with pytest.raises(RollbackError, match=f'{swap.driving.version} has driven since the start'):
        swap.rollback()


def test_rollback_brings_the_loaded_policy_back_and_blocks_the_other(swap, tmp_path):
    first, candidate = swap.driving, good(tmp_path, 0)
    exchange(swap, candidate)
    swap.rollback()
    assert swap.driving is first and swap.previous.version == candidate.version
    assert swap.refused.version == candidate.version and swap.swaps == 2
    swap.announce(candidate)
    assert settle(swap) == [] and swap.driving is first
    with pytest.raises(RollbackError, match=f'{candidate.version} was rolled back from'):
        swap.rollback()


def test_what_was_rolled_back_from_is_refused_when_it_is_announced_after_another(swap, tmp_path):
    first, candidate = swap.driving, good(tmp_path, 0)
    exchange(swap, candidate)
    swap.announce(missing(tmp_path, 0))
    settle(swap)
    swap.rollback()
    swap.announce(candidate)
    assert settle(swap) == [Refused(candidate.version, ROLLED_BACK)]
    assert swap.driving is first and swap._process.checked.count(candidate.version) == 1


def test_a_refused_newer_candidate_does_not_let_a_rollback_go_forward(swap, tmp_path):
    first = swap.driving
    exchange(swap, good(tmp_path, 0))
    swap.rollback()
    swap.announce(missing(tmp_path, 0))
    settle(swap)
    with pytest.raises(RollbackError):
        swap.rollback()
    assert swap.driving is first


def test_after_a_rollback_a_newer_candidate_takes_over_and_rollback_works_again(swap, tmp_path):
    first = swap.driving
    exchange(swap, good(tmp_path, 0))
    swap.rollback()
    exchange(swap, good(tmp_path, 1))
    assert swap.previous is first
    swap.rollback()
    assert swap.driving is first


def test_what_was_rolled_back_from_may_come_again_after_a_newer_one(swap, tmp_path):
    again = good(tmp_path, 0)
    exchange(swap, again)
    swap.rollback()
    swap.announce(missing(tmp_path, 0))
    settle(swap)
    exchange(swap, again)
    assert swap.driving.version == again.version


def test_a_candidate_under_check_at_a_rollback_is_checked_against_the_one_that_drives(
    swap, tmp_path
):
    first, newer = swap.driving, good(tmp_path, 1)
    exchange(swap, good(tmp_path, 0))
    swap._process.open.clear()
    swap.announce(newer)
    swap.step(True)
    swap.rollback()
    swap._process.open.set()
    (outcome,) = settle(swap)
    assert outcome.version == newer.version
    assert [version for version, _ in swap._process.recent][-1] == first.version
    assert swap._process.checked.count(newer.version) == 2
    assert swap.previous is first


def test_a_rollback_to_what_waits_for_its_moment_is_that_exchange(swap, tmp_path):
    first = swap.driving
    exchange(swap, good(tmp_path, 0))
    swap.announce(Candidate(first.version, first.spec_hash, first.bundle.path))
    settle(swap, may_swap=False)
    swap.rollback()
    assert settle(swap) == [] and swap.driving is first and swap.swaps == 2


def test_announcing_the_driving_policy_again_calls_a_waiting_candidate_off(swap, tmp_path):
    bundle = swap.driving.bundle
    swap.announce(good(tmp_path, 0))
    settle(swap, may_swap=False)
    swap.announce(Candidate(bundle.version, bundle.spec_hash, '/nowhere'))
    assert swap.step(True) is None and swap.driving.bundle is bundle
