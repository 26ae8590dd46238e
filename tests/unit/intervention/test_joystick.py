"""From axes and buttons to SI."""

import math

import pytest
from takeover.config_file import ConfigError
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.human_command import Press
from takeover.intervention.joystick import JoystickMapping, load_joystick


def make(action, **axis):
    """Return a joystick with one axis on each component."""
    mapping = {
        'deadman_button': 4,
        'estop_button': 1,
        'axes': {'linear.x': {'axis': 1, **axis}, 'angular.z': {'axis': 3, **axis}},
    }
    return CommandReader(JoystickMapping.model_validate(mapping), action)


def values(joystick, linear=0.0, angular=0.0):
    """Return the SI values of two stick positions."""
    return joystick.command([0.0, linear, 0.0, angular], [0] * 5).values


def test_the_shipped_mapping_loads(action, joystick_file):
    """Dead-man and e-stop are different buttons, every component has an axis."""
    mapping = load_joystick(joystick_file, action)
    assert set(mapping.axes) == set(action.names)
    assert (mapping.deadman_button, mapping.estop_button, mapping.count) == (4, 1, 7)


def test_full_stick_is_the_bound_of_the_action(action):
    """Both ways where the axis has two, and zero where it goes forward only."""
    joystick = make(action)
    assert values(joystick, 1.0, 1.0) == (0.6, 1.5)
    assert values(joystick, -1.0, -1.0) == (0.0, -1.5)
    assert values(joystick, 7.0, -7.0) == (0.6, -1.5)
    assert math.copysign(1.0, values(joystick, -1.0)[0]) == 1.0


def test_the_dead_zone_is_zero_and_nothing_jumps_at_its_edge(action):
    """The travel outside it begins at zero."""
    joystick = make(action, dead_zone=0.1)
    assert values(joystick, 0.1, -0.1) == (0.0, 0.0)
    assert 0.0 < values(joystick, 0.1001)[0] < 1e-3
    assert values(joystick, 0.55)[0] == pytest.approx(0.3)


def test_invert_scale_and_expo(action):
    """Each by hand."""
    assert values(make(action, invert=True), -1.0, 1.0) == (0.6, -1.5)
    assert values(make(action, scale=0.5), 1.0, -1.0) == (0.3, -0.75)
    half = 0.5 * 0.5 + 0.5 * 0.5**3
    assert values(make(action, expo=0.5, dead_zone=0.0), 0.5)[0] == pytest.approx(0.6 * half)
    assert values(make(action, expo=0.7, dead_zone=0.0), 1.0, -1.0) == (0.6, -1.5)


def test_a_component_without_an_axis_stays_zero(action):
    """A joystick may drive a part of the action."""
    mapping = JoystickMapping.model_validate(
        {'deadman_button': 0, 'axes': {'linear.x': {'axis': 0}}}
    )
    command = CommandReader(mapping, action).command([1.0], [1])
    assert command.values == (0.6, 0.0) and command.deadman and not command.estop


def test_neutral_is_nothing_pressed_and_nothing_deflected(action):
    """Within the dead zone."""
    joystick = make(action)
    assert joystick.command([0.9, 0.04, 0.0, -0.04], [1, 0, 1, 1, 0]).neutral
    assert not joystick.command([0.0] * 4, [0, 0, 0, 0, 1]).neutral
    assert not joystick.command([0.0] * 4, [0, 1, 0, 0, 0]).neutral
    assert not joystick.command([0.0, 0.5, 0.0, 0.0], [0] * 5).neutral
    pulled_back = joystick.command([0.0, -0.5, 0.0, 0.0], [0] * 5)
    assert pulled_back.values == (0.0, 0.0) and not pulled_back.neutral


