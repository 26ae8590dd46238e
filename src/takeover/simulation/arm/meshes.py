"""Where the shapes of an arm's links come from: meshes, for looks alone.

Those of the Panda are franka_description's (Apache-2.0), as gymnasium-robotics ships them for its
kitchen. They stand in the frames of the URDF's links, which are those of the joints before them,
and of the hand. The kitchen's chain has other zeros of the last two joints, no other frames.
"""

from dataclasses import dataclass
import importlib.util
from pathlib import Path

from takeover.simulation.ticks import SimulationError

_PACKAGE = 'gymnasium_robotics'
_FOLDER = Path('envs/assets/kitchen_franka/franka_assets/meshes/visual')
_PANDA_LINKS = 8
# From the tool frame back along its z axis to the frame of the hand, and of its fingers.
_PANDA_HAND_M, _PANDA_FINGERS_M = 0.1034, 0.0450


@dataclass(frozen=True)
class ArmMeshes:
    """Files (STL, metres) of one arm."""

    links: tuple[Path, ...]
    """The base first, then one in the frame of each joint."""
    hand: Path
    hand_z_m: float
    """Origin of the hand along z of the tool frame."""
    finger: Path
    """The left one; the right one is turned by half about z."""
    finger_z_m: float


def find_meshes(name: str, joint_count: int) -> ArmMeshes:
    """Return the meshes that `simulation.meshes` names.

    :param name: 'panda'.
    :raises SimulationError: the package that has them is missing; another number of joints.
    """
    if joint_count != _PANDA_LINKS - 1:
        raise SimulationError(
            f'simulation.meshes: {name} has {_PANDA_LINKS - 1} joints, the robot file has '
            f'{joint_count}; null draws capsules'
        )
    package = importlib.util.find_spec(_PACKAGE)
    roots = package.submodule_search_locations if package else None
    folder = Path(roots[0]) / _FOLDER if roots else Path(_FOLDER)
    names = [f'link{i}' for i in range(_PANDA_LINKS)] + ['hand', 'finger']
    files = [folder / f'{name}.stl' for name in names]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise SimulationError(
            f'simulation.meshes: {missing[0]} is missing; install the Python package '
            'gymnasium-robotics 1.4, or set meshes: null, which draws capsules'
        )
    return ArmMeshes(
        links=tuple(files[:_PANDA_LINKS]),
        hand=files[-2],
        hand_z_m=-_PANDA_HAND_M,
        finger=files[-1],
        finger_z_m=-_PANDA_FINGERS_M,
    )
