"""An arm as somebody sees it who watches it: no physics, it is where a test puts it."""

import numpy as np
from takeover.arm.pose import compose, matrix_of, quaternion_of_vector
from takeover.arm_samples import PoseSample, ToolSample

NOTHING = np.zeros(3)
DOWN = np.array([1.0, 0.0, 0.0, 0.0])
# Turned by more than a right angle forth and back, so that the wrong way round shows.
TILTED = quaternion_of_vector(np.array([0.9, -0.7, 0.6]))


class SeenArm:
    """An `ArmView`: the goal is where it is seen from the tool, until the tool moves."""

    def __init__(
        self,
        position=NOTHING,
        turn=NOTHING,
        rotation=DOWN,
        linear_m_s=NOTHING,
        time_s=0.0,
        width_m=0.0,
        contact_force_n=0.0,
    ):
        """Put the arm there.

        :param position: of the goal as seen from the tool [3].
        :param turn: of the goal as seen from the tool, a rotation vector [3].
        :param rotation: of the tool in the base frame.
        :param linear_m_s: of the tool, in its own axes.
        """
        self.time_s, self.width_m, self.contact_force_n = time_s, width_m, contact_force_n
        self.position, self.rotation = np.array([0.5, -0.1, 0.3]), rotation
        self.linear_m_s = np.array(linear_m_s)
        self._goal = PoseSample(
            0, *compose(self.position, rotation, np.array(position), quaternion_of_vector(turn))
        )

    def true_tool(self):
        """Return where the tool is."""
        return ToolSample(0, self.position, self.rotation, self.linear_m_s, NOTHING)

    def goal(self):
        """Return where it has to be."""
        return self._goal

    def move(self, linear, angular, duration_s, in_base=False):
        """Move the tool by a twist in its own axes, or in those of the base."""
        step = quaternion_of_vector(np.array(angular) * duration_s)
        if in_base:
            self.position = self.position + np.array(linear) * duration_s
            self.rotation = compose(NOTHING, step, NOTHING, self.rotation)[1]
        else:
            self.position = self.position + matrix_of(self.rotation) @ linear * duration_s
            self.rotation = compose(NOTHING, self.rotation, NOTHING, step)[1]
        self.time_s += duration_s
