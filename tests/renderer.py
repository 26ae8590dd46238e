"""Whether this machine renders what a simulated camera sees."""

import pytest
from takeover.robot import RobotSpec
from takeover.simulation.offscreen import CameraUnavailable
from takeover.simulation.rover import RoverSimulation
from takeover.specs import TaskSpec


def skip_without_renderer(task: TaskSpec, robot: RobotSpec) -> None:
    """Skip the test that asks on a machine that cannot."""
    simulation = RoverSimulation(robot, task.episode)
    try:
        simulation.render()
    except CameraUnavailable as error:
        pytest.skip(str(error))
    finally:
        simulation.close()
