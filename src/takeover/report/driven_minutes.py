"""Take-overs per minute of driving: time in which nobody drives does not count."""

from collections import deque

MINUTE_S = 60.0
RECENT_S = 120.0


class DrivenMinutes:
    """Counts take-overs by the minute of driving they fall into."""

    def __init__(self) -> None:
        """Begin before anybody drives."""
        self.driven_s = 0.0
        self.takeovers = 0
        self._counts: list[int] = []
        self._recent: deque[tuple[float, int]] = deque()

    def drive(self, seconds: float) -> None:
        """Let time pass in which somebody drives."""
        self.driven_s += max(0.0, seconds)
        while self._recent and self._recent[0][0] < self.driven_s - RECENT_S:
            self._recent.popleft()

    def take_over(self, times: int = 1) -> None:
        """Note that the person has taken over, now."""
        self.takeovers += times
        self._recent.append((self.driven_s, times))
        self._counts = [*self.minutes]
        self._counts[-1] += times

    @property
    def minutes(self) -> tuple[int, ...]:
        """The take-overs in each minute of driving; the last one is under way."""
        begun = int(self.driven_s // MINUTE_S) + 1
        return (*self._counts, *[0] * (begun - len(self._counts)))

    @property
    def recent_s(self) -> float:
        """The seconds of driving that `recent_per_minute` is about."""
        return min(self.driven_s, RECENT_S)

    @property
    def recent_per_minute(self) -> float:
        """Take-overs per minute in the last two minutes of driving; 0.0 before any."""
        if self.recent_s <= 0.0:
            return 0.0
        return MINUTE_S * sum(times for _, times in self._recent) / self.recent_s
