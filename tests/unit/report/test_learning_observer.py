from dataclasses import replace

import pytest
from takeover.report.learning_observer import LearningObserver
from takeover.report.learning_state import (
    DrivenEpisode,
    LearnerNews,
    PolicyNews,
    RecorderNews,
    Verdict,
)
from tests.unit.report.learning_example import STORY, watch_learning


@pytest.fixture
def watching():
    """An observer of a robot that has just begun to drive."""
    seen = LearningObserver(600.0, 0.0)
    seen.on_gate('forwarding', '', 0.0)
    seen.on_mode('autonomous', '', 0, 1, 0.0)
    seen.on_motion(0.4, 0.0)
    return seen


def test_the_time_begins_with_the_first_motion():
    seen = LearningObserver(60.0, 100.0)
    seen.on_motion(0.0, 120.0)
    assert (seen.screen(120.0).elapsed_s, seen.screen(120.0).moved) == (0.0, False)
    seen.on_motion(-0.3, 130.0)
    assert seen.moved_s == 130.0
    assert seen.screen(150.0).elapsed_s == 20.0
    assert not seen.complete(189.9)
    assert seen.complete(190.0)


def test_without_a_wanted_time_it_is_never_complete(watching):
    endless = LearningObserver(0.0, 0.0)
    endless.on_motion(0.4, 0.0)
    assert not endless.complete(1e9)


def test_take_overs_fall_into_the_minutes_of_driving(watching):
    for count, at_s in enumerate((10.0, 59.0, 61.0, 150.0), 1):
        watching.on_mode('human', '', count, 1, at_s)
    state = watching.screen(200.0)
    assert state.minutes == (2, 1, 1, 0)
    assert (state.takeovers, state.driven_s) == (4, 200.0)
    # Of the last two minutes of driving: the one at 150 s.
    assert (state.recent_s, state.recent_per_minute) == (120.0, 0.5)


def test_time_in_which_nobody_drives_is_not_driving(watching):
    watching.on_mode('hold', 'device silent', 0, 1, 30.0)
    watching.on_mode('autonomous', '', 0, 1, 50.0)
    watching.on_gate('stopped', 'no command', 60.0)
    watching.on_gate('forwarding', '', 100.0)
    assert watching.screen(110.0).driven_s == 50.0


def test_the_rate_of_a_short_drive_is_over_that_drive(watching):
    assert watching.screen(0.0).recent_per_minute == 0.0
    watching.on_mode('human', '', 1, 1, 30.0)
    assert watching.screen(30.0).recent_per_minute == 2.0


def test_take_overs_before_the_watch_do_not_count_and_a_restarted_arbiter_counts_anew():
    seen = LearningObserver(0.0, 0.0)
    for told, total in ((50, 0), (51, 1), (53, 3), (0, 3), (2, 5)):
        seen.on_mode('human', '', told, 1, 1.0)
        assert seen.screen(1.0).takeovers == total


@pytest.mark.parametrize(
    ('mode', 'outcome', 'verdict'),
    [
        ('autonomous', 'goal', Verdict.ALONE),
        ('human', 'goal', Verdict.HELPED),
        ('autonomous', 'collision', Verdict.FAILED),
        ('human', 'time_limit', Verdict.FAILED),
    ],
)
def test_an_episode_is_judged_by_its_end_and_by_who_drove(watching, mode, outcome, verdict):
    watching.on_episode(DrivenEpisode(1, 0), False, 1.0)
    watching.on_mode(mode, '', 0, 1, 2.0)
    watching.on_mode('autonomous', '', 0, 1, 3.0)
    ended = watching.on_episode(DrivenEpisode(1, 0, outcome, 9.0, 1.0), False, 10.0)
    assert (ended.verdict, ended.elapsed_s) == (verdict, 9.0)
    # The state is repeated at 5 Hz until the next episode begins.
    assert watching.on_episode(DrivenEpisode(1, 0, outcome), False, 10.2) is None
    state = watching.screen(11.0)
    assert (state.finished, state.count(verdict), state.share(verdict)) == (1, 1, 1.0)


def test_the_arbiters_word_may_come_before_that_of_the_episode(watching):
    watching.on_episode(DrivenEpisode(1, 0), False, 1.0)
    watching.on_mode('human', '', 1, 2, 5.0)
    first = watching.on_episode(DrivenEpisode(1, 0, 'goal'), False, 5.1)
    watching.on_episode(DrivenEpisode(2, 1), False, 5.2)
    second = watching.on_episode(DrivenEpisode(2, 1, 'goal'), False, 9.0)
    assert (first.helped, second.helped) == (False, True)


