"""The Gymnasium environment: legal, without a reward, its ends told apart."""

import warnings

from gymnasium.utils.env_checker import check_env
import numpy as np
import pytest
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.expert import PathExpert
from takeover.simulation.ticks import SimulationError


@pytest.fixture
def env(task, robot):
    return RoverPathEnv(task, robot)


def test_it_passes_gymnasiums_checker(env):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        check_env(env, skip_render_check=True)


def test_the_observation_is_that_of_the_task(env, task):
    observation, info = env.reset(seed=1)
    assert observation.shape == (task.observation_size,) and observation.dtype == np.float32
    assert info['outcome'] == 'RUNNING' and info['course_seed'] == 1
    assert env.observation_space.contains(observation)


def test_there_is_no_reward(env):
    env.reset(seed=0)
    assert all(env.step(env.action_space.sample())[1] == 0.0 for _ in range(5))


def test_a_seed_names_the_course_and_later_courses_follow_from_it(env):
    env.reset(seed=4)
    courses = [env.reset()[1]['course_seed'] for _ in range(3)]
    env.reset(seed=4)
    assert [env.reset()[1]['course_seed'] for _ in range(3)] == courses
    assert len(set(courses)) == 3


@pytest.mark.parametrize(
    'options', [{}, {'latency_s': 0.05}, {'latency_s': 0.03, 'gated': True}, {'gated': True}]
)
def test_the_expert_reaches_the_goal_however_it_is_connected(task, robot, options):
    env, expert = RoverPathEnv(task, robot, **options), PathExpert(robot, task.episode)
    env.reset(seed=2)
    terminated = truncated = False
    while not (terminated or truncated):
        _, _, terminated, truncated, info = env.step(np.array(expert.act(env.simulation)))
    assert terminated and not truncated
    assert info['outcome'] == 'GOAL' and info['success'] and info['progress'] == 1.0


def test_standing_still_is_truncated_not_terminated(task, robot):
    short = task.model_copy(
        update={'episode': task.episode.model_copy(update={'time_limit_s': 0.5})}
    )
    env = RoverPathEnv(short, robot)
    env.reset(seed=0)
    for _ in range(9):
        assert env.step(np.zeros(2))[2:4] == (False, False)
    assert env.step(np.zeros(2))[2:4] == (False, True)


def test_latency_delays_the_motion(task, robot):
    moved = []
    for latency_s in (0.0, 0.05):
        env = RoverPathEnv(task, robot, latency_s=latency_s)
        env.reset(seed=0)
        for _ in range(4):
            env.step(np.array([0.4, 0.0]))
        moved.append(env.simulation.progress.distance_m)
    assert moved[1] < 0.8 * moved[0]


def test_the_gate_limits_the_acceleration(task, robot):
    env = RoverPathEnv(task, robot, gated=True)
    env.reset(seed=0)
    env.step(np.array([0.6, 0.0]))
    env.step(np.array([0.6, 0.0]))
    limit = robot.limits['linear.x'].max_acceleration
    assert env.simulation.true_pose.linear_m_s <= limit * 0.1 + 1e-6


@pytest.mark.parametrize('action', [[0.1], [np.nan, 0.0]])
def test_an_action_that_is_none_is_refused(env, action):
    env.reset(seed=0)
    with pytest.raises(SimulationError):
        env.step(np.array(action))


@pytest.mark.parametrize('options', [{'render_mode': 'human'}, {'latency_s': 0.2}])
def test_options_that_do_not_fit_are_refused(task, robot, options):
    with pytest.raises(SimulationError):
        RoverPathEnv(task, robot, **options)
