"""A learning session as the files of its folder tell it; whatever is missing is left empty.

A killed session leaves the same files as one that ended, so the report needs nothing else. The
folder is that of a live session (log/, demonstrations/, learner/, session.json) or that of a
headless one (policies/ and episodes.csv beside log/). Episodes that a person took back and steps
outside of episodes do not count. Times are seconds.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from takeover.data.log_reader import log_files, LogReader
from takeover.data.log_summary import (
    EpisodeSummary,
    LogSummary,
    summarise,
    usual_period_s,
)
from takeover.errors import TakeoverError
from takeover.policy.bundle import read_bundle
from takeover.policy.evidence import Evidence
from takeover.policy.store import PolicyStore
from takeover.report.learning_evaluation import read_evaluations
from takeover.report.learning_record import (
    DrivenVersion,
    LearningEpisode,
    LearningSession,
)
from takeover.training.run_folder import read_table, RunFolder

SESSION_FILE, EVALUATIONS_FILE = 'session.json', 'evaluations.json'


def read_session(folder: str | Path) -> LearningSession:
    """Read a folder; what cannot be read becomes a sentence in `problems`."""
    session = LearningSession(Path(folder))
    session.about = _about(session)
    driven = _summaries(session, 'log')
    _read_metadata(session)
    session.period_s = _period_s(session, driven)
    session.taken_back = sum(e.undone for one in driven for e in one.driven_episodes)
    kept = _joined(driven)
    session.episodes = _episodes(kept)
    session.demonstrations = _episodes(_joined(_summaries(session, 'demonstrations')))
    if (session.folder / EVALUATIONS_FILE).exists():
        try:
            session.evaluations = read_evaluations(session.folder / EVALUATIONS_FILE)
        except TakeoverError as error:
            session.problems.append(str(error))
    session.versions = _versions(session, kept)
    session.curves = _curves(session)
    return session


def _about(session: LearningSession) -> dict[str, Any]:
    path = session.folder / SESSION_FILE
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
    except (OSError, ValueError) as error:
        session.problems.append(f'{path}: cannot be read: {error}')
        return {}
    if not isinstance(found, dict):
        session.problems.append(f'{path}: must be a JSON object')
        return {}
    return {name: value for name, value in found.items() if value is not None}


def _summaries(session: LearningSession, name: str) -> list[LogSummary]:
    folder = session.folder / name
    if not folder.is_dir() or not any(folder.iterdir()):
        return []
    try:
        found = summarise(log_files([folder]))
    except TakeoverError as error:
        session.problems.append(str(error))
        return []
    for one in found:
        session.problems += [f'{name}/{one.name}: {remark}' for remark in one.remarks]
    return found


def _read_metadata(session: LearningSession) -> None:
    for path in sorted((session.folder / 'log').glob('*.mcap')):
        reader = LogReader(path)
        try:
            next(reader.events(), None)
        except TakeoverError:
            continue
        session.metadata = reader.metadata
        return


def _period_s(session: LearningSession, driven: list[LogSummary]) -> float:
    """Return the period the log tells, else the usual time between its steps."""
    try:
        return 1.0 / float(session.metadata['rate_hz'])
    except (KeyError, ValueError, ZeroDivisionError):
        return usual_period_s([episode for one in driven for episode in one.driven_episodes])


def _joined(driven: list[LogSummary]) -> list[EpisodeSummary]:
    """Return the episodes that count; one that goes on in the next file is one."""
    kept: list[EpisodeSummary] = []
    for one in driven:
        for index, episode in enumerate(one.driven_episodes):
            if episode.undone:
                continue
            before = kept[-1] if kept and index == 0 else None
            if before and before.outcome == 'running' and before.number == episode.number:
                steps = before.steps + episode.steps
                kept[-1] = EpisodeSummary(episode.number, steps, episode.outcome)
            else:
                kept.append(episode)
    return kept


def _episodes(kept: list[EpisodeSummary]) -> list[LearningEpisode]:
    # A simulation that is started again counts its episodes from 1 again.
    numbers = [episode.number for episode in kept]
    if any(after <= before for before, after in zip(numbers, numbers[1:])):
        numbers = list(range(1, len(kept) + 1))
    return [
        LearningEpisode(
            number=number,
            outcome=episode.outcome,
            times_s=episode.times_s,
            sources=np.array([int(step.source) for step in episode.steps]),
            rewards=np.array([step.reward for step in episode.steps]),
            onsets=np.array([step.onset for step in episode.steps]),
            versions=tuple(step.policy_version for step in episode.steps),
        )
        for number, episode in zip(numbers, kept)
    ]


def _versions(session: LearningSession, kept: list[EpisodeSummary]) -> list[DrivenVersion]:
    evidence = Evidence(session.period_s)
    for episode in kept:
        evidence.take_all(episode.steps)
    pinned = next(
        (
            policy.version
            for folder in (session.folder / 'learner' / 'policies', session.folder / 'policies')
            if (policy := PolicyStore(folder).pinned())
        ),
        '',
    )
    start, deployed = start_version(session), deployed_version(session)
    return [
        DrivenVersion(
            evidence.of(version), bound, version == pinned, version == deployed, version == start
        )
        for version, bound in evidence.success_bounds().items()
    ]


def start_version(session: LearningSession) -> str:
    """Return the version the session began with; '' if nothing says it."""
    if session.about.get('start'):
        return str(session.about['start'])
    if session.evaluations:
        return session.evaluations[0].version
    return session.episodes[0].versions[0] if session.episodes else ''


def deployed_version(session: LearningSession) -> str:
    """Return the version that was deployed at the end; '' if none was."""
    if session.about.get('deployed'):
        return str(session.about['deployed'])
    if len(session.evaluations) > 1:
        return session.evaluations[-1].version
    path = session.folder / 'deployed.onnx'
    if not path.exists():
        return ''
    try:
        return read_bundle(path).version
    except TakeoverError as error:
        session.problems.append(str(error))
        return ''


def _curves(session: LearningSession) -> dict[str, np.ndarray]:
    """Return the learner's progress; a headless run tells only its updates."""
    progress = RunFolder(session.folder / 'learner').progress_file
    episodes = session.folder / 'episodes.csv'
    try:
        if progress.exists():
            rows = read_table(progress)
        elif episodes.exists():
            with episodes.open(newline='') as file:
                rows = [
                    {'step': float(row['steps']), 'updates': float(row['updates'])}
                    for row in csv.DictReader(file)
                    if row.get('updates')
                ]
        else:
            rows = []
    except (TakeoverError, OSError, KeyError, TypeError, ValueError) as error:
        session.problems.append(f'no learning curves: {error}')
        return {}
    names = rows[0] if rows else {}
    return {name: np.array([row[name] for row in rows]) for name in names}
