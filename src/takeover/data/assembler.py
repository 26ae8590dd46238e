"""From the steps of a log to transitions: what may follow what.

A transition needs two steps that really followed each other: same episode, next sequence, a period
apart. Everything else is a gap, and a gap is never bridged: the step before it starts nothing.

Live steps and those of the headless loop go through the same assembler.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import math

import numpy as np
from takeover.command import Source
from takeover.data.step import Step
from takeover.data.transition import ReplayError

DRIVERS = (Source.POLICY, Source.HUMAN)
# Steps farther apart than this many periods do not follow each other.
_GAP_PERIODS = 1.5


@dataclass(frozen=True, eq=False)
class Transition:
    """One step and what came of it; arrays in SI."""

    step: Step
    """Where it starts: observation, who drove, what was commanded, reward."""
    next_step: Step
    """Where it led, for its observation; of a terminated step itself, which no target uses."""
    terminated: bool
    """Nothing follows: mask 0."""
    truncated: bool
    """The episode was cut off here: bootstrapped through, mask 1."""

    @property
    def next_observation(self) -> np.ndarray:
        """The vector it led to, float32 [n]."""
        return self.next_step.observation


class TransitionAssembler:
    """Takes steps in order of sequence and gives transitions.

    Rules: a step starts a transition when the policy or a person drove it and the labelling rule
    stores it. A terminated step needs no successor. The last step of a truncated episode has no
    known future: it only completes the transition before it, which then carries the truncation.
    """

    def __init__(self, period_s: float) -> None:
        """Start with a gap.

        :param period_s: of the task.
        :raises ReplayError: it is not positive.
        """
        if not 0.0 < period_s < math.inf:
            raise ReplayError(f'period_s must be positive and finite, is {period_s}')
        self._largest_gap_ns = round(1e9 * _GAP_PERIODS * period_s)
        self._last: Step | None = None
        self.gaps = 0
        """How often a step did not follow the one before it within its episode."""

    def push(self, step: Step) -> list[Transition]:
        """Take the next step; return the transitions it completes, at most two, oldest first.

        :raises ReplayError: its sequence is not greater than that of the step before, and no
            episode ended between them; nothing is then changed.
        """
        last = self._last
        follows = last is not None and self._follows(step, last)
        self._last = None if step.terminated or step.truncated else step
        transitions = []
        if follows and starts(last):
            cut_off = step.truncated and not step.terminated
            transitions.append(Transition(last, step, False, cut_off))
        if step.terminated and starts(step):
            transitions.append(Transition(step, step, True, False))
        return transitions

    def assemble(self, steps: Iterable[Step]) -> Iterator[Transition]:
        """Return the transitions of many steps."""
        for step in steps:
            yield from self.push(step)

    def _follows(self, step: Step, last: Step) -> bool:
        if step.sequence <= last.sequence:
            raise ReplayError(
                f'step {step.sequence} came after step {last.sequence}; sequences must increase'
            )
        if step.episode != last.episode:
            return False
        follows = (
            step.sequence == last.sequence + 1
            and 0 < step.stamp_ns - last.stamp_ns <= self._largest_gap_ns
        )
        self.gaps += not follows
        return follows


def starts(step: Step) -> bool:
    """Whether a transition may start with this step."""
    return step.stored and step.episode > 0 and step.source in DRIVERS
