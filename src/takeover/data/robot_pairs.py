"""Pairs to clone that several robots drove: a ring for each, drawn from as from one.

What one robot takes back, or loses with old frames, is its own.
"""

from collections.abc import Mapping

import numpy as np
from takeover.data.pair_ring import PairRing
from takeover.data.transition import ArraySpec, ReplayError


class RobotPairs:
    """A `PairRing` for each robot, made when it first brings a pair."""

    def __init__(
        self, capacity: int, observation: Mapping[str, ArraySpec], action_size: int
    ) -> None:
        """Start empty; see `PairRing`.

        :param capacity: pairs of each robot.
        """
        self._form = capacity, observation, action_size
        self._rings: dict[int, PairRing] = {}

    def __len__(self) -> int:
        """Return the number of pairs that can be sampled."""
        return sum(map(len, self._rings.values()))

    def append(
        self, robot: int, observations: Mapping[str, np.ndarray], actions: np.ndarray
    ) -> None:
        """Add a robot's pairs in order: arrays [N, ...] by name, and [N, m]; N may be 0."""
        if robot not in self._rings:
            self._rings[robot] = PairRing(*self._form)
        self._rings[robot].append(observations, actions)

    def forget_last(self, robot: int, count: int) -> None:
        """Take back the pairs that a robot added last."""
        if robot in self._rings:
            self._rings[robot].forget_last(count)

    def forget_until(self, name: str, least: int) -> None:
        """Take back all pairs whose array `name` begins with a number below `least`.

        Of each robot these numbers never fall from one pair to the next.
        """
        for ring in self._rings.values():
            ring.forget_until(name, least)

    def sample(
        self, count: int, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Draw pairs with replacement, each with the same probability; copies.

        :raises ReplayError: when there are none.
        """
        if not len(self):
            raise ReplayError('there are no pairs to clone; at least one is needed')
        return self._at(rng.integers(len(self), size=count))

    def all(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return all pairs, robot by robot, the oldest of each first; copies."""
        return self._at(np.arange(len(self)))

    def _at(self, places: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the pairs at some places, in that order, counted through all rings."""
        ends = np.cumsum([len(ring) for ring in self._rings.values()])
        whose = np.searchsorted(ends, places, side='right')
        found, actions = {}, None
        for number, ring in enumerate(self._rings.values()):
            rows = np.flatnonzero(whose == number)
            seen, done = ring.at(places[rows] - (ends[number] - len(ring)))
            if actions is None:
                actions = np.empty((len(places), *done.shape[1:]), done.dtype)
                found = {
                    name: np.empty((len(places), *array.shape[1:]), array.dtype)
                    for name, array in seen.items()
                }
            actions[rows] = done
            for name, array in seen.items():
                found[name][rows] = array
        return found, actions
