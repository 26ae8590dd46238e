"""report.html of a learning session: one file, made from what is in the session's folder.

`python -m takeover.report.learning_page FOLDER` makes the page again, also of a session that was
killed.
"""

from collections import Counter
import json
from pathlib import Path
import sys
from typing import Any

from takeover.probability import wilson_interval
from takeover.report.html import image, OUTCOMES, render, write_page
from takeover.report.learning_evaluation import EvaluatedPolicy
from takeover.report.learning_record import LearningSession, parts
from takeover.report.learning_session import deployed_version, read_session, start_version

TEMPLATE = 'learning_page.html'
SHOWN_COURSES = 6
SHOWN_VERSIONS = 20
MARKS = {'goal': '✓', 'collision': '✕', 'off_path': '↗', 'time_limit': '…', 'aborted': '–'}
# Parts of the driven time whose take-overs are compared.
THIRDS = 3
_METADATA = ('git_commit', 'spec_hash', 'machine', 'software')


def write_learning_report(folder: str | Path) -> Path:
    """Write report.html of the session in `folder` into it.

    :return: the path of report.html.
    :raises OSError: the disk says no.
    """
    return write_page(Path(folder), render_learning_page(read_session(folder)))


def render_learning_page(session: LearningSession) -> str:
    """Return the report of `session` as HTML."""
    return render(TEMPLATE, _context(session))


def _context(session: LearningSession) -> dict[str, Any]:
    from takeover.report import learning_plots, learning_timeline

    driven = session.steps > 0
    shown = [name for name in learning_plots.CURVES if learning_plots.has_curve(session, name)]
    return {
        'session': session,
        'outcomes': OUTCOMES,
        'marks': MARKS,
        'about': _about(session),
        'verdict': _verdict(session),
        'tiles': _tiles(session),
        'evaluated': [_evaluated(policy) for policy in session.evaluations],
        'change': _change(session.evaluations),
        'colours': {'before': learning_plots.BEFORE, 'after': learning_plots.AFTER},
        'rate': image(learning_timeline.takeover_rate(session)) if driven else '',
        'timeline': image(learning_timeline.timeline(session)) if driven else '',
        'ages': learning_timeline.AGES,
        'returns': image(learning_plots.returns(session)) if driven else '',
        'last_episodes': learning_plots.LAST_EPISODES,
        'ends': Counter(episode.outcome for episode in session.episodes),
        'courses': _courses(session.evaluations),
        'curves': image(learning_plots.curves(session)) if shown else '',
        'versions': session.versions[-SHOWN_VERSIONS:],
        'older_versions': session.versions[:-SHOWN_VERSIONS],
        'facts': _facts(session),
    }


def _about(session: LearningSession) -> str:
    """Return the line below the headline."""
    about = session.about
    said = [
        str(about.get('task') or session.metadata.get('task') or 'no task'),
        str(about.get('started') or session.metadata.get('begun') or '').replace('T', ' '),
        f'{len(session.episodes)} episodes',
        f'{session.driven_s / 60.0:.1f} min driven',
        f'ended: {about["ended_because"]}' if about.get('ended_because') else '',
    ]
    return ' · '.join(part for part in said if part)


def _verdict(session: LearningSession) -> tuple[str, str]:
    """Return the sentence at the top and how good it is."""
    if not session.evaluations:
        if not session.episodes:
            return 'Nothing was driven, nothing was evaluated', 'bad'
        return (
            f'{session.takeovers} take-over{"s" * (session.takeovers != 1)} in '
            f'{session.driven_s / 60.0:.1f} minutes of driving; not evaluated'
        ), 'fair'
    first, last = session.evaluations[0], session.evaluations[-1]
    if first is last:
        return f'{first.name}: {first.successes} of {first.episodes} courses alone', 'fair'
    sentence = (
        f'Alone at the goal: {first.successes} of {first.episodes} courses before, '
        f'{last.successes} of {last.episodes} after'
    )
    gained = last.successes * first.episodes - first.successes * last.episodes
    return sentence, 'good' if gained > 0 else 'bad' if gained < 0 else 'fair'


def _evaluated(policy: EvaluatedPolicy) -> dict[str, Any]:
    low, high = wilson_interval(policy.successes, policy.episodes)
    return {
        'policy': policy,
        'share': 100.0 * policy.successes / max(1, policy.episodes),
        'low': 100.0 * low,
        'high': 100.0 * high,
    }


