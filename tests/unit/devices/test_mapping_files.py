"""The shipped mapping files fit what the devices report: from a key or a report to a command."""

from pathlib import Path

import pytest
from takeover.action import ActionContract
from takeover.devices.joystick_layout import EV_ABS, EV_KEY, JoystickLayout
from takeover.devices.keys import VirtualStick
from takeover.devices.spacemouse_reports import SpaceMouseReports
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.human_command import Press
from takeover.intervention.joystick import load_joystick
from takeover.intervention.spacemouse import load_spacemouse
from takeover.task import load_task

CONFIG = Path(__file__).parents[3] / 'config'


@pytest.fixture(scope='module')
def action():
    return ActionContract(load_task(CONFIG / 'tasks' / 'rover_path.yaml').action)


@pytest.fixture(scope='module')
def readers(action):
    """Return the reader of each shipped mapping."""
    loaders = {'joystick': load_joystick, 'keyboard': load_joystick, 'spacemouse': load_spacemouse}
    return {
        name: CommandReader(load(CONFIG / 'inputs' / f'{name}.yaml', action), action)
        for name, load in loaders.items()
    }


def command(reader, state):
    assert reader.fault(state.axes, state.buttons) is None
    return reader.command(state.axes, state.buttons)


def key(pressed):
    stick = VirtualStick(0.5, 0.15)
    stick.press(pressed, 10.0)
    return stick.state


def test_keys_drive_with_the_dead_man(readers):
    reader = readers['keyboard']
    assert command(reader, VirtualStick(0.5, 0.15).state).neutral
    forward = command(reader, key('w'))
    assert forward.values == pytest.approx((0.36, 0.0)) and forward.deadman
    right = command(reader, key('d'))
    assert right.values == pytest.approx((0.0, -0.75)) and right.deadman
    still = command(reader, key('h'))
    assert still.values == (0.0, 0.0) and still.deadman


@pytest.mark.parametrize(
    ('pressed', 'press'),
    [('y', Press.SUCCESS), ('n', Press.FAILURE), ('b', Press.ABORT), ('u', Press.UNDO)],
)
def test_keys_tell_how_the_episode_ends(readers, pressed, press):
    heard = command(readers['keyboard'], key(pressed))
    assert heard.pressed == {press}
    assert not heard.deadman and not heard.estop


def test_space_is_the_emergency_stop(readers):
    assert command(readers['keyboard'], key(' ')).estop


def test_a_spacemouse_pushed_to_its_end_is_the_bound_of_the_action(readers, action):
    mouse = SpaceMouseReports(2)
    reader = readers['spacemouse']
    assert command(reader, mouse.state).neutral
    mouse.take(bytes.fromhex('01 0000 a2fe 0000'))
    mouse.take(bytes.fromhex('02 0000 0000 a2fe'))
    mouse.take(bytes.fromhex('03 01'))
    heard = command(reader, mouse.state)
    assert heard.values == pytest.approx(tuple(map(float, action.high)))
    assert heard.deadman and not heard.estop
    mouse.take(bytes.fromhex('03 02'))
    assert command(reader, mouse.state).estop


def test_a_gamepad_drives_with_its_left_shoulder_held(readers, action):
    stick = (-32768, 32767)
    pad = JoystickLayout(
        {0: stick, 1: stick, 2: (0, 255), 3: stick, 4: stick, 5: (0, 255), 16: (-1, 1)},
        [304, 305, 307, 308, 310, 311, 314, 315],
    )
    reader = readers['joystick']
    assert command(reader, pad.state).neutral
    for event in ((EV_ABS, 1, -32768), (EV_ABS, 3, -32768), (EV_KEY, 310, 1)):
        pad.take(*event)
    heard = command(reader, pad.state)
    assert heard.values == pytest.approx(tuple(map(float, action.high))) and heard.deadman
    pad.take(EV_KEY, 305, 1)
    assert command(reader, pad.state).estop
