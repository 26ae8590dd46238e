"""Learning from logs, finished or growing, with a folder of its own that survives.

Shared by learner_node and `takeover learn`. Every step goes into a `TakeoverLearner` once, in the
order it was recorded, with several robots in that of `takeover.training.log_order`. What that is
after a number of events does not depend on when it was read, what was published meanwhile, or how
often the process was killed. So a checkpoint holds the learner and how many events it has taken;
the rest is read from the log again.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
import math
from pathlib import Path
import time

from takeover.errors import TakeoverError
from takeover.policy import provenance
from takeover.policy.evidence import VersionEvidence
from takeover.policy.store import StoredPolicy
from takeover.specs import spec_hash, TaskSpec
from takeover.training.checkpoint import checkpoints, step_of
from takeover.training.cloning import clone_demonstrations
from takeover.training.demonstrations import read_demonstrations
from takeover.training.learner_folder import LearnerFolder
from takeover.training.learner_log import LearnerLog
from takeover.training.log_events import LogEvents
from takeover.training.publishing import store_policy, stored_updates
from takeover.training.takeover_learner import TakeoverConfig, TakeoverLearner
from takeover.training.takeover_replay import MOST_ROBOTS
from takeover.training.takeover_settings import config_values
from takeover.training.trainer import due

# Events from one row of progress.csv to the next.
LOG_INTERVAL = 200


class LogFoldersError(TakeoverError):
    """The folders of the logs are not those of different robots."""


class LogTraining:
    """`start`, then `poll` and `learn`; `publish` and `checkpoint` at any time between."""

    def __init__(
        self,
        task: TaskSpec,
        log_dir: str | Path,
        learner_dir: str | Path,
        demonstrations: Sequence[str | Path],
        config: TakeoverConfig,
        command: str = '',
        warn: Callable[[str], None] = lambda sentence: None,
        other_logs: Sequence[str | Path] = (),
    ) -> None:
        """Prepare; nothing is read or written yet.

        :param log_dir: folder of the logs of a robot; may not be there yet.
        :param demonstrations: log files, and folders of them.
        :param command: what was typed, for the provenance of the policies.
        :param warn: told, in a sentence, of what went wrong without harm to what is learned.
        :param other_logs: folders of other robots, one for each; others may be added behind them
            later, but none may change its place.
        :raises TakeoverError: a folder is given twice, or there are too many.
        """
        self.task, self.config = task, config
        self.log_dirs = distinct_folders([log_dir, *other_logs])
        self._hash = spec_hash(task)
        settings = {'task': task.task, 'spec_hash': self._hash, 'config': config_values(config)}
        self.folder = LearnerFolder(learner_dir, settings)
        self.store = self.folder.store
        self.learner = TakeoverLearner(task, config)
        self.events = self._new_events()
        self.learning_s = 0.0
        """Time spent in `learn`."""
        self.saved_events = -1
        """Events in the newest checkpoint; -1: there is none."""
        self._demonstrations = tuple(demonstrations)
        self._provenance = provenance.describe(command, asdict(config), '')
        self._warn = warn
        self._published_updates = -1
        self._first_update = 0
        self._log: LearnerLog | None = None
        self._logged = (0, 0.0)

    @property
    def place(self) -> str:
        """Folders of the logs, for a person."""
        return ', '.join(map(str, self.log_dirs))

    @property
    def behind(self) -> int:
        """Events that were read and not yet learned from."""
        return len(self.events)

    @property
    def updates_per_s(self) -> float:
        """Updates of this process in each second that it spent learning; NaN before."""
        made = self.learner.learner.updates - self._first_update
        return made / self.learning_s if self.learning_s else math.nan

    @property
    def news(self) -> bool:
        """Whether the policy has changed since one was stored; a resting actor does not change."""
        rests = self.learner.counts.transitions < self.config.actor_from
        if self._published_updates < 0:
            return True
        return not rests and self.learner.learner.updates > self._published_updates

    def held(self) -> AbstractContextManager[None]:
        """Keep other learners out of the folder, which is made if need be.

        :raises TakeoverError: it cannot be made, or another learner is in it.
        """
        return self.folder.held()

    def start(
        self,
        stopping: Callable[[], bool] = lambda: False,
        cloning: Callable[[int], None] = lambda steps: None,
    ) -> str:
        """Go on from the newest checkpoint that can be used, else clone; return which, in words.

        :param cloning: told the number of each step of cloning.
        :raises TrainingStopped: `stopping` said so.
        :raises TakeoverError: the folder is of another task or of other settings, nobody drove in
            the demonstrations, or the log is not the one that was learned from.
        """
        self.folder.claim()
        demonstrations = read_demonstrations(self._demonstrations, self._hash, stopping)

        def load(state: dict) -> None:
            self._restart()
            self.learner.resume(state, demonstrations, self.events.all(stopping))

        found = self.folder.resume(load, self._warn)
        if found is None:
            self._restart()
            clone_demonstrations(self.learner, demonstrations, stopping, cloning)
            began = f'{len(demonstrations)} steps of demonstrations cloned'
        else:
            self.saved_events = self.learner.counts.events
            began = f'goes on from {found}'
        self._published_updates = stored_updates(self.store, self._warn)
        self._first_update = self.learner.learner.updates
        self._logged = (self._first_update, 0.0)
        return began

    def poll(self) -> int:
        """Read what has come to the log since the last time; return how many events.

        :raises LogError: a file is no log, shrank, or holds a step of another task; what came
            before has been read.
        """
        return self.events.poll()

    def learn(self, seconds: float, stopping: Callable[[], bool] = lambda: False) -> int:
        """Learn from events that were read, for so long at most; return from how many.

        :raises TakeoverError: learning cannot go on; the last checkpoint is still good.
        """
        began_s, taken = time.monotonic(), 0
        while self.behind and not stopping() and time.monotonic() - began_s < seconds:
            before = self.learner.counts.events
            self.learner.take(self.events.next())
            taken += 1
            if due(before, before + 1, LOG_INTERVAL):
                self._write_row(self.learning_s + time.monotonic() - began_s)
        self.learning_s += time.monotonic() - began_s
        return taken

    def publish(self, reason: str) -> StoredPolicy:
        """Store the policy as it is now, verified; it becomes the current one.

        :raises TakeoverError: it cannot be written, or does not compute what the network does.
        :raises OSError: the disk says no.
        """
        described = self._provenance | {'reason': reason}
        stored, _ = store_policy(self.learner, self.store, described)
        self._published_updates = self.learner.learner.updates
        return stored

    def stored(self) -> StoredPolicy | None:
        """Return the policy that is meant to drive: the newest, unless a person chose another."""
        policies = self.store.policies()
        return self.store.current() or (policies[-1] if policies else None)

    def trusted(self) -> VersionEvidence | None:
        """Return the stored version to trust, by its own driving; None before any drove."""
        return self.events.driven.best({policy.version for policy in self.store.policies()})

    def pin(self) -> None:
        """Keep the version to trust for ever.

        :raises StoreError: the disk says no.
        """
        trusted, pinned = self.trusted(), self.store.pinned()
        if trusted is not None and (pinned is None or pinned.version != trusted.version):
            self.store.pin(trusted.version)

    def checkpoint(self) -> Path:
        """Write a checkpoint.

        :raises CheckpointError: the disk says no; the older ones are still there.
        """
        events = self.learner.counts.events
        path = self.folder.save(events, self.learner.state_dict())
        self.saved_events = events
        return path

    def close(self) -> None:
        """Close the files."""
        log, self._log = self._log, None
        try:
            if log is not None:
                log.close()
        except OSError as error:
            self._warn(f'{self.folder.path}: the progress is incomplete: {error}')

    def _restart(self) -> None:
        """Stand before the first event, with a new learner."""
        self.learner = TakeoverLearner(self.task, self.config)
        self.events = self._new_events()

    def _new_events(self) -> LogEvents:
        return LogEvents(self.task, self.log_dirs, self.folder.path, self._learned_before)

    def _learned_before(self) -> int:
        """Return how many events the newest checkpoint has seen."""
        return max(map(step_of, checkpoints(self.folder.checkpoints)), default=0)

    def _write_row(self, learning_s: float) -> None:
        """Write a row of progress; a disk that refuses it hinders nobody."""
        updates = self.learner.learner.updates
        seconds = learning_s - self._logged[1]
        rate = (updates - self._logged[0]) / seconds if seconds > 0.0 else math.nan
        self._logged = (updates, learning_s)
        try:
            if self._log is None:
                self._log = LearnerLog(self.folder, self.learner.counts.events - 1)
            self._log.write(self.learner, rate)
        except OSError as error:
            self._warn(f'{self.folder.path}: no progress is written: {error}')
            self.close()


def distinct_folders(given: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the folders of the logs, one for each robot.

    :raises LogFoldersError: one is given twice, or there are too many.
    """
    folders = tuple(map(Path, given))
    if len(folders) > MOST_ROBOTS:
        raise LogFoldersError(f'{len(folders)} log folders are given; legal: up to {MOST_ROBOTS}')
    resolved = [folder.resolve() for folder in folders]
    for number, folder in enumerate(resolved):
        if folder in resolved[:number]:
            raise LogFoldersError(
                f'{folders[number]}: is given twice; each robot has a folder of its own'
            )
    return folders
