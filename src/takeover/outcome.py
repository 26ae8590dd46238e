"""How an episode stands or ended: one list for simulation, labels, logs and reports."""

import enum


class Outcome(enum.IntEnum):
    """The numbers are those of EpisodeState.msg."""

    RUNNING = 0
    GOAL = 1
    COLLISION = 2
    OFF_PATH = 3
    TIME_LIMIT = 4
    ABORTED = 5

    @property
    def terminated(self) -> bool:
        """Whether the episode ended by what the robot did."""
        return self in (Outcome.GOAL, Outcome.COLLISION, Outcome.OFF_PATH)

    @property
    def truncated(self) -> bool:
        """Whether the episode was cut off."""
        return self in (Outcome.TIME_LIMIT, Outcome.ABORTED)


OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)
"""Their names, as logs and reports show them; the index is the number."""
