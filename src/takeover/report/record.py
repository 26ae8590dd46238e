"""What is kept of a run: episodes with the driven track, events, timing, a few pictures.

`save_run` writes two files that need no Python to read: `run.json` (everything with a name) and
`run.npz` (arrays, never pickled). `load_run` gives the same record back, so that a report can be
made again from an old run.
"""

import dataclasses
from dataclasses import dataclass, field
import io
import json
import os
from pathlib import Path
from typing import Any
import zipfile

import numpy as np
from takeover.errors import TakeoverError
from takeover.metrics import Percentiles

FORMAT = 'takeover.run/1'
# Names in the order of the constants of EpisodeState, InterventionState and SafetyState.
MODES = ('hold', 'autonomous', 'human', 'handover', 'estopped')
GATE_STATES = ('standby', 'forwarding', 'stopping', 'stopped', 'estopped')
# Of `EpisodeRecord.track`; time since the start of the run, mode as an index into MODES.
TRACK_COLUMNS = ('time_s', 'x_m', 'y_m', 'speed_m_s', 'commanded_m_s', 'mode')


class RunRecordError(TakeoverError):
    """A folder holds no run that this version can read."""


def _no_points(columns: int) -> Any:
    return field(default_factory=lambda: np.zeros((0, columns)))


@dataclass
class EpisodeRecord:
    """One episode; positions in the world frame."""

    number: int
    seed: int
    outcome: str = 'running'
    elapsed_s: float = 0.0
    progress: float = 0.0
    mean_speed_m_s: float = 0.0
    mean_cross_track_m: float = 0.0
    path: np.ndarray = _no_points(2)
    obstacles: np.ndarray = _no_points(3)
    track: np.ndarray = _no_points(len(TRACK_COLUMNS))


@dataclass(frozen=True)
class Event:
    """A change of the gate's state or of the mode, with its reason in words."""

    time_s: float
    kind: str
    state: str
    reason: str


@dataclass
class Frame:
    """A picture of the robot's camera: uint8 [height, width, 3]."""

    time_s: float
    episode: int
    pixels: np.ndarray


@dataclass(frozen=True)
class InputState:
    """A topic as the status screen shows it; `age_s` None: never heard."""

    name: str
    age_s: float | None
    rate_hz: float


@dataclass
class ScreenState:
    """One moment of a run, all that the status screen shows."""

    elapsed_s: float = 0.0
    task: str = ''
    policy_version: str = ''
    mode: str = 'hold'
    mode_reason: str = ''
    takeovers: int = 0
    gate: str = 'standby'
    gate_reason: str = ''
    stops: int = 0
    rejected: int = 0
    commanded_m_s: float = 0.0
    commanded_rad_s: float = 0.0
    speed_m_s: float = 0.0
    turn_rad_s: float = 0.0
    tick_rate_hz: float = 0.0
    jitter_p99_ms: float = 0.0
    ticks: int = 0
    skipped: int = 0
    skipped_reason: str = ''
    inputs: list[InputState] = field(default_factory=list)
    hops: dict[str, Percentiles] = field(default_factory=dict)
    episodes: list[EpisodeRecord] = field(default_factory=list)
    episodes_wanted: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class RunRecord:
    """A whole run."""

    started: str = ''
    duration_s: float = 0.0
    complete: bool = False
    ended_because: str = ''
    task: str = ''
    policy_version: str = ''
    policy_file: str = ''
    spec_hash: str = ''
    corridor_half_width_m: float = 0.0
    goal_tolerance_m: float = 0.0
    tick_period_s: float = 0.05
    ticks: int = 0
    skipped: int = 0
    tick_gaps: int = 0
    stops: int = 0
    rejected: int = 0
    rejected_reasons: dict[str, int] = field(default_factory=dict)
    takeovers: int = 0
    events: list[Event] = field(default_factory=list)
    hops: dict[str, Percentiles] = field(default_factory=dict)
    jitter: Percentiles = Percentiles()
    machine: dict[str, str] = field(default_factory=dict)
    screen: ScreenState | None = None
    episodes: list[EpisodeRecord] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    hop_samples_ms: dict[str, np.ndarray] = field(default_factory=dict)
    tick_deviations_ms: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def goals(self) -> int:
        """How many episodes reached the goal."""
        return sum(episode.outcome == 'goal' for episode in self.episodes)


def save_run(run: RunRecord, directory: Path) -> None:
    """Write run.json and run.npz into `directory`; each appears whole or not at all."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(
        {'format': FORMAT, **_without_arrays(run, '', arrays)}, indent=1, allow_nan=False
    )
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    _write(directory / 'run.npz', packed.getvalue())
    _write(directory / 'run.json', text.encode())


def load_run(directory: str | Path) -> RunRecord:
    """Read the run that `save_run` wrote.

    :raises RunRecordError: no such files, another format, or damaged.
    """
    directory = Path(directory)
    try:
        data = json.loads((directory / 'run.json').read_text())
        if not isinstance(data, dict) or data.pop('format', None) != FORMAT:
            raise RunRecordError(f'{directory / "run.json"} is not of format {FORMAT}')
        with np.load(directory / 'run.npz', allow_pickle=False) as arrays:
            return _run_from(data, dict(arrays))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise RunRecordError(f'no readable run in {directory}: {error}') from error


def _without_arrays(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return `value` as JSON; arrays go to `arrays` under the dotted name of their place."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return name
    if dataclasses.is_dataclass(value):
        value = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {
            key: _without_arrays(item, f'{name}.{key}'.strip('.'), arrays)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_arrays(item, f'{name}.{i}', arrays) for i, item in enumerate(value)]
    return value


def _run_from(data: dict[str, Any], arrays: dict[str, np.ndarray]) -> RunRecord:
    def hops(found: dict[str, Any]) -> dict[str, Percentiles]:
        return {hop: Percentiles(**values) for hop, values in found.items()}

    def episodes(found: list[Any]) -> list[EpisodeRecord]:
        return [
            EpisodeRecord(
                **{
                    key: arrays[value] if key in ('path', 'obstacles', 'track') else value
                    for key, value in item.items()
                }
            )
            for item in found
        ]

    screen = data.pop('screen')
    if screen is not None:
        screen = ScreenState(
            **{
                **screen,
                'hops': hops(screen['hops']),
                'episodes': episodes(screen['episodes']),
                'inputs': [InputState(**item) for item in screen['inputs']],
            }
        )
    return RunRecord(
        **{
            **data,
            'screen': screen,
            'hops': hops(data['hops']),
            'jitter': Percentiles(**data['jitter']),
            'events': [Event(**item) for item in data['events']],
            'episodes': episodes(data['episodes']),
            'frames': [
                Frame(**{**item, 'pixels': arrays[item['pixels']]}) for item in data['frames']
            ],
            'hop_samples_ms': {hop: arrays[name] for hop, name in data['hop_samples_ms'].items()},
            'tick_deviations_ms': arrays[data['tick_deviations_ms']],
        }
    )


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(path.name + '.tmp')
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
