"""What a learner takes from logs: steps and undone episodes, read ahead of what is learned.

Each folder is the log of one robot; its number is its place in the list. Of several robots the
events come in turns as they are found, in the order that `takeover.training.log_order` keeps.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from takeover.data.errors import LogError
from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import UndoEpisode
from takeover.data.step import Step
from takeover.specs import spec_hash, TaskSpec
from takeover.training.driven_versions import DrivenVersions
from takeover.training.log_order import LogOrder

# A robot's turn, where there are several, ends behind the chunk in which it has so many events.
TURN = 200


class TrainingStopped(Exception):
    """The caller wanted to stop before learning had begun."""


class EventsGone(LogError):
    """Events that were read before are not in their log any more."""


class LogEvents:
    """Follows logs from their beginning; what was read waits, in order, to be learned from."""

    def __init__(
        self,
        task: TaskSpec,
        folders: Sequence[Path],
        learner_dir: Path,
        first: Callable[[], int] = lambda: 0,
    ) -> None:
        """Stand before the first event.

        :param folders: the log of each robot; may not be there yet.
        :param learner_dir: where the order of several is kept.
        :param first: tells how many events were learned while there was one folder, the first.
        """
        self.driven = DrivenVersions(1.0 / task.rate_hz)
        """By all that was read, so that it is never behind."""
        self._followers = [LogFollower(folder, spec_hash(task)) for folder in folders]
        self._found: list[deque[Step | UndoEpisode]] = [deque() for _ in folders]
        self._order = LogOrder(learner_dir, len(folders)) if len(folders) > 1 else None
        self._first = first
        self._waiting: deque[Step | UndoEpisode] = deque()

    def __len__(self) -> int:
        """Return the number of events that wait."""
        return len(self._waiting)

    @property
    def damaged(self) -> int:
        """Chunks of the logs that were left out because they are not what was written."""
        return sum(follower.damaged for follower in self._followers)

    def poll(self) -> int:
        """Read what has come since the last time; return how many events, of any kind.

        :raises LogError: a file is no log, shrank, or holds a step of another task; what came
            before has been read. Of several logs also: their order cannot be kept, or events that
            were read before are gone.
        """
        if self._order is None:
            return self._read(0)
        self._order.begin(self._first())
        count, error = 0, None
        for robot in range(len(self._followers)):
            try:
                count += self._read(robot, TURN)
            except LogError as its_error:
                # What the others bring must not wait for it.
                error = error or its_error
        self._arrange()
        if not count and error is not None:
            raise error
        if not count and self._order.next is not None:
            robot, missing = self._order.next
            raise EventsGone(
                f'{self._followers[robot].folder}: {missing} events that were read before are not '
                f'there now; they come next by {self._order.path}: put the files back, or begin '
                'another folder of the learner'
            )
        return count

    def next(self) -> Step | UndoEpisode:
        """Take the oldest event that waits."""
        return self._waiting.popleft()

    def all(self, stopping: Callable[[], bool]) -> Iterator[Step | UndoEpisode]:
        """Take all that the logs have by now.

        :raises TrainingStopped: `stopping` said so.
        """
        while self._waiting or self._more():
            stop_if(stopping)
            if self._waiting:
                yield self.next()

    def _more(self) -> bool:
        """Read on; a log that lost its end to a power cut has no more."""
        try:
            return bool(self.poll())
        except EventsGone:
            return False

    def _read(self, robot: int, limit: int = 20_000) -> int:
        """Read on in the log of a robot; return how many events, of any kind."""
        events = self._followers[robot].poll(limit)
        taken = [event for event in events if isinstance(event, (Step, UndoEpisode))]
        if self._order is None:
            self._put(taken)
        else:
            self._found[robot] += (replace(event, robot=robot) for event in taken)
        return len(events)

    def _arrange(self) -> None:
        """Let what was found wait: as far as an order was noted in that one, then in turns."""
        while self._order.next is not None:
            robot, events = self._order.next
            events = min(events, len(self._found[robot]))
            if not events:
                return
            self._put([self._found[robot].popleft() for _ in range(events)])
            self._order.take(events)
        runs = [(robot, len(found)) for robot, found in enumerate(self._found) if found]
        if runs:
            self._order.note(runs)
        for robot, events in runs:
            self._put([self._found[robot].popleft() for _ in range(events)])

    def _put(self, events: Sequence[Step | UndoEpisode]) -> None:
        for event in events:
            self.driven.take(event)
            self._waiting.append(event)


def stop_if(stopping: Callable[[], bool]) -> None:
    """Raise TrainingStopped when it is time."""
    if stopping():
        raise TrainingStopped
