import io

import pytest
from rich.console import Console
from takeover.outcome import OUTCOMES
from takeover.report.looks import GATE_LOOKS, MODE_LOOKS, OUTCOME_LOOKS
from takeover.report.record import GATE_STATES, MODES, ScreenState
from takeover.report.screen import episode_line, plain_line, render, verdict_table


def text_of(content, width):
    console = Console(width=width, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(content)
    return console.file.getvalue()


def test_every_mode_and_outcome_has_a_look():
    assert set(MODE_LOOKS) == set(MODES)
    assert set(GATE_LOOKS) == set(GATE_STATES)
    assert set(OUTCOME_LOOKS) == set(OUTCOMES)


def test_the_screen_shows_who_drives_and_how_well(run):
    text = text_of(render(run.screen), 100)
    for shown in (
        'POLICY DRIVES',
        'policy is healthy',
        'forwarding',
        '20.0 Hz',
        'scan: older',
        'tick → gate',
        'odom',
        '5 of 5',
        'collision',
        'driving',
        '0123456789ab',
    ):
        assert shown in text


@pytest.mark.parametrize('width', [40, 72, 85, 100, 200])
def test_it_fits_the_width_of_the_terminal(run, width):
    assert max(map(len, text_of(render(run.screen), width).splitlines())) <= width


@pytest.mark.parametrize('mode', MODES)
def test_before_anything_is_heard_it_shows_that(mode):
    text = text_of(render(ScreenState(mode=mode)), 100)
    assert 'waiting for the nodes' in text
    assert 'none yet' in text


def test_a_reason_with_brackets_is_text_not_markup():
    state = ScreenState(
        gate='stopped',
        gate_reason='[red]command[/] of [b',
        problems=['[/x] y'],
        task='[/]',
        mode_reason='[/]',
        policy_version='[bold]',
    )
    text = text_of(render(state), 120)
    assert '[red]command[/] of [b' in text
    assert '[/x] y' in text


def test_a_plain_line_is_one_line(run):
    line = plain_line(run.screen)
    assert '\n' not in line
    assert 'episode 5' in line and 'gate forwarding' in line and 'tick to gate' in line


def test_a_stopped_gate_says_why_on_the_plain_line():
    assert 'gate stopped (no command)' in plain_line(
        ScreenState(gate='stopped', gate_reason='no command')
    )


def test_an_ended_episode_is_one_line(run):
    assert episode_line(run.episodes[2]).startswith('episode 3 (seed 2): collision after 9.0 s')


def test_the_verdict_has_a_row_per_episode(run):
    lines = text_of(verdict_table(run.episodes), 100).strip().splitlines()
    assert len(lines) == 6
    assert 'collision' in lines[3]
