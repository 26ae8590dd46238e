"""What every input device has: an identity, a state, and a way to be lost."""

from dataclasses import dataclass
from typing import Protocol

from takeover.errors import TakeoverError


class DeviceError(TakeoverError):
    """A device cannot be found or opened; the message names the remedy."""


class DeviceForbidden(DeviceError):
    """A device is there and may not be opened."""


class DeviceLost(DeviceError):
    """A device that was open has gone."""


@dataclass(frozen=True)
class Identity:
    """Which device it is, whatever socket it is plugged into."""

    name: str
    vendor: int
    product: int
    # Serial number or radio address; many devices have none.
    unique_id: str = ''
    # Where it is plugged in: another after a replug, so it is shown and never compared.
    place: str = ''

    @property
    def model(self) -> str:
        """Return vendor:product as lsusb writes it."""
        return f'{self.vendor:04x}:{self.product:04x}'

    def answers_to(self, wanted: str) -> bool:
        """Whether `wanted` is its name, its unique id or its vendor:product; all when empty."""
        mine = {self.name.casefold(), self.unique_id.casefold(), self.model} - {''}
        return not wanted or wanted.casefold() in mine

    def same_device(self, other: 'Identity') -> bool:
        """Whether the other is this one plugged in again, as far as both can tell."""
        if self.unique_id and other.unique_id and self.unique_id != other.unique_id:
            return False
        return (self.model, self.name) == (other.model, other.name)

    def __str__(self) -> str:
        """Say everything that is known of it."""
        known = [self.model, self.unique_id and f'id {self.unique_id}', self.place]
        return f'{self.name} ({", ".join(filter(None, known))})'


@dataclass(frozen=True)
class DeviceState:
    """Axes from -1 to 1, positive forward, to the left and up; buttons 0 or 1."""

    axes: tuple[float, ...]
    buttons: tuple[int, ...]


class OpenDevice(Protocol):
    """A device that is open; used by one thread."""

    identity: Identity

    @property
    def state(self) -> DeviceState:
        """What it says now."""

    @property
    def problem(self) -> str | None:
        """Why what it last said is not to be repeated, though it is still there; or None."""

    def read(self, timeout_s: float) -> list[DeviceState]:
        """Wait for news, at most `timeout_s`; return the states it went through, oldest first.

        :raises DeviceLost: it has gone.
        """

    def facts(self) -> dict[str, object]:
        """Return counts worth showing in diagnostics."""

    def close(self) -> None:
        """Give it back; may be called more than once."""
