"""From the axes and buttons of a joystick to a command in SI.

Axes are those of sensor_msgs/Joy: -1 to 1, positive forward and to the left. A mapping file in
`config/inputs` says which axis moves which component of the action, and which buttons matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from takeover.action import ActionContract
from takeover.config_file import ConfigError, load_config, StrictModel
from takeover.spec_types import Name

Index = Annotated[int, Field(ge=0, le=63)]


class AxisMapping(StrictModel):
    """How one axis moves one component of the action."""

    axis: Index
    invert: bool = False
    scale: float = Field(
        default=1.0,
        gt=0.0,
        le=1.0,
        description='full stick is this share of the bound of the action',
    )
    dead_zone: float = Field(
        default=0.05,
        ge=0.0,
        lt=1.0,
        description='share of the travel around the middle that is zero',
    )
    expo: float = Field(
        default=0.0, ge=0.0, le=1.0, description='0: straight; 1: cubic, fine near the middle'
    )


class JoystickMapping(StrictModel):
    """A file of config/inputs."""

    deadman_button: Index = Field(description='a person drives only while it is held')
    estop_button: Index | None = Field(default=None, description='latches the stop')
    axes: dict[Name, AxisMapping] = Field(
        min_length=1, description='component of the action: its axis; others stay zero'
    )

    @model_validator(mode='after')
    def _distinct_buttons(self) -> 'JoystickMapping':
        if self.estop_button == self.deadman_button:
            raise ValueError(
                f'estop_button and deadman_button are both {self.deadman_button}; they must differ'
            )
        return self


@dataclass(frozen=True)
class HumanCommand:
    """What the person asks for: SI values in the order of the action, and the two buttons."""

    values: tuple[float, ...]
    deadman: bool
    estop: bool

    @property
    def neutral(self) -> bool:
        """Whether nothing is pressed and every stick is in its dead zone."""
        return not (self.deadman or self.estop or any(self.values))


def load_joystick(path: str | Path, action: ActionContract) -> JoystickMapping:
    """Read a mapping file, for example config/inputs/joystick.yaml.

    :raises ConfigError: naming file, key and the legal form; also for a component that the action
        does not have.
    """
    mapping = load_config(path, JoystickMapping)
    unknown = [name for name in mapping.axes if name not in action.names]
    if unknown:
        raise ConfigError(
            path,
            [
                f'{path}: axes.{name}: the action has no such component; legal: '
                f'{", ".join(action.names)}'
                for name in unknown
            ],
        )
    return mapping


class Joystick:
    """Turns axes and buttons into a `HumanCommand`."""

    def __init__(self, mapping: JoystickMapping, action: ActionContract):
        """Prepare the mapping of each component of the action.

        :param mapping: a component it does not name stays zero.
        """
        self._mapping = mapping
        self._components = [
            (mapping.axes.get(name), float(low), float(high))
            for name, low, high in zip(action.names, action.low, action.high)
        ]
        self._axes_needed = 1 + max(axis.axis for axis in mapping.axes.values())
        self._buttons_needed = 1 + max(mapping.deadman_button, mapping.estop_button or 0)

    def fault(self, axes: Sequence[float], buttons: Sequence[int]) -> str | None:
        """Return why the message must not be used, or None; one of a fixed set of sentences."""
        if len(axes) < self._axes_needed:
            return f'joystick has fewer than {self._axes_needed} axes'
        if len(buttons) < self._buttons_needed:
            return f'joystick has fewer than {self._buttons_needed} buttons'
        if not all(map(math.isfinite, axes)):
            return 'joystick axis is not finite'
        return None

    def command(self, axes: Sequence[float], buttons: Sequence[int]) -> HumanCommand:
        """Return what the person asks for; the message must have no fault."""
        button = self._mapping.estop_button
        return HumanCommand(
            values=tuple(
                0.0 if axis is None else _to_si(axes[axis.axis], axis, low, high)
                for axis, low, high in self._components
            ),
            deadman=bool(buttons[self._mapping.deadman_button]),
            estop=button is not None and bool(buttons[button]),
        )


def _to_si(position: float, axis: AxisMapping, low: float, high: float) -> float:
    """Map a stick position to [low, high]; where low is 0, pulling back is 0."""
    travel = min(abs(position), 1.0)
    if travel <= axis.dead_zone:
        return 0.0
    share = (travel - axis.dead_zone) / (1.0 - axis.dead_zone)
    share = axis.scale * min((1.0 - axis.expo) * share + axis.expo * share**3, 1.0)
    forward = (position > 0.0) != axis.invert
    return share * (high if forward else low) + 0.0
