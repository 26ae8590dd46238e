"""Minutes of learning that never were, told to an observer the way the monitor tells real ones."""

from takeover.report.learning_observer import LearningObserver
from takeover.report.learning_state import DrivenEpisode, LearnerNews, PolicyNews, RecorderNews

START_S = 100.0
VERSIONS = ('3fa1c0de9b72', '81b20c44aa05', 'c92e77d01f6a', '5d0e9a1b2c3f', 'e7710b93d4c8')
# How the episodes of a run go that gets better: outcome, and take-overs in it.
STORY = (
    *(('collision', 2), ('goal', 3), ('off_path', 1), ('goal', 2), ('time_limit', 2)),
    *(('goal', 2), ('goal', 1), ('goal', 0), ('collision', 1), ('goal', 1)),
    *(('goal', 0), ('goal', 0), ('goal', 1), ('goal', 0), ('goal', 0)),
)
EPISODE_S, PAUSE_S = 24.0, 1.0


def watch_learning(wanted_s: float = 600.0, episodes: int = len(STORY)) -> LearningObserver:
    """Return an observer that has seen the story, in the midst of one more episode."""
    seen = LearningObserver(wanted_s, START_S)
    now_s = START_S + 5.0
    takeovers = transitions = 0
    seen.on_mode('hold', 'waits for the policy', 0, 0, START_S)
    for i, (outcome, times) in enumerate(STORY[:episodes]):
        number = i + 1
        swaps = min(i // 3, len(VERSIONS) - 1)
        before = VERSIONS[swaps - 1] if swaps else ''
        seen.on_policy('rover_path', PolicyNews(VERSIONS[swaps], 0.0, swaps, before), now_s)
        seen.on_gate('forwarding', 'within limits', now_s)
        seen.on_motion(0.4, now_s)
        seen.on_episode(DrivenEpisode(number, i), False, now_s)
        for press in range(times):
            at_s = now_s + 4.0 + 5.0 * press
            takeovers += 1
            seen.on_mode('human', 'stick moved', takeovers, number, at_s)
            seen.on_mode('autonomous', 'policy is healthy', takeovers, number, at_s + 2.0)
        seen.on_mode('autonomous', 'policy is healthy', takeovers, number, now_s + 20.0)
        now_s += EPISODE_S
        transitions += int(20 * EPISODE_S)
        seen.on_episode(DrivenEpisode(number, i, outcome, EPISODE_S, 1.0), False, now_s)
        seen.on_gate('stopping', 'no command for 0.35 s', now_s + 0.4)
        held = f'; holding {VERSIONS[swaps]}: not corrected since it drives' if not times else ''
        message = f'learns from the log, {7 * times} steps behind{held}'
        seen.on_learner(
            LearnerNews(
                *('training', message, transitions, takeovers, 7 * times),
                *(transitions // 2, 14.6),
            ),
            now_s,
        )
        seen.on_recorder(RecorderNews('recording', 'everything', transitions + 40, 3))
        now_s += PAUSE_S
    seen.on_gate('forwarding', 'within limits', now_s)
    seen.on_motion(0.4, now_s)
    seen.on_episode(DrivenEpisode(episodes + 1, episodes, 'running', 9.0, 0.41), False, now_s)
    seen.end_s = now_s + 4.0
    return seen
