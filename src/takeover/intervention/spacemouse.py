"""The mapping file of a SpaceMouse.

Axes are those of `spacenav/twist`: linear x, y, z and angular x, y, z, positive forward, to the
left and up, and turning by the right-hand rule. The buttons come with `spacenav/joy`. With `frame:
base` these are the axes of an arm's base, where the person sits behind it: what is pushed forward
moves forward, however the tool is turned. With `frame: tool` they are those of the tool.
"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field
from takeover.action import ActionContract
from takeover.config_file import load_config
from takeover.intervention.command_reader import (
    DeviceMapping,
    INPUTS,
    refuse_unknown_components,
)
from takeover.intervention.stick import StickShape
from takeover.shipped import config_path
from takeover.spec_types import Name
from takeover.specs import TWIST


class SpaceMouseAxis(StickShape):
    """How one axis of the puck moves one component of the action."""

    axis: Literal['linear.x', 'linear.y', 'linear.z', 'angular.x', 'angular.y', 'angular.z']
    dead_zone: float = Field(
        default=0.1,
        ge=0.0,
        lt=1.0,
        description='share of the travel that is zero; a hand on the puck moves all axes a little',
    )


class SpaceMouseMapping(DeviceMapping):
    """A file of config/inputs for a SpaceMouse; without buttons it can take over by motion."""

    DEVICE: ClassVar[str] = 'SpaceMouse'
    AXES_IN_JOY: ClassVar[bool] = False

    full_scale: float = Field(
        default=0.68,
        gt=0.0,
        description='what the driver reports for a puck at the end of its travel; spacenav_node '
        'divides about 350 counts by its own full_scale of 512',
    )
    axes: dict[Name, SpaceMouseAxis] = Field(
        min_length=1, description='component of the action: its axis; others stay zero'
    )

    @property
    def shapes(self) -> dict[str, SpaceMouseAxis]:
        """Component of the action: how its axis moves it."""
        return self.axes

    @property
    def indices(self) -> dict[str, int]:
        """Component of the action: where its axis stands in the twist."""
        return {name: TWIST.index(axis.axis) for name, axis in self.axes.items()}

    @property
    def full_travel(self) -> float:
        """What the driver reports for an axis at the end of its travel."""
        return self.full_scale


def load_spacemouse(path: str | Path, action: ActionContract) -> SpaceMouseMapping:
    """Read a mapping file, for example spacemouse, which is config/inputs/spacemouse.yaml.

    :raises ConfigError: naming file, key and the legal form; also for a component that the action
        does not have.
    """
    path = config_path(path, INPUTS)
    mapping = load_config(path, SpaceMouseMapping)
    refuse_unknown_components(path, mapping, action)
    return mapping