def _change(evaluations: list[EvaluatedPolicy]) -> str:
    """Return what became of the courses that both policies drove."""
    if len(evaluations) < 2:
        return ''
    before = {course.seed: course.reached for course in evaluations[0].courses}
    both = [(before[c.seed], c.reached) for c in evaluations[-1].courses if c.seed in before]
    counts = Counter(both)
    return (
        f'Courses at the goal: {counts[False, True]} only after, {counts[True, False]} only '
        f'before, {counts[True, True]} both times, {counts[False, False]} never.'
    )


def _tiles(session: LearningSession) -> list[tuple[str, str, str]]:
    """Return (number, unit, what) of the most telling numbers."""
    thirds = [part.takeovers_per_minute for part in parts(session, THIRDS)]
    updates = session.curves.get('updates', [])
    shown = sum(len(episode.sources) for episode in session.demonstrations)
    return [
        (f'{session.driven_s / 60.0:.1f}', 'min', 'of corrected driving'),
        (
            str(session.takeovers),
            '',
            f'take-over{"s" * (session.takeovers != 1)} in {len(session.episodes)} episodes',
        ),
        (
            f'{thirds[0]:.1f} → {thirds[-1]:.1f}' if thirds else '–',
            '/min',
            'take-overs, first to last third of the driving',
        ),
        (f'{100.0 * session.person_share:.0f}', '%', 'of the time a person drove'),
        (f'{session.goals} of {len(session.episodes)}', '', 'episodes at the goal, with help'),
        (str(len(session.versions)), '', 'policy versions drove'),
        (f'{updates[-1]:.0f}' if len(updates) else '–', '', 'updates of the learner'),
        (
            f'{shown * session.period_s:.0f}',
            's',
            f'of {len(session.demonstrations)} demonstrations',
        ),
    ]


def _courses(evaluations: list[EvaluatedPolicy]) -> list[dict[str, Any]]:
    """Return the courses to show: those that failed before first, and one that failed after."""
    from takeover.report.learning_plots import AFTER, BEFORE, evaluated_course

    if not evaluations:
        return []
    after = {c.seed: c for c in evaluations[-1].courses} if len(evaluations) > 1 else {}
    ordered = sorted(evaluations[0].courses, key=lambda course: course.reached)
    shown, others = ordered[:SHOWN_COURSES], ordered[SHOWN_COURSES:]
    failed = {seed for seed, course in after.items() if not course.reached}
    if others and not failed & {course.seed for course in shown}:
        shown[-1] = next((course for course in others if course.seed in failed), shown[-1])
    courses = []
    for before in shown:
        driven = {BEFORE: before}
        if before.seed in after:
            driven[AFTER] = after[before.seed]
        plot = image(evaluated_course(evaluations[0], driven))
        courses.append({'seed': before.seed, 'driven': list(driven.values()), 'plot': plot})
    return courses


def _facts(session: LearningSession) -> list[tuple[str, str]]:
    """Return all that was set, and with what it was made."""
    about = dict(session.about)
    machine = about.pop('machine', {})
    facts = {
        'command': about.pop('command', '') or session.metadata.get('command', ''),
        'task': about.pop('task', '') or session.metadata.get('task', ''),
        'started': about.pop('started', '') or session.metadata.get('begun', ''),
        'start version': start_version(session),
        'deployed version': deployed_version(session),
    }
    for name in ('start', 'deployed'):
        about.pop(name, None)
    facts |= {name.replace('_', ' '): value for name, value in about.items()}
    facts['steps'] = f'{session.steps} of {1e3 * session.period_s:g} ms'
    if session.taken_back:
        facts['episodes taken back'] = str(session.taken_back)
    facts |= {
        f'recorder: {name.replace("_", " ")}': session.metadata[name]
        for name in _METADATA
        if session.metadata.get(name)
    }
    facts |= machine if isinstance(machine, dict) else {'machine': machine}
    return [(name, _text(value)) for name, value in facts.items()]


def _text(value: Any) -> str:
    return value or '–' if isinstance(value, str) else json.dumps(value)


if __name__ == '__main__':
    for name in sys.argv[1:]:
        sys.stdout.write(f'{write_learning_report(name)}\n')
