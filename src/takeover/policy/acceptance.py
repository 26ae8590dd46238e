"""May a candidate take over from the policy that drives? Judged on what was observed just now.

A file that passes every check of `OnnxPolicy` may still be a bad driver. Four more questions: is
it the file that was announced, is it fast enough, does it do more than sit at its bounds, and does
it act much unlike the policy that drives. Time is that of the processor, not of the clock: it is
what the network costs, whatever else the machine does meanwhile.
"""

from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np
from takeover.action import ActionContract
from takeover.errors import TakeoverError
from takeover.policy.bundle import check_contract, PolicyBundle, read_bundle
from takeover.policy.errors import BundleError
from takeover.policy.model_inputs import model_inputs
from takeover.policy.onnx_policy import (
    OnnxPolicy,
    OUTPUT_NAME,
    PARITY_TOLERANCE,
    start_session,
)
from takeover.policy.parity import Parity
from takeover.specs import Contract

TIMED_RUNS = 200
_PERCENTILE = 99.0
# An action this near to a bound, in halves of the range, counts as sitting at it.
_AT_BOUND = 1e-3


class CandidateRefused(TakeoverError):
    """A candidate must not drive; the message names the measure, its value and the limit."""


@dataclass(frozen=True)
class Candidate:
    """A policy file that somebody announced."""

    version: str
    """First 12 hex digits of the digest the file must have."""
    spec_hash: str
    """Hash of the contract it was made for."""
    file: str
    """Absolute path of the bundle."""


@dataclass(frozen=True)
class AcceptanceLimits:
    """What a candidate may cost and how far it may differ."""

    max_latency_ms: float
    """p99 of one action, in milliseconds of processor time on one thread."""
    max_saturation: float = 0.8
    """Share of action components at a bound, unless the driving policy is above it too."""
    max_jump: float = 1.0
    """Mean difference from the driving policy, in halves of the action range; at most 2."""


@dataclass(frozen=True)
class Measurements:
    """What was measured of a candidate that may drive; see AcceptanceLimits for the units."""

    latency_ms: float
    saturation: float
    jump: float


def load_candidate(candidate: Candidate, task: Contract) -> OnnxPolicy:
    """Load an announced file and verify it against the task and the announcement.

    :raises CandidateRefused: the file is not the one that was announced.
    :raises BundleError: the file must not be used by anybody.
    """
    if not Path(candidate.file).is_absolute():
        raise CandidateRefused(f'the path {candidate.file!r} must be absolute')
    bundle = read_bundle(candidate.file)
    check_contract(bundle, task)
    for what, announced, found in (
        ('version', candidate.version, bundle.version),
        ('spec hash', candidate.spec_hash, bundle.spec_hash),
    ):
        if announced != found:
            raise CandidateRefused(
                f'{candidate.file}: announced with {what} {announced!r}, the file has {found!r}'
            )
    return OnnxPolicy(bundle)


def judge(policy: OnnxPolicy, recent: Parity, limits: AcceptanceLimits) -> Measurements:
    """Compare a verified candidate with the policy that drives.

    :param recent: the newest observations and what the driving policy does on them, SI.
    :raises CandidateRefused: naming the first limit that it breaks.
    """
    path = policy.bundle.path
    action = ActionContract(policy.bundle.contract.action)
    actions = raw_actions(policy.bundle, recent.observations)
    _check_actions(actions, action, path)
    saturation = _saturation(actions, action)
    if saturation > limits.max_saturation >= _saturation(recent.actions, action):
        raise CandidateRefused(
            f'{path}: saturated: {saturation:.0%} of its action components are at a bound on the '
            f'last {len(actions)} observations, the limit is {limits.max_saturation:.0%}'
        )
    half_range = (action.high - action.low) / 2.0
    jump = float(np.mean(np.abs(actions - recent.actions) / half_range))
    if jump > limits.max_jump:
        raise CandidateRefused(
            f'{path}: jump: its actions on the last {len(actions)} observations differ from the '
            f"driving policy's by {jump:.3g} of half the range on average, the limit is "
            f'{limits.max_jump:.3g}'
        )
    return Measurements(_latency_ms(policy, recent.observations, limits), saturation, jump)


def raw_actions(bundle: PolicyBundle, observations: np.ndarray) -> np.ndarray:
    """Return what the network gives, not clipped, float64 [N, m], in a session of its own.

    Any thread may call this while the policy drives.

    :raises BundleError: the model cannot run.
    """
    session = start_session(bundle.model_bytes, bundle.path)
    try:
        (actions,) = session.run([OUTPUT_NAME], model_inputs(observations, bundle.contract))
    except Exception as error:  # noqa: BLE001 ONNX Runtime raises many classes without a common base
        raise BundleError(f'{bundle.path}: the model cannot run: {error}') from None
    return actions.astype(np.float64)


def _check_actions(actions: np.ndarray, action: ActionContract, path: str) -> None:
    slack = PARITY_TOLERANCE * (action.high - action.low) / 2.0
    outside = np.any((actions < action.low - slack) | (actions > action.high + slack), axis=1)
    for row, values in enumerate(actions):
        reason = action.validate(values)
        if reason is None and outside[row]:
            reason = f'action {np.array2string(values, precision=6)} is outside its bounds'
        if reason is not None:
            raise CandidateRefused(
                f'{path}: {reason} on observation {row} of the last {len(actions)}'
            )


def _saturation(actions: np.ndarray, action: ActionContract) -> float:
    margin = _AT_BOUND * (action.high - action.low) / 2.0
    return float(np.mean((actions <= action.low + margin) | (actions >= action.high - margin)))


def _latency_ms(policy: OnnxPolicy, observations: np.ndarray, limits: AcceptanceLimits) -> float:
    """Return the p99 of one action; a slow network is given up as soon as it is known to be."""
    times_ms: list[float] = []
    too_slow = 0
    while len(times_ms) < TIMED_RUNS and too_slow <= TIMED_RUNS * (1.0 - _PERCENTILE / 100.0):
        observation = observations[len(times_ms) % len(observations)]
        start_ns = time.thread_time_ns()
        policy.act(observation)
        times_ms.append(1e-6 * (time.thread_time_ns() - start_ns))
        too_slow += times_ms[-1] > limits.max_latency_ms
    latency_ms = float(np.percentile(times_ms, _PERCENTILE))
    if latency_ms > limits.max_latency_ms:
        raise CandidateRefused(
            f'{policy.bundle.path}: slow: p99 of {len(times_ms)} actions is {latency_ms:.3g} ms '
            f'of processor time, the limit is {limits.max_latency_ms:.3g} ms'
        )
    return latency_ms
