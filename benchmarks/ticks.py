"""The ticks of policy_node, read from the stamps of its commands."""

from collections.abc import Sequence

import numpy as np
from takeover_msgs.msg import Command, ExecutedCommand
from takeover_nodes.conversions import stamp_to_ns


def missed_and_deviations(
    commands: Sequence[Command | ExecutedCommand], period_s: float
) -> tuple[int, np.ndarray]:
    """Return how many ticks have no command, and |period - nominal| of the others in ms.

    :param commands: at least two, in the order of their ticks.
    """
    stamps_s = np.array([1e-9 * stamp_to_ns(command.tick_stamp) for command in commands])
    missed = round((stamps_s[-1] - stamps_s[0]) / period_s) - (len(commands) - 1)
    return missed, 1e3 * np.abs(np.diff(stamps_s) - period_s)
