"""What a learner beside a robot tells of itself, and what it is told; needs no torch."""

from dataclasses import dataclass
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from takeover.policy.store import StoredPolicy


class LearnerState(enum.IntEnum):
    """How the learner goes on; the numbers are those of LearnerStatus.msg."""

    WAITING = 0
    TRAINING = 1
    IDLE = 2
    FAILED = 3


@dataclass(frozen=True)
class ServiceConfig:
    """What happens when."""

    publish_period_s: float = 30.0
    """Seconds between two policies."""
    checkpoint_period_s: float = 60.0
    """Seconds between two checkpoints."""
    hold_clean: bool = True
    """Offer no other policy while the one that drives was neither taken over from nor failed."""


@dataclass(frozen=True)
class LearnerReport:
    """Where the learner is; the fields are those of LearnerStatus.msg."""

    state: LearnerState = LearnerState.WAITING
    message: str = 'begins'
    transitions: int = 0
    interventions: int = 0
    takeovers: int = 0
    behind: int = 0
    updates: int = 0
    updates_per_s: float = 0.0
    q: float = 0.0
    sigma: float = 0.0
    alpha: float = 0.0
    warning: str = ''
    """What went wrong last and is tried again; empty: nothing."""
    damaged: int = 0
    """Chunks of the log that were left out."""


@dataclass(frozen=True)
class Offer:
    """A policy that is to drive, and why."""

    policy: 'StoredPolicy'
    reason: str
