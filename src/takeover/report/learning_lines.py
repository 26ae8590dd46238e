"""A robot that learns from take-overs, in lines for a log file."""

from takeover.report.learning_state import DrivenEpisode, LearningScreen, Verdict
from takeover.report.looks import clock, MODE_LOOKS, OUTCOME_LOOKS


def plain_line(state: LearningScreen) -> str:
    """Return the state as one line."""
    learner, recorder, policy = state.learner, state.recorder, state.policy
    parts = [
        f'{time_line(state)} {MODE_LOOKS[state.mode][0].lower()}',
        f'{state.takeovers} take-overs, lately {state.recent_per_minute:.1f}/min',
        f'last {len(state.episodes)} episodes: '
        + ', '.join(f'{state.count(verdict)} {verdict.value}' for verdict in Verdict),
        f'policy {policy.version or "none"} after {policy.swaps} swaps',
    ]
    if learner is not None:
        parts.append(
            f'learner {learner.state}: {learner.transitions} transitions, {learner.updates} '
            f'updates, {learner.updates_per_s:.1f}/s, {learner.behind} behind ({learner.message})'
        )
    if recorder is not None:
        parts.append(f'log {recorder.state}, {recorder.steps} steps')
    if state.gate != 'forwarding':
        parts.append(f'gate {state.gate} ({state.gate_reason or "no reason given"})')
    return '; '.join([*parts, *[f'! {problem}' for problem in state.problems]])


def episode_line(episode: DrivenEpisode) -> str:
    """Return how one episode ended, as one line."""
    times = f'{episode.takeovers} take-over{"" if episode.takeovers == 1 else "s"}'
    helped = f'with help, {times}' if episode.helped else 'alone'
    return (
        f'episode {episode.number} (seed {episode.seed}): {OUTCOME_LOOKS[episode.outcome][0]} '
        f'after {episode.elapsed_s:.1f} s, {helped}'
    )


def time_line(state: LearningScreen) -> str:
    """Return the time passed, of the time wanted."""
    if not state.moved:
        return 'waits for the first motion'
    wanted = f' of {clock(state.wanted_s)}' if state.wanted_s else ''
    return f'{clock(state.elapsed_s)}{wanted}'
