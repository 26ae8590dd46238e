"""What the capture thread reads: a device, a file, a topic or a simulation, all alike."""

from typing import Protocol

from takeover.camera.frame import Frame
from takeover.errors import TakeoverError


class CameraError(TakeoverError):
    """A camera cannot be opened, was lost, or is asked for what it cannot do; says what helps."""


class CameraSource(Protocol):
    """One camera; every method is called from the one thread that captures."""

    @property
    def description(self) -> str:
        """Which camera this is, in words a person can find it by."""

    def open(self) -> None:
        """Begin to deliver frames.

        :raises CameraError: the camera is not there, is busy, or has no such mode.
        """

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame that was not read yet, or None when none came in time.

        :raises CameraError: the camera was lost; it is to be closed and opened again.
        """

    def facts(self) -> dict[str, float | int | str]:
        """Return what this source alone knows, for diagnostics: clock offset, drift, model."""

    def close(self) -> None:
        """Let go of the camera; legal at any time, also twice."""
