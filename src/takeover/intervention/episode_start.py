"""Where the tool of an arm was when the episode began: what relative observations refer to.

An episode that a topic reports begins with a report; the start is the first state of the tool that
is not older than it. An episode of the operator's begins with a step, and no step comes before the
policy knows a start: so there the start is given when the episode before has ended, and as long as
nobody drives it follows the tool, should somebody move the arm by hand.
"""

import numpy as np
from takeover.arm.pose import angle_between
from takeover.arm_samples import PoseSample, ToolSample
from takeover.specs import Contract

EPISODE_START = 'episode_start'
# A tool at rest moves less than this from one measurement to the next.
REST_M, REST_RAD = 1e-3, 5e-3


def tool_input(task: Contract) -> str | None:
    """Return the input that the start of an episode is a state of; None: the task has no start."""
    spec = task.inputs.get(EPISODE_START)
    if spec is None or spec.type != 'pose':
        return None
    return next(f.inputs[0] for f in task.features if EPISODE_START in f.inputs)


class EpisodeStart:
    """Finds the start of each episode, and knows who can have seen it."""

    def __init__(self) -> None:
        """Begin without a start."""
        self._wanted_ns: int | None = None
        self._told_ns: int | None = None
        self._pose: PoseSample | None = None

    def want(self, since_ns: int = 0) -> None:
        """Let the next state of the tool that is not older than `since_ns` be the start."""
        self._wanted_ns = since_ns

    def on_tool(self, tool: ToolSample, now_ns: int, follow: bool = False) -> PoseSample | None:
        """Take a state of the tool; return the new start if it is one, stamped like it.

        :param now_ns: ROS time at which a new start is told.
        :param follow: nobody drives and no episode is under way.
        """
        if tool.fault() is not None:
            return None
        wanted = self._wanted_ns is not None and tool.stamp_ns >= self._wanted_ns
        if not wanted and not (follow and self._has_moved(tool)):
            return None
        self._wanted_ns, self._told_ns = None, now_ns
        self._pose = PoseSample(tool.stamp_ns, tool.position, tool.rotation, tool.frame_id)
        return self._pose

    def is_known(self, seen_ns: int | None) -> bool:
        """Tell whether a policy knew the start of this episode when it acted.

        :param seen_ns: capture time of the oldest timed input it acted on; None: not known, which
            is taken for new enough.
        """
        if self._wanted_ns is not None or self._told_ns is None:
            return False
        return seen_ns is None or seen_ns >= self._told_ns

    def _has_moved(self, tool: ToolSample) -> bool:
        if self._pose is None:
            return True
        distance_m = float(np.linalg.norm(tool.position - self._pose.position))
        return distance_m > REST_M or angle_between(tool.rotation, self._pose.rotation) > REST_RAD
