"""The checks of a policy file one by one, for a person to read."""

from collections.abc import Iterator
from pathlib import Path
import time

import numpy as np
from takeover.policy.bundle import check_contract, read_bundle
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.task import load_task

_TIMED_RUNS = 1000


def verify(file: str | Path, task_file: str | Path | None = None) -> Iterator[tuple[str, str]]:
    """Check a policy file as the policy node does; yield each check passed with what was found.

    :param task_file: the task to compare the contract with; None: not compared.
    :raises TakeoverError: the first check that fails; the task file may be at fault too.
    """
    bundle = read_bundle(file)
    yield 'digest', f'{bundle.digest}, {len(bundle.model_bytes)} bytes'
    contract = bundle.contract
    yield (
        'contract',
        (
            f'spec {bundle.spec_hash}: {contract.observation_size} observations, '
            f'{len(contract.action.components)} actions, {contract.rate_hz:g} Hz'
        ),
    )
    if task_file is not None:
        check_contract(bundle, load_task(task_file))
        yield 'task', f'made for the contract of {task_file}'
    policy = OnnxPolicy(bundle)
    yield (
        'parity',
        (
            f'{len(bundle.parity.actions)} vectors, largest difference '
            f'{policy.parity_error:.1e} of half the range'
        ),
    )
    yield 'bounds', 'actions are finite and within their bounds, at the extremes too'
    recorded = bundle.parity.observations
    times_us = np.array(
        [_time_us(policy, recorded[run % len(recorded)]) for run in range(_TIMED_RUNS)]
    )
    yield (
        'latency',
        (
            f'median {np.median(times_us):.0f} us, p99 '
            f'{np.percentile(times_us, 99.0):.0f} us on one thread'
        ),
    )


def _time_us(policy: OnnxPolicy, observation: np.ndarray) -> float:
    start_ns = time.perf_counter_ns()
    policy.act(observation)
    return (time.perf_counter_ns() - start_ns) * 1e-3
