"""The process that checks: its answer is that of the check, and its end is a refusal."""

from dataclasses import replace
import os
from pathlib import Path
import signal
import threading

import numpy as np
import pytest
from takeover.policy.acceptance import AcceptanceLimits, CandidateRefused, raw_actions
from takeover.policy.bundle import read_bundle
from takeover.policy.candidate_process import CandidateProcess, NICENESS
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.parity import Parity
from takeover.task import load_task
from tests.policy_candidates import base, good, missing
from tests.vision_policies import LANE_FILE, random_records, write_vision

LIMITS = AcceptanceLimits(max_latency_ms=1000.0)


@pytest.fixture
def process():
    """Return a process that is ended after the test."""
    process = CandidateProcess()
    yield process
    process.close()


def check(process, candidate):
    """Check a candidate against the shipped bundle."""
    driving = base()
    observations = driving.parity.observations
    actions = raw_actions(driving, observations).astype(np.float32)
    return process.check(candidate, driving, Parity(observations, actions), LIMITS, lambda: None)


def test_an_accepted_file_comes_back_whole_and_runs(process, tmp_path):
    candidate = good(tmp_path, 1)
    bundle, evidence = check(process, candidate)
    data = Path(candidate.file).read_bytes()
    assert (bundle.version, bundle.path) == (candidate.version, candidate.file)
    assert bundle.model_bytes == data and bundle.provenance == {'number': 1}
    Path(candidate.file).unlink()
    assert OnnxPolicy(bundle).version == candidate.version
    assert 0.0 < evidence.jump < 0.01


def test_records_with_images_reach_it_as_they_were(process, tmp_path):
    task = load_task(LANE_FILE)
    first = write_vision(tmp_path / 'a.onnx')
    second = write_vision(tmp_path / 'b.onnx', bias=(0.2, 0.2))
    driving, other = (read_bundle(candidate.file) for candidate in (first, second))
    records = random_records(task, 40, seed=9)
    actions, wanted = (raw_actions(bundle, records) for bundle in (driving, other))
    recent = Parity(records, actions.astype(np.float32))
    bundle, evidence = process.check(second, driving, recent, LIMITS, lambda: None)
    half_range = [(c.high - c.low) / 2.0 for c in task.action.components]
    jump = np.mean(np.abs(wanted - actions) / half_range)
    assert jump > 0.01 and evidence.jump == pytest.approx(jump, rel=1e-4)
    assert bundle.parity.observations.tobytes() == other.parity.observations.tobytes()
    assert OnnxPolicy(bundle).act(records[0]) == pytest.approx(wanted[0], abs=1e-5)


def test_a_refusal_leaves_the_process_for_the_next_one(process, tmp_path):
    with pytest.raises(CandidateRefused, match='missing_0.onnx: cannot be read'):
        check(process, missing(tmp_path, 0))
    first = process._process.pid
    check(process, good(tmp_path, 1))
    assert process._process.pid == first
    assert os.getpriority(os.PRIO_PROCESS, first) == NICENESS


def test_a_process_that_dies_is_a_refusal_and_another_one_checks_the_next(process, tmp_path):
    candidate = good(tmp_path, 1)
    check(process, candidate)
    process._process.send_signal(signal.SIGKILL)
    with pytest.raises(CandidateRefused, match='ended by SIGKILL'):
        check(process, candidate)
    assert check(process, candidate)[0].version == candidate.version


def test_a_check_that_hangs_is_ended_by_its_own_alarm(tmp_path):
    candidate = good(tmp_path, 1)
    # A file that never opens: Python is stuck in a call that it cannot leave by itself.
    fifo = tmp_path / 'fifo.onnx'
    os.mkfifo(fifo)
    process = CandidateProcess(time_limit_s=0.5)
    try:
        with pytest.raises(CandidateRefused, match='fifo.onnx: the check took longer than 0.5 s'):
            check(process, replace(candidate, file=str(fifo)))
    finally:
        process.close()


def test_closing_ends_a_check_that_is_under_way(process, tmp_path):
    candidate = good(tmp_path, 1)
    check(process, candidate)
    fifo = tmp_path / 'fifo.onnx'
    os.mkfifo(fifo)
    stuck = replace(candidate, file=str(fifo))
    ended = []

    def run() -> None:
        try:
            check(process, stuck)
        except CandidateRefused as error:
            ended.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    process.close()
    thread.join(20.0)
    assert len(ended) == 1 and 'SIGKILL' in ended[0]
