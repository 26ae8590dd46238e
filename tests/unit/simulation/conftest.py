"""A simulated rover on the shipped course of seed 0."""

import pytest
from takeover.simulation.rover import RoverSimulation


@pytest.fixture
def simulation(task, robot):
    simulation = RoverSimulation(robot, task.episode, seed=0)
    yield simulation
    simulation.close()
