"""Exchange the policy that drives while it drives: check beside it, swap between two ticks.

The owner calls `observe` with each observation, `announce` with each candidate and `step` after
each tick, all from one thread; none of them waits. A check runs in a process of its own
(takeover.policy.candidate_process), fed by a thread that also starts the session that will drive:
ONNX Runtime lets other threads run meanwhile. What else the thread does holds the interpreter lock
for some milliseconds, so it does that right after a tick, when the next one is farthest. It keeps
its priority: one that is starved while it holds the lock would stop the tick with it.

What is announced is checked once. The newest announcement wins; the policy that drove before stays
loaded, so that a rollback is immediate; what was rolled back from is refused until a newer
candidate comes, so that an announcement heard again cannot undo a person's decision.
"""

from collections import deque
from dataclasses import dataclass
import queue
import threading
import time

import numpy as np
from takeover.errors import TakeoverError
from takeover.policy.acceptance import AcceptanceLimits, Candidate, Measurements, raw_actions
from takeover.policy.candidate_process import CandidateProcess
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.parity import MIN_PARITY_VECTORS, Parity
from takeover.specs import Contract

ROLLED_BACK = 'rolled back from by a person; refused until a newer candidate comes'

# Without ticks for this long there is none to disturb.
LONGEST_WAIT_S = 1.0
# Observations are written out with the interpreter lock held: 7 ms for so many bytes of images.
MOST_RECENT_BYTES = 2 << 20


class RollbackError(TakeoverError):
    """There is no policy to go back to; says why."""


@dataclass(frozen=True)
class Refused:
    """A candidate was refused; the policy that drove goes on."""

    version: str
    reason: str


@dataclass(frozen=True)
class Swapped:
    """A candidate drives from the next tick on."""

    version: str
    previous_version: str
    evidence: Measurements
    check_s: float


@dataclass(frozen=True, eq=False)
class _Checked:
    candidate: Candidate
    policy: OnnxPolicy
    evidence: Measurements
    check_s: float


