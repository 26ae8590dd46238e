"""What a run is judged by: latency per hop, jitter of the policy's tick, age and rate of inputs.

Plain numbers in, plain numbers out; nothing here knows ROS. Stamps are integer nanoseconds of ROS
time, `now_s` is the steady clock. Everything is bounded: a monitor may run for days.
"""

from collections import deque, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

# The hops of a command, in order, with what each one measures.
HOPS = {
    'tick_to_policy': 'observation ready → policy published',
    'policy_to_arbiter': 'policy published → arbiter published',
    'arbiter_to_gate': 'arbiter published → gate published',
    'tick_to_gate': 'observation ready → gate published',
}
# One hour at 20 Hz.
MAX_SAMPLES = 72_000
# Commands of which one end has not been heard yet.
MAX_PENDING = 256
RATE_WINDOW_S = 2.0
# A period this much longer than the nominal one is a tick that never came, not a late one.
MISSED_PERIODS = 1.5


@dataclass(frozen=True)
class Percentiles:
    """Middle, tail and worst of a set of samples; all zero when `count` is 0."""

    count: int = 0
    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    max: float = 0.0


def percentiles(values: Iterable[float]) -> Percentiles:
    """Return the percentiles (linear between samples) of `values`, in their unit."""
    array = np.fromiter(values, dtype=np.float64)
    if not array.size:
        return Percentiles()
    p50, p90, p99 = (float(value) for value in np.percentile(array, (50.0, 90.0, 99.0)))
    return Percentiles(array.size, p50, p90, p99, float(array.max()))


class LatencyMeter:
    """Joins the stamps of one command on its way from the policy's tick to the robot.

    Only the first command the gate forwards for a policy step counts: the arbiter repeats a step
    when the policy is late, and the repetition is old by design.
    """

    def __init__(self) -> None:
        """Start without samples."""
        self.samples_ms = {hop: deque(maxlen=MAX_SAMPLES) for hop in HOPS}
        self._published_ns: OrderedDict[int, int] = OrderedDict()
        self._forwarded: OrderedDict[int, tuple[int, int, int]] = OrderedDict()
        self._newest = -1

    def on_policy_command(self, sequence: int, published_ns: int) -> None:
        """Take the stamp at which the policy published its step `sequence`."""
        _hold(self._published_ns, sequence, published_ns)
        self._join(sequence)

    def on_forwarded(
        self,
        policy_sequence: int,
        tick_ns: int,
        arbiter_ns: int,
        gate_ns: int,
        policy_drives: bool,
    ) -> None:
        """Take the stamps of a command that the gate forwarded on arrival."""
        if policy_sequence <= self._newest:
            return
        self._newest = policy_sequence
        if policy_drives and tick_ns > 0:
            _hold(self._forwarded, policy_sequence, (tick_ns, arbiter_ns, gate_ns))
            self._join(policy_sequence)

    def percentiles(self, newest: int = MAX_SAMPLES) -> dict[str, Percentiles]:
        """Return the percentiles of every hop in milliseconds, over the `newest` samples."""
        return {
            hop: percentiles(islice(reversed(samples), newest))
            for hop, samples in self.samples_ms.items()
        }

    def _join(self, sequence: int) -> None:
        # The two ends travel on different topics and may be heard in either order.
        if sequence not in self._published_ns or sequence not in self._forwarded:
            return
        policy_ns = self._published_ns.pop(sequence)
        tick_ns, arbiter_ns, gate_ns = self._forwarded.pop(sequence)
        stamps = (
            policy_ns - tick_ns,
            arbiter_ns - policy_ns,
            gate_ns - arbiter_ns,
            gate_ns - tick_ns,
        )
        for samples, elapsed_ns in zip(self.samples_ms.values(), stamps, strict=True):
            samples.append(1e-6 * elapsed_ns)


class TickJitter:
    """Deviation of a timer's periods from the nominal one, from the stamps of its ticks."""

    def __init__(self, period_s: float) -> None:
        """Measure a timer of nominal `period_s`."""
        self.period_s = period_s
        self.deviations_ms: deque[float] = deque(maxlen=MAX_SAMPLES)
        self.gaps = 0
        self._last_ns: int | None = None

    def tick(self, stamp_ns: int) -> None:
        """Take one tick; a period with a missing tick counts as a gap, not as jitter."""
        if self._last_ns is not None and stamp_ns > self._last_ns:
            period_s = 1e-9 * (stamp_ns - self._last_ns)
            if period_s > MISSED_PERIODS * self.period_s:
                self.gaps += 1
            else:
                self.deviations_ms.append(1e3 * (period_s - self.period_s))
        self._last_ns = stamp_ns

    def percentiles(self, newest: int = MAX_SAMPLES) -> Percentiles:
        """Return the percentiles of |period - nominal| in milliseconds, of the newest periods."""
        return percentiles(map(abs, islice(reversed(self.deviations_ms), newest)))


class Hearing:
    """How long ago a topic was heard last, and how often it is heard."""

    def __init__(self) -> None:
        """Start with a topic never heard."""
        self._received_s: deque[float] = deque(maxlen=512)

    def heard(self, now_s: float) -> None:
        """Note one message."""
        self._received_s.append(now_s)

    def age_s(self, now_s: float) -> float | None:
        """Return the seconds since the last message; None if there was none."""
        return now_s - self._received_s[-1] if self._received_s else None

    def rate_hz(self, now_s: float) -> float:
        """Return messages per second over the last two seconds."""
        received = self._received_s
        while received and now_s - received[0] > RATE_WINDOW_S and len(received) > 1:
            received.popleft()
        if len(received) < 2 or now_s - received[-1] > RATE_WINDOW_S:
            return 0.0
        return (len(received) - 1) / max(received[-1] - received[0], 1e-9)


def _hold(pending: OrderedDict, sequence: int, value: object) -> None:
    pending[sequence] = value
    while len(pending) > MAX_PENDING:
        pending.popitem(last=False)
