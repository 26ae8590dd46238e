"""Follows a folder of logs while they are written: each event once, across restarts.

The place in each file is a byte behind a whole record. Events and cursor go together: whoever
saves `state_dict` with what was learned from the events goes on exactly there.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from takeover.data.errors import LogError
from takeover.data.log_disk import SUFFIX
from takeover.data.log_messages import Event, EVENT_TYPES, EventDecoder, EventState
from takeover.data.log_scan import Known, LogScan

FORMAT = 1


@dataclass
class _Cursor:
    """The place in one file."""

    offset: int = 0
    known: Known = field(default_factory=Known)
    events: EventState = field(default_factory=EventState)
    finished: bool = False


class LogFollower:
    """Reads what has come since the last time."""

    def __init__(self, folder: str | Path, spec_hash: str | None = None) -> None:
        """Start before the first event.

        :param folder: may not be there yet.
        :param spec_hash: hash of the task the steps must be of; None: of any.
        """
        self.folder = Path(folder)
        self._spec_hash = spec_hash
        self._cursors: dict[str, _Cursor] = {}
        self.damaged = 0
        """Chunks that were left out because they are not what was written."""

    def poll(self, limit: int = 20_000) -> list[Event]:
        """Return the events since the last call, file by file in the order they were begun.

        :param limit: stop behind the chunk in which so many are reached; the next call goes on.
        :raises LogError: a file is no log, shrank, or holds a step of another task.
        """
        events: list[Event] = []
        for path in sorted(self.folder.glob(f'*{SUFFIX}')):
            cursor = self._cursors.setdefault(path.name, _Cursor())
            try:
                if not cursor.finished:
                    self._read(path, cursor, events, limit)
            except LogError:
                # What came before it must not be lost; the next call meets the error again.
                if not events:
                    raise
                break
            if len(events) >= limit:
                break
        return events

    def state_dict(self) -> dict[str, Any]:
        """Return the cursor as JSON values."""
        return {
            'format': FORMAT,
            'files': {
                name: {
                    'offset': cursor.offset,
                    # JSON has no keys that are numbers.
                    'schemas': [list(item) for item in cursor.known.schemas.items()],
                    'channels': [[n, *channel] for n, channel in cursor.known.channels.items()],
                    'events': asdict(cursor.events),
                    'finished': cursor.finished,
                }
                for name, cursor in self._cursors.items()
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where `state_dict` was taken.

        :raises LogError: it is not a state of this version.
        """
        try:
            if state['format'] != FORMAT:
                raise LogError(f'cursor format is {state["format"]}; legal: {FORMAT}')
            self._cursors = {
                name: _Cursor(
                    offset=int(saved['offset']),
                    known=Known(
                        dict(saved['schemas']),
                        {number: (topic, kind) for number, topic, kind in saved['channels']},
                    ),
                    events=EventState(**saved['events']),
                    finished=bool(saved['finished']),
                )
                for name, saved in state['files'].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LogError(f'no cursor of a log folder: {error!r}') from None

    def _read(self, path: Path, cursor: _Cursor, events: list[Event], limit: int) -> None:
        scan = LogScan(path, cursor.offset, cursor.known)
        decoder = EventDecoder(self._spec_hash, cursor.events)
        for block in scan.blocks(EVENT_TYPES):
            for message in block:
                try:
                    event = decoder.decode(message.type, message.data)
                except LogError as error:
                    raise LogError(f'{path}: {error}') from None
                if event is not None:
                    events.append(event)
            cursor.offset = scan.offset
            if len(events) >= limit:
                break
        # Behind the last block there may be records that hold no messages.
        cursor.offset = scan.offset
        cursor.finished = scan.finished
        self.damaged += len(scan.damage)
