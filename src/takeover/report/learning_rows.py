"""The lines of the learning screen about episodes, policy, learner, log and gate."""

from rich.text import Text
from takeover.report.learning_state import LearningScreen, Verdict
from takeover.report.looks import clock, GATE_LOOKS, MUTED

VERDICT_LOOKS = {
    Verdict.ALONE: ('●', 'green'),
    Verdict.HELPED: ('◐', 'yellow'),
    Verdict.FAILED: ('○', 'red'),
}
LEARNER_LOOKS = {'waiting': 'yellow', 'training': 'green', 'idle': 'cyan', 'failed': 'red'}
RECORDER_LOOKS = {'recording': 'green', 'no_images': 'yellow', 'stopped': 'red'}
LABEL_COLUMNS = 11


def label(name: str) -> Text:
    """Return the beginning of a line that never takes two."""
    line = Text(no_wrap=True, overflow='ellipsis')
    line.append(f'{name:{LABEL_COLUMNS}}', MUTED)
    return line


def episode_rows(state: LearningScreen) -> list[Text]:
    """Return how the last episodes went: two lines."""
    if not state.episodes:
        marks = Text('none has ended yet', style=MUTED)
        shares = Text()
    else:
        looks = [VERDICT_LOOKS[episode.verdict] for episode in state.episodes]
        marks = Text(' ').join([Text(mark, style=f'bold {style}') for mark, style in looks])
        marks.append(f'   the last {len(looks)} of {state.finished}', MUTED)
        shares = Text('  ').join(
            [
                Text.assemble(
                    (f'{mark} ', f'bold {style}'),
                    (f'{state.count(verdict)} ', 'bold'),
                    f'{verdict.value} ',
                    (f'{100 * state.share(verdict):.0f} %', MUTED),
                )
                for verdict, (mark, style) in VERDICT_LOOKS.items()
            ]
        )
    running = state.running
    if running is not None:
        helped = ', helped' if running.helped else ''
        marks.append(f'   now {running.number}: {100 * running.progress:.0f} %{helped}', 'cyan')
    return [_row('episodes', marks), _row('', shares)]


def part_rows(state: LearningScreen) -> list[Text]:
    """Return a line or more for each of policy, learner, log and gate: six in all."""
    return [
        _row('policy', _policy(state)),
        *_learner(state),
        _row('log', _log(state)),
        _row(
            'gate',
            Text.assemble(
                (state.gate, f'bold {GATE_LOOKS[state.gate]}'), (f'  {state.gate_reason}', MUTED)
            ),
        ),
    ]


def _policy(state: LearningScreen) -> Text:
    policy = state.policy
    if not policy.version:
        return Text('none heard of yet', style=MUTED)
    line = Text.assemble((policy.version, 'bold'), (f' since {clock(policy.since_s)}', MUTED))
    line.append(f'   {policy.swaps} swaps')
    if policy.previous:
        line.append(f'   before {policy.previous}', MUTED)
    if policy.refused:
        line.append(f'   {policy.refused} refused', 'yellow')
    return line


def _learner(state: LearningScreen) -> list[Text]:
    """Return its sentence, one line for each part of it, and its numbers: three lines, always."""
    learner = state.learner
    if learner is None:
        return [_row('learner', Text('nothing heard yet', style=MUTED)), Text(), Text()]
    said, _, more = learner.message.partition('; ')
    first = Text.assemble((learner.state, f'bold {LEARNER_LOOKS[learner.state]}'), f'  {said}')
    if state.learner_silent_s:
        first = Text(f'silent for {clock(state.learner_silent_s)}; the last: ', 'red') + first
    numbers = Text.assemble(
        (f'{learner.behind} behind', 'yellow' if learner.behind else ''),
        (f'  {learner.updates} updates', 'bold'),
        f' {learner.updates_per_s:.1f}/s  {learner.transitions} transitions'
        f'  {learner.takeovers} labels',
    )
    return [_row('learner', first), _row('', numbers), _row('', Text(more, style='cyan'))]


def _log(state: LearningScreen) -> Text:
    recorder = state.recorder
    if recorder is None:
        return Text('nothing heard yet', style=MUTED)
    line = Text.assemble(
        (recorder.state.replace('_', ' '), f'bold {RECORDER_LOOKS[recorder.state]}'),
        f'  {recorder.steps} steps on disk',
    )
    if recorder.incomplete:
        line.append(f'   {recorder.incomplete} incomplete', 'yellow')
    if recorder.state != 'recording':
        line.append(f'   {recorder.reason}')
    return line


def _row(name: str, value: Text) -> Text:
    return label(name).append_text(value)
