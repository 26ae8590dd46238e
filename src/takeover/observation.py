"""Build the observation from the latest samples: sample and hold, never a wait.

The one feature path: the policy node, the simulator's environment and the rebuild from a log all
call this. The same samples and build times give the same bytes.

Rules, each with a test of its name:
* an input older than its maximum age, by its stamp or by its arrival, gives no observation;
* a sample not newer than the held one is refused: a repeated stamp is a stalled driver;
* a clock that goes back by more than a second drops every sample of the old time;
* a path that cannot be used drops the path that was held;
* a stack of pictures holds those of the builds before this one; after a pause of more than one and
  a half periods, or a clear, it begins with copies of the newest.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

import numpy as np
from takeover.errors import TakeoverError
from takeover.features import FEATURES, image_fault, scan_fault
from takeover.image_form import NO_PIXELS
from takeover.observation_spec import FeatureSpec, InputSpec
from takeover.path_tracking import PathTracker
from takeover.samples import (
    ImageSample,
    LaserScanSample,
    OdometrySample,
    PathSample,
    Sample,
    SAMPLE_TYPES,
)
from takeover.specs import Contract, VECTOR_FIELD

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
LONGEST_STEP_PERIODS = 1.5


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
        self._dtype = task.observation_dtype
        self._longest_step_ns = round(LONGEST_STEP_PERIODS * 1e9 / task.rate_hz)
        self._stacks: dict[str, deque[np.ndarray]] = {
            image.name: deque(maxlen=image.form.stack) for image in self._images
        }
        self._built_ns: int | None = None
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
        self._built_ns = None
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
        if fault is not None:
            self.refused[f'{input_name}: {fault}'] += 1
            if spec.type == 'path':
                self._drop(input_name)
            return False
        if spec.type == 'path':
            self._drop(input_name)
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
        return Observation(
            vector,
            self._packed(vector, now_ns),
            min(stamps, default=now_ns),
            max(stamps, default=now_ns),
            tuple(picture.stamp_ns for picture in self._pictures()),
            np.concatenate([NO_PIXELS, *(p.pixels.ravel() for p in self._pictures())]),
        )

    def _pictures(self) -> list[ImageSample]:
        return [self._held[image.inputs[0]].sample for image in self._images]

    def _packed(self, vector: np.ndarray, now_ns: int) -> np.ndarray:
        """Put the vector and the stacks of pictures into one record."""
        if not self._images:
            return vector
        goes_on = (
            self._built_ns is not None and 0 < now_ns - self._built_ns <= self._longest_step_ns
        )
        self._built_ns = now_ns
        packed = np.empty((), self._dtype)
        packed[VECTOR_FIELD] = vector
        for image, picture in zip(self._images, self._pictures()):
            stack = self._stacks[image.name]
            if not goes_on:
                stack.extend([picture.pixels] * image.form.stack)
            stack.append(picture.pixels)
            packed[image.name] = np.concatenate(stack, axis=2)
        packed.flags.writeable = False
        return packed

    def _fault(self, name: str, spec: InputSpec, sample: Sample) -> str | None:
        if spec.frame is not None and sample.frame_id != spec.frame:
            return f'frame_id is {sample.frame_id!r}, the task needs {spec.frame!r}'
        fault = sample.fault()
        if fault is None and isinstance(sample, LaserScanSample):
            for feature in self._features:
                if feature.kind == 'scan.ranges' and name in feature.inputs:
                    fault = fault or scan_fault(feature, sample)
        if fault is None and isinstance(sample, ImageSample):
            for image in self._images:
                if name in image.inputs:
                    fault = fault or image_fault(image, sample)
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
            # A latched path may come a moment before the first sample of the new time.
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
