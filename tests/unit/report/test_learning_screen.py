from dataclasses import replace
import io

import pytest
from rich.console import Console
from takeover.report.learning_lines import episode_line, plain_line
from takeover.report.learning_rows import LEARNER_LOOKS, RECORDER_LOOKS, VERDICT_LOOKS
from takeover.report.learning_screen import LearningPanel
from takeover.report.learning_state import (
    DrivenEpisode,
    LEARNER_STATES,
    LearnerNews,
    LearningScreen,
    PolicyNews,
    RECORDER_STATES,
    RecorderNews,
    Verdict,
)
from takeover.report.minute_bars import minute_bars
from takeover.report.record import MODES
from tests.unit.report.learning_example import watch_learning

PROBLEMS = [f'node_{i}: part: {"something is wrong " * 9}' for i in range(4)]
LONG = 'a reason that goes on and on ' * 9


def lines_of(state, width, height):
    console = Console(
        width=width, height=height, file=io.StringIO(), color_system=None, legacy_windows=False
    )
    console.print(LearningPanel(state))
    return console.file.getvalue().splitlines()


@pytest.fixture(scope='module')
def state():
    seen = watch_learning()
    return seen.screen(seen.end_s)


@pytest.fixture(scope='module')
def crowded(state):
    """The most that can be there at once."""
    return replace(
        state,
        mode='human',
        mode_reason=LONG,
        gate='stopped',
        gate_reason=LONG,
        minutes=tuple(range(130)),
        takeovers=123_456,
        driven_s=7800.0,
        policy=PolicyNews('f' * 12, 7000.0, 1234, 'e' * 12, 99, 'd' * 12, LONG),
        learner=LearnerNews('failed', f'{LONG}; holding {LONG}; {LONG}', *[10**7] * 4, 123.4),
        learner_silent_s=900.0,
        recorder=RecorderNews('stopped', LONG, 10**8, 10**6),
        problems=PROBLEMS,
    )


def test_everything_has_a_look():
    assert set(VERDICT_LOOKS) == set(Verdict)
    assert set(LEARNER_LOOKS) == set(LEARNER_STATES)
    assert set(RECORDER_LOOKS) == set(RECORDER_STATES)
    # A mark says by its form what its colour says.
    assert len({mark for mark, _ in VERDICT_LOOKS.values()}) == len(Verdict)


def test_the_screen_shows_how_it_gets_better(state):
    text = '\n'.join(lines_of(state, 80, 24))
    for shown in (
        'learns rover_path',
        'POLICY DRIVES',
        '6:19 of 10:00',
        'take-overs 16 in 6:05 of driving',
        '0.5 per minute over the last 2:00',
        '◐ ◐ ● ○ ◐ ● ● ◐ ● ●   the last 10 of 15   now 16: 41 %',
        '● 5 goal alone 50 %  ◐ 4 goal with help 40 %  ○ 1 failed 10 %',
        'e7710b93d4c8 since 5:00   4 swaps   before 5d0e9a1b2c3f',
        'training  learns from the log, 0 steps behind',
        '0 behind  3600 updates 14.6/s  7200 transitions  16 labels',
        'holding e7710b93d4c8: not corrected since it drives',
        'recording  7240 steps on disk   3 incomplete',
        'forwarding',
    ):
        assert shown in text


@pytest.mark.parametrize(('width', 'height'), [(80, 24), (100, 30), (120, 40), (200, 70)])
@pytest.mark.parametrize('which', ['empty', 'state', 'crowded'])
def test_it_fits_the_terminal(request, which, width, height):
    shown = LearningScreen() if which == 'empty' else request.getfixturevalue(which)
    lines = lines_of(shown, width, height)
    assert {len(line) for line in lines} == {width}
    assert len(lines) < height


@pytest.mark.parametrize('width', range(80, 90))
def test_the_newest_minute_is_never_cut_off(state, width):
    lines = lines_of(replace(state, minutes=(7,) * 200), width, 24)
    assert any(line.rstrip('│ ').endswith(' 7…') for line in lines)
    assert any(line.rstrip('│ ').endswith(' 200') for line in lines)
    assert sum(line.rstrip('│ ').endswith('███') for line in lines) == 3


def test_what_does_not_fit_is_seen_to_go_on(crowded):
    lines = lines_of(crowded, 80, 24)
    for row in ('policy', 'learner', 'log', 'gate', '!'):
        assert any(line[4:].startswith(row) and line[:-2].rstrip().endswith('…') for line in lines)


