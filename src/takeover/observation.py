"""Build the observation from the latest samples: sample and hold, never a wait.

The one feature path: the policy node, the simulator's environment and the rebuild from a log all
call this. The same samples and build times give the same bytes.

Rules, each with a test of its name:
* an input older than its maximum age, by its stamp or by its arrival, gives no observation;
* a sample not newer than the held one is refused: a repeated stamp is a stalled driver;
* a clock that goes back by more than a second drops every sample of the old time;
* a path, or another input without a maximum age, that cannot be used drops the one that was held;
* a sample without what a feature takes from it, such as a joint, is refused;
* pictures of the builds before this one stand in stacks: see `takeover.picture_stacks`.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from takeover.errors import TakeoverError
from takeover.features import FEATURES, SAMPLE_FAULTS
from takeover.image_form import NO_PIXELS
from takeover.observation_spec import FeatureSpec, InputSpec
from takeover.path_tracking import PathTracker
from takeover.picture_stacks import PictureStacks
from takeover.samples import (
    ImageSample,
    LaserScanSample,
    OdometrySample,
    PathSample,
    Sample,
    SAMPLE_TYPES,
)
from takeover.specs import Contract

__all__ = [
    'ImageSample',
    'LaserScanSample',
    'Missing',
    'Observation',
    'ObservationBuilder',
    'ObservationError',
    'OdometrySample',
    'PathSample',
]

CLOCK_JUMP_NS = 1_000_000_000


class ObservationError(TakeoverError):
    """A sample was given that the task has no input for; a fault of the program."""


@dataclass(frozen=True, eq=False)
class Observation:
    """What the policy acts on; stamps are of the inputs that have a maximum age."""

    vector: np.ndarray
    """The numbers, float32 [n], SI."""
    packed: np.ndarray
    """All of it as `Contract.observation_dtype` has it; of a task without images the vector."""
    oldest_stamp_ns: int
    newest_stamp_ns: int
    image_stamps_ns: tuple[int, ...] = ()
    """Time of capture of the newest picture of each image feature, in order."""
    pixels: np.ndarray = field(default_factory=lambda: NO_PIXELS)
    """These pictures, flat uint8, one after the other."""


@dataclass(frozen=True)
class Missing:
    """Why there is no observation; `input` is the name of the input at fault."""

    reason: str
    input: str


@dataclass(frozen=True)
class _Held:
    sample: Sample
    received_s: float | None


class ObservationBuilder:
    """Holds the latest sample of each input and makes the observation of one task.

    Not thread-safe: call it from one thread. `refused` counts samples not accepted, by
    'input: reason'.
    """

    def __init__(self, task: Contract):
        """Prepare for one task.

        :param task: the task or its contract; gives inputs, features and their order.
        """
        self._inputs: dict[str, InputSpec] = dict(task.inputs)
        self._features: tuple[FeatureSpec, ...] = task.vector_features
        self._images: tuple[FeatureSpec, ...] = task.images
        self._checked = tuple(f for f in task.features if f.kind in SAMPLE_FAULTS)
        self._stacks = PictureStacks(task)
        self._low = np.concatenate([np.full(f.size, f.low) for f in self._features])
        self._high = np.concatenate([np.full(f.size, f.high) for f in self._features])
        self._held: dict[str, _Held] = {}
        self._trackers: dict[tuple[str, ...], PathTracker] = {}
        self._last_now_ns: int | None = None
        self._layout = _layout(self._features)
        self.size = task.observation_size
        self.refused: Counter[str] = Counter()

    @property
    def layout(self) -> list[tuple[FeatureSpec, slice]]:
        """Each feature with its place in the vector."""
        return list(self._layout)

    def clear(self) -> None:
        """Forget every sample."""
        self._held.clear()
        self._stacks.clear()
        self._trackers.clear()
        self._last_now_ns = None

    def update(self, input_name: str, sample: Sample, received_s: float | None = None) -> bool:
        """Take a new sample of one input.

        :param received_s: steady time of arrival (time.monotonic()); None: age by stamp only.
        :returns: False when the sample was refused; `refused` says why.
        :raises ObservationError: the task has no such input, or it is of another type.
        """
        spec = self._inputs.get(input_name)
        if spec is None:
            raise ObservationError(
                f'input {input_name!r} is not in the task; legal: {", ".join(self._inputs)}'
            )
        if not isinstance(sample, SAMPLE_TYPES[spec.type]):
            raise ObservationError(
                f'input {input_name!r} takes {spec.type} samples, got {type(sample).__name__}'
            )
        held = self._held.get(input_name)
        if held is not None and sample.stamp_ns < held.sample.stamp_ns - CLOCK_JUMP_NS:
            self._drop_after(sample.stamp_ns)
            held = self._held.get(input_name)
        if held is not None and sample.stamp_ns <= held.sample.stamp_ns:
            self.refused[f'{input_name}: not newer than the one held'] += 1
            return False
        fault = self._fault(input_name, spec, sample)
        if spec.type == 'path' or spec.max_age_s is None:
            self._drop(input_name)
        if fault is not None:
            self.refused[f'{input_name}: {fault}'] += 1
            return False
        self._held[input_name] = _Held(sample, received_s)
        return True

    def build(self, now_ns: int, now_s: float | None = None) -> Observation | Missing:
        """Make the observation from what is held.

        :param now_ns: ROS time of the tick.
        :param now_s: steady time of the tick; None: age by stamp only.
        :returns: the observation, vector float32 [size] in SI, or why there is none.
        """
        if self._last_now_ns is not None and now_ns < self._last_now_ns - CLOCK_JUMP_NS:
            self._drop_after(now_ns)
        self._last_now_ns = now_ns
        for name, spec in self._inputs.items():
            reason = self._too_old(name, spec, now_ns, now_s)
            if reason is not None:
                return Missing(reason, name)
        vector = np.empty(self.size)
        self._move_trackers()
        for feature, place in self._layout:
            vector[place] = FEATURES[feature.kind](feature, *self._sources(feature))
            if not np.isfinite(vector[place]).all():
                return Missing(f'feature {feature.name} is not finite', feature.inputs[0])
        stamps = [
            self._held[name].sample.stamp_ns
            for name, spec in self._inputs.items()
            if spec.max_age_s is not None
        ]
        vector = np.clip(vector, self._low, self._high).astype(np.float32)
        vector.flags.writeable = False
        pictures = [self._held[image.inputs[0]].sample for image in self._images]
        return Observation(
            vector,
            self._stacks.packed(vector, pictures, now_ns),
            min(stamps, default=now_ns),
            max(stamps, default=now_ns),
            tuple(picture.stamp_ns for picture in pictures),
            np.concatenate([NO_PIXELS, *(picture.pixels.ravel() for picture in pictures)]),
        )

    def _fault(self, name: str, spec: InputSpec, sample: Sample) -> str | None:
        if spec.frame is not None and sample.frame_id != spec.frame:
            return f'frame_id is {sample.frame_id!r}, the task needs {spec.frame!r}'
        fault = sample.fault()
        for feature in self._checked:
            if fault is None and name in feature.inputs:
                fault = SAMPLE_FAULTS[feature.kind](feature, sample)
        return fault

    def _too_old(self, name: str, spec: InputSpec, now_ns: int, now_s: float | None) -> str | None:
        held = self._held.get(name)
        if held is None:
            return f'no {name} yet'
        if spec.max_age_s is None:
            return None
        age_ns, limit_ns = now_ns - held.sample.stamp_ns, round(spec.max_age_s * 1e9)
        if age_ns > limit_ns:
            return f'{name} is {age_ns * 1e-9:.3f} s old, allowed {spec.max_age_s} s'
        if age_ns < -limit_ns:
            return f'{name} is stamped {-age_ns * 1e-9:.3f} s in the future'
        if now_s is not None and held.received_s is not None:
            silent_s = now_s - held.received_s
            if silent_s > spec.max_age_s:
                return f'no new {name} for {silent_s:.3f} s, allowed {spec.max_age_s} s'
        return None

    def _sources(self, feature: FeatureSpec) -> list[Sample | PathTracker]:
        return [
            self._trackers[feature.inputs]
            if self._inputs[name].type == 'path'
            else self._held[name].sample
            for name in feature.inputs
        ]

    def _move_trackers(self) -> None:
        """Advance every (odometry, path) pair the features use, once."""
        pairs = {f.inputs for f in self._features if f.kind.startswith('path.')}
        for odom, path in sorted(pairs):
            tracker = self._trackers.get((odom, path))
            if tracker is None:
                tracker = self._trackers[odom, path] = PathTracker(self._held[path].sample.points)
            tracker.move_to(self._held[odom].sample.x_m, self._held[odom].sample.y_m)

    def _drop(self, name: str) -> None:
        self._held.pop(name, None)
        self._trackers = {pair: t for pair, t in self._trackers.items() if name not in pair}

    def _drop_after(self, new_now_ns: int) -> None:
        """Drop the samples of the time before the clock was set back to `new_now_ns`."""
        for name, held in list(self._held.items()):
            # What is latched may come a moment before the first sample of the new time.
            slack_ns = 0 if self._inputs[name].max_age_s is not None else CLOCK_JUMP_NS
            if held.sample.stamp_ns > new_now_ns + slack_ns:
                self._drop(name)
        self._last_now_ns = None


def _layout(features: tuple[FeatureSpec, ...]) -> list[tuple[FeatureSpec, slice]]:
    places, start = [], 0
    for feature in features:
        places.append((feature, slice(start, start + feature.size)))
        start += feature.size
    return places
