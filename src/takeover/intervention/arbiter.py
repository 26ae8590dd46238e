"""Decides at each step who drives, and says why.

Silence is never taken for zero: a silent policy or a silent device gives a hold, and a hold is an
explicit zero. What starts motion is always an act (a dead-man pressed after it was seen released)
or a row of good policy commands after a delay, never the mere end of a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from takeover.action import ActionContract
from takeover.command import Source
from takeover.intervention.input_device import InputDevice
from takeover.intervention.joystick import Joystick, JoystickMapping
from takeover.intervention.state_machine import Event, Mode, next_mode
from takeover.safety.watchdog import Watchdog

SOURCES = {Mode.AUTONOMOUS: Source.POLICY, Mode.HUMAN: Source.HUMAN}


@dataclass(frozen=True)
class ArbiterConfig:
    """When to hold and when to go on."""

    policy_timeout_s: float = 0.20  # no good policy command for this long: hold
    input_device_timeout_s: float = 0.30  # silent device while a person drives: hold
    resume_delay_s: float = 1.0  # hold this long after the dead-man is released
    healthy_commands: int = 3  # good policy commands in a row before autonomy
    require_input_device: bool = False  # True: autonomy only while a device is heard

    def __post_init__(self):
        for name in ('policy_timeout_s', 'input_device_timeout_s'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(f'{name} must be greater than 0, got {getattr(self, name)}')
        if not 0.0 <= self.resume_delay_s < math.inf:
            raise ValueError(f'resume_delay_s must be 0 or more, got {self.resume_delay_s}')
        if self.healthy_commands < 1:
            raise ValueError(f'healthy_commands must be 1 or more, got {self.healthy_commands}')


@dataclass(frozen=True)
class ArbiterOutput:
    """The command of one step, in SI and in the order of the action, and why."""

    source: Source
    values: tuple[float, ...]
    mode: Mode
    reason: str
    policy_sequence: int  # of the last good policy command, followed or not; 0: none yet
    estop_requested: bool = False  # pressed on the device: must be told to the safety gate


class Arbiter:
    """See the top of this file. Not thread-safe; called from one executor."""

    def __init__(self, action: ActionContract, config: ArbiterConfig, mapping: JoystickMapping):
        """Start in HOLD, knowing neither policy nor device."""
        self.mode = Mode.HOLD
        self.reason = 'starting'
        self.takeovers = 0
        self.refused: dict[str, int] = {}
        self._config = config
        self._names = action.names
        self._zero = (0.0,) * action.size
        self._policy = Watchdog('policy command', config.policy_timeout_s)
        self._policy_values = self._zero
        self._policy_sequence: int | None = None
        self._healthy = 0
        self._device = InputDevice(Joystick(mapping, action), config.input_device_timeout_s)
        self._lost_while_human = False
        self._resume_s = -math.inf
        self._gate_latched = False
        self._estop_asked = False  # pressed on the device, not yet confirmed by the gate

    def on_policy(
        self, values: Sequence[float], sequence: int, now_s: float, age_s: float = 0.0
    ) -> str | None:
        """Take a policy command; return why it is refused (from a fixed set), or None.

        :param values: SI, in the order of the action.
        :param age_s: by its stamp; the arbiter stamps anew, so nobody after it can see this age.
        """
        refusal = self._policy_fault(values, sequence, age_s)
        if refusal:
            self._healthy = 0
            return self._refuse(refusal)
        self._watch(now_s)
        self._healthy = 1 if self._policy.expired(now_s) else self._healthy + 1
        self._policy.feed(now_s, age_s)
        self._policy_values, self._policy_sequence = tuple(map(float, values)), sequence
        return None

    def on_joy(
        self, axes: Sequence[float], buttons: Sequence[int], stamp_ns: int, now_s: float
    ) -> str | None:
        """Take a message of the device; return why it is refused, or None.

        A change of the dead-man or the e-stop button changes the mode at once.
        """
        self._watch(now_s)
        refusal = self._device.hear(axes, buttons, stamp_ns, now_s)
        if refusal:
            return self._refuse(refusal)
        command = self._device.command(now_s)
        if command.estop:
            self._estop_asked = True
            self._apply(Event.ESTOP, 'e-stop pressed on the joystick')
        if self._device.take_edge():
            self._apply(Event.TAKE_OVER, 'dead-man held')
        if not command.deadman:
            if self.mode is Mode.HUMAN or self._lost_while_human:
                self._resume_s = now_s + self._config.resume_delay_s
            self._lost_while_human = False
            self._apply(Event.RELEASE, 'dead-man released')
        return None

    def on_estop(self, latched: bool, now_s: float) -> None:
        """Follow the latch of the safety gate."""
        self._gate_latched = bool(latched)
        if latched:
            self._estop_asked = False
            self._apply(Event.ESTOP, 'e-stop latched in the safety gate')
        self._watch(now_s)

    def step(self, now_s: float) -> ArbiterOutput:
        """Notice what has become too old and return the command of this step."""
        self._watch(now_s)
        command = self._device.command(now_s)
        values = self._zero
        if self.mode is Mode.AUTONOMOUS:
            values = self._policy_values
        elif self.mode is Mode.HUMAN:
            values = command.values
        return ArbiterOutput(
            source=SOURCES.get(self.mode, Source.HOLD),
            values=values,
            mode=self.mode,
            reason=self.reason,
            policy_sequence=self._policy_sequence or 0,
            estop_requested=self._estop_asked or (command is not None and command.estop),
        )

    def _watch(self, now_s: float) -> None:
        """Turn what time has brought into events."""
        needed = self.mode is Mode.HUMAN or (
            self.mode is Mode.AUTONOMOUS and self._config.require_input_device
        )
        if needed and self._device.silent(now_s):
            self._lost_while_human = self.mode is Mode.HUMAN
            self._apply(Event.DEVICE_LOST, self._device.silence())
        if self.mode is Mode.AUTONOMOUS and self._policy.expired(now_s):
            self._apply(Event.POLICY_LOST, self._policy.reason())
        if self.mode is Mode.ESTOPPED:
            self.reason = self._why_estopped(now_s) or self.reason
            if self._why_estopped(now_s) is None:
                self._resume_s = now_s + self._config.resume_delay_s
                self._apply(Event.ESTOP_CLEARED, 'e-stop reset')
        if self.mode is Mode.HOLD:
            obstacle = self._why_hold(now_s)
            self.reason = obstacle or self.reason
            if obstacle is None:
                self._apply(Event.POLICY_READY, 'policy drives')

    def _why_hold(self, now_s: float) -> str | None:
        """Say what keeps the policy from driving, or None."""
        command = self._device.command(now_s)
        missing = self._config.healthy_commands - self._healthy
        if self._lost_while_human:
            return 'joystick lost while a person drove; needs it back with the dead-man released'
        if self._config.require_input_device and command is None:
            return self._device.silence()
        if command is not None and command.deadman:
            return 'dead-man was held before the joystick was heard; release it'
        if now_s < self._resume_s:
            return 'dead-man released; resuming soon'
        if self._policy.expired(now_s):
            return self._policy.reason()
        if missing > 0:
            return f'waiting for {missing} more good policy commands'
        return None

    def _why_estopped(self, now_s: float) -> str | None:
        """Say what keeps the e-stop from being over, or None."""
        if self._gate_latched:
            return 'e-stop latched in the safety gate'
        if self._estop_asked:
            return 'e-stop pressed on the joystick; the safety gate has not confirmed it'
        command = self._device.command(now_s)
        if command is None and (self._device.ever_heard or self._config.require_input_device):
            return f'e-stop reset, but {self._device.silence()}'
        if command is not None and not command.neutral:
            return 'e-stop reset; release sticks and buttons of the joystick'
        return None

    def _policy_fault(self, values: Sequence[float], sequence: int, age_s: float) -> str | None:
        if len(values) != len(self._names):
            return f'policy command does not have {len(self._names)} values'
        if not all(map(math.isfinite, values)):
            return 'policy command is not finite'
        if not abs(age_s) <= self._config.policy_timeout_s:
            return f'policy command is stamped more than {self._config.policy_timeout_s:g} s off'
        if self._policy_sequence is not None and sequence <= self._policy_sequence:
            return 'policy sequence did not increase'
        return None

    def _refuse(self, reason: str) -> str:
        self.refused[reason] = self.refused.get(reason, 0) + 1
        return reason

    def _apply(self, event: Event, reason: str) -> None:
        """Let an event change the mode; without a change the reason stays."""
        mode = next_mode(self.mode, event)
        if mode is self.mode:
            return
        self.takeovers += mode is Mode.HUMAN
        self.mode, self.reason = mode, reason
