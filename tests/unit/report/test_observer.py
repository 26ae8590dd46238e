import math

import numpy as np
import pytest
from takeover.report.observer import Expectations, MAX_EVENTS, RunObserver
from takeover.report.record import EpisodeRecord


@pytest.fixture
def watching():
    return RunObserver(Expectations(episodes=2), 0.0)


def test_an_ended_episode_is_told_once(watching):
    assert watching.on_episode(EpisodeRecord(1, 0, 'running'), False, 1.0) is None
    ended = watching.on_episode(EpisodeRecord(1, 0, 'goal', 20.0, 1.0), False, 2.0)
    assert ended.outcome == 'goal'
    # The state is repeated at 5 Hz until the next episode begins.
    assert watching.on_episode(EpisodeRecord(1, 0, 'goal', 20.0, 1.0), False, 2.2) is None
    assert not watching.complete


@pytest.mark.parametrize('last', [True, False])
def test_the_run_is_complete_after_the_last_episode_or_the_wanted_number(watching, last):
    for number in (1, 2):
        watching.on_episode(EpisodeRecord(number, 0, 'goal'), last and number == 2, number)
    assert watching.complete


def test_an_episode_whose_end_was_lost_is_kept_as_aborted(watching):
    watching.on_episode(EpisodeRecord(1, 0, 'running'), False, 1.0)
    watching.on_episode(EpisodeRecord(2, 1, 'running'), False, 2.0)
    assert [episode.outcome for episode in watching.finished] == ['aborted']


@pytest.mark.parametrize('course_first', [True, False])
def test_the_course_belongs_to_the_episode_whichever_is_heard_first(watching, course_first):
    watching.on_course('path', np.zeros((2, 2)))
    watching.on_episode(EpisodeRecord(1, 0, 'goal'), False, 1.0)
    new = np.ones((3, 2))
    steps = [
        lambda: watching.on_course('path', new),
        lambda: watching.on_episode(EpisodeRecord(2, 1, 'running'), False, 2.0),
    ]
    for step in steps if course_first else reversed(steps):
        step()
    assert watching.running.path is new
    assert watching.finished[0].path.shape == (2, 2)


def test_the_track_says_who_drove(watching):
    watching.on_episode(EpisodeRecord(1, 0, 'running'), False, 0.0)
    watching.on_mode('autonomous', '', 0, 0.0)
    watching.on_truth(0.0, 0.0, 0.0, 0.4, 0.0, 0.1)
    watching.on_mode('human', '', 1, 0.15)
    watching.on_truth(0.1, 0.0, 0.0, 0.3, 0.0, 0.12)
    watching.on_truth(0.2, 0.0, 0.0, 0.3, 0.0, 0.25)
    ended = watching.on_episode(EpisodeRecord(1, 0, 'goal'), False, 0.3)
    assert ended.track[:, 1].tolist() == [0.0, 0.2]
    assert ended.track[:, 5].tolist() == [1.0, 2.0]


def test_only_changes_of_state_are_events(watching):
    for i in range(5):
        watching.on_gate('forwarding', 'ok', 0, {}, float(i))
    watching.on_gate('stopping', 'no command for 0.35 s', 1, {}, 9.0)
    assert [(event.state, event.reason) for event in watching.events] == [
        ('forwarding', 'ok'),
        ('stopping', 'no command for 0.35 s'),
    ]


def test_memory_is_bounded(watching):
    for i in range(3 * MAX_EVENTS):
        watching.on_mode(('hold', 'autonomous')[i % 2], '', 0, float(i))
    assert len(watching.events) == MAX_EVENTS


def test_a_picture_is_wanted_once_when_an_obstacle_is_ahead(watching):
    watching.on_course('obstacles', np.array([[2.0, 0.1, 0.2]]))
    watching.on_episode(EpisodeRecord(1, 0, 'running'), False, 0.0)
    watching.on_truth(0.0, 0.0, 0.0, 0.4, 0.0, 0.1)
    assert not watching.wants_picture()
    watching.on_truth(1.0, 0.0, math.pi, 0.4, 0.0, 0.2)
    assert not watching.wants_picture()
    watching.on_truth(1.0, 0.0, 0.0, 0.4, 0.0, 0.3)
    assert watching.wants_picture()
    watching.on_picture(np.zeros((2, 2, 3), np.uint8), 0.3)
    assert not watching.wants_picture()


def test_standing_still_is_told_from_moving(watching):
    watching.on_truth(0.0, 0.0, 0.0, 0.0, 0.0, 5.0)
    assert watching.moved_s == 0.0
    watching.on_truth(0.0, 0.0, 0.0, 0.3, 0.0, 6.0)
    assert watching.moved_s == 6.0
    assert watching.why_still() == 'no episode was heard of'
    watching.on_episode(EpisodeRecord(1, 0, 'running'), False, 7.0)
    watching.on_gate('estopped', 'e-stop pressed', 1, {}, 8.0)
    assert 'gate estopped (e-stop pressed)' in watching.why_still()


def test_a_component_in_error_explains_why_nothing_starts(watching):
    watching.on_problem('sim_node: simulation', 'camera off', False, 2.0)
    assert watching.failing_to_start_s(9.0) == 0.0
    for time_s in (3.0, 4.0):
        watching.on_problem(
            'lifecycle_manager_node: motion nodes', 'policy_node refused', True, time_s
        )
    assert watching.failing_to_start_s(9.0) == 6.0
    assert watching.why_still() == (
        'lifecycle_manager_node: motion nodes: policy_node refused; '
        'sim_node: simulation: camera off'
    )
    watching.on_truth(0.0, 0.0, 0.0, 0.3, 0.0, 6.0)
    assert watching.failing_to_start_s(9.0) == 0.0
    watching.on_problem('sim_node: simulation', '', False, 6.0)
    assert watching.screen(7.0).problems == [
        'lifecycle_manager_node: motion nodes: policy_node refused'
    ]


def test_numbers_that_are_not_finite_do_not_reach_the_record(watching):
    watching.on_episode(EpisodeRecord(1, 0, 'running', math.nan, math.inf), False, 0.0)
    assert (watching.running.elapsed_s, watching.running.progress) == (0.0, 0.0)


def test_the_episode_under_way_is_kept_as_aborted_when_the_run_is_cut_short(watching):
    watching.on_episode(EpisodeRecord(1, 0, 'running', 3.0), False, 0.0)
    run = watching.record(4.0, 'stopped by request', {})
    assert [episode.outcome for episode in run.episodes] == ['aborted']
    assert (run.complete, run.goals) == (False, 0)
