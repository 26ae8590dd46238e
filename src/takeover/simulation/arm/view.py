"""What a person who watches an arm sees of it, whoever knows it: a simulation, or messages."""

from typing import Protocol

import numpy as np
from takeover.arm.pose import pose_in_frame, rotation_vector
from takeover.arm_samples import PoseSample, ToolSample


class ArmView(Protocol):
    """An arm at its task, now; `ArmSimulation` and `ObservedArm` are such views."""

    @property
    def time_s(self) -> float:
        """Seconds by the clock of whoever watches; they never go back within an episode."""

    @property
    def width_m(self) -> float:
        """How far the gripper is open."""

    @property
    def contact_force_n(self) -> float:
        """How hard the tool touches something."""

    def true_tool(self) -> ToolSample:
        """Return where the tool really is, and how it moves."""

    def goal(self) -> PoseSample:
        """Return where it has to be: the target, or the hole with the axes of an inserted peg."""


def goal_error(view: ArmView) -> tuple[np.ndarray, np.ndarray]:
    """Return the goal as seen from the tool: position [3] m, rotation vector [3] rad."""
    tool, goal = view.true_tool(), view.goal()
    position, rotation = pose_in_frame(goal.position, goal.rotation, tool.position, tool.rotation)
    return position, rotation_vector(rotation)