class HotSwap:
    """The policy that drives, the one before it, and the candidate on its way."""

    def __init__(self, driving: OnnxPolicy, limits: AcceptanceLimits, window: int):
        """Begin with a policy that was verified against the task.

        :param limits: what a candidate must keep.
        :param window: how many of the newest observations it is judged on; of large images fewer.
        """
        self.driving = driving
        self.previous: OnnxPolicy | None = None
        self.swaps = 0
        self.refused: Refused | None = None
        self._limits = limits
        self._recent: deque[np.ndarray] = deque(maxlen=_most(window, driving.bundle.contract))
        self._process = CandidateProcess()
        self._after_tick = threading.Event()
        self._verdicts: queue.SimpleQueue[tuple[Candidate, _Checked | Refused]] = (
            queue.SimpleQueue()
        )
        self._refused_unseen: Refused | None = None
        self._newest: Candidate | None = None
        self._announced: Candidate | None = None
        self._checking: Candidate | None = None
        self._ready: _Checked | None = None
        self._blocked = ''
        self._rolled_back = False

    @property
    def waiting_version(self) -> str:
        """Version of the candidate that was accepted and waits for its moment, or ''."""
        return self._ready.candidate.version if self._ready else ''

    @property
    def checking_version(self) -> str:
        """Version of the candidate that is being checked, or ''."""
        return self._checking.version if self._checking else ''

    def observe(self, observation: np.ndarray) -> None:
        """Keep an observation the policy acted on, as `OnnxPolicy.act` takes it."""
        self._recent.append(observation.copy())

    def announce(self, candidate: Candidate) -> None:
        """Note a candidate; one that was dealt with already is not looked at again."""
        if self._newest is not None and candidate.version == self._newest.version:
            return
        self._newest = candidate
        self._announced = self._ready = None
        if candidate.version == self.driving.version:
            return
        if candidate.version == self._blocked:
            self._refused_unseen = Refused(candidate.version, ROLLED_BACK)
            return
        self._blocked = ''
        self._announced = candidate

    def step(self, may_swap: bool) -> Refused | Swapped | None:
        """Do what is due between two ticks; return what became of a candidate, if anything.

        :param may_swap: the policy may be exchanged at this moment.
        """
        outcome = self._take_verdict()
        if outcome is None and self._ready is not None and may_swap:
            outcome = self._swap(self._ready)
        if self._announced is not None and self._checking is None:
            self._start_check(self._announced)
        self._after_tick.set()
        return outcome

    def rollback(self) -> None:
        """Let the previous policy drive from the next tick on.

        :raises RollbackError: none was exchanged, or it was rolled back from itself.
        """
        if self.previous is None:
            raise RollbackError(
                f'no policy to go back to: {self.driving.version} has driven since the start'
            )
        if self._rolled_back:
            raise RollbackError(
                f'no policy to go back to: {self.driving.version} drives because '
                f'{self.previous.version} was rolled back from'
            )
        # A candidate on its way was compared with the policy that goes: check it again.
        on_its_way = self._ready.candidate if self._ready else self._checking
        self._announced = self._announced or on_its_way
        if self._announced and self._announced.version == self.previous.version:
            self._announced = None
        self._ready = None
        self._blocked = self.driving.version
        self._rolled_back = True
        self.refused = Refused(self._blocked, ROLLED_BACK)
        self._exchange(self.previous)

    def close(self) -> None:
        """End a check under way and its process."""
        self._announced = self._ready = None
        self._process.close()

    def _exchange(self, policy: OnnxPolicy) -> None:
        self.previous, self.driving = self.driving, policy
        self.swaps += 1

    def _swap(self, checked: _Checked) -> Swapped:
        self._ready = None
        self._rolled_back = False
        self._exchange(checked.policy)
        return Swapped(
            self.driving.version, self.previous.version, checked.evidence, checked.check_s
        )

    def _take_verdict(self) -> Refused | None:
        if self._refused_unseen:
            found, self._refused_unseen = self._refused_unseen, None
            self.refused = found
            return found
        try:
            verdict = self._verdicts.get_nowait()
        except queue.Empty:
            return None
        candidate, found = verdict
        self._checking = None
        if candidate is self._announced:
            return None
        if isinstance(found, Refused):
            self.refused = found
            return found
        if candidate is self._newest:
            self._ready = found
        return None

    def _start_check(self, candidate: Candidate) -> None:
        self._announced, self._checking = None, candidate
        recent = np.array(self._recent, self.driving.bundle.contract.observation_dtype)
        arguments = (candidate, self.driving, recent)
        threading.Thread(target=self._check, args=arguments, daemon=True).start()

    def _check(self, candidate: Candidate, driving: OnnxPolicy, recent: np.ndarray) -> None:
        """Run in the thread: check beside the tick, then start the session that will drive."""
        start_s = time.monotonic()
        try:
            known = driving.bundle.parity.observations
            # Soon after the start too few were observed; the driving policy brought some.
            observations = (
                recent
                if len(recent) >= len(known)
                else np.concatenate([known, recent.reshape(-1, *known.shape[1:])])
            )
            actions = raw_actions(driving.bundle, observations).astype(np.float32)
            bundle, evidence = self._process.check(
                candidate,
                driving.bundle,
                Parity(observations, actions),
                self._limits,
                self._wait_for_tick,
            )
            policy = OnnxPolicy(bundle)
            found = _Checked(candidate, policy, evidence, time.monotonic() - start_s)
        except TakeoverError as error:
            found = Refused(candidate.version, str(error))
        except Exception as error:  # noqa: BLE001 a thread would end without a word
            found = Refused(
                candidate.version, f'{candidate.file}: {type(error).__name__}: {error}'
            )
        self._verdicts.put((candidate, found))

    def _wait_for_tick(self) -> None:
        self._after_tick.clear()
        self._after_tick.wait(LONGEST_WAIT_S)


def _most(window: int, contract: Contract) -> int:
    """Return how many observations are kept."""
    values = int(np.prod(contract.observation_shape, dtype=int))
    most = MOST_RECENT_BYTES // (values * contract.observation_dtype.itemsize)
    return max(MIN_PARITY_VECTORS, min(window, most))
