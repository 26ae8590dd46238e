"""The arm as somebody sees it who is told of it: tool, goal, gripper, and how hard it touches.

They come apart from each other, so at the start of an episode some are still of the one before. A
goal begins an episode: what is from before it, by its stamp, is not of this episode.
"""

import math

import numpy as np
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample
from takeover.arm_spec import ArmSpec

# What is older is not seen: as long as the arbiter waits for a device.
SIGHT_S = 0.3
_TOOL, _GRIPPER, _WRENCH = 'true tool', 'gripper', 'wrench'


class ObservedArm:
    """An `ArmView` made of what was told last; it is one once `look` finds nothing missing."""

    def __init__(self, robot: ArmSpec) -> None:
        """Know nothing.

        :param robot: gripper and wrench are looked at where it has them.
        """
        self.time_s = 0.0
        self.width_m = 0.0
        self.contact_force_n = 0.0
        self._fingers = robot.gripper.joints if robot.gripper else ()
        self._needed = [_TOOL]
        self._needed += [_GRIPPER] if self._fingers else []
        self._needed += [_WRENCH] if robot.wrench else []
        self._tool: ToolSample | None = None
        self._goal: PoseSample | None = None
        self._heard_s: dict[str, float] = {}

    @property
    def goal_stamp_ns(self) -> int | None:
        """Names the episode: each goal begins one."""
        return None if self._goal is None else self._goal.stamp_ns

    def true_tool(self) -> ToolSample:
        """Return where the tool really is, and how it moves."""
        return self._tool

    def goal(self) -> PoseSample:
        """Return where it has to be."""
        return self._goal

    def hear_goal(self, goal: PoseSample) -> str | None:
        """Begin an episode; return why the goal cannot be used, or None."""
        if (fault := goal.fault()) is not None:
            return f'goal {fault}'
        self._goal = goal
        self._heard_s.clear()
        return None

    def hear_tool(self, tool: ToolSample, now_s: float) -> str | None:
        """Take where the tool really is; return why that cannot be used, or None.

        :param now_s: the time of its arrival.
        """
        if self._accept(_TOOL, tool, now_s):
            self._tool = tool
        return _refusal(_TOOL, tool)

    def hear_joints(self, joints: JointSample, now_s: float) -> str | None:
        """Take how far the gripper is open; return why that cannot be used, or None.

        :param now_s: the time of its arrival.
        """
        fingers = None if joints.fault() else joints.of(self._fingers)
        if fingers and self._accept(_GRIPPER, joints, now_s):
            self.width_m = float(fingers[0].sum())
        return _refusal(_GRIPPER, joints)

    def hear_wrench(self, wrench: WrenchSample, now_s: float) -> str | None:
        """Take how hard the tool touches something; return why that cannot be used, or None.

        :param now_s: the time of its arrival.
        """
        if self._accept(_WRENCH, wrench, now_s):
            self.contact_force_n = float(np.linalg.norm(wrench.force_n))
        return _refusal(_WRENCH, wrench)

    def look(self, now_s: float) -> str | None:
        """Let it be `now_s`; return why the arm cannot be seen, or None."""
        self.time_s = now_s
        if self._goal is None:
            return 'goal'
        for what in self._needed:
            age_s = now_s - self._heard_s.get(what, -math.inf)
            if age_s > SIGHT_S:
                return what if math.isinf(age_s) else f'{what} for {age_s:.2f} s'
        return None

    def _accept(
        self, what: str, sample: ToolSample | JointSample | WrenchSample, now_s: float
    ) -> bool:
        """Note that something was heard; tell whether it is of this episode and has no fault."""
        if self._goal is None or sample.fault() or sample.stamp_ns < self._goal.stamp_ns:
            return False
        self._heard_s[what] = now_s
        return True


def _refusal(what: str, sample: ToolSample | JointSample | WrenchSample) -> str | None:
    fault = sample.fault()
    return None if fault is None else f'{what} {fault}'
