"""What was driven, by whom and how it ended: a log by episodes, for tables and pictures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from takeover.command import Source
from takeover.data.log_messages import EpisodeEnd, UndoEpisode
from takeover.data.log_reader import LogReader
from takeover.data.step import Step
from takeover.image_form import NO_PIXELS
from takeover.outcome import OUTCOMES

USUAL_PERIOD_S = 0.05


@dataclass
class EpisodeSummary:
    """The steps of one episode in one file, in order, without their pictures."""

    number: int
    """0: steps that belong to no episode."""
    steps: list[Step] = field(default_factory=list)
    outcome: str = 'running'
    """Of OUTCOMES; running: the log does not say how it ended."""
    undone: bool = False
    """Whether a person took it back."""

    @property
    def times_s(self) -> np.ndarray:
        """Time of each step since the first, s [n]."""
        stamps = np.array([step.stamp_ns for step in self.steps], np.int64)
        return 1e-9 * (stamps - stamps[0])

    @property
    def gaps(self) -> int:
        """How often a step does not follow the one before it."""
        return sum(
            after.sequence != before.sequence + 1
            for before, after in zip(self.steps, self.steps[1:])
        )


@dataclass
class LogSummary:
    """What is in one file or several."""

    name: str
    episodes: list[EpisodeSummary] = field(default_factory=list)
    size_bytes: int = 0
    pictured: int = 0
    """How many steps have pictures."""
    remarks: list[str] = field(default_factory=list)
    """What is wrong with the file."""

    @property
    def steps(self) -> list[Step]:
        """All steps, those that were taken back included."""
        return [step for episode in self.episodes for step in episode.steps]

    @property
    def driven_episodes(self) -> list[EpisodeSummary]:
        """The episodes, without what belongs to none."""
        return [episode for episode in self.episodes if episode.number]

    @property
    def outcomes(self) -> Counter[str]:
        """How many episodes ended how."""
        return Counter(episode.outcome for episode in self.driven_episodes)

    @property
    def person_share(self) -> float:
        """Share of the driven steps that a person drove; 0 without any."""
        sources = Counter(step.source for step in self.steps)
        driven = sources[Source.HUMAN] + sources[Source.POLICY]
        return sources[Source.HUMAN] / driven if driven else 0.0

    @property
    def takeovers(self) -> int:
        """How often a person took over from the policy."""
        return sum(step.onset for step in self.steps)

    @property
    def penalised(self) -> int:
        """Steps with a negative reward."""
        return sum(step.reward < 0.0 for step in self.steps)

    @property
    def frame_ages_ms(self) -> np.ndarray:
        """How old the oldest picture was that each step with pictures was based on, [n]."""
        return np.array([max(step.frame_ages_ms) for step in self.steps if step.image_stamps_ns])

    @property
    def versions(self) -> list[str]:
        """Versions of the policy in the order in which they drove."""
        return list(dict.fromkeys(step.policy_version for step in self.steps))

    @property
    def duration_s(self) -> float:
        """Time from the first to the last step of each episode, together."""
        return float(sum(episode.times_s[-1] for episode in self.episodes))

    @property
    def gaps(self) -> int:
        """How often a step is missing within an episode."""
        return sum(episode.gaps for episode in self.driven_episodes)


def summarise(paths: Iterable[Path]) -> list[LogSummary]:
    """Read files and return a summary of each; one file may take back an episode of another.

    :raises LogError: a file cannot be opened, or is no log.
    """
    summaries, undone = [], []
    for path in paths:
        summary, undos = _read(path)
        summaries.append(summary)
        undone += undos
    for summary in summaries:
        for episode in summary.episodes:
            episode.undone = any(undo.covers(episode.steps[0]) for undo in undone)
    return summaries


def together(summaries: list[LogSummary]) -> LogSummary:
    """Return one summary of all."""
    return LogSummary(
        name=f'{len(summaries)} files',
        episodes=[episode for summary in summaries for episode in summary.episodes],
        size_bytes=sum(summary.size_bytes for summary in summaries),
        pictured=sum(summary.pictured for summary in summaries),
    )


def usual_period_s(episodes: Iterable[EpisodeSummary]) -> float:
    """Return the usual time between two steps; `USUAL_PERIOD_S` where no episode has two."""
    gaps = [np.diff(episode.times_s) for episode in episodes]
    gaps = np.concatenate(gaps) if gaps else np.zeros(0)
    return float(np.median(gaps)) if len(gaps) else USUAL_PERIOD_S


def _read(path: Path) -> tuple[LogSummary, list[UndoEpisode]]:
    reader, undos = LogReader(path), []
    summary = LogSummary(path.name)
    for event in reader.events():
        if isinstance(event, Step):
            if not summary.episodes or summary.episodes[-1].number != event.episode:
                summary.episodes.append(EpisodeSummary(event.episode))
            episode = summary.episodes[-1]
            summary.pictured += event.pixels.size > 0
            # Pictures of a long drive do not fit into memory.
            episode.steps.append(replace(event, pixels=NO_PIXELS) if event.pixels.size else event)
            if event.outcome:
                episode.outcome = _outcome(event.outcome)
        elif isinstance(event, UndoEpisode):
            undos.append(event)
        elif isinstance(event, EpisodeEnd):
            # The step that ended it may be missing, or come after.
            for episode in summary.episodes[-2:]:
                if episode.number == event.episode and episode.outcome == 'running':
                    episode.outcome = _outcome(event.outcome)
    summary.size_bytes = path.stat().st_size
    summary.remarks = [f'byte {one.offset}: {one.reason}' for one in reader.damage]
    if reader.torn_bytes:
        summary.remarks.append(f'{reader.torn_bytes} bytes torn')
    if not reader.finished:
        summary.remarks.append('not closed')
    return summary, undos


def _outcome(number: int) -> str:
    return OUTCOMES[number] if number < len(OUTCOMES) else f'outcome {number}'
