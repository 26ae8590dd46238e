"""A bumpless hand-over: from the last command to what the new driver asks for, linear in time.

The same for velocities and for positions. A velocity starts from the command last sent; a position
from the one last commanded, or measured where nothing was commanded yet. A hold is never blended:
zero is sent at once, and the safety gate decelerates.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Handover:
    """One hand-over under way.

    Between two outputs dt apart, the first of them `start` at any time up to `began_s`, each
    component moves by at most |target - start| * dt / duration_s + |the target's own step|: a gap
    is crossed at the rate gap / duration_s, however large it is. After `duration_s` the output is
    the target itself.
    """

    start: tuple[float, ...]
    """What was sent last, one value per component of the action, SI."""
    began_s: float
    """Steady time."""
    duration_s: float
    """0: over at once."""

    def over(self, now_s: float) -> bool:
        """Whether the output is the target alone."""
        return now_s - self.began_s >= self.duration_s

    def command(self, target: Sequence[float], now_s: float) -> tuple[float, ...]:
        """Return what to send now, between `start` and `target`; SI, in the order of the action.

        :param target: what the new driver asks for now; it may move.
        """
        if self.over(now_s):
            return tuple(target)
        share = max(now_s - self.began_s, 0.0) / self.duration_s
        return tuple(
            (1.0 - share) * start + share * end
            for start, end in zip(self.start, target, strict=True)
        )
