"""Simulated robots by the kind of their robot file."""

from takeover.arm_spec import ArmSpec
from takeover.robot import RobotSpec
from takeover.simulation.arm.environment import ArmEnv
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.task_environment import TaskEnv
from takeover.specs import TaskSpec


def robot_environment(task: TaskSpec, robot: RobotSpec, latency_s: float = 0.0) -> TaskEnv:
    """Return the simulated robot of a task, behind the safety gate as live.

    :param latency_s: from observation to motors.
    """
    if isinstance(robot, ArmSpec):
        return ArmEnv(task, robot, latency_s=latency_s)
    return RoverPathEnv(task, robot, latency_s=latency_s, gated=True)
