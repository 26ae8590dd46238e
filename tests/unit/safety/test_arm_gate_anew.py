"""After others have moved the arm, the gate begins where it finds it, near or far."""

import numpy as np
import pytest
from takeover.safety.gate import GateState
from tests.arm_rig import ArmRig, ROBOT, START

FORWARD = (0.0, 0.0, 0.1, 0.0, 0.0, 0.0, -0.05)


@pytest.mark.parametrize('by_rad', [0.5 * ROBOT.tracking_tolerance_rad, 0.6])
def test_it_begins_anew_where_the_arm_is(by_rad):
    rig = ArmRig()
    rig.drive(FORWARD, 0.5)
    width_m = rig.gate.tick(rig.now_s).width_m
    elsewhere = START + np.array([by_rad, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    rig.gate.begin_anew(rig.now_s)
    rig.sent, rig.width_m = [elsewhere] * len(rig.sent), 0.08
    rig.wait(0.02).sense()
    output = rig.gate.tick(rig.now_s)
    assert output.state is GateState.STANDBY and not any(output.values)
    assert (output.positions == elsewhere).all(), 'not a bit of the way'
    assert output.width_m == 0.08 != width_m


def test_beginning_anew_is_no_reset():
    rig = ArmRig()
    rig.gate.estop('pressed', rig.now_s)
    rig.gate.begin_anew(rig.now_s)
    rig.wait(0.02).sense()
    assert rig.gate.tick(rig.now_s).state is GateState.ESTOPPED


def test_nothing_is_commanded_before_the_joints_are_measured_again():
    rig = ArmRig()
    rig.drive(FORWARD, 0.3)
    rig.gate.begin_anew(rig.now_s)
    output = rig.command(FORWARD)
    assert output.positions is None and output.width_m is None and not any(output.values)
