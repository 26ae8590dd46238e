"""What a viewer shows of a robot that drives, live or from a log: pictures, curves, states, words.

Plain objects, without ROS and without any viewer: `rerun_viewer` turns them into calls of Rerun.
Paths of entities: `sees/FEATURE`, `camera/TOPIC`, `command/COMPONENT/policy|sent|robot`, `driver`,
`reward`, `frame_age_ms/FEATURE`, `events`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import enum

import numpy as np
from takeover.command import Source
from takeover.data.step import Step
from takeover.errors import TakeoverError
from takeover.outcome import OUTCOMES
from takeover.report.seen import pictures, seen_images
from takeover.specs import Contract

SEES, CAMERA, COMMAND, DRIVER = 'sees', 'camera', 'command', 'driver'
REWARD, FRAME_AGE, EVENTS = 'reward', 'frame_age_ms', 'events'
# Of a command: what the policy asked for, what the arbiter sent, what the gate let through.
POLICY, SENT, ROBOT = 'policy', 'sent', 'robot'
DRIVERS = {
    Source.POLICY: 'policy',
    Source.HUMAN: 'person',
    Source.HOLD: 'hold',
    Source.NONE: 'nobody',
}
# By the names of the arbiter's modes (takeover.report.record.MODES).
MODE_DRIVERS = {
    'autonomous': 'policy',
    'human': 'person',
    'hold': 'hold',
    'handover': 'handover',
    'estopped': 'e-stop',
}


class ViewingError(TakeoverError):
    """What is to be shown is not of the task."""


class Kind(enum.Enum):
    """How an entity is shown."""

    PICTURE = 'picture'
    """RGB uint8 [h, w, 3]."""
    NUMBER = 'number'
    """A point of a curve."""
    STATE = 'state'
    """Holds until the next one."""
    WORDS = 'words'
    """A line of what happened."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One value of one entity at one time."""

    path: str
    kind: Kind
    value: np.ndarray | float | str
    time_ns: int
    """ROS time, or simulated time."""


@dataclass(frozen=True)
class Layout:
    """Which entities are shown together."""

    pictures: tuple[str, ...]
    """Paths of pictures, each in a view of its own, on the left."""
    curves: tuple[tuple[str, str], ...]
    """Title and path of each group of curves, on the right."""


class Viewing:
    """Turns steps, or what the nodes publish, into entries; keeps what was said already."""

    def __init__(self, contract: Contract | None = None, cameras: Sequence[str] = ()) -> None:
        """Prepare to show.

        :param contract: gives names to components and pictures; None: they are numbered.
        :param cameras: topics of the cameras that are shown besides what the policy sees.
        """
        self._contract = contract
        self._images = seen_images(contract) if contract is not None and contract.images else ()
        self._cameras = tuple(cameras)
        self._version = ''
        self._ended = 0

    @property
    def layout(self) -> Layout:
        """What belongs together, as far as it is known before anything was driven."""
        curves = [(COMMAND, COMMAND)]
        seen = ['0']
        if self._contract is not None:
            components = self._contract.action.components
            curves = [(f'{one.name}, {one.unit}', f'{COMMAND}/{one.name}') for one in components]
            seen = [image.name for image in self._images]
        curves += [('reward', REWARD)]
        curves += [('age of the frame, ms', FRAME_AGE)] if seen else []
        shown = [f'{SEES}/{name}' for name in seen]
        shown += [f'{CAMERA}/{topic}' for topic in self._cameras]
        return Layout(tuple(shown), tuple(curves))

    def step(self, step: Step) -> list[Entry]:
        """Return what a step of a log shows.

        :raises TakeoverError: it is not of the task.
        """
        time_ns = step.stamp_ns
        found = [Entry(DRIVER, Kind.STATE, DRIVERS[step.source], time_ns)]
        for who, values in (
            (POLICY, step.policy_action),
            (SENT, step.commanded),
            (ROBOT, step.executed),
        ):
            found += self.command(who, values, time_ns)
        if step.pixels.size and self._images:
            found += self.seen(pictures(self._images, step.pixels), time_ns)
        found += self.frame_ages(step.frame_ages_ms, time_ns)
        found += self.policy(step.policy_version, time_ns)
        found += self.reward(step.reward, step.onset, time_ns)
        if step.outcome:
            found += self.episode(step.episode, step.outcome, time_ns)
        return found

    def seen(self, shown: Iterable[np.ndarray], time_ns: int) -> list[Entry]:
        """Return the pictures that the policy acted on, RGB uint8 [h, w, 3]."""
        return [
            Entry(f'{SEES}/{self._image_name(index)}', Kind.PICTURE, picture, time_ns)
            for index, picture in enumerate(shown)
        ]

    def camera(self, topic: str, picture: np.ndarray, time_ns: int) -> list[Entry]:
        """Return a picture of a camera, RGB uint8 [h, w, 3]."""
        return [Entry(f'{CAMERA}/{topic}', Kind.PICTURE, picture, time_ns)]

    def command(self, who: str, values: Sequence[float], time_ns: int) -> list[Entry]:
        """Return a command, SI.

        :param who: POLICY, SENT or ROBOT.
        :raises ViewingError: it has not as many values as the task's action.
        """
        names = [f'action.{index}' for index in range(len(values))]
        if self._contract is not None:
            names = [component.name for component in self._contract.action.components]
        if len(values) != len(names):
            raise ViewingError(
                f'a command of {len(values)} values, and the action of the task has '
                f'{len(names)}: {", ".join(names)}; give the task file that is driven'
            )
        return [
            Entry(f'{COMMAND}/{name}/{who}', Kind.NUMBER, float(value), time_ns)
            for name, value in zip(names, values)
        ]

    def frame_ages(self, ages_ms: Sequence[float], time_ns: int) -> list[Entry]:
        """Return how old each picture was when the policy published its command."""
        return [
            Entry(f'{FRAME_AGE}/{self._image_name(index)}', Kind.NUMBER, age_ms, time_ns)
            for index, age_ms in enumerate(ages_ms)
        ]

    def mode(self, mode: str, time_ns: int) -> list[Entry]:
        """Return who drives, by the name of the arbiter's mode."""
        return [Entry(DRIVER, Kind.STATE, MODE_DRIVERS[mode], time_ns)]

    def reward(self, reward: float, onset: bool, time_ns: int) -> list[Entry]:
        """Return what a step was worth, and whether a person took over behind it."""
        words = [Entry(EVENTS, Kind.WORDS, 'take-over', time_ns)] if onset else []
        return [Entry(REWARD, Kind.NUMBER, reward, time_ns), *words]

    def policy(self, version: str, time_ns: int) -> list[Entry]:
        """Return which policy drives; nothing when that was said already."""
        if version == self._version:
            return []
        self._version = version
        return [Entry(EVENTS, Kind.WORDS, f'policy {version or "none"}', time_ns)]

    def episode(self, number: int, outcome: int, time_ns: int) -> list[Entry]:
        """Return how an episode ended; nothing while it runs or when that was said already."""
        if outcome == 0 or number == self._ended:
            return []
        self._ended = number
        word = OUTCOMES[outcome].replace('_', ' ') if outcome < len(OUTCOMES) else str(outcome)
        return [Entry(EVENTS, Kind.WORDS, f'episode {number}: {word}', time_ns)]

    def _image_name(self, index: int) -> str:
        return self._images[index].name if index < len(self._images) else str(index)
