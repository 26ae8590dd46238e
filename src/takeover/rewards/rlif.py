"""The reward of reinforcement learning from interventions (RLIF): -1 where a person took over.

J. Luo et al.: RLIF: Interactive Imitation Learning as Reinforcement Learning, arXiv 2311.12996. A
step of the policy is worth -1 when a person takes over right after it, everything else 0; what the
person then does is neither praised nor blamed. So the label of a step is known one step later, and
`InterventionLabeller` hands steps out with that delay.

The same object labels live steps and those of the headless loop.
"""

from collections import deque
from dataclasses import dataclass, replace
import math
from typing import Literal

from takeover.command import Source
from takeover.errors import TakeoverError
from takeover.outcome import Outcome


class LabelError(TakeoverError):
    """A setting of the labels, or an order of steps, that is not legal."""


@dataclass(frozen=True)
class LabelConfig:
    """Which steps are penalised."""

    penalise: Literal['onset', 'every_step', 'reference'] = 'onset'
    """onset: the policy's last step before a take-over (the paper's rule). every_step: each step
    that a person drives; for comparison, it blames the rescue. reference: onset, with the storage
    rule of the released code, which keeps of a person's steps only the last before the policy
    goes on, and never the last step of an episode."""
    window_s: float = 0.0
    """For operators who press late: the -1 is shared equally by the policy's steps of this time
    before the take-over; 0: the last step has all of it."""
    success_reward: float = 0.0
    """Added to the last step of an episode that reached its goal while the policy drove."""
    failure_reward: float = 0.0
    """Added to the last step of an episode that failed while the policy drove; -1 makes a crash
    that nobody prevented as bad as a take-over."""

    def __post_init__(self) -> None:
        """Refuse what cannot be labelled with."""
        if self.penalise not in ('onset', 'every_step', 'reference'):
            raise LabelError(f'penalise is {self.penalise!r}; legal: onset, every_step, reference')
        if not 0.0 <= self.window_s < math.inf:
            raise LabelError(f'window_s is {self.window_s}; legal: 0 or more')
        if self.window_s and self.penalise != 'onset':
            raise LabelError(f'window_s is for penalise: onset, not {self.penalise}')
        for name in ('success_reward', 'failure_reward'):
            if not math.isfinite(getattr(self, name)):
                raise LabelError(f'{name} is {getattr(self, name)}; legal: a finite number')


@dataclass(frozen=True)
class Label:
    """What is known about one step once its successor, or its end, is known."""

    sequence: int
    source: Source
    episode: int
    reward: float = 0.0
    onset: bool = False
    """Whether a person took over from the policy right after this step."""
    stored: bool = True
    """False: the labelling rule leaves the step out of learning."""
    terminated: bool = False
    truncated: bool = False
    outcome: int = 0
    """How the episode ended with this step (EpisodeState.msg); 0 while it did not."""


class InterventionLabeller:
    """Takes steps in order, and gives each back once its label is known.

    Every step given comes back exactly once, in order. A label never reaches beyond the episode or
    across a gap: what was waiting then comes back without one.
    """

    def __init__(self, config: LabelConfig, period_s: float) -> None:
        """Start without steps.

        :param period_s: of the steps; `window_s` is rounded to whole steps, at least one.
        :raises LabelError: the period is not positive.
        """
        if not 0.0 < period_s < math.inf:
            raise LabelError(f'period_s is {period_s}; legal: positive')
        self.config = config
        self._window = max(1, round(config.window_s / period_s))
        self._waiting: deque[Label] = deque()

    def step(self, sequence: int, source: Source, episode: int) -> list[Label]:
        """Take the next step; return the labels that are now known.

        :param episode: 0 when the step belongs to none: it is never stored and never blamed.
        :raises LabelError: the sequence is not above that of the last step that waits; nothing
            is then changed.
        """
        known = []
        if self._waiting:
            last = self._waiting[-1]
            if sequence <= last.sequence:
                raise LabelError(f'sequence {sequence} follows {last.sequence}; it must increase')
            if episode != last.episode or sequence != last.sequence + 1:
                known = self.interrupt()
        if self._waiting:
            self._look_back(source)
        penalised = self.config.penalise == 'every_step' and source is Source.HUMAN and episode > 0
        stored = episode > 0 and source in (Source.POLICY, Source.HUMAN)
        reward = -1.0 if penalised else 0.0
        self._waiting.append(Label(sequence, source, episode, reward, stored=stored))
        while len(self._waiting) > self._window:
            known.append(self._waiting.popleft())
        return known

    def end(self, terminated: bool, truncated: bool, outcome: int) -> list[Label]:
        """End the episode with the last step given; return all labels.

        Without a waiting step (the episode ended before its first) there is nothing to say.

        :param outcome: of EpisodeState.msg.
        """
        if self._waiting and self._waiting[-1].episode:
            last = self._waiting.pop()
            reward = last.reward
            if terminated and last.source is Source.POLICY:
                good = outcome == Outcome.GOAL
                reward += self.config.success_reward if good else self.config.failure_reward
            self._waiting.append(
                replace(
                    last,
                    reward=reward,
                    terminated=terminated,
                    truncated=truncated and not terminated,
                    outcome=outcome,
                    stored=last.stored and self.config.penalise != 'reference',
                )
            )
        return self._release()

    def interrupt(self) -> list[Label]:
        """Return all labels; nothing that follows belongs to what was."""
        if self._waiting and self.config.penalise == 'reference':
            self._waiting.append(replace(self._waiting.pop(), stored=False))
        return self._release()

    def _look_back(self, source: Source) -> None:
        """Let the source of a step decide about the one before it, of the same episode."""
        last = self._waiting[-1]
        onset = source is Source.HUMAN and last.source is Source.POLICY and last.episode > 0
        if onset:
            self._waiting[-1] = last = replace(last, onset=True)
            if self.config.penalise != 'every_step':
                self._blame()
                last = self._waiting[-1]
        if self.config.penalise == 'reference' and not onset and source is not Source.POLICY:
            self._waiting[-1] = replace(last, stored=False)

    def _blame(self) -> None:
        """Share -1 by the policy's steps that wait, back to the last of another driver."""
        first = len(self._waiting)
        while first and self._waiting[first - 1].source is Source.POLICY:
            first -= 1
        share = -1.0 / (len(self._waiting) - first)
        for index in range(first, len(self._waiting)):
            step = self._waiting[index]
            self._waiting[index] = replace(step, reward=step.reward + share)

    def _release(self) -> list[Label]:
        known = list(self._waiting)
        self._waiting.clear()
        return known
