"""A SpaceMouse: its mapping, and an arbiter that listens to one."""

import pytest
from takeover.command import Source
from takeover.config_file import ConfigError
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig, ArbiterError
from takeover.intervention.human_command import Press
from takeover.intervention.spacemouse import load_spacemouse, SpaceMouseMapping
from takeover.intervention.state_machine import Mode

AXES = {
    'linear.x': {'axis': 'linear.x'},
    'angular.z': {'axis': 'angular.z', 'dead_zone': 0.0},
}
FULL = 0.68


def make(action, take_over='motion', **mapping):
    """Return an arbiter with a SpaceMouse."""
    config = ArbiterConfig(take_over=take_over, handover_s=0.0, debounce_s=0.0)
    mapping = SpaceMouseMapping.model_validate({'axes': AXES, **mapping})
    return Arbiter(action, config, mapping)


class Puck:
    """Steps an arbiter at 20 Hz; twist and buttons come as spacenav_node sends them."""

    def __init__(self, arbiter):
        self.arbiter, self.now_s, self.stamp_ns, self.sequence = arbiter, 10.0, 0, 0

    def run(self, steps, linear=0.0, angular=0.0, buttons=None, twist=True):
        """Step; `buttons` None: no message of them, `twist` False: none of the axes."""
        for _ in range(steps):
            self.now_s += 0.05
            self.stamp_ns += 1
            if twist:
                axes = (linear, 0.5, -0.5, 0.5, 0.5, angular)
                self.arbiter.on_twist(axes, self.stamp_ns, self.now_s)
            if buttons is not None:
                self.arbiter.on_joy((9.0,) * 6, buttons, self.stamp_ns, self.now_s)
            self.sequence += 1
            self.arbiter.on_policy((0.4, 0.1), self.sequence, self.now_s)
            output = self.arbiter.step(self.now_s)
        return output


def test_the_shipped_mapping_loads(action, joystick_file):
    """Every component has an axis, and the dead-man is there."""
    mapping = load_spacemouse(joystick_file.with_name('spacemouse.yaml'), action)
    assert set(mapping.axes) == set(action.names) and mapping.deadman_button is not None


def test_the_puck_takes_over_by_motion_without_any_button(action):
    """Full deflection is the bound of the action."""
    puck = Puck(make(action))
    assert puck.run(10).mode is Mode.AUTONOMOUS
    output = puck.run(4, linear=FULL, angular=-2.0 * FULL)
    assert output.source is Source.HUMAN and output.values == pytest.approx((0.6, -1.5))
    assert puck.run(40).mode is Mode.AUTONOMOUS


def test_a_dead_man_on_the_puck_needs_buttons_that_are_heard(action):
    """Silent buttons are a silent device, even while the axes come."""
    puck = Puck(make(action, 'deadman', deadman_button=0))
    puck.run(5, buttons=(0, 0))
    assert puck.run(5, linear=FULL, buttons=(1, 0)).mode is Mode.HUMAN
    output = puck.run(8, linear=FULL)
    assert output.mode is Mode.HOLD and 'SpaceMouse lost' in output.reason
    assert puck.run(40, linear=FULL, buttons=(1, 0)).mode is Mode.HOLD
    puck.run(1, buttons=(0, 0))
    assert puck.run(2, linear=FULL, buttons=(1, 0)).mode is Mode.HUMAN


def test_silent_axes_are_a_silent_device(action):
    """Even while the buttons come."""
    puck = Puck(make(action, 'deadman', deadman_button=0))
    puck.run(5, buttons=(0, 0))
    puck.run(5, linear=FULL, buttons=(1, 0))
    assert puck.run(8, buttons=(1, 0), twist=False).mode is Mode.HOLD


def test_a_twist_whose_stamp_does_not_advance_is_silence(action):
    """And counted; one that is not finite too."""
    arbiter = make(action)
    axes = (0.0,) * 6
    assert arbiter.on_twist(axes, 5, 1.0) is None
    assert arbiter.on_twist(axes, 5, 1.1) == 'SpaceMouse stamp did not advance'
    assert arbiter.on_twist((float('nan'),) * 6, 6, 1.2) == 'SpaceMouse axis is not finite'
    assert arbiter.on_twist(axes[:3], 7, 1.3) == 'SpaceMouse has fewer than 6 axes'
    assert sum(arbiter.refused.values()) == 3


def test_the_buttons_come_with_their_own_message(action):
    """Their stamps advance on their own."""
    puck = Puck(make(action, success_button=1))
    puck.run(3, buttons=(0, 0))
    assert puck.run(1, buttons=(0, 1)).presses == (Press.SUCCESS,)


def test_a_dead_man_that_the_device_does_not_have_is_refused(action):
    """With what to do."""
    with pytest.raises(ArbiterError, match='take_over: both needs a deadman_button.*motion'):
        make(action, 'both')


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('axes: {linear.x: {axis: linear.w}}\n', ['linear.w', 'linear.x']),
        ('axes: {linear.y: {axis: linear.y}}\n', ['linear.y', 'legal: linear.x']),
        ('full_scale: 0.0\naxes: {linear.x: {axis: linear.x}}\n', ['full_scale', 'greater']),
        ('axes: {}\n', ['axes']),
    ],
)
def test_a_bad_mapping_file_is_refused_with_file_and_key(action, tmp_path, text, words):
    """And the legal form."""
    path = tmp_path / 'puck.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_spacemouse(path, action)
    assert all(word in str(error.value) for word in ['puck.yaml', *words])
