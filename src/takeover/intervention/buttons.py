"""What the buttons of an input device mean: a part of every mapping file in `config/inputs`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator
from takeover.config_file import StrictModel
from takeover.intervention.human_command import Press

Index = Annotated[int, Field(ge=0, le=63)]


class ButtonMapping(StrictModel):
    """Indices into the buttons of sensor_msgs/Joy; no two may be the same."""

    deadman_button: Index | None = Field(
        default=None, description='a person drives only while it is held'
    )
    estop_button: Index | None = Field(default=None, description='latches the stop')
    turbo_button: Index | None = Field(
        default=None, description='while it is held, sticks move as turbo_scale says'
    )
    success_button: Index | None = Field(
        default=None, description='ends the episode: the task is done'
    )
    failure_button: Index | None = Field(
        default=None, description='ends the episode: the task has failed'
    )
    abort_button: Index | None = Field(
        default=None, description='cuts the episode off: neither good nor bad'
    )
    undo_button: Index | None = Field(
        default=None, description='nothing is learned from the episode that ended last'
    )
    open_button: Index | None = Field(
        default=None,
        description='while it is held, the gripper opens at its full rate; means nothing where '
        'the action has no gripper',
    )
    close_button: Index | None = Field(
        default=None, description='the same to close it; both at once: it stands'
    )

    @model_validator(mode='after')
    def _distinct_buttons(self) -> 'ButtonMapping':
        first: dict[int, str] = {}
        for name, index in self._buttons().items():
            if index in first:
                raise ValueError(f'{name} and {first[index]} are both {index}; they must differ')
            first[index] = name
        return self

    @model_validator(mode='after')
    def _opens_and_closes(self) -> 'ButtonMapping':
        if (self.open_button is None) != (self.close_button is None):
            raise ValueError('open_button and close_button come together, or neither does')
        return self

    @property
    def count(self) -> int:
        """How many buttons the device must have."""
        return 1 + max(self._buttons().values(), default=-1)

    def held(self, name: str, buttons: Sequence[int]) -> bool:
        """Whether the button of this name exists and is down."""
        index = getattr(self, name)
        return index is not None and bool(buttons[index])

    def pressed(self, buttons: Sequence[int]) -> frozenset[Press]:
        """Return which of the buttons about the episode are down."""
        names = {
            Press.SUCCESS: 'success_button',
            Press.FAILURE: 'failure_button',
            Press.ABORT: 'abort_button',
            Press.UNDO: 'undo_button',
        }
        return frozenset(press for press, name in names.items() if self.held(name, buttons))

    def gripper(self, buttons: Sequence[int]) -> int | None:
        """Return 1 to open the gripper, -1 to close it, 0 while both are held, else None."""
        opens, closes = self.held('open_button', buttons), self.held('close_button', buttons)
        return opens - closes if opens or closes else None

    def _buttons(self) -> dict[str, int]:
        indices = {name: getattr(self, name) for name in ButtonMapping.model_fields}
        return {name: index for name, index in indices.items() if index is not None}
