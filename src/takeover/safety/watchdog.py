"""How long ago something was last heard, on the steady clock."""

import math


class Watchdog:
    """Age of one named thing; never heard is as bad as too old.

    Hearing something cannot make it younger than it is: an age already spent on the way counts.
    """

    def __init__(self, name: str, timeout_s: float):
        """Start without having heard anything.

        :param name: as it stands in a sentence: 'policy command', 'joystick'.
        :raises ValueError: when the time-out is not a positive number.
        """
        if not (math.isfinite(timeout_s) and timeout_s > 0.0):
            raise ValueError(f'time-out of {name} must be greater than 0 s, got {timeout_s}')
        self.name = name
        self.timeout_s = timeout_s
        self.heard_s = -math.inf

    def feed(self, now_s: float, age_s: float = 0.0) -> None:
        """Hear it now, `age_s` after it came about."""
        self.heard_s = now_s - max(age_s, 0.0)

    def forget(self) -> None:
        """Behave as if it had never been heard."""
        self.heard_s = -math.inf

    def age_s(self, now_s: float) -> float:
        """Return its age; inf when never heard."""
        return max(now_s - self.heard_s, 0.0)

    def expired(self, now_s: float) -> bool:
        """Whether it is older than the time-out."""
        return self.age_s(now_s) > self.timeout_s

    @property
    def expires_s(self) -> float:
        """Steady time at which it becomes too old; -inf when never heard."""
        return self.heard_s + self.timeout_s

    def reason(self) -> str:
        """Say what is wrong once it has expired; constant while nothing is heard."""
        if self.heard_s == -math.inf:
            return f'no {self.name} yet'
        return f'no {self.name} for {self.timeout_s:g} s'
