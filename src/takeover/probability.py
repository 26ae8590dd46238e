"""What few trials say of a probability."""

import math

_Z95 = 1.959963984540054


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a probability from `successes` in `trials`.

    E. B. Wilson: Probable inference, the law of succession, and statistical inference, JASA 1927.
    It stays within [0, 1] and is honest for few trials and for none or all successes. Trials that
    count for less than one make fractions.
    """
    if trials == 0:
        return 0.0, 1.0
    share, weight = successes / trials, _Z95**2 / trials
    centre = (share + 0.5 * weight) / (1.0 + weight)
    half = (
        _Z95 * math.sqrt(share * (1.0 - share) / trials + 0.25 * weight / trials) / (1.0 + weight)
    )
    low = centre - half if successes else 0.0
    high = centre + half if successes < trials else 1.0
    return low, high
