"""Which commands are worth following: complete, finite, recent and in order."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

# The stamps' clock may be corrected by this much without counting as a jump.
CLOCK_TOLERANCE_NS = 50_000_000


def is_repeated(stamp_ns: int, last_ns: int) -> bool:
    """Whether a sample is not newer than the last one: it came twice, or late.

    Far back it is newer, after a clock that was set.
    """
    return -CLOCK_TOLERANCE_NS <= stamp_ns - last_ns <= 0


@dataclass(frozen=True)
class Rejection:
    """A command that was refused; the time-out keeps running."""

    kind: str  # one of a fixed set, the key of `SafetyGate.rejected`
    reason: str  # with the numbers


class CommandChecks:
    """Remembers the last accepted sequence and the latest time, and judges the next command."""

    def __init__(self, names: Sequence[str], timeout_s: float):
        """Start without having accepted anything.

        :param names: of the values of a command, in order.
        :param timeout_s: largest age, and largest lead of a sender whose clock is ahead.
        """
        self._names = tuple(names)
        self._timeout_s = timeout_s
        self._sequence: int | None = None
        self._latest_ns: int | None = None

    def forget(self) -> None:
        """Accept any sequence and any time next."""
        self._sequence = self._latest_ns = None

    def clock_jumped(self, now_ns: int) -> bool:
        """Whether the stamps' clock went backwards since the last command.

        If so, ages mean nothing and counters may have restarted with it: start again from here.
        """
        latest_ns = now_ns if self._latest_ns is None else self._latest_ns
        jumped = now_ns < latest_ns - CLOCK_TOLERANCE_NS
        if jumped:
            self.forget()
        self._latest_ns = now_ns if jumped else max(now_ns, latest_ns)
        return jumped

    def fault(
        self, values: Sequence[float], sequence: int, stamp_ns: int, now_ns: int
    ) -> Rejection | None:
        """Return why the command must not be followed, or None."""
        if len(values) != len(self._names):
            return Rejection(
                'wrong length',
                f'command has {len(values)} values, needs '
                f'{len(self._names)} ({", ".join(self._names)})',
            )
        for name, value in zip(self._names, values):
            if not math.isfinite(value):
                return Rejection('not finite', f'{name} is {value}')
        age_s = (now_ns - stamp_ns) * 1e-9
        if age_s > self._timeout_s:
            return Rejection(
                'stale stamp', f'command is {age_s:.3f} s old, at most {self._timeout_s:g} s'
            )
        if age_s < -self._timeout_s:
            return Rejection('stamp in the future', f'command is stamped {-age_s:.3f} s ahead')
        if self._sequence is not None and sequence <= self._sequence:
            kind = 'duplicate' if sequence == self._sequence else 'out of order'
            return Rejection(kind, f'command {sequence} came after {self._sequence}')
        return None

    def accept(self, sequence: int) -> None:
        """Remember the sequence of an accepted command."""
        self._sequence = sequence
