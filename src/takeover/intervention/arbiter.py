"""Decides at each step who drives, and says why.

Silence is never taken for zero: a silent policy or a silent device gives a hold, and a hold is an
explicit zero. What starts motion is always an act (a dead-man pressed, or a stick moved, after it
was seen released) or a row of good policy commands after a delay, never the mere end of a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from takeover.action import ActionContract
from takeover.arm_samples import ToolSample
from takeover.command import Source
from takeover.intervention.arbiter_config import ArbiterConfig, ArbiterError
from takeover.intervention.command_reader import CommandReader, DeviceMapping
from takeover.intervention.handover import Handover
from takeover.intervention.human_command import Press
from takeover.intervention.input_device import InputDevice
from takeover.intervention.policy_commands import PolicyCommands
from takeover.intervention.state_machine import Event, Mode, next_mode
from takeover.intervention.take_over import TakeOverDetector

DRIVING = (Mode.AUTONOMOUS, Mode.HUMAN, Mode.HANDOVER)


@dataclass(frozen=True)
class ArbiterOutput:
    """The command of one step, in SI and in the order of the action, and why."""

    source: Source
    values: tuple[float, ...]
    mode: Mode
    reason: str
    policy_sequence: int  # of the last good policy command, followed or not; 0: none yet
    estop_requested: bool = False  # pressed on the device: must be told to the safety gate
    presses: tuple[Press, ...] = ()  # about the episode, since the step before


class Arbiter:
    """See the top of this file. Not thread-safe; called from one executor."""

    def __init__(self, action: ActionContract, config: ArbiterConfig, mapping: DeviceMapping):
        """Start in HOLD, knowing neither policy nor device.

        :raises ArbiterError: the take-over needs a dead-man, and the device has none.
        """
        if config.take_over != 'motion' and mapping.deadman_button is None:
            raise ArbiterError(
                f'take_over: {config.take_over} needs a deadman_button in the mapping of the '
                f'{mapping.DEVICE}; without one: take_over: motion'
            )
        self.mode = Mode.HOLD
        self.reason = 'starting'
        self.takeovers = 0
        self.device_messages = 0
        self.refused: dict[str, int] = {}
        self._config = config
        self._axes_in_joy = mapping.AXES_IN_JOY
        self._zero = self._sent = (0.0,) * action.size
        self._policy = PolicyCommands(
            action.size, config.policy_timeout_s, config.healthy_commands
        )
        reader = CommandReader(mapping, action)
        self._name = reader.device
        self._device = InputDevice(reader, config.input_device_timeout_s, config.tool_timeout_s)
        self._detector = TakeOverDetector(config)
        self._driver = Source.HOLD
        self._handover = Handover(self._zero, -math.inf, 0.0)
        self._lost = ''  # what was lost while a person drove, or wanted to
        self._resume_delay_s = max(config.resume_delay_s, config.debounce_s)
        self._resume_s = -math.inf
        self._gate_latched = False
        self._estop_asked = False  # pressed on the device, not yet confirmed by the gate

    @property
    def driver(self) -> Source:
        """Whose the robot is; during a hand-over the one that it goes to."""
        return self._driver if self.mode in DRIVING else Source.HOLD

    def on_policy(
        self,
        values: Sequence[float],
        sequence: int,
        now_s: float,
        age_s: float = 0.0,
        drives: bool = True,
    ) -> str | None:
        """Take a policy command; return why it is refused (from a fixed set), or None.

        :param values: SI, in the order of the action.
        :param age_s: by its stamp; the arbiter stamps anew, so nobody after it can see this age.
        :param drives: False: the command only marks a step and is never followed, for there is no
            policy; who does not drive is held still.
        """
        self._watch(now_s)
        return self._count(self._policy.hear(values, sequence, now_s, age_s, drives))

    def on_joy(
        self, axes: Sequence[float], buttons: Sequence[int], stamp_ns: int, now_s: float
    ) -> str | None:
        """Take a message of sensor_msgs/Joy; return why it is refused, or None.

        A release of the dead-man and the e-stop button change the mode at once. Of a SpaceMouse
        only the buttons count.
        """
        return self._on_device(axes if self._axes_in_joy else None, buttons, stamp_ns, now_s)

    def on_twist(self, values: Sequence[float], stamp_ns: int, now_s: float) -> str | None:
        """Take the axes of a SpaceMouse; return why they are refused, or None.

        :param values: linear x, y, z and angular x, y, z, as `spacenav/twist` reports them.
        :param stamp_ns: of its arrival where the message has none.
        """
        if self._axes_in_joy:
            return self._count(f'{self._name} has its axes in its joy message')
        return self._on_device(values, None, stamp_ns, now_s)

    def on_tool(self, tool: ToolSample, now_s: float, age_s: float = 0.0) -> str | None:
        """Take how the tool of an arm is turned; return why it is refused, or None.

        Only a mapping with a frame needs it, and such a one all the time.

        :param age_s: by its stamp.
        """
        return self._count(self._device.hear_tool(tool, now_s, age_s))

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
        if self.driver is Source.POLICY:
            values = self._policy.values
        elif self.driver is Source.HUMAN:
            values = command.values
        if self.mode is Mode.HANDOVER:
            values = self._handover.command(values, now_s)
        self._sent = values
        return ArbiterOutput(
            source=self.driver,
            values=values,
            mode=self.mode,
            reason=self.reason,
            policy_sequence=self._policy.sequence or 0,
            estop_requested=self._estop_asked or (command is not None and command.estop),
            presses=self._device.take_presses(),
        )

    def _on_device(
        self,
        axes: Sequence[float] | None,
        buttons: Sequence[int] | None,
        stamp_ns: int,
        now_s: float,
    ) -> str | None:
        self._watch_silence(now_s)
        refusal = self._device.hear(axes, buttons, stamp_ns, now_s)
        self.device_messages += refusal is None
        command = self._device.command(now_s)
        if refusal or command is None:
            return self._count(refusal)
        if self._device.came_back:
            self._detector.restart()
        self._detector.hear(command, now_s)
        if command.estop:
            self._estop_asked = True
            self._apply(Event.ESTOP, f'e-stop pressed on the {self._name}')
        if self._lost and self._detector.released and not self._device.blind(now_s):
            self._lost = ''
            self._resume_s = now_s + self._resume_delay_s
        self._watch(now_s)
        return None

    def _watch(self, now_s: float) -> None:
        """Turn what time has brought into events."""
        self._watch_silence(now_s)
        if not self._device.silent(now_s):
            self._watch_person(now_s)
        if self.mode is Mode.ESTOPPED:
            obstacle = self._why_estopped(now_s)
            self.reason = obstacle or self.reason
            if obstacle is None:
                self._resume_s = now_s + self._resume_delay_s
                self._apply(Event.ESTOP_CLEARED, 'e-stop reset')
        if self.mode is Mode.HOLD:
            obstacle = self._why_hold(now_s)
            self.reason = obstacle or self.reason
            if obstacle is None:
                self._hand_over(Event.POLICY_READY, Source.POLICY, 'policy drives', now_s)
        self._end_handover(now_s)

    def _watch_silence(self, now_s: float) -> None:
        """Take the robot from a driver that is silent, or whose device is."""
        needed = self.driver is Source.HUMAN or (
            self.driver is Source.POLICY and self._config.require_input_device
        )
        if needed and self._device.silent(now_s):
            self._lost = self._name if self.driver is Source.HUMAN else ''
            self._apply(Event.DEVICE_LOST, self._device.silence(now_s))
        blind = self.driver is Source.HUMAN and self._device.blind(now_s)
        if blind:
            self._go_blind(blind)
        lost = self.driver is Source.POLICY and self._policy.lost(now_s)
        if lost:
            self._apply(Event.POLICY_LOST, lost)

    def _go_blind(self, reason: str) -> None:
        """Hold, where a person wants to drive and nobody knows which way that is."""
        self._lost = 'tool state'
        self._detector.restart()  # what is held now must be seen released
        self._apply(Event.DEVICE_LOST, reason)

    def _watch_person(self, now_s: float) -> None:
        """Let the person take over or give back."""
        began = self._detector.watch(now_s)
        means = self._detector.means
        if began and self.mode is Mode.ESTOPPED:
            self._detector.restart()  # not a take-over that could go on after the reset
        elif began and self._device.blind(now_s):
            self._go_blind(self._device.blind(now_s))
        elif began:
            self._hand_over(Event.TAKE_OVER, Source.HUMAN, f'{means} held', now_s)
            self.takeovers += not self._detector.again
        if self.driver is Source.HUMAN and not self._detector.engaged:
            self._resume_s = now_s + self._resume_delay_s
            self._apply(Event.RELEASE, f'{means} released')

    def _why_hold(self, now_s: float) -> str | None:
        """Say what keeps the policy from driving, or None."""
        silent = self._device.silent(now_s)
        if self._lost:
            return (
                f'{self._lost} lost while a person drove; needs it back with the '
                f'{self._detector.means} released'
            )
        if self._config.require_input_device and silent:
            return self._device.silence(now_s)
        if not silent and self._detector.pending:
            return f'{self._detector.means} held; the person takes over'
        if not silent and not self._detector.released:
            means = self._detector.means
            return f'{means} was held before the {self._name} was heard; release it'
        if now_s < self._resume_s:
            return f'{self._detector.means} released; resuming soon'
        return self._policy.why_not(now_s)

    def _why_estopped(self, now_s: float) -> str | None:
        """Say what keeps the e-stop from being over, or None."""
        if self._gate_latched:
            return 'e-stop latched in the safety gate'
        if self._estop_asked:
            return f'e-stop pressed on the {self._name}; the safety gate has not confirmed it'
        command = self._device.command(now_s)
        if command is None and (self._device.ever_heard or self._config.require_input_device):
            return f'e-stop reset, but {self._device.silence(now_s)}'
        if command is not None and not command.neutral:
            return f'e-stop reset; release sticks and buttons of the {self._name}'
        return None

    def _count(self, refusal: str | None) -> str | None:
        if refusal:
            self.refused[refusal] = self.refused.get(refusal, 0) + 1
        return refusal

    def _hand_over(self, event: Event, driver: Source, reason: str, now_s: float) -> None:
        """Begin to give the robot to another driver."""
        self._apply(event, reason)
        self.reason, self._driver = reason, driver
        self._handover = Handover(self._sent, now_s, self._config.handover_s)

    def _end_handover(self, now_s: float) -> None:
        if self.mode is Mode.HANDOVER and self._handover.over(now_s):
            to_policy = self._driver is Source.POLICY
            self._apply(Event.POLICY_DRIVES if to_policy else Event.PERSON_DRIVES, self.reason)

    def _apply(self, event: Event, reason: str) -> None:
        """Let an event change the mode; without a change the reason stays."""
        mode = next_mode(self.mode, event)
        if mode is self.mode:
            return
        self.mode, self.reason = mode, reason
        if mode is Mode.ESTOPPED:
            self._detector.restart()  # what held the robot then must be seen released
