"""Entries of a `Viewing` as calls of Rerun: a viewer, a server or a file shows them.

The only module that imports rerun, which is an extra: requirements/view.in.
"""

from collections.abc import Iterable
import os
from pathlib import Path
import socket
import sys
from urllib.parse import urlsplit

import numpy as np
import rerun
from rerun import blueprint
from takeover.report.figures import HOLD, HUMAN, INK, POLICY, SLOWING, STOP
from takeover.report.viewer import Target
from takeover.report.viewing import CAMERA, DRIVER, Entry, EVENTS, Kind, Layout, ViewingError

APPLICATION, TIMELINE = 'takeover', 'time'
# Watching must leave the memory of the machine to the robot.
VIEWER_MEMORY, SERVER_MEMORY = '2GB', '256MiB'
# Full pictures of a camera; what a policy sees stays as it is.
JPEG_QUALITY = 80
FLUSH_S, CONNECT_S = 10.0, 3.0
DEFAULT_PORT = 9876
ELSEWHERE = 'save to a file (.rrd), serve it to a browser, or connect to a viewer elsewhere'
STATE_COLOURS = {
    'policy': POLICY,
    'person': HUMAN,
    'hold': HOLD,
    'nobody': HOLD,
    'handover': SLOWING,
    'e-stop': STOP,
}
# By the last name of a path.
CURVE_COLOURS = {'policy': POLICY, 'sent': HUMAN, 'robot': INK, 'reward': STOP}


class RerunViewer:
    """One recording."""

    def __init__(self, layout: Layout, target: Target) -> None:
        """Begin it.

        :raises ViewingError: the target cannot be used.
        """
        self._stream = rerun.RecordingStream(APPLICATION)
        self._coloured: set[str] = set()
        shown = make_blueprint(layout)
        self.where = ''
        """What there is to say of where it is to be seen."""
        try:
            self._open(target, shown)
        except (OSError, RuntimeError, ValueError) as error:
            raise ViewingError(f'Rerun cannot show it: {error}') from None
        self._stream.log(
            DRIVER,
            rerun.StateConfiguration(
                values=list(STATE_COLOURS), colors=[rgba(one) for one in STATE_COLOURS.values()]
            ),
            static=True,
        )

    def show(self, entries: Iterable[Entry]) -> None:
        """Take entries; returns at once."""
        for entry in entries:
            if entry.kind is Kind.NUMBER and entry.path not in self._coloured:
                self._colour(entry.path)
            self._stream.set_time(TIMELINE, timestamp=np.datetime64(entry.time_ns, 'ns'))
            self._stream.log(entry.path, archetype(entry))

    def close(self) -> None:
        """Bring everything to where it goes."""
        self._stream.flush(timeout_sec=FLUSH_S)
        self._stream.disconnect()

    def _open(self, target: Target, shown: blueprint.Blueprint) -> None:
        if target.save:
            path = Path(target.save)
            if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
                raise ViewingError(f'{path}: its folder is not there or cannot be written')
            self._stream.save(path, default_blueprint=shown)
            self.where = f'written to {path}'
        elif target.connect:
            refuse_unreachable(target.connect)
            self._stream.connect_grpc(target.connect, default_blueprint=shown)
            self.where = f'sent to {target.connect}'
        elif target.web:
            url = self._stream.serve_grpc(
                default_blueprint=shown, server_memory_limit=SERVER_MEMORY
            )
            rerun.serve_web_viewer(open_browser=False, connect_to=url)
            self.where = f'served: open http://localhost:9090/?url={url}'
        else:
            if not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
                raise ViewingError(f'there is no screen here; legal: {ELSEWHERE}')
            # Also where the virtual environment is not active.
            program = Path(sys.executable).with_name('rerun')
            rerun.spawn(
                recording=self._stream,
                memory_limit=VIEWER_MEMORY,
                default_blueprint=shown,
                executable_path=str(program) if program.is_file() else None,
            )
            self.where = 'shown by Rerun'

    def _colour(self, path: str) -> None:
        self._coloured.add(path)
        name = path.rpartition('/')[2]
        colour = CURVE_COLOURS.get(name, INK)
        self._stream.log(path, rerun.SeriesLines(colors=[rgba(colour)], names=[name]), static=True)


def refuse_unreachable(url: str) -> None:
    """Refuse an address where nobody listens: Rerun would wait for it without end.

    :raises ViewingError: it is no address, or nobody listens.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host = None
    if not host:
        raise ViewingError(f'{url!r} is no address; legal: rerun+http://HOST:{DEFAULT_PORT}/proxy')
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        raise ViewingError(f'{url}: no viewer is there: {error}') from None


def archetype(entry: Entry) -> rerun.AsComponents:
    """Return what Rerun calls an entry."""
    if entry.kind is Kind.NUMBER:
        return rerun.Scalars(entry.value)
    if entry.kind is Kind.STATE:
        return rerun.StateChange(state=entry.value)
    if entry.kind is Kind.WORDS:
        return rerun.TextLog(entry.value)
    image = rerun.Image(entry.value)
    return image.compress(jpeg_quality=JPEG_QUALITY) if entry.path.startswith(CAMERA) else image


def make_blueprint(layout: Layout) -> blueprint.Blueprint:
    """Return pictures on the left, curves, who drives and events on the right."""
    pictures = [blueprint.Spatial2DView(origin=path, name=path) for path in layout.pictures]
    curves = [
        blueprint.StateTimelineView(origin=DRIVER, name='who drives'),
        *(blueprint.TimeSeriesView(origin=path, name=title) for title, path in layout.curves),
        blueprint.TextLogView(origin=EVENTS, name='events'),
    ]
    right = blueprint.Vertical(*curves)
    parts = [blueprint.Vertical(*pictures), right] if pictures else [right]
    return blueprint.Blueprint(
        blueprint.Horizontal(*parts), collapse_panels=True, auto_views=False
    )


def rgba(colour: str) -> int:
    """Return a colour #RRGGBB as Rerun counts it: 0xRRGGBBAA."""
    return (int(colour[1:], 16) << 8) | 0xFF
