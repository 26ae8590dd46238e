"""When to hold, when to go on, and what counts as a take-over."""

from dataclasses import dataclass
import math
from typing import get_args, Literal

from takeover.errors import TakeoverError

TakeOver = Literal['deadman', 'motion', 'both']


class ArbiterError(TakeoverError):
    """A setting of the arbiter that is not legal, or that its input device cannot serve."""


@dataclass(frozen=True)
class ArbiterConfig:
    """Times on the steady clock, and shares of the travel of a stick."""

    policy_timeout_s: float = 0.20
    """No good policy command for this long: hold."""
    input_device_timeout_s: float = 0.30
    """Silent device while a person drives: hold."""
    resume_delay_s: float = 1.0
    """Hold this long after a person has let go; never shorter than `debounce_s`."""
    healthy_commands: int = 3
    """Good policy commands in a row before autonomy."""
    require_input_device: bool = False
    """True: autonomy only while a device is heard."""
    take_over: TakeOver = 'deadman'
    """deadman: a person drives while the button is held. motion: by moving a stick and until it
    rests. both: either; letting go of the dead-man then ends a take-over by motion too."""
    handover_s: float = 0.2
    """Blend from the last command to the new driver's for this long; 0: at once."""
    debounce_s: float = 0.05
    """The dead-man must be held this long to take over, and pressed again within this time after
    a release it goes on as the same take-over. A release always acts at once."""
    motion_start: float = 0.3
    """A stick beyond this share of its travel is moved on purpose."""
    motion_end: float = 0.1
    """A stick within this share is at rest."""
    motion_hold_s: float = 0.1
    """A stick must be moved for this long to take over: a knock is no take-over."""
    motion_release_s: float = 0.5
    """A stick must rest for this long to give back."""
    tool_timeout_s: float = 0.15
    """No tool state for this long, and the device's motion is of another frame than the action: a
    person who drives cannot be understood; hold."""

    def __post_init__(self) -> None:
        """Refuse what cannot be arbitrated with.

        :raises ArbiterError: naming the field, the value and the legal form.
        """
        for name in ('policy_timeout_s', 'input_device_timeout_s', 'tool_timeout_s'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ArbiterError(f'{name} must be greater than 0, got {getattr(self, name)}')
        for name in (
            'resume_delay_s',
            'handover_s',
            'debounce_s',
            'motion_hold_s',
            'motion_release_s',
        ):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ArbiterError(f'{name} must be 0 or more, got {getattr(self, name)}')
        if self.healthy_commands < 1:
            raise ArbiterError(f'healthy_commands must be 1 or more, got {self.healthy_commands}')
        if self.take_over not in get_args(TakeOver):
            raise ArbiterError(
                f'take_over must be one of {", ".join(get_args(TakeOver))}, got {self.take_over!r}'
            )
        if not 0.0 < self.motion_end < self.motion_start < 1.0:
            raise ArbiterError(
                'motion_end and motion_start must be in (0, 1), the end below the start, got '
                f'{self.motion_end} and {self.motion_start}'
            )
