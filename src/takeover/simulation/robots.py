"""Robots by the kind of their task: the environment, the device in a person's hand, the person."""

from dataclasses import replace
from pathlib import Path

from takeover.action import ActionContract
from takeover.arm_spec import ArmSpec
from takeover.intervention.command_reader import DeviceMapping
from takeover.intervention.joystick import load_joystick
from takeover.intervention.spacemouse import load_spacemouse
from takeover.robot import RobotSpec
from takeover.shipped import config_path
from takeover.simulation.arm_environment import ArmEnv
from takeover.simulation.arm_operator import arm_operator, WATCHFUL
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.hand import JoystickHand, SpaceMouseHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.simulation.rover_operator import rover_operator
from takeover.simulation.task_environment import TaskEnv
from takeover.specs import TaskSpec


def robot_environment(task: TaskSpec, robot: RobotSpec, latency_s: float = 0.0) -> TaskEnv:
    """Return the simulated robot of a task, behind the safety gate as live.

    :param latency_s: from observation to motors.
    """
    if isinstance(robot, ArmSpec):
        return ArmEnv(task, robot, latency_s=latency_s)
    return RoverPathEnv(task, robot, latency_s=latency_s, gated=True)


def device_mapping(task: TaskSpec, robot: RobotSpec, path: Path | None = None) -> DeviceMapping:
    """Return what the axes of the operator's device mean: a SpaceMouse's for an arm.

    :param path: a file of config/inputs; None: the one that is shipped for the kind of robot.
    :raises ConfigError: the file cannot be used.
    """
    action = ActionContract(task.action)
    if isinstance(robot, ArmSpec):
        return load_spacemouse(path or config_path('spacemouse_arm', 'inputs'), action)
    return load_joystick(path or config_path('joystick', 'inputs'), action)


def operator_config(robot: RobotSpec, skill: float, always: bool = False) -> OperatorConfig:
    """Return how a person watches a robot of this kind.

    :param skill: about the share of episodes it finishes alone.
    :param always: drive all the time, to demonstrate.
    :raises OperatorError: nobody has such a skill.
    """
    usual = WATCHFUL if isinstance(robot, ArmSpec) else OperatorConfig()
    return replace(usual, skill=skill, always=always)


def seat_operator(
    env: TaskEnv, mapping: DeviceMapping, config: OperatorConfig, seed: int = 0
) -> ScriptedOperator:
    """Return a person with the device of a robot in hand.

    :param seed: of reactions, habits and noise.
    """
    task, robot, period_s = env.task, env.robot, 1.0 / env.task.rate_hz
    if isinstance(robot, ArmSpec):
        hand = SpaceMouseHand(mapping, env.action_contract, robot.base_frame)
        return arm_operator(task, robot, hand, config, seed)
    hand = JoystickHand(mapping, env.action_contract)
    return rover_operator(robot, task.episode, hand, period_s, config, seed)
