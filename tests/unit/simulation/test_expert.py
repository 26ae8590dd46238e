"""The expert reaches the goal, whoever disturbs it."""

import numpy as np
import pytest
from takeover.outcome import Outcome
from takeover.simulation.expert import PathExpert
from takeover.simulation.rover import TruePose


@pytest.mark.parametrize('seed', range(6))
def test_it_reaches_the_goal_near_the_target_speed(simulation, task, robot, seed):
    expert = PathExpert(robot, task.episode)
    simulation.reset(seed)
    while simulation.outcome is Outcome.RUNNING:
        simulation.set_command(*expert.act(simulation))
        simulation.step(5)
    assert simulation.outcome is Outcome.GOAL
    assert simulation.progress.share == 1.0
    assert 0.3 < simulation.progress.mean_speed_m_s < 0.42
    assert simulation.progress.mean_cross_track_m < 0.35


def test_it_has_no_memory(simulation, task, robot):
    one, other = PathExpert(robot, task.episode), PathExpert(robot, task.episode)
    rng = np.random.default_rng(0)
    for s in np.arange(0.5, 8.0, 0.4):
        x, y, heading = simulation.course.pose(s, rng.normal(0.0, 0.3))
        yaw = heading + rng.normal(0.0, 0.5)
        simulation.place(TruePose(x, y, yaw, 0.3, 0.0), (x, y, yaw))
        one.act(simulation)
        assert one.act(simulation) == other.act(simulation)


def test_it_stays_within_the_action(simulation, task, robot):
    expert, rng = PathExpert(robot, task.episode), np.random.default_rng(1)
    low, high = zip(*((c.low, c.high) for c in task.action.components))
    for s in np.arange(0.2, 9.0, 0.1):
        x, y, heading = simulation.course.pose(s, rng.normal(0.0, 0.5))
        yaw = heading + rng.normal(0.0, 1.5)
        simulation.place(TruePose(x, y, yaw, 0.3, 0.0), (x, y, yaw))
        action = expert.act(simulation)
        assert (np.array(action) >= low).all() and (np.array(action) <= high).all()


def test_off_the_path_it_turns_back_to_it(simulation, task, robot):
    expert = PathExpert(robot, task.episode)
    for side in (1.0, -1.0):
        x, y, heading = simulation.course.pose(0.3, 0.4 * side)
        simulation.place(TruePose(x, y, heading, 0.3, 0.0), (x, y, heading))
        _, turn = expert.act(simulation)
        assert turn * side < -0.1


def test_heading_into_an_obstacle_it_turns_away_and_slows_down(simulation, task, robot):
    expert = PathExpert(robot, task.episode)
    obstacle = simulation.course.obstacles[1]
    for side in (0.02, -0.02):
        x, y, heading = simulation.course.pose(
            obstacle.s_m - obstacle.radius_m - 0.35, obstacle.d_m + side
        )
        simulation.place(TruePose(x, y, heading, 0.3, 0.0), (x, y, heading))
        speed, turn = expert.act(simulation)
        assert speed < 0.9 * task.episode.target_speed_m_s
        assert abs(turn) > 0.5
