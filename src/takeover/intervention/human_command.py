"""What a person asks for with an input device, whichever it is."""

from dataclasses import dataclass
import enum


class Press(enum.Enum):
    """A button that says something about an episode; the order is that of reports in one step."""

    SUCCESS = 'success'  # the task is done: the episode ends well
    FAILURE = 'failure'  # the task has failed: the episode ends badly
    ABORT = 'abort'  # cut the episode off: neither good nor bad
    UNDO = 'undo last episode'  # learn nothing from the episode that ended last


@dataclass(frozen=True)
class HumanCommand:
    """SI values in the order of the action, and what is pressed."""

    values: tuple[float, ...]
    deadman: bool
    estop: bool
    deflection: float = 0.0
    """Share of its travel by which the stick that is moved most is out of its dead zone; a button
    of the gripper that is held counts as 1."""
    pressed: frozenset[Press] = frozenset()
    """The buttons about the episode that are down."""

    @property
    def neutral(self) -> bool:
        """Whether all sticks are in their dead zones and no dead-man, e-stop, gripper is held."""
        return not (self.deadman or self.estop or self.deflection)
