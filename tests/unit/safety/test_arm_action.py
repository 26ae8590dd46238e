"""The action of an arm that leaves a component of the twist free: followed, and told as it was."""

import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.safety.arm_action import ArmAction
from takeover.safety.limits import limits_for_action
from takeover.specs import ActionSpec, TWIST
from takeover.task import load_robot
from tests.arm_rig import ArmRig

ROBOT = load_robot('so101')
KINEMATICS = ArmKinematics(ROBOT)
HOME = np.array(ROBOT.home_rad)
UNITS = {'linear': 'm/s', 'angular': 'rad/s'}
SIDEWAYS = 0.05


def twist_of(names, frame=ROBOT.tool_frame):
    """Return an action of these components."""
    return ActionSpec(
        kind='twist',
        frame=frame,
        components=tuple(
            {'name': name, 'unit': UNITS[name[:-2]], 'low': -0.15, 'high': 0.15} for name in names
        ),
    )


def action_of(spec):
    """Return the translation of an action."""
    return ArmAction(spec, KINEMATICS, limits_for_action(spec, ROBOT), 0.02)


def test_sideways_motion_is_followed_and_nothing_is_called_limited():
    names = [name for name in TWIST if name not in ROBOT.free]
    action = action_of(twist_of(names))
    asked = [SIDEWAYS if name == 'linear.y' else 0.0 for name in names]
    dq, limited = action.joint_velocity(asked, HOME)
    assert limited == ()
    assert action.executed(dq, 0.0, HOME) == pytest.approx(asked, abs=2e-5)


def test_a_way_in_the_base_frame_is_followed_wherever_the_tool_looks():
    action = action_of(twist_of(TWIST[:3], ROBOT.base_frame))
    for pan_rad in (-0.6, 0.0, 0.6):
        q = HOME + [pan_rad, 0.0, 0.0, 0.0, 0.3]
        for asked in SIDEWAYS * np.vstack([np.eye(3), -np.eye(3)]):
            dq, limited = action.joint_velocity(asked, q)
            if 'tool/workspace' not in limited:
                assert action.executed(dq, 0.0, q) == pytest.approx(asked, abs=1e-4)
                assert limited == ()


def test_what_is_executed_of_a_free_component_is_what_the_joints_do():
    rig = ArmRig(twist_of(TWIST), HOME, ROBOT)
    asked = [SIDEWAYS if name == 'linear.y' else 0.0 for name in TWIST]
    output = rig.drive(asked, 0.3)[-1]
    done = KINEMATICS.tool_twist(output.positions, output.velocities)
    assert output.values == pytest.approx(done, abs=1e-3)
    assert output.values[1] == pytest.approx(SIDEWAYS, abs=1e-3)
    assert output.values[3] == pytest.approx(-3.0 * SIDEWAYS, abs=0.02)