@pytest.mark.parametrize('height', range(24, 60))
def test_problems_always_have_room(crowded, height):
    lines = lines_of(crowded, 80, height)
    assert len(lines) < height
    assert any('! node_0' in line for line in lines)
    assert any('! and ' in line for line in lines)


@pytest.mark.parametrize('width', [1, 20, 40, 60])
def test_a_terminal_that_is_too_narrow_is_no_error(crowded, width):
    assert lines_of(crowded, width, 24)


def test_a_taller_terminal_shows_the_versions_and_a_wider_one_the_episodes(state):
    assert not any('version  ' in line for line in lines_of(state, 80, 24))
    tall = '\n'.join(lines_of(state, 80, 40))
    assert 'version  ' in tall and 'outcome' not in tall
    wide = '\n'.join(lines_of(state, 120, 40))
    assert 'version  ' in wide and 'collision' in wide


@pytest.mark.parametrize('width', range(80, 150))
def test_tables_are_whole_or_not_there(state, width):
    lines = lines_of(state, width, 40)
    heading = next(i for i, line in enumerate(lines) if 'version ' in line)
    assert 'take-overs  per minute' in lines[heading]
    assert not any('…' in line for line in lines[heading:-1])


@pytest.mark.parametrize('mode', MODES)
def test_before_anything_is_heard_it_shows_that(mode):
    text = '\n'.join(lines_of(LearningScreen(mode=mode), 80, 24))
    for shown in ('waiting for the nodes', 'waits for the first motion', 'nothing heard yet'):
        assert shown in text


def test_what_comes_from_messages_is_text_not_markup(state):
    learner = LearnerNews('idle', '[red]a[/]; [/x]')
    odd = replace(state, learner=learner, task='[/]', mode_reason='[b]', problems=['[/x] y'])
    text = '\n'.join(lines_of(odd, 80, 24))
    for shown in ('[red]a[/]', '[/x]', '[b]', '[/x] y'):
        assert shown in text


def test_a_silent_learner_is_said_to_be(state):
    text = '\n'.join(lines_of(replace(state, learner_silent_s=75.0), 80, 24))
    assert 'silent for 1:15' in text


def heights(minutes, height):
    """Return the height of each bar, in eighths of a line."""
    lines = [line.plain[6::10] for line in minute_bars(minutes, 600.0, 106, height)[:height]]
    return [sum(' ▁▂▃▄▅▆▇█'.index(line[i]) for line in lines) for i in range(len(minutes))]


def test_bars_are_as_high_as_their_number():
    assert heights((8, 4, 2, 1, 0), 4) == [32, 16, 8, 4, 0]
    # One of very many still shows, and one alone does not look like many.
    assert heights((200, 1), 3) == [24, 1]
    assert heights((1,), 3) == [6]


def test_the_chart_has_a_scale_and_the_numbers():
    lines = [line.plain for line in minute_bars((6, 0, 1), 600.0, 66, 3)]
    assert [line[:6] for line in lines] == ['   6 ┤', '     │', '   0 ┼', '      ', ' min  ']
    assert lines[3].split() == ['6', '0', '1…']
    assert lines[4].split() == ['min', '1', '2', '3']


def test_of_many_minutes_the_newest_are_shown():
    lines = [line.plain for line in minute_bars(tuple(range(90)), 0.0, 66, 3)]
    assert max(map(len, lines)) <= 66
    assert lines[3].split()[-1] == '89…'
    assert lines[4].split()[-1] == '90'


def test_a_plain_line_is_one_line(crowded, state):
    for shown in (crowded, state, LearningScreen()):
        assert '\n' not in plain_line(shown)
    line = plain_line(state)
    assert line.startswith('6:19 of 10:00 policy drives; 16 take-overs, lately 0.5/min; ')
    assert '5 goal alone, 4 goal with help, 1 failed' in line
    assert '7200 transitions, 3600 updates, 14.6/s, 0 behind' in line
    assert 'gate stopped' in plain_line(crowded)
    assert '! node_0: part' in plain_line(crowded)


@pytest.mark.parametrize(
    ('helped', 'takeovers', 'how'),
    [
        (False, 0, 'alone'),
        (True, 1, 'with help, 1 take-over'),
        (True, 2, 'with help, 2 take-overs'),
    ],
)
def test_an_ended_episode_is_one_line(helped, takeovers, how):
    episode = DrivenEpisode(3, 7, 'off_path', 9.0, 0.4, takeovers, helped)
    assert episode_line(episode) == f'episode 3 (seed 7): left corridor after 9.0 s, {how}'
