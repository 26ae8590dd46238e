"""What a viewer is given: paths, kinds, values and times; without any viewer."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.command import Source
from takeover.image_form import NO_PIXELS
from takeover.report import viewer
from takeover.report.record import MODES
from takeover.report.viewing import Kind, MODE_DRIVERS, Viewing, ViewingError
from tests.pictured_logs import AGE_NS, pictured_steps, RED, TASK

STEP = replace(
    pictured_steps(1)[0],
    source=Source.HUMAN,
    policy_action=np.array([0.4, -0.2]),
    commanded=np.array([0.3, 0.1]),
    executed=np.array([0.25, 0.05]),
)
NUMBERS = {
    'command/linear.x/policy': 0.4,
    'command/angular.z/policy': -0.2,
    'command/linear.x/sent': 0.3,
    'command/angular.z/sent': 0.1,
    'command/linear.x/robot': 0.25,
    'command/angular.z/robot': 0.05,
    'reward': 0.0,
    'frame_age_ms/forward': 1e-6 * AGE_NS,
}


def of(entries, kind):
    """Return values by path of the entries of one kind."""
    return {entry.path: entry.value for entry in entries if entry.kind is kind}


def test_a_step_shows_everything_at_the_time_of_its_command():
    entries = Viewing(TASK).step(STEP)
    assert {entry.time_ns for entry in entries} == {STEP.stamp_ns}
    assert of(entries, Kind.NUMBER) == pytest.approx(NUMBERS)
    assert of(entries, Kind.STATE) == {'driver': 'person'}
    (picture,) = of(entries, Kind.PICTURE).items()
    assert picture[0] == 'sees/forward'
    assert picture[1].shape == (64, 64, 3) and tuple(picture[1][0, 0]) == RED


def test_what_happened_is_said_once():
    viewing = Viewing(TASK)
    end = replace(STEP, onset=True, outcome=3, policy_version='abc')
    said = [entry.value for entry in viewing.step(end) if entry.kind is Kind.WORDS]
    assert said == ['policy abc', 'take-over', 'episode 1: off path']
    again = viewing.policy('abc', 5) + viewing.episode(1, 3, 5) + viewing.episode(2, 0, 5)
    assert again == []
    assert [one.value for one in viewing.episode(2, 1, 5)] == ['episode 2: goal']
    assert [one.value for one in viewing.policy('def', 5)] == ['policy def']


def test_a_step_without_pictures_shows_the_rest():
    entries = Viewing(TASK).step(replace(STEP, pixels=NO_PIXELS, image_stamps_ns=()))
    assert of(entries, Kind.PICTURE) == {}
    assert of(entries, Kind.NUMBER)['command/linear.x/robot'] == 0.25


def test_every_path_is_in_a_view():
    viewing = Viewing(TASK, ['camera/resize/image_raw'])
    layout = viewing.layout
    assert layout.pictures == ('sees/forward', 'camera/camera/resize/image_raw')
    entries = viewing.step(STEP)
    entries += viewing.camera('camera/resize/image_raw', np.zeros((2, 2, 3), np.uint8), 1)
    assert set(of(entries, Kind.PICTURE)) == set(layout.pictures)
    groups = [path for _, path in layout.curves]
    for path in of(entries, Kind.NUMBER):
        assert sum(path == group or path.startswith(f'{group}/') for group in groups) == 1, path


def test_without_a_task_everything_is_numbered():
    viewing = Viewing()
    entries = viewing.command('sent', [0.1, 0.2], 7) + viewing.frame_ages([12.0], 7)
    entries += viewing.seen([np.zeros((2, 2, 3), np.uint8)], 7)
    assert of(entries, Kind.NUMBER) == {
        'command/action.0/sent': 0.1,
        'command/action.1/sent': 0.2,
        'frame_age_ms/0': 12.0,
    }
    assert set(of(entries, Kind.PICTURE)) == set(viewing.layout.pictures)


def test_a_command_of_another_task_is_refused_in_words():
    with pytest.raises(ViewingError, match='3 values.*linear.x, angular.z; give the task file'):
        Viewing(TASK).command('sent', [1.0, 2.0, 3.0], 0)


def test_every_mode_of_the_arbiter_is_a_driver():
    assert set(MODE_DRIVERS) == set(MODES)
    (entry,) = Viewing().mode('human', 9)
    assert (entry.path, entry.kind, entry.value, entry.time_ns) == (
        'driver',
        Kind.STATE,
        'person',
        9,
    )


def test_without_rerun_a_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(viewer.importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ViewingError, match=r'pip install -r requirements/view\.in'):
        viewer.open_viewer(Viewing().layout, viewer.Target())
