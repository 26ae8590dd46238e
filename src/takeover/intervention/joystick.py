"""The mapping file of a joystick.

Axes are those of sensor_msgs/Joy: -1 to 1, positive forward and to the left. A mapping file in
`config/inputs` says which axis moves which component of the action, and which buttons matter. With
a `frame` the components are those of a twist in the axes of an arm's base or tool.
"""

from pathlib import Path
from typing import ClassVar

from pydantic import Field
from takeover.action import ActionContract
from takeover.config_file import load_config
from takeover.intervention.buttons import Index
from takeover.intervention.command_reader import (
    DeviceMapping,
    INPUTS,
    refuse_unknown_components,
)
from takeover.intervention.stick import StickShape
from takeover.shipped import config_path
from takeover.spec_types import Name


class AxisMapping(StickShape):
    """How one axis moves one component of the action."""

    axis: Index


class JoystickMapping(DeviceMapping):
    """A file of config/inputs for a joystick."""

    DEVICE: ClassVar[str] = 'joystick'
    AXES_IN_JOY: ClassVar[bool] = True

    deadman_button: Index = Field(description='a person drives only while it is held')
    axes: dict[Name, AxisMapping] = Field(
        min_length=1, description='component of the action: its axis; others stay zero'
    )

    @property
    def shapes(self) -> dict[str, AxisMapping]:
        """Component of the action: how its axis moves it."""
        return self.axes

    @property
    def indices(self) -> dict[str, int]:
        """Component of the action: index of its axis."""
        return {name: axis.axis for name, axis in self.axes.items()}


def load_joystick(path: str | Path, action: ActionContract) -> JoystickMapping:
    """Read a mapping file, for example joystick, which is config/inputs/joystick.yaml.

    :raises ConfigError: naming file, key and the legal form; also for a component that the action
        does not have.
    """
    path = config_path(path, INPUTS)
    mapping = load_config(path, JoystickMapping)
    refuse_unknown_components(path, mapping, action)
    return mapping
