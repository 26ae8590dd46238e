"""From the axes in which a person means a motion to those of the action.

Whoever sits before an arm pushes forward, to the left or up as seen from its base (REP 103: x
forward, y left, z up), while the action may be meant in the axes of a tool that points anywhere.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from takeover.action import ActionContract
from takeover.arm.pose import matrix_of
from takeover.errors import TakeoverError
from takeover.specs import GRIPPER, TWIST

Frame = Literal['base', 'tool']


class MotionFrameError(TakeoverError):
    """A motion cannot be turned, because nobody said how the tool is turned."""


class MotionFrame:
    """What sticks move, and what the action then is.

    Without a frame sticks move the components of the action themselves. With one they move a twist
    in the axes of the base or of the tool, full stick as fast as the fastest component of the
    action that is linear, or angular. The action gets of it what it has components for, in its own
    axes and clipped to its bounds one by one.
    """

    def __init__(self, frame: Frame | None, action: ActionContract) -> None:
        """Learn what there is to move.

        :param action: with a frame a twist, the gripper beside it or not.
        """
        self.frame = frame
        self._action = action
        bounds = {
            name: (float(low), float(high))
            for name, low, high in zip(action.names, action.low, action.high)
        }
        if frame is not None:
            reach = {part: _reach(bounds, part) for part in ('linear', 'angular')}
            twist = {name: reach[name.partition('.')[0]] for name in TWIST}
            gripper = {GRIPPER: bounds[GRIPPER]} if GRIPPER in bounds else {}
            bounds = {name: (-size, size) for name, size in twist.items()} | gripper
        self.bounds = bounds
        """What sticks move, in order: the lowest and the highest value, SI."""

    def action_of(
        self, moved: Sequence[float], rotation: np.ndarray | None, base_frame: str
    ) -> tuple[float, ...]:
        """Return the action, in its order, for what sticks move, in the order of `bounds`.

        :param rotation: quaternion [4] of the tool in the base frame; None: not known, and with a
            frame the action is then zero.
        :param base_frame: its name; an action in another frame is in that of the tool.
        """
        if self.frame is None:
            return tuple(moved)
        if rotation is None:
            return (0.0,) * self._action.size
        back = self.frame == 'base' and self._action.spec.frame != base_frame
        twist = self._turned(moved, rotation, base_frame, back)
        wanted = dict(zip(self.bounds, (*twist, *moved[len(TWIST) :])))
        values = self._action.clip([wanted[name] for name in self._action.names])
        return tuple(float(value) + 0.0 for value in values)

    def moved_for(
        self, values: Sequence[float], rotation: np.ndarray | None, base_frame: str
    ) -> tuple[float, ...]:
        """Return what sticks must move for an action: the inverse of `action_of`.

        :raises MotionFrameError: the frame is another than the action's, and `rotation` is None.
        """
        if self.frame is None:
            return tuple(values)
        if rotation is None:
            if (self.frame == 'base') != (self._action.spec.frame == base_frame):
                raise MotionFrameError(
                    f'an action in {self._action.spec.frame} is not that of a device with frame: '
                    f'{self.frame}; needs the rotation of the tool'
                )
            rotation = np.array([0.0, 0.0, 0.0, 1.0])
        given = dict(zip(self._action.names, values))
        back = self.frame == 'tool' and self._action.spec.frame == base_frame
        twist = [float(given.get(name, 0.0)) for name in TWIST]
        turned = self._turned(twist, rotation, base_frame, back)
        return (*turned, *(given[name] for name in list(self.bounds)[len(TWIST) :]))

    def _turned(
        self, twist: Sequence[float], rotation: np.ndarray, base_frame: str, back: bool
    ) -> list[float]:
        """Return a twist in the other of the two frames, where they differ.

        :param back: from the base to the tool.
        """
        if (self.frame == 'base') == (self._action.spec.frame == base_frame):
            return list(twist[: len(TWIST)])
        matrix = matrix_of(rotation)
        rows = np.asarray(twist[: len(TWIST)], dtype=np.float64).reshape(2, 3)
        return (rows @ (matrix if back else matrix.T)).ravel().tolist()


def _reach(bounds: dict[str, tuple[float, float]], part: str) -> float:
    """Return the largest absolute bound of the components that are linear, or angular."""
    return max(
        (max(-low, high) for name, (low, high) in bounds.items() if name.startswith(f'{part}.')),
        default=0.0,
    )
