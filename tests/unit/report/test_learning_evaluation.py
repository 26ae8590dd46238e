import numpy as np
import pytest
from takeover.agents.evaluation import evaluate
from takeover.report.learning_evaluation import (
    evaluate_policy,
    EvaluationsError,
    read_evaluations,
    write_evaluations,
)
from takeover.simulation.environment import RoverPathEnv

COURSES = (900_000, 900_001)


class Straight:
    """A policy that drives straight on until it meets something."""

    version = 'b' * 12

    def act(self, observation):
        return np.array([0.6, 0.0])


@pytest.fixture(scope='module')
def env(task_and_robot):
    env = RoverPathEnv(*task_and_robot)
    yield env
    env.close()


@pytest.fixture(scope='module')
def told():
    return []


@pytest.fixture(scope='module')
def evaluated(env, told):
    return evaluate_policy(env, Straight(), 'before', COURSES, lambda *each: told.append(each))


def test_outcomes_and_sentence_are_those_of_a_plain_evaluation(env, evaluated, told):
    plain = evaluate(env, Straight().act, COURSES)
    assert evaluated.evaluation == plain
    assert str(evaluated) == str(plain)
    assert told == list(plain.outcomes.items())
    assert (evaluated.name, evaluated.version) == ('before', Straight.version)


def test_each_path_leads_from_the_start_to_where_the_episode_ended(env, evaluated):
    last = evaluated.courses[-1]
    evaluate(env, Straight().act, [last.seed])
    simulation = env.simulation
    assert last.track[0] == [round(value, 2) for value in simulation.course.start[:2]]
    pose = simulation.true_pose
    assert last.track[-1] == [round(pose.x_m, 2), round(pose.y_m, 2)]
    assert last.duration_s == pytest.approx(simulation.time_s, abs=1e-3)
    assert last.progress == pytest.approx(simulation.progress.share, abs=1e-4)
    assert len(last.track) <= 10.0 * last.duration_s + 2


def test_the_course_is_kept_with_its_obstacles(env, evaluated):
    env.reset(seed=COURSES[-1])
    course, kept = env.simulation.course, evaluated.courses[-1]
    assert np.allclose(
        kept.obstacles, [(o.x_m, o.y_m, o.radius_m) for o in course.obstacles], atol=0.005
    )
    assert np.allclose([kept.path[0], kept.path[-1]], course.points[[0, -1]], atol=0.005)
    assert evaluated.corridor_half_width_m == course.half_width_m


def test_what_is_written_is_read_again(evaluated, tmp_path):
    write_evaluations(tmp_path / 'evaluations.json', [evaluated])
    assert read_evaluations(tmp_path / 'evaluations.json') == [evaluated]
    assert [file.name for file in tmp_path.iterdir()] == ['evaluations.json']


@pytest.mark.parametrize(
    'text',
    [
        '',
        '[]',
        '{"format": "takeover.evaluations/0", "policies": []}',
        '{"format": "takeover.evaluations/1"}',
        '{"format": "takeover.evaluations/1", "policies": [{"name": "before"}]}',
    ],
)
def test_another_file_is_refused_by_name(text, tmp_path):
    path = tmp_path / 'evaluations.json'
    path.write_text(text)
    with pytest.raises(EvaluationsError, match=r'evaluations\.json'):
        read_evaluations(path)


def test_points_without_two_coordinates_are_refused(evaluated, tmp_path):
    path = tmp_path / 'evaluations.json'
    write_evaluations(path, [evaluated])
    x, y = evaluated.courses[0].track[0]
    path.write_text(path.read_text().replace(f'[{x},{y}]', f'[{x}]', 1))
    with pytest.raises(EvaluationsError, match='2 columns'):
        read_evaluations(path)