def test_help_in_an_arbiter_without_episodes_is_help_in_the_one_under_way(watching):
    watching.on_episode(DrivenEpisode(3, 0), False, 1.0)
    watching.on_mode('human', '', 1, 0, 2.0)
    running = watching.screen(3.0).running
    assert (running.helped, running.takeovers) == (True, 1)


def test_an_episode_whose_end_was_lost_has_failed(watching):
    watching.on_episode(DrivenEpisode(1, 0), False, 1.0)
    watching.on_episode(DrivenEpisode(2, 1), False, 2.0)
    assert [episode.verdict for episode in watching.screen(3.0).episodes] == [Verdict.FAILED]


def test_a_simulation_that_begins_again_is_followed(watching):
    for number in (8, 1):
        watching.on_episode(DrivenEpisode(number, 0), False, 1.0)
        watching.on_episode(DrivenEpisode(number, 0, 'goal'), False, 2.0)
    assert [episode.number for episode in watching.screen(3.0).episodes] == [8, 1]


def test_the_last_episode_is_noticed_at_its_end(watching):
    watching.on_episode(DrivenEpisode(1, 0), True, 1.0)
    assert not watching.last
    watching.on_episode(DrivenEpisode(1, 0, 'goal'), True, 2.0)
    assert watching.last


def test_a_policy_drives_since_its_version_was_first_heard(watching):
    old, new = 'a' * 12, 'b' * 12
    watching.on_policy('rover_path', PolicyNews(old), 5.0)
    watching.on_policy('rover_path', PolicyNews(old), 9.0)
    watching.on_mode('human', '', 2, 1, 20.0)
    watching.on_policy('rover_path', PolicyNews(new, swaps=1, previous=old), 35.0)
    state = watching.screen(50.0)
    assert (state.policy.version, state.policy.since_s, state.policy.previous) == (new, 35.0, old)
    first, second = state.versions
    assert (first.version, first.driven_s, first.takeovers, first.per_minute) == (old, 30, 2, 4.0)
    assert (second.driven_s, second.takeovers) == (15.0, 0)


def test_refusals_are_counted_once_each(watching):
    news = PolicyNews('a' * 12)
    heard = (('', ''), ('c' * 12, 'slow'), ('c' * 12, 'slow'), ('d' * 12, 'NaN'), ('', ''))
    for (version, reason), refused in zip(heard, (0, 1, 1, 2, 2), strict=True):
        told = replace(news, refused_version=version, refused_reason=reason)
        watching.on_policy('rover_path', told, 1.0)
        assert watching.screen(1.0).policy.refused == refused


def test_a_learner_that_falls_silent_is_noticed(watching):
    assert watching.screen(60.0).learner_silent_s == 0.0
    watching.on_learner(LearnerNews('training', 'learns'), 60.0)
    assert watching.screen(64.0).learner_silent_s == 0.0
    assert watching.screen(72.0).learner_silent_s == 12.0


def test_learner_and_recorder_are_passed_on(watching):
    learner, recorder = LearnerNews('idle', 'all learned', 7), RecorderNews('no_images', 'full', 9)
    watching.on_learner(learner, 1.0)
    watching.on_recorder(recorder)
    state = watching.screen(1.0)
    assert (state.learner, state.recorder) == (learner, recorder)


def test_why_nothing_moves_is_known():
    seen = LearningObserver(0.0, 0.0)
    seen.on_mode('hold', 'waits for the policy', 0, 0, 1.0)
    assert 'mode hold (waits for the policy), gate standby' in seen.why_still()
    seen.on_problem('policy_node: policy', 'no bundle', True, 2.0)
    assert seen.why_still() == 'policy_node: policy: no bundle'
    assert seen.failing_to_start_s(9.0) == 7.0
    assert seen.screen(9.0).problems == ['policy_node: policy: no bundle']
    seen.on_motion(0.3, 9.0)
    assert seen.failing_to_start_s(9.0) == 0.0


def test_a_run_that_gets_better_is_seen_to():
    seen = watch_learning()
    state = seen.screen(seen.end_s)
    assert state.takeovers == sum(times for _, times in STORY) == sum(state.minutes)
    assert state.minutes[0] > state.minutes[-2]
    assert state.finished == len(STORY)
    assert [state.count(verdict) for verdict in Verdict] == [5, 4, 1]
    assert len(state.versions) == 5
    assert state.running.number == len(STORY) + 1
