"""Which device a person drives a robot by, where nobody says so, and what its axes mean.

A joystick drives a base, a SpaceMouse an arm; for both devices and both kinds of robots there is a
mapping of that name in config/inputs.
"""

from pathlib import Path

from takeover.action import ActionContract
from takeover.arm_spec import ArmSpec
from takeover.intervention.command_reader import DeviceMapping
from takeover.intervention.joystick import load_joystick
from takeover.intervention.spacemouse import load_spacemouse
from takeover.robot import RobotSpec

JOYSTICK, SPACEMOUSE = 'joystick', 'spacemouse'
LOADERS = {JOYSTICK: load_joystick, SPACEMOUSE: load_spacemouse}


def load_mapping(
    action: ActionContract, robot: RobotSpec, kind: str = '', path: str | Path = ''
) -> DeviceMapping:
    """Read what the axes and buttons of a device mean.

    :param kind: of `LOADERS`; empty: the usual one of the robot.
    :param path: file or name; empty: the one that is shipped for device and robot.
    :raises ConfigError: the file cannot be used.
    """
    kind = kind or usual_device(robot)
    shipped = f'{kind}_arm' if isinstance(robot, ArmSpec) else kind
    return LOADERS[kind](path or shipped, action)


def usual_device(robot: RobotSpec) -> str:
    """Return the kind of device that a robot is driven by where nobody says so."""
    return SPACEMOUSE if isinstance(robot, ArmSpec) else JOYSTICK
