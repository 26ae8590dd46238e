"""Loads what an arm needs before its node is managed: it takes longer than a transition may."""

import importlib

from takeover.arm_spec import ArmSpec
from takeover.errors import TakeoverError
from takeover.task import load_task_and_robot
from takeover_nodes import parameters
from takeover_nodes.managed_node import ManagedNode


def load_for_arm(node: ManagedNode, module: str) -> None:
    """Import a module if the robot of the node's parameters is an arm.

    What is wrong with parameters and files is said when the node is configured.
    """
    try:
        given = parameters.read(node, node.PARAMETERS)
        _, robot = load_task_and_robot(given.task_file, given.robot_file or None)
    except TakeoverError:
        return
    if isinstance(robot, ArmSpec):
        importlib.import_module(module)
