"""What the log says of the versions that drove: their evidence, and whether the newest is clean.

An episode that a person takes back counts for nothing, as it is not learned from. What several
robots drive counts together; a version that one of them had to be corrected in is not clean.
"""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field

from takeover.command import Source
from takeover.data.log_messages import UndoEpisode
from takeover.data.step import Step
from takeover.outcome import Outcome
from takeover.policy.evidence import Evidence, VersionEvidence


@dataclass
class _Drive:
    """What is going on with one robot."""

    version: str = ''
    """Of the newest step that the policy drove."""
    corrected: bool = False
    """Whether something went wrong since that version began to drive it."""
    previous: list[Step] = field(default_factory=list)
    newest: list[Step] = field(default_factory=list)


class DrivenVersions:
    """A fold over the events of a log, in order, each once."""

    def __init__(self, period_s: float) -> None:
        """Know nothing yet.

        :param period_s: of the steps.
        """
        self.evidence = Evidence(period_s)
        self.driving = ''
        """Version of the newest step that the policy drove, whichever robot."""
        self._period_s = period_s
        self._drives: defaultdict[int, _Drive] = defaultdict(_Drive)

    @property
    def clean(self) -> str:
        """The version that drives, if nothing went wrong since it began to; else empty.

        Wrong are a take-over from it and an episode that it did not end at the goal.
        """
        drives = self._drives.values()
        wrong = any(drive.corrected and drive.version == self.driving for drive in drives)
        return '' if wrong else self.driving

    def take(self, event: Step | UndoEpisode) -> None:
        """Count a step, or take back an episode."""
        if isinstance(event, UndoEpisode):
            self._take_back(event)
            return
        if not event.episode:
            return
        self.evidence.take(event)
        drive = self._drives[event.robot]
        if drive.newest and event.episode != drive.newest[-1].episode:
            drive.previous, drive.newest = drive.newest, []
        drive.newest.append(event)
        if event.source is Source.POLICY:
            self._follow(event)

    def best(self, versions: Container[str]) -> VersionEvidence | None:
        """Return the version to trust among some; None before any of them drove."""
        return self.evidence.trusted(versions)

    def _follow(self, step: Step) -> None:
        drive = self._drives[step.robot]
        self.driving = step.policy_version
        if step.policy_version != drive.version:
            drive.version, drive.corrected = step.policy_version, False
        failed = (step.terminated or step.truncated) and step.outcome != Outcome.GOAL
        drive.corrected = drive.corrected or step.onset or failed

    def _take_back(self, undo: UndoEpisode) -> None:
        """Take what an episode counted for from the evidence; only the newest ones are known."""
        undone, drive = Evidence(self._period_s), self._drives[undo.robot]
        undone.take_all(step for step in drive.previous + drive.newest if undo.covers(step))
        for version, less in undone.versions.items():
            found = self.evidence.of(version)
            # Sums of many periods: their difference may be a little off zero.
            found.driven_s = max(0.0, found.driven_s - less.driven_s)
            found.takeovers -= less.takeovers
            found.failures -= less.failures
            found.goals -= less.goals
        drive.previous = [step for step in drive.previous if not undo.covers(step)]
        drive.newest = [step for step in drive.newest if not undo.covers(step)]
