"""How many samples a number of insertions pays for, so that a learner keeps pace with a robot.

In the manner of Reverb's SampleToInsertRatio (Cassirer et al. 2021, arXiv 2102.04736), with one
difference: only sampling waits. A robot is never held up because a learner is slow.
"""

from collections.abc import Mapping
from fractions import Fraction
import math
import threading

from takeover.data.transition import ReplayError

# A ratio is taken as the nearest fraction of such a denominator: 0.29 is 29/100, 1/3 is 1/3.
_LARGEST_DENOMINATOR = 1_000_000
_COUNTS = ('inserts', 'samples')


class SampleToInsertLimiter:
    """Grants samples in a fixed ratio to insertions; safe to use from several threads.

    After n insertions, floor((n - min_inserts) * samples_per_insert) samples are allowed in all,
    none while n <= min_inserts. Computed from whole counts, so nothing drifts. What a sample is,
    is the caller's choice: one batch for each gradient step makes the ratio the UTD ratio.
    """

    def __init__(self, samples_per_insert: float, min_inserts: int):
        """Start with nothing inserted.

        :param samples_per_insert: from 1e-6 up; rounded to a fraction of at most a millionth.
        :param min_inserts: insertions that pay for nothing, before the first sample.
        :raises ReplayError: when one of them is not such a number.
        """
        if not (math.isfinite(samples_per_insert) and samples_per_insert >= 1e-6):
            raise ReplayError(
                f'samples_per_insert must be finite and at least 1e-6, is {samples_per_insert}'
            )
        self._min_inserts = _checked_count('min_inserts', min_inserts)
        self._ratio = Fraction(samples_per_insert).limit_denominator(_LARGEST_DENOMINATOR)
        self._inserts = 0
        self._samples = 0
        self._closed = False
        self._condition = threading.Condition()

    @property
    def owed(self) -> int:
        """How many samples may be made now; closing does not change it."""
        with self._condition:
            return max(self._balance(), 0)

    def inserted(self, count: int = 1) -> None:
        """Count insertions and wake whoever may now sample.

        :raises ReplayError: when the count is not an integer of at least 0.
        """
        count = _checked_count('count', count)
        with self._condition:
            self._inserts += count
            self._condition.notify_all()

    def try_sample(self) -> bool:
        """Count a sample if one is owed and say so; never wait. False after `close`."""
        with self._condition:
            return self._take()

    def wait_to_sample(self, timeout_s: float | None = None) -> bool:
        """Wait until a sample is owed, count it and return True.

        :param timeout_s: give up after so long; None waits for ever.
        :return: False when it took too long or the limiter is closed, also while waiting.
        :raises ReplayError: when the time-out is neither None nor a finite number from 0 up.
        """
        if timeout_s is not None and not (math.isfinite(timeout_s) and timeout_s >= 0.0):
            raise ReplayError(f'timeout_s must be None or finite and >= 0, is {timeout_s}')
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._balance() > 0, timeout_s)
            return self._take()

    def close(self) -> None:
        """Grant nothing any more, for good, and wake whoever waits."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def state_dict(self) -> dict[str, int]:
        """Return the counts; the ratio and `min_inserts` are configuration and not part of it."""
        with self._condition:
            return dict(zip(_COUNTS, (self._inserts, self._samples)))

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from these counts.

        With another ratio than they were made with, the total still becomes what this ratio
        allows: a smaller one first waits for insertions, a larger one owes samples at once.

        :raises ReplayError: when it is not such a state; nothing is then changed.
        """
        if state.keys() != set(_COUNTS):
            raise ReplayError(f'state must hold exactly {list(_COUNTS)}, holds {sorted(state)}')
        inserts, samples = (_checked_count(name, state[name]) for name in _COUNTS)
        with self._condition:
            self._inserts, self._samples = inserts, samples
            self._condition.notify_all()

    def _balance(self) -> int:
        paying = max(self._inserts - self._min_inserts, 0)
        return paying * self._ratio.numerator // self._ratio.denominator - self._samples

    def _take(self) -> bool:
        if self._closed or self._balance() <= 0:
            return False
        self._samples += 1
        return True


def _checked_count(name: str, value: int) -> int:
    if type(value) is not int or value < 0:
        raise ReplayError(f'{name} must be an integer of at least 0, is {value!r}')
    return value
