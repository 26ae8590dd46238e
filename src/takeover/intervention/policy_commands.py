"""Whether the policy speaks, and whether what it says may be followed."""

from collections.abc import Sequence
import math

from takeover.safety.watchdog import Watchdog


class PolicyCommands:
    """The last good command of the policy, its age, and how many have come in a row."""

    def __init__(self, size: int, timeout_s: float, healthy_commands: int) -> None:
        """Start without a command.

        :param size: of the action.
        :param timeout_s: silence after which the policy counts as lost.
        :param healthy_commands: good commands in a row before it may drive.
        """
        self.values = (0.0,) * size
        self.sequence: int | None = None
        self._watchdog = Watchdog('policy command', timeout_s)
        self._healthy_commands = healthy_commands
        self._healthy = 0
        self._drives = True

    def hear(
        self,
        values: Sequence[float],
        sequence: int,
        now_s: float,
        age_s: float,
        drives: bool = True,
    ) -> str | None:
        """Take a command; return why it is refused (from a fixed set), or None.

        :param drives: False: it only marks a step, for there is no policy.
        """
        fault = self._fault(values, sequence, age_s)
        if fault:
            self._healthy = 0
            return fault
        self._drives = drives
        self._healthy = 1 if self.lost(now_s) else self._healthy + 1
        self._watchdog.feed(now_s, age_s)
        self.values, self.sequence = tuple(map(float, values)), sequence
        return None

    def lost(self, now_s: float) -> str | None:
        """Say why there is nothing to follow (silence, or no policy at all), or None."""
        if self._watchdog.expired(now_s):
            return self._watchdog.reason()
        return None if self._drives else 'no policy; a person drives, or nobody'

    def why_not(self, now_s: float) -> str | None:
        """Say what keeps the policy from driving, or None."""
        lost = self.lost(now_s)
        if lost is not None:
            return lost
        missing = self._healthy_commands - self._healthy
        return f'waiting for {missing} more good policy commands' if missing > 0 else None

    def _fault(self, values: Sequence[float], sequence: int, age_s: float) -> str | None:
        if len(values) != len(self.values):
            return f'policy command does not have {len(self.values)} values'
        if not all(map(math.isfinite, values)):
            return 'policy command is not finite'
        if not abs(age_s) <= self._watchdog.timeout_s:
            return f'policy command is stamped more than {self._watchdog.timeout_s:g} s off'
        if self.sequence is not None and sequence <= self.sequence:
            return 'policy sequence did not increase'
        return None
