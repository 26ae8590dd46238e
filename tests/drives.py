"""Steps as a drive with take-overs gives them, for the tests of logs and of what reads them."""

from collections.abc import Iterator

import numpy as np
from takeover.command import Source
from takeover.data.step import Step

SPEC_HASH = '0123456789abcdef'
FIRST = 1_764_000_000_000_000
PERIOD_NS = 50_000_000
OBSERVATION, ACTION = 5, 2
OUTCOMES = (1, 1, 2, 3, 4)


def drive(
    episodes: int = 3,
    length: int = 40,
    seed: int = 0,
    first: int = FIRST,
    observation: int = OBSERVATION,
) -> Iterator[Step]:
    """Return the steps of episodes of about `length`, most of them with a take-over."""
    rng = np.random.default_rng(seed)
    sequence = first
    for number in range(1, episodes + 1):
        count = int(rng.integers(length // 2, length + 1))
        taken = int(rng.integers(2, count)) if number % 3 else count
        back = taken + int(rng.integers(1, count))
        outcome = OUTCOMES[number % len(OUTCOMES)]
        for place in range(count):
            sequence += 1
            last = place == count - 1
            onset = place == taken - 1 and not last
            yield Step(
                sequence=sequence,
                stamp_ns=1000 * first + PERIOD_NS * (sequence - first),
                episode=number,
                source=Source.HUMAN if taken <= place < back else Source.POLICY,
                observation=rng.normal(size=observation).astype(np.float32),
                policy_action=rng.normal(size=ACTION),
                commanded=rng.normal(size=ACTION),
                executed=rng.normal(size=ACTION),
                reward=-1.0 if onset else 0.0,
                onset=onset,
                stored=True,
                terminated=last and outcome != 4,
                truncated=last and outcome == 4,
                outcome=outcome if last else 0,
                policy_version=f'{number // 2:012x}',
                observation_stamp_ns=1000 * first + PERIOD_NS * (sequence - first) - 5_000_000,
            )
