"""One moment of a robot that learns from take-overs: all that is shown of it while it drives."""

from dataclasses import dataclass, field
import enum

from takeover.data.log_disk import WriterState
from takeover.training.learner_report import LearnerState

# Names in the order of the constants of LearnerStatus and RecorderState.
LEARNER_STATES = tuple(state.name.lower() for state in LearnerState)
RECORDER_STATES = tuple(state.name.lower() for state in WriterState)


class Verdict(enum.Enum):
    """What an episode says of the policy that drove it."""

    ALONE = 'goal alone'
    HELPED = 'goal with help'
    FAILED = 'failed'


@dataclass(frozen=True)
class DrivenEpisode:
    """One episode, and what the person had to do with it."""

    number: int
    seed: int
    outcome: str = 'running'
    elapsed_s: float = 0.0
    progress: float = 0.0
    takeovers: int = 0
    helped: bool = False
    """Whether the person drove any part of it, taken over or not."""

    @property
    def verdict(self) -> Verdict:
        """What it says of the policy; any end but the goal is a failure."""
        if self.outcome != 'goal':
            return Verdict.FAILED
        return Verdict.HELPED if self.helped else Verdict.ALONE


@dataclass(frozen=True)
class LearnerNews:
    """How the learner goes on: what is shown of LearnerStatus.msg."""

    state: str
    message: str
    transitions: int = 0
    takeovers: int = 0
    behind: int = 0
    updates: int = 0
    updates_per_s: float = 0.0


@dataclass(frozen=True)
class RecorderNews:
    """What the recorder has on disk; the fields are those of RecorderState.msg."""

    state: str
    reason: str = ''
    steps: int = 0
    incomplete: int = 0


@dataclass(frozen=True)
class PolicyNews:
    """Which policy drives, and what became of others."""

    version: str = ''
    since_s: float = 0.0
    """When it began to drive, in time of the screen."""
    swaps: int = 0
    previous: str = ''
    refused: int = 0
    """How many candidates were heard to be refused, and the last of them."""
    refused_version: str = ''
    refused_reason: str = ''


@dataclass(frozen=True)
class VersionDrive:
    """What one version drove."""

    version: str
    since_s: float
    driven_s: float = 0.0
    takeovers: int = 0

    @property
    def per_minute(self) -> float:
        """Take-overs per minute of driving."""
        return 60.0 * self.takeovers / self.driven_s if self.driven_s > 0.0 else 0.0


@dataclass(frozen=True)
class LearningScreen:
    """All that the screen shows. Times begin with the first motion."""

    moved: bool = False
    elapsed_s: float = 0.0
    wanted_s: float = 0.0
    """0.0: watched without end."""
    task: str = ''
    mode: str = 'hold'
    mode_reason: str = ''
    gate: str = 'standby'
    gate_reason: str = ''
    takeovers: int = 0
    minutes: tuple[int, ...] = ()
    """Take-overs in each minute of driving; the last one is under way."""
    driven_s: float = 0.0
    recent_s: float = 0.0
    """Seconds of driving that `recent_per_minute` is about."""
    recent_per_minute: float = 0.0
    finished: int = 0
    episodes: tuple[DrivenEpisode, ...] = ()
    """The last ten that have ended."""
    running: DrivenEpisode | None = None
    policy: PolicyNews = PolicyNews()
    versions: tuple[VersionDrive, ...] = ()
    learner: LearnerNews | None = None
    learner_silent_s: float = 0.0
    """For how long nothing was heard of it; 0.0 while it tells as often as it should."""
    recorder: RecorderNews | None = None
    problems: list[str] = field(default_factory=list)

    def share(self, verdict: Verdict) -> float:
        """Return the share of a verdict among the last episodes; 0.0 before the first."""
        if not self.episodes:
            return 0.0
        return self.count(verdict) / len(self.episodes)

    def count(self, verdict: Verdict) -> int:
        """Return how many of the last episodes have that verdict."""
        return sum(episode.verdict is verdict for episode in self.episodes)
