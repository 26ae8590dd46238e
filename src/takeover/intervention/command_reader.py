"""From what an input device reports to a command in SI, whichever device it is."""

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator
from takeover.action import ActionContract
from takeover.arm_samples import ToolSample
from takeover.config_file import ConfigError
from takeover.intervention.buttons import ButtonMapping
from takeover.intervention.human_command import HumanCommand
from takeover.intervention.motion_frame import Frame, MotionFrame
from takeover.intervention.stick import StickShape
from takeover.specs import GRIPPER

INPUTS = 'inputs'


class DeviceMapping(ButtonMapping):
    """What the mapping files of all devices have in common; a subclass adds the axes.

    With a `frame` the axes move a twist in the axes of an arm's base or of its tool, x to z of
    which need not be those of the action: see `MotionFrame`. How the tool is turned must then be
    heard all the time.
    """

    DEVICE: ClassVar[str]
    """As it stands in a sentence."""
    AXES_IN_JOY: ClassVar[bool]
    """Whether axes and buttons come in one message (sensor_msgs/Joy); else the axes have their
    own."""

    frame: Frame | None = Field(
        default=None,
        description='axes in which motion is meant: of the base of an arm, or of its tool; '
        'null: axes move the components of the action themselves',
    )

    @property
    def shapes(self) -> Mapping[str, StickShape]:
        """Component of the action: how its axis moves it."""
        raise NotImplementedError

    @property
    def indices(self) -> Mapping[str, int]:
        """Component of the action: where its axis stands in what the device reports."""
        raise NotImplementedError

    @property
    def full_travel(self) -> float:
        """What the driver of the device reports for an axis at the end of its travel."""
        return 1.0

    @model_validator(mode='after')
    def _turbo_does_something(self) -> 'DeviceMapping':
        scaled = [name for name, axis in self.shapes.items() if axis.turbo_scale is not None]
        if scaled and self.turbo_button is None:
            raise ValueError(f'turbo_scale of {scaled[0]} needs a turbo_button')
        if self.turbo_button is not None and not scaled:
            raise ValueError('turbo_button needs a turbo_scale in one of the axes')
        return self

    @model_validator(mode='after')
    def _one_way_to_move_the_gripper(self) -> 'DeviceMapping':
        if GRIPPER in self.shapes and self.open_button is not None:
            raise ValueError(f'{GRIPPER} has an axis and open_button; it must have one of them')
        return self


def refuse_unknown_components(
    path: str | Path, mapping: DeviceMapping, action: ActionContract
) -> None:
    """Refuse a mapping of a component that the action, or with a frame a twist, does not have.

    :raises ConfigError: naming file, key and the legal names.
    """
    if mapping.frame is not None and action.spec.kind != 'twist':
        problem = f'frame: {mapping.frame} is of a twist; the action is of the kind'
        raise ConfigError(path, [f'{path}: {problem} {action.spec.kind}'])
    legal = MotionFrame(mapping.frame, action).bounds
    unknown = [name for name in mapping.shapes if name not in legal]
    if unknown:
        raise ConfigError(
            path,
            [
                f'{path}: axes.{name}: the action has no such component; legal: {", ".join(legal)}'
                for name in unknown
            ],
        )


class CommandReader:
    """Turns axes and buttons into a `HumanCommand`."""

    def __init__(self, mapping: DeviceMapping, action: ActionContract):
        """Prepare the mapping of each component of the action.

        :param mapping: a component it does not name stays zero.
        """
        self.device = mapping.DEVICE
        self.buttons_needed = mapping.count
        self.needs_tool = mapping.frame is not None
        """Whether it must be known how the tool is turned; until then there is no motion."""
        self._mapping = mapping
        self._motion = MotionFrame(mapping.frame, action)
        self._components = [
            (mapping.shapes.get(name), mapping.indices.get(name), low, high)
            for name, (low, high) in self._motion.bounds.items()
        ]
        self._gripper = None
        if GRIPPER in action.names:
            index = action.names.index(GRIPPER)
            self._gripper = index, float(action.low[index]), float(action.high[index])
        self._axes_needed = 1 + max(mapping.indices.values())

    def fault(self, axes: Sequence[float], buttons: Sequence[int]) -> str | None:
        """Return why the message must not be used, or None; one of a fixed set of sentences."""
        return self.axes_fault(axes) or self.buttons_fault(buttons)

    def axes_fault(self, axes: Sequence[float]) -> str | None:
        """Return why these axes must not be used, or None."""
        if len(axes) < self._axes_needed:
            return f'{self.device} has fewer than {self._axes_needed} axes'
        if not all(map(math.isfinite, axes)):
            return f'{self.device} axis is not finite'
        return None

    def buttons_fault(self, buttons: Sequence[int]) -> str | None:
        """Return why these buttons must not be used, or None."""
        if len(buttons) < self.buttons_needed:
            return f'{self.device} has fewer than {self.buttons_needed} buttons'
        return None

    def command(
        self, axes: Sequence[float], buttons: Sequence[int], tool: ToolSample | None = None
    ) -> HumanCommand:
        """Return what the person asks for; the message must have no fault.

        :param tool: how it is turned; only a mapping with a frame needs it.
        """
        turbo = self._mapping.held('turbo_button', buttons)
        moved, deflection = [], 0.0
        for shape, index, low, high in self._components:
            if shape is None or low == high:
                # Also no take-over by motion: turned where nothing turns, it moves nothing.
                moved.append(0.0)
                continue
            position = axes[index] / self._mapping.full_travel
            moved.append(shape.to_si(position, low, high, turbo))
            deflection = max(deflection, shape.deflection(position))
        rotation, base_frame = (tool.rotation, tool.frame_id) if tool else (None, '')
        values = list(self._motion.action_of(moved, rotation, base_frame))
        way = None if self._gripper is None else self._mapping.gripper(buttons)
        if way is not None:
            index, closed, opened = self._gripper
            values[index] = (0.0, opened, closed)[way]
            deflection = 1.0
        return HumanCommand(
            values=tuple(values),
            deadman=self._mapping.held('deadman_button', buttons),
            estop=self._mapping.held('estop_button', buttons),
            deflection=deflection,
            pressed=self._mapping.pressed(buttons),
        )
