"""Where a viewer shows its entries; Rerun is loaded only when one is opened."""

from collections.abc import Iterable
from dataclasses import dataclass
import importlib.util
from typing import Protocol

from takeover.report.viewing import Entry, Layout, ViewingError

MISSING = (
    'the viewer Rerun is not installed (490 MB, an extra): '
    '.venv/bin/pip install -r requirements/view.in'
)


@dataclass(frozen=True)
class Target:
    """Where the entries go; with nothing set, to a viewer on this screen."""

    save: str = ''
    """A file (.rrd)."""
    connect: str = ''
    """Address of a viewer that runs: rerun+http://HOST:9876/proxy."""
    web: bool = False
    """Serve them to a browser."""


class Viewer(Protocol):
    """Shows entries; see `takeover.report.rerun_viewer`."""

    where: str
    """In words, where they are to be seen."""

    def show(self, entries: Iterable[Entry]) -> None:
        """Take entries."""

    def close(self) -> None:
        """Bring everything to where it goes."""


def open_viewer(layout: Layout, target: Target) -> Viewer:
    """Begin to show.

    :raises ViewingError: Rerun is not installed, or the target cannot be used.
    """
    require_rerun()
    from takeover.report.rerun_viewer import RerunViewer

    return RerunViewer(layout, target)


def require_rerun() -> None:
    """:raises ViewingError: Rerun is not installed."""
    if importlib.util.find_spec('rerun') is None:
        raise ViewingError(MISSING)
