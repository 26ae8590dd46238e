"""Whether the person wants to drive: by the dead-man, by deliberate motion of a stick, or either.

What begins a take-over must have been seen off before, without a silence between: a button that is
stuck, or a stick that is held while the device comes back, gives nobody control. It must also last
for a moment; letting go of the dead-man never has to.
"""

import math

from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.human_command import HumanCommand

# Times are sums of periods; what their rounding takes away is no time.
_ROUNDING_S = 1e-6


class Contact:
    """A signal that counts once it has been on for a while, after it was seen off."""

    def __init__(self, delay_s: float, linger_s: float) -> None:
        """Take it for on, as long as nothing is known: then it must be seen off first.

        :param delay_s: it must be on for this long to count.
        :param linger_s: it must then be off for this long to count no more.
        """
        self._delay_s, self._linger_s = delay_s, linger_s
        self.restart()

    def restart(self) -> None:
        """Forget everything: after a silence."""
        self.on = True
        self.engaged = False
        self._armed = False
        self._since_s = math.inf
        self._last_on_s = -math.inf

    def hear(self, on: bool, now_s: float) -> None:
        """Take the state of the signal."""
        self.on = on
        if on:
            self._last_on_s = now_s
            if self._armed:
                self._armed, self._since_s = False, now_s
        elif not self.engaged:
            self._armed, self._since_s = True, math.inf

    def watch(self, now_s: float) -> bool:
        """Let time pass; return True once for each time it begins to count."""
        if self.engaged:
            quiet_s = now_s - self._last_on_s
            if not self.on and quiet_s >= self._linger_s - _ROUNDING_S:
                self.engaged, self._armed, self._since_s = False, True, math.inf
            return False
        self.engaged = now_s - self._since_s >= self._delay_s - _ROUNDING_S
        return self.engaged

    def engage(self) -> None:
        """Let a signal that is on count without its delay, if it may count at all."""
        self._since_s = min(self._since_s, self._last_on_s - self._delay_s)

    @property
    def pending(self) -> bool:
        """Whether it is on and about to count."""
        return not self.engaged and self._since_s < math.inf


class TakeOverDetector:
    """Dead-man and sticks of one device, as `ArbiterConfig` wants them."""

    def __init__(self, config: ArbiterConfig) -> None:
        """Start without having heard anything."""
        self._config = config
        self._deadman = Contact(config.debounce_s, 0.0)
        self._motion = Contact(config.motion_hold_s, config.motion_release_s)
        self._uses_deadman = config.take_over in ('deadman', 'both')
        self._uses_motion = config.take_over in ('motion', 'both')
        self._released_s = -math.inf
        self.means = 'dead-man' if self._uses_deadman else 'stick'
        """What holds the robot, or held it last: as it stands before 'released' in a sentence."""
        self.again = False
        """Whether the take-over that began last is the one before, gone on after a bounce."""

    def restart(self) -> None:
        """The device was silent: nothing that it says now is a change."""
        self._deadman.restart()
        self._motion.restart()
        self._released_s = -math.inf

    def hear(self, command: HumanCommand, now_s: float) -> None:
        """Take a message of the device."""
        if self._uses_motion:
            threshold = self._config.motion_end if self._motion.on else self._config.motion_start
            self._motion.hear(command.deflection >= threshold, now_s)
        if self._uses_deadman:
            engaged, pressed = self._deadman.engaged, self._deadman.pending
            self._deadman.hear(command.deadman, now_s)
            if not command.deadman and engaged:
                self._deadman.watch(now_s)
                self._released_s = now_s
            if not command.deadman and (engaged or pressed):
                # Whoever lets go of the dead-man wants the robot to stop, whatever the stick says.
                self._motion.restart()

    def watch(self, now_s: float) -> bool:
        """Let time pass; return True once for each take-over that begins."""
        self.again = now_s - self._released_s < self._config.debounce_s
        if self.again and self._deadman.pending:
            self._deadman.engage()
        engaged = self.engaged
        began = [self._deadman.watch(now_s), self._motion.watch(now_s)]
        for contact, means in ((self._motion, 'stick'), (self._deadman, 'dead-man')):
            if contact.engaged or contact.pending:
                self.means = means
        return any(began) and not engaged

    @property
    def engaged(self) -> bool:
        """Whether the person holds the robot."""
        return self._deadman.engaged or self._motion.engaged

    @property
    def pending(self) -> bool:
        """Whether the person is about to take over."""
        return self._deadman.pending or self._motion.pending

    @property
    def released(self) -> bool:
        """Whether nothing is held that could take over."""
        return not (
            (self._uses_deadman and self._deadman.on) or (self._uses_motion and self._motion.on)
        )