def test_turbo_is_another_scale_while_its_button_is_held(action):
    """In the manner of teleop_twist_joy; an axis without turbo_scale keeps its own."""
    mapping = JoystickMapping.model_validate(
        {
            'deadman_button': 4,
            'turbo_button': 5,
            'axes': {
                'linear.x': {'axis': 0, 'scale': 0.5, 'turbo_scale': 1.0},
                'angular.z': {'axis': 1, 'scale': 0.5},
            },
        }
    )
    reader = CommandReader(mapping, action)
    assert reader.command([1.0, 1.0], [0] * 6).values == (0.3, 0.75)
    assert reader.command([1.0, 1.0], [0, 0, 0, 0, 0, 1]).values == (0.6, 0.75)


def test_the_buttons_about_the_episode(action, joystick_file):
    """Each by its index in the shipped file."""
    reader = CommandReader(load_joystick(joystick_file, action), action)
    pressed = {
        index: reader.command([0.0] * 6, [int(i == index) for i in range(8)]).pressed
        for index in range(8)
    }
    assert {index: {*names} for index, names in pressed.items() if names} == {
        0: {Press.SUCCESS},
        2: {Press.FAILURE},
        6: {Press.ABORT},
        3: {Press.UNDO},
    }


def test_the_deflection_is_that_of_the_stick_moved_most(action):
    """Of its travel outside the dead zone, whatever scale and expo make of it."""
    joystick = make(action, scale=0.5, expo=1.0, dead_zone=0.2)
    assert joystick.command([1.0, -0.6, 0.0, 0.3], [0] * 5).deflection == pytest.approx(0.5)
    assert joystick.command([1.0, 0.2, 1.0, -0.2], [0] * 5).deflection == 0.0
    assert joystick.command([0.0, 7.0, 0.0, 0.0], [0] * 5).deflection == 1.0


@pytest.mark.parametrize(
    ('axes', 'buttons', 'fault'),
    [
        ([0.0] * 3, [0] * 5, 'joystick has fewer than 4 axes'),
        ([0.0] * 4, [0] * 4, 'joystick has fewer than 5 buttons'),
        ([0.0, math.nan, 0.0, 0.0], [0] * 5, 'joystick axis is not finite'),
        ([math.inf, 0.0, 0.0, 0.0], [0] * 5, 'joystick axis is not finite'),
        ([0.0] * 8, [0] * 11, None),
    ],
)
def test_a_message_that_cannot_be_used(action, axes, buttons, fault):
    """Each with its sentence."""
    assert make(action).fault(axes, buttons) == fault


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('deadman_button: 4\naxes: {linear.y: {axis: 1}}\n', ['linear.y', 'legal: linear.x']),
        ('deadman_button: 4\naxes: {linear.x: {axis: 1, deadzone: 0.1}}\n', ['dead_zone']),
        ('deadman_button: 4\nestop_button: 4\naxes: {linear.x: {axis: 1}}\n', ['must differ']),
        (
            'deadman_button: 4\naxes: {linear.x: {axis: 1, dead_zone: 1.0}}\n',
            ['dead_zone', 'less'],
        ),
        ('deadman_button: 4\naxes: {linear.x: {axis: 1, scale: 1.5}}\n', ['scale', '1']),
        (
            'deadman_button: 4\nundo_button: 2\nabort_button: 2\naxes: {linear.x: {axis: 1}}\n',
            ['undo_button', 'abort_button', 'both 2'],
        ),
        (
            'deadman_button: 4\naxes: {linear.x: {axis: 1, turbo_scale: 0.5}}\n',
            ['turbo_scale', 'linear.x', 'turbo_button'],
        ),
        (
            'deadman_button: 4\nturbo_button: 5\naxes: {linear.x: {axis: 1}}\n',
            ['turbo_button', 'turbo_scale'],
        ),
        ('axes: {linear.x: {axis: 1}}\n', ['deadman_button', 'missing']),
        ('deadman_button: -1\naxes: {linear.x: {axis: 1}}\n', ['deadman_button']),
        ('deadman_button: 4\naxes: {}\n', ['axes']),
    ],
)
def test_a_bad_mapping_file_is_refused_with_file_and_key(action, tmp_path, text, words):
    """And the legal form."""
    path = tmp_path / 'pad.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_joystick(path, action)
    assert all(word in str(error.value) for word in ['pad.yaml', *words])
