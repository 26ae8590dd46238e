"""Counting successes, and how sure the count is."""

import numpy as np
from takeover.agents.evaluation import evaluate, Evaluation
from takeover.simulation.environment import RoverPathEnv


def test_the_line_counts_and_names_the_seeds_that_failed():
    evaluation = Evaluation(
        {0: 'GOAL', 1: 'COLLISION', 2: 'GOAL', 3: 'COLLISION', 4: 'TIME_LIMIT'}
    )
    assert (evaluation.successes, evaluation.episodes) == (2, 5)
    line = str(evaluation)
    assert line.startswith('2 of 5 reached the goal (95 % interval 12 to 77 %)')
    assert '2 collision (seeds 1, 3)' in line and '1 time_limit (seeds 4)' in line


def test_every_seed_is_driven_to_its_end(task, robot):
    short = task.model_copy(
        update={'episode': task.episode.model_copy(update={'time_limit_s': 0.5})}
    )
    told = []
    result = evaluate(
        RoverPathEnv(short, robot),
        lambda observation: np.zeros(2),
        (3, 5),
        lambda seed, outcome: told.append((seed, outcome)),
    )
    assert result.outcomes == {3: 'TIME_LIMIT', 5: 'TIME_LIMIT'}
    assert told == [(3, 'TIME_LIMIT'), (5, 'TIME_LIMIT')]
