"""Where an episode of an arm starts, and where its target is: drawn from the seed."""

from dataclasses import dataclass

import numpy as np
from takeover.arm.kinematics import ArmKinematics
from takeover.arm.pose import compose, quaternion_of_rpy
from takeover.arm_samples import PoseSample
from takeover.episode_spec import PegEpisodeSpec, ReachEpisodeSpec, StartSpec
from takeover.simulation.ticks import SimulationError

# Points down, its x axis along that of the base.
DOWN = np.array([1.0, 0.0, 0.0, 0.0])
_ATTEMPTS = 50
_START, _GOAL = 1, 2


@dataclass(frozen=True, eq=False)
class ArmStart:
    """Of one episode."""

    joints: np.ndarray
    """rad"""
    goal: PoseSample
    """Where the tool has to be: the target, or the hole with the axes of an inserted peg."""


def draw_start(
    seed: int, episode: ReachEpisodeSpec | PegEpisodeSpec, kinematics: ArmKinematics
) -> ArmStart:
    """Return start and goal of a seed.

    Both are poses that the arm reaches and where it does not slow down because of a singularity.

    :raises SimulationError: the task asks for poses the arm does not reach.
    """
    home = np.array(kinematics.robot.home_rad)
    _, _, joints = _draw('start', [seed, _START], episode.start, kinematics, home)
    if isinstance(episode, PegEpisodeSpec):
        position, rotation = np.array(episode.hole_position_m), DOWN
    else:
        position, rotation, _ = _draw('target', [seed, _GOAL], episode.target, kinematics, joints)
    frame = kinematics.robot.base_frame
    return ArmStart(joints, PoseSample(0, position, rotation, frame))


def _draw(
    name: str, source: list[int], spec: StartSpec, kinematics: ArmKinematics, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.PCG64(source))
    ranges = np.array([spec.roll_range_rad, spec.pitch_range_rad, spec.yaw_range_rad])
    least = kinematics.robot.singularity.slow_below
    for _ in range(_ATTEMPTS):
        offset = rng.uniform(-1.0, 1.0, 3) * spec.position_range_m
        turn = quaternion_of_rpy(rng.uniform(-1.0, 1.0, 3) * ranges)
        position, rotation = compose(np.array(spec.position_m), DOWN, np.zeros(3), turn)
        position = position + offset
        joints = kinematics.joints_for(position, rotation, near)
        if joints is not None and kinematics.smallest_singular_value(joints) >= least:
            return position, rotation, joints
    raise SimulationError(
        f'episode.{name}: of {_ATTEMPTS} poses drawn, {kinematics.robot.robot} reaches none'
    )
