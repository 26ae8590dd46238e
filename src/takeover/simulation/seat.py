"""The person before a robot: how it is watched, and the device in hand, by the kind of robot."""

from dataclasses import replace

from takeover.action import ActionContract
from takeover.arm_spec import ArmSpec
from takeover.intervention.command_reader import DeviceMapping
from takeover.robot import RobotSpec
from takeover.simulation.arm.operator import arm_operator, WATCHFUL
from takeover.simulation.hand import JoystickHand, SpaceMouseHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.simulation.rover_operator import rover_operator
from takeover.specs import TaskSpec


def operator_config(robot: RobotSpec, skill: float, always: bool = False) -> OperatorConfig:
    """Return how a person watches a robot of this kind.

    :param skill: about the share of episodes it finishes alone.
    :param always: drive all the time, to demonstrate.
    :raises OperatorError: nobody has such a skill.
    """
    usual = WATCHFUL if isinstance(robot, ArmSpec) else OperatorConfig()
    return replace(usual, skill=skill, always=always)


def seat_operator(
    task: TaskSpec,
    robot: RobotSpec,
    mapping: DeviceMapping,
    config: OperatorConfig,
    seed: int = 0,
) -> ScriptedOperator:
    """Return a person with the device of a robot in hand: of an arm a SpaceMouse.

    :param seed: of reactions, habits and noise.
    """
    action = ActionContract(task.action)
    if isinstance(robot, ArmSpec):
        hand = SpaceMouseHand(mapping, action, robot.base_frame)
        return arm_operator(task, robot, hand, config, seed)
    hand, period_s = JoystickHand(mapping, action), 1.0 / task.rate_hz
    return rover_operator(robot, task.episode, hand, period_s, config, seed)
