"""Mirror a task: what it looks like, and what to do, when left and right are exchanged.

A robot that is symmetric learns twice as much from the same data. The mirror of a vector is
`sign * vector[index]`; mirroring twice gives the vector back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from takeover.errors import TakeoverError
from takeover.observation_spec import FeatureSpec
from takeover.specs import Contract

Signs = TypeVar('Signs', float, tuple[float, ...])

_SYMMETRIC_RAD = 1e-3
# Signs of one repetition of a feature's components.
_SIGNS = {
    'path.cross_track': (-1.0,),
    'path.heading': (-1.0, 1.0),
    'path.curvature': (-1.0,),
    'path.lookahead': (1.0, -1.0),
    'odom.linear_velocity': (1.0,),
    'odom.angular_velocity': (-1.0,),
}
_ACTION_SIGNS = {
    'linear.x': 1.0,
    'linear.y': -1.0,
    'linear.z': 1.0,
    'angular.x': -1.0,
    'angular.y': 1.0,
    'angular.z': -1.0,
}


class MirrorError(TakeoverError):
    """The task is not symmetric; names what is not."""


@dataclass(frozen=True, eq=False)
class Mirror:
    """Exchanges left and right in observations [N, n] and actions [N, m]."""

    observation_index: np.ndarray
    observation_sign: np.ndarray
    action_sign: np.ndarray

    def observations(self, values: np.ndarray) -> np.ndarray:
        """Return what would be seen in the mirrored world."""
        return (self.observation_sign * values[..., self.observation_index]).astype(values.dtype)

    def actions(self, values: np.ndarray) -> np.ndarray:
        """Return the mirrored actions."""
        return (self.action_sign * values).astype(values.dtype)

    @staticmethod
    def images(values: np.ndarray) -> np.ndarray:
        """Return mirrored pictures [N, height, width, channels] of a camera in the middle."""
        return values[:, :, ::-1]


def mirror_of(task: Contract) -> Mirror:
    """Return the mirror of a task.

    :raises MirrorError: the lidar's sectors or an action's bounds are not the same left and right,
        there is more than one camera, or a feature or an action is of no robot that drives: an arm
        has no mirror image of itself.
    """
    if len(task.images) > 1:
        raise MirrorError(
            f'{len(task.images)} cameras: {", ".join(image.name for image in task.images)}; a '
            'mirrored task has one, in the middle of the robot'
        )
    index, sign, start = [], [], 0
    for feature in task.vector_features:
        order = np.arange(start, start + feature.size)
        if feature.kind == 'scan.ranges':
            _check_sectors(feature)
            index.append(order[::-1])
            sign.append(np.ones(feature.size))
        else:
            signs = _signs_of(f'feature {feature.name!r} ({feature.kind})', feature.kind, _SIGNS)
            index.append(order)
            sign.append(np.tile(signs, feature.size // len(signs)))
        start += feature.size
    action_sign = np.array(
        [_signs_of(f'action {c.name}', c.name, _ACTION_SIGNS) for c in task.action.components]
    )
    for component, component_sign in zip(task.action.components, action_sign):
        if component_sign < 0.0 and component.low != -component.high:
            raise MirrorError(
                f'action {component.name} is bounded by [{component.low}, '
                f'{component.high}]; a mirrored task needs equal bounds both ways'
            )
    return Mirror(np.concatenate(index), np.concatenate(sign), action_sign)


def _signs_of(what: str, name: str, signs: Mapping[str, Signs]) -> Signs:
    if name not in signs:
        raise MirrorError(
            f'{what} has no mirror image, set mirror to false; legal in a mirrored task: '
            f'{", ".join(signs)}'
        )
    return signs[name]


def _check_sectors(feature: FeatureSpec) -> None:
    last = feature.angle_min_rad + (feature.size - 1) * feature.angle_increment_rad
    if abs(feature.angle_min_rad + last) > _SYMMETRIC_RAD:
        raise MirrorError(
            f'feature {feature.name!r} looks from {feature.angle_min_rad:.4f} to '
            f'{last:.4f} rad; a mirrored task needs as much left as right'
        )
