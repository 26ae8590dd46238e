"""Where a simulated person sits, for operator_node: what is seen, and which device is held."""

from abc import ABC, abstractmethod
from typing import Protocol

from rclpy.node import Node
from takeover.arm_spec import ArmSpec
from takeover.robot import RobotSpec
from takeover.simulation.operator import ScriptedOperator
from takeover.specs import TaskSpec


class Observed(Protocol):
    """A robot of which somebody is told."""

    def look(self, now_s: float) -> str | None:
        """Let it be `now_s`; return why the robot cannot be seen, or None."""


class Seat(ABC):
    """One robot seen, one device in hand; a subclass subscribes, and makes the person."""

    ROBOT: str
    """As it stands in a sentence."""

    view: Observed
    operator: ScriptedOperator

    def __init__(self, node: Node) -> None:
        """Take note of the node."""
        self.node = node

    @property
    @abstractmethod
    def course(self) -> int | None:
        """What names the course or goal that is seen: another one begins an episode."""

    @abstractmethod
    def send(self, axes: list[float], buttons: list[int]) -> None:
        """Publish what the driver of the device would."""

    @abstractmethod
    def rest(self, now_s: float) -> None:
        """Between two episodes: do what a person does then."""

    def warn_refused(self, reason: str | None) -> None:
        """Log what was heard and cannot be used."""
        if reason:
            self.node.get_logger().warning(f'refused: {reason}', throttle_duration_sec=2.0)


def take_seat(
    node: Node,
    task: TaskSpec,
    robot: RobotSpec,
    input_file: str,
    skill: float,
    seed: int,
) -> Seat:
    """Return the seat before a robot.

    Args:
        node: operator_node.
        task: what is watched.
        robot: of which kind.
        input_file: meaning of the device; empty: the one that is shipped.
        skill: about the share of episodes that the person finishes alone.
        seed: of reactions, habits and noise.

    Raises:
        ConfigError: the mapping cannot be used.
    """
    if isinstance(robot, ArmSpec):
        from takeover_nodes.operator_arm import ArmSeat

        return ArmSeat(node, task, robot, input_file, skill, seed)
    from takeover_nodes.operator_rover import RoverSeat

    return RoverSeat(node, task, robot, input_file, skill, seed)
