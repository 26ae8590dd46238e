"""One device, kept open by a thread: found, read, missed, and found again.

The rule that matters: a state is given out only while the device is there and the thread reads it.
A device that has gone is silence at once, never its last state; one that comes back starts from
what it reports itself.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
import threading
import time

from takeover.devices.device import DeviceError, DeviceLost, DeviceState, Identity, OpenDevice

# How often a device that is not there is looked for.
RETRY_S = 0.5
# How long one wait for news may take, and after how much longer the thread counts as stuck.
WAIT_S, STUCK_S = 0.05, 0.25
# More states than that between two looks of the node are noise of a broken contact.
QUEUE = 32


@dataclass(frozen=True)
class Presence:
    """Whether the device is there; `problem` says why nothing may be published, None if it may."""

    identity: Identity | None
    problem: str | None
    found: int
    lost: int


class DeviceReader:
    """Reads one device in a thread of its own and offers what is to be published."""

    def __init__(
        self,
        open_device: Callable[[Identity | None], OpenDevice],
        notify: Callable[[], None],
        max_rate_hz: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Prepare; `start` begins.

        :param open_device: opens the device, or raises DeviceError. It is given the identity of
            the one that was open before, and must then open no other.
        :param notify: called from the thread when there is news to `take`, or when the presence
            has changed; must return at once.
        :param max_rate_hz: motion of the axes is offered at most that often. A change of a button
            is always offered, at once.
        """
        self._open_device, self._notify, self._clock = open_device, notify, clock
        self._period_s = 1.0 / max_rate_hz
        self._lock = threading.Lock()
        self._state: DeviceState | None = None
        self._news: deque[DeviceState] = deque(maxlen=QUEUE)
        self._presence = Presence(None, 'not looked for yet', 0, 0)
        self._facts: dict[str, object] = {}
        self._alive_s = clock()
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name='device', daemon=True)

    def start(self) -> None:
        """Begin to look for the device."""
        self._alive_s = self._clock()
        self._thread.start()

    def close(self) -> None:
        """Stop, and give the device back."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    @property
    def presence(self) -> Presence:
        """Whether the device is there."""
        with self._lock:
            return self._presence

    @property
    def facts(self) -> dict[str, object]:
        """Counts of the device that is open, or was last."""
        with self._lock:
            return dict(self._facts)

    def state(self) -> DeviceState | None:
        """Return what the device says now, None when it is not there or cannot be trusted.

        :raises BaseException: what ended the thread, if anything did: it must not go unnoticed.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            stuck = self._clock() - self._alive_s > WAIT_S + STUCK_S
            return None if stuck else self._state

    def take(self) -> list[DeviceState]:
        """Return the states to publish since the last call, oldest first; none once it is gone."""
        with self._lock:
            states, _ = list(self._news), self._news.clear()
            return states

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._live_once()
        except BaseException as error:  # noqa: BLE001 handed to the node, which dies of it
            with self._lock:
                self._failure, self._state = error, None
            self._notify()

    def _live_once(self) -> None:
        """Open the device and follow it until it is lost; then pause."""
        try:
            device = self._open_device(self._presence.identity)
            try:
                self._follow(device)
            finally:
                device.close()
        except DeviceLost as error:
            self._miss(str(error), lost=1)
        except DeviceError as error:
            self._miss(str(error))
        self._stop.wait(RETRY_S)

    def _follow(self, device: OpenDevice) -> None:
        with self._lock:
            found, lost = self._presence.found + 1, self._presence.lost
            self._presence = Presence(device.identity, None, found, lost)
        last = device.state
        self._offer(device, [last])
        next_s = self._clock() + self._period_s
        pending = False
        while not self._stop.is_set():
            wait_s = max(next_s - self._clock(), 0.0) if pending else WAIT_S
            news = []
            for state in device.read(min(wait_s, WAIT_S)):
                if state.buttons != last.buttons:
                    news.append(state)
                pending = pending or state != last
                last = state
            now_s = self._clock()
            if pending and not news and now_s >= next_s:
                news = [last]
            if news:
                pending, next_s = news[-1] != last, now_s + self._period_s
            self._offer(device, news)

    def _offer(self, device: OpenDevice, news: list[DeviceState]) -> None:
        """Put the state of the device where the node finds it."""
        problem, facts = device.problem, device.facts()
        with self._lock:
            before = self._presence
            self._presence = Presence(before.identity, problem, before.found, before.lost)
            self._facts, self._alive_s = facts, self._clock()
            self._state = None if problem else device.state
            if problem:
                self._news.clear()
            else:
                self._news.extend(news)
        if news or problem != before.problem:
            self._notify()

    def _miss(self, problem: str, lost: int = 0) -> None:
        """Note that the device is not there; what it said last is forgotten."""
        with self._lock:
            before = self._presence
            self._presence = Presence(before.identity, problem, before.found, before.lost + lost)
            self._state = None
            self._news.clear()
        if problem != before.problem:
            self._notify()
