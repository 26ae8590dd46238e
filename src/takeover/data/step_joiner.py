"""Joins what is said about one step of the policy: the command, its execution, its reward.

Of a task with images the pictures are the fourth part. Parts come in any order, more than once, or
not at all. A step is given out when its parts are all there, in order of sequence. A step that
stays without one of them for `patience_s` is dropped and leaves a gap; nothing is ever filled in.
Times are those of a steady clock.
"""

from collections import deque
from dataclasses import dataclass
import math

import numpy as np
from takeover.command import Source
from takeover.data.errors import LogError
from takeover.data.step import Step
from takeover.image_form import NO_PIXELS

# Steps that may wait at once: 10 s at 50 Hz. The oldest goes when there are more.
MOST_WAITING = 500
SOURCES = frozenset(map(int, Source))


@dataclass(frozen=True)
class JoinConfig:
    """What is joined, and how long it may take."""

    spec_hash: str
    """Hash of the task that is recorded, 16 hex digits; commands for another one are refused."""
    observation_size: int
    """Numbers in the observation."""
    action_size: int
    """Numbers in the action."""
    pixels_size: int = 0
    """Numbers in the newest pictures of all image features together; 0: there are none."""
    patience_s: float = 2.0
    """How long a step may lack a part, counted from its first one."""

    def __post_init__(self) -> None:
        """Refuse a patience that never ends or never begins."""
        if not 0.0 < self.patience_s < math.inf:
            raise LogError(f'patience_s is {self.patience_s}; legal: positive and finite')


@dataclass(frozen=True, eq=False)
class PolicyPart:
    """The policy's command; arrays in SI."""

    sequence: int
    stamp_ns: int
    observation: np.ndarray
    observation_stamp_ns: int
    action: np.ndarray
    policy_version: str
    spec_hash: str
    image_stamps_ns: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class RewardPart:
    """Who drove, what was commanded, and what the step is worth (StepReward.msg)."""

    sequence: int
    episode: int
    source: int
    """A number of Source."""
    commanded: np.ndarray
    reward: float
    onset: bool
    stored: bool
    terminated: bool
    truncated: bool
    outcome: int


@dataclass
class _Waiting:
    since_s: float
    policy: PolicyPart | None = None
    pixels: np.ndarray | None = None
    executed: np.ndarray | None = None
    reward: RewardPart | None = None


class StepJoiner:
    """Collects parts, gives steps."""

    def __init__(self, config: JoinConfig) -> None:
        """Start without parts."""
        self.config = config
        self._waiting: dict[int, _Waiting] = {}
        self._refused: deque[int] = deque(maxlen=MOST_WAITING)
        self._last = -1
        self.incomplete = 0
        """Steps that were dropped because a part did not come."""
        self.late = 0
        """Parts of a step that had been given out or dropped: late ones and second ones."""
        self.refused = 0
        """Steps for another task, of another size, or with a number that is not finite."""
        self.refused_because = ''
        """What was wrong with the last of them."""

    def policy(self, part: PolicyPart, now_s: float) -> None:
        """Take the command of a step."""
        problem = self._problem_of_policy(part)
        waiting = self._place(part.sequence, problem, now_s)
        if waiting is not None and waiting.policy is None:
            waiting.policy = part

    def pixels(self, sequence: int, pixels: np.ndarray, now_s: float) -> None:
        """Take the newest pictures that the policy acted on, flat uint8."""
        problem = ''
        if pixels.shape != (self.config.pixels_size,):
            problem = (
                f'the pictures have {pixels.size} numbers, the task has {self.config.pixels_size}'
            )
        waiting = self._place(sequence, problem, now_s)
        if waiting is not None and waiting.pixels is None:
            waiting.pixels = pixels

    def executed(self, sequence: int, values: np.ndarray, now_s: float) -> None:
        """Take what the gate sent to the robot when the command of a step arrived.

        :param sequence: of the policy's command; 0 (no step) is ignored.
        """
        waiting = self._place(sequence, self._problem('executed', values), now_s)
        if waiting is not None and waiting.executed is None:
            waiting.executed = values

    def reward(self, part: RewardPart, now_s: float) -> None:
        """Take the reward of a step."""
        problem = self._problem('commanded', part.commanded)
        if not math.isfinite(part.reward):
            problem = f'reward is {part.reward}'
        if part.source not in SOURCES:
            problem = f'source is {part.source}; legal: {sorted(SOURCES)}'
        waiting = self._place(part.sequence, problem, now_s)
        if waiting is not None and waiting.reward is None:
            waiting.reward = part

    def ready(self, now_s: float) -> list[Step]:
        """Return the steps that are complete and need not wait for an earlier one, in order."""
        steps = []
        for sequence in sorted(self._waiting):
            waiting = self._waiting[sequence]
            step = self._joined(waiting)
            if step is not None:
                steps.append(step)
            elif (
                now_s - waiting.since_s > self.config.patience_s
                or len(self._waiting) > MOST_WAITING
            ):
                self.incomplete += 1
            else:
                break
            self._last = sequence
            del self._waiting[sequence]
        return steps

    @property
    def waiting(self) -> int:
        """How many steps lack a part, or wait for an earlier one that does."""
        return len(self._waiting)

    def _place(self, sequence: int, problem: str, now_s: float) -> _Waiting | None:
        if sequence == 0 or sequence in self._refused:
            return None
        if sequence <= self._last:
            self.late += 1
            return None
        if problem:
            self.refused += 1
            self.refused_because = f'step {sequence}: {problem}'
            self._refused.append(sequence)
            self._waiting.pop(sequence, None)
            return None
        return self._waiting.setdefault(sequence, _Waiting(now_s))

    def _problem_of_policy(self, part: PolicyPart) -> str:
        if part.spec_hash != self.config.spec_hash:
            return f'spec_hash is {part.spec_hash!r}, recorded is {self.config.spec_hash!r}'
        if part.observation.shape != (self.config.observation_size,):
            return (
                f'observation has {part.observation.size} numbers, the task has '
                f'{self.config.observation_size}'
            )
        if not np.isfinite(part.observation).all():
            return 'observation is not finite'
        return self._problem('action', part.action)

    def _problem(self, name: str, values: np.ndarray) -> str:
        if values.shape != (self.config.action_size,):
            return f'{name} has {values.size} numbers, the task has {self.config.action_size}'
        return '' if np.isfinite(values).all() else f'{name} is not finite'

    def _joined(self, waiting: _Waiting) -> Step | None:
        policy, executed, reward = waiting.policy, waiting.executed, waiting.reward
        pixels = waiting.pixels if self.config.pixels_size else NO_PIXELS
        if policy is None or executed is None or reward is None or pixels is None:
            return None
        return Step(
            sequence=policy.sequence,
            stamp_ns=policy.stamp_ns,
            episode=reward.episode,
            source=Source(reward.source),
            observation=policy.observation,
            policy_action=policy.action,
            commanded=reward.commanded,
            executed=executed,
            reward=reward.reward,
            onset=reward.onset,
            stored=reward.stored,
            terminated=reward.terminated,
            truncated=reward.truncated,
            outcome=reward.outcome,
            policy_version=policy.policy_version,
            observation_stamp_ns=policy.observation_stamp_ns,
            image_stamps_ns=policy.image_stamps_ns,
            pixels=pixels,
        )
