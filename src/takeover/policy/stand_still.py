"""In place of a policy where a person drives alone, to demonstrate: every step asks for nothing.

The steps are needed all the same: what was seen at each of them is what is learned from.
"""

import numpy as np
from takeover.policy.acceptance import Candidate
from takeover.policy.hot_swap import Refused, RollbackError
from takeover.specs import NamedContract, spec_hash

NO_POLICY = 'none'
_ALONE = 'there is no policy (policy_file is none): a person drives alone'


class StandStill:
    """Acts as an `OnnxPolicy` does, and has no version."""

    version = ''
    path = NO_POLICY

    def __init__(self, task: NamedContract) -> None:
        """Learn how many values nothing has."""
        self.spec_hash = spec_hash(task)
        self._nothing = np.zeros(len(task.action.components))
        self._nothing.flags.writeable = False

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return zero, float64 [m], whatever is seen."""
        return self._nothing


class NoSwap:
    """In place of a `HotSwap`: nothing takes the place of nothing.

    A learner that is started beside a person who demonstrates must not begin to drive.
    """

    previous = None
    swaps = 0
    waiting_version = checking_version = ''

    def __init__(self, driving: StandStill) -> None:
        """Begin with what stays."""
        self.driving = driving
        self.refused: Refused | None = None
        self._announced: Candidate | None = None

    def observe(self, observation: np.ndarray) -> None:
        """Keep nothing: no candidate will be judged."""

    def announce(self, candidate: Candidate) -> None:
        """Note a candidate, to refuse it."""
        if self.refused is None or candidate.version != self.refused.version:
            self._announced = candidate

    def step(self, may_swap: bool) -> Refused | None:
        """Refuse what was announced since the last tick."""
        candidate, self._announced = self._announced, None
        if candidate is None:
            return None
        self.refused = Refused(candidate.version, _ALONE)
        return self.refused

    def rollback(self) -> None:
        """Refuse.

        :raises RollbackError: always.
        """
        raise RollbackError(f'no policy to go back to: {_ALONE}')

    def close(self) -> None:
        """Nothing is under way."""
