"""Whose values a command carries."""

import enum


class Source(enum.IntEnum):
    """Who drives in a step; the numbers are those of Command.msg."""

    NONE = 0
    """Nobody: never forwarded to the robot."""
    POLICY = 1
    """The learned policy."""
    HUMAN = 2
    """The person at the input device."""
    HOLD = 3
    """The arbiter's explicit zero."""
