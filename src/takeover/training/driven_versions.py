"""What the log says of the versions that drove: their evidence, and whether the newest is clean.

An episode that a person takes back counts for nothing, as it is not learned from.
"""

from collections.abc import Container

from takeover.command import Source
from takeover.data.log_messages import UndoEpisode
from takeover.data.step import Step
from takeover.outcome import Outcome
from takeover.policy.evidence import Evidence, VersionEvidence


class DrivenVersions:
    """A fold over the events of a log, in order, each once."""

    def __init__(self, period_s: float) -> None:
        """Know nothing yet.

        :param period_s: of the steps.
        """
        self.evidence = Evidence(period_s)
        self.driving = ''
        """Version of the newest step that the policy drove."""
        self._period_s = period_s
        self._corrected = False
        self._previous: list[Step] = []
        self._newest: list[Step] = []

    @property
    def clean(self) -> str:
        """The version that drives, if nothing went wrong since it began to; else empty.

        Wrong are a take-over from it and an episode that it did not end at the goal.
        """
        return '' if self._corrected else self.driving

    def take(self, event: Step | UndoEpisode) -> None:
        """Count a step, or take back an episode."""
        if isinstance(event, UndoEpisode):
            self._take_back(event)
            return
        if not event.episode:
            return
        self.evidence.take(event)
        if self._newest and event.episode != self._newest[-1].episode:
            self._previous, self._newest = self._newest, []
        self._newest.append(event)
        if event.source is Source.POLICY:
            self._follow(event)

    def best(self, versions: Container[str]) -> VersionEvidence | None:
        """Return the version to trust among some; None before any of them drove."""
        return self.evidence.trusted(versions)

    def _follow(self, step: Step) -> None:
        if step.policy_version != self.driving:
            self.driving, self._corrected = step.policy_version, False
        failed = (step.terminated or step.truncated) and step.outcome != Outcome.GOAL
        self._corrected = self._corrected or step.onset or failed

    def _take_back(self, undo: UndoEpisode) -> None:
        """Take what an episode counted for from the evidence; only the newest ones are known."""
        undone = Evidence(self._period_s)
        undone.take_all(step for step in self._previous + self._newest if undo.covers(step))
        for version, less in undone.versions.items():
            found = self.evidence.of(version)
            # Sums of many periods: their difference may be a little off zero.
            found.driven_s = max(0.0, found.driven_s - less.driven_s)
            found.takeovers -= less.takeovers
            found.failures -= less.failures
            found.goals -= less.goals
        self._previous = [step for step in self._previous if not undo.covers(step)]
        self._newest = [step for step in self._newest if not undo.covers(step)]
