"""What a learner takes from a log: steps and undone episodes, read ahead of what is learned."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import UndoEpisode
from takeover.data.step import Step
from takeover.specs import spec_hash, TaskSpec
from takeover.training.driven_versions import DrivenVersions


class TrainingStopped(Exception):
    """The caller wanted to stop before learning had begun."""


class LogEvents:
    """Follows the log from its beginning; what was read waits, in order, to be learned from."""

    def __init__(self, task: TaskSpec, folder: Path) -> None:
        """Stand before the first event.

        :param folder: may not be there yet.
        """
        self.driven = DrivenVersions(1.0 / task.rate_hz)
        """By all that was read, so that it is never behind."""
        self._follower = LogFollower(folder, spec_hash(task))
        self._waiting: deque[Step | UndoEpisode] = deque()

    def __len__(self) -> int:
        """Return the number of events that wait."""
        return len(self._waiting)

    @property
    def damaged(self) -> int:
        """Chunks of the log that were left out because they are not what was written."""
        return self._follower.damaged

    def poll(self) -> int:
        """Read what has come since the last time; return how many events, of any kind.

        :raises LogError: a file is no log, shrank, or holds a step of another task; what came
            before has been read.
        """
        events = self._follower.poll()
        for event in events:
            if isinstance(event, (Step, UndoEpisode)):
                self.driven.take(event)
                self._waiting.append(event)
        return len(events)

    def next(self) -> Step | UndoEpisode:
        """Take the oldest event that waits."""
        return self._waiting.popleft()

    def all(self, stopping: Callable[[], bool]) -> Iterator[Step | UndoEpisode]:
        """Take all that the log has by now.

        :raises TrainingStopped: `stopping` said so.
        """
        while self._waiting or self.poll():
            stop_if(stopping)
            if self._waiting:
                yield self.next()


def stop_if(stopping: Callable[[], bool]) -> None:
    """Raise TrainingStopped when it is time."""
    if stopping():
        raise TrainingStopped
