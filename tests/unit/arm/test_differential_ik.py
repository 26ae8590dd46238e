"""Joint velocities for a twist: exact where the arm is free, slower where it is not."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from takeover.arm.differential_ik import DifferentialIk
from takeover.arm.kinematics import ArmKinematics
from takeover.task import load_robot

ROBOT = load_robot('franka')
KINEMATICS = ArmKinematics(ROBOT)
IK = DifferentialIk(KINEMATICS)
HOME = np.array(ROBOT.home_rad)
FASTEST = np.array([joint.max_velocity_rad_s for joint in ROBOT.joints])
DT_S = 0.02
TWIST = np.array([0.1, 0.05, -0.1, 0.2, 0.1, -0.3])


def in_tool_frame(q, linear):
    """Return a twist [6] in the tool frame for a velocity in the base frame."""
    return np.concatenate([KINEMATICS.tool_matrix(q).T @ linear, np.zeros(3)])


def walk(q, linear, steps):
    """Move for some steps with a velocity in the base frame; return where it ends and how."""
    for _ in range(steps):
        dq = IK.joint_velocity(q, in_tool_frame(q, np.array(linear)), DT_S)
        q = q + dq * DT_S
    return q, dq


def test_the_tool_moves_as_asked():
    """To a share of a thousandth, where nothing limits it."""
    dq = IK.joint_velocity(HOME, TWIST, DT_S)
    assert KINEMATICS.tool_twist(HOME, dq) == pytest.approx(TWIST, abs=1e-4)


def test_no_twist_is_no_motion():
    """Exactly."""
    assert (IK.joint_velocity(HOME, np.zeros(6), DT_S) == 0.0).all()


def test_too_fast_a_twist_is_slowed_as_a_whole():
    """One joint is at its fastest, the direction is kept."""
    dq = IK.joint_velocity(HOME, 50.0 * TWIST, DT_S)
    twist = KINEMATICS.tool_twist(HOME, dq)
    assert (np.abs(dq) / FASTEST).max() == pytest.approx(1.0, abs=1e-3)
    assert twist / np.linalg.norm(twist) == pytest.approx(TWIST / np.linalg.norm(TWIST), abs=1e-3)


def test_a_joint_brakes_before_its_limit_and_stays_inside():
    """A turn of the hand that never ends brings joint 7 to its limit, and not beyond."""
    q, turn = HOME.copy(), np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    for _ in range(400):
        dq = IK.joint_velocity(q, turn, DT_S)
        low, high = IK.velocity_bounds(q)
        assert (dq >= low - 1e-6).all() and (dq <= high + 1e-6).all()
        q = q + dq * DT_S
        assert (q >= KINEMATICS.low_rad).all() and (q <= KINEMATICS.high_rad).all()
    assert q[6] == pytest.approx(KINEMATICS.high_rad[6], abs=0.01)


def test_beyond_a_limit_only_the_way_back_is_open():
    """No joint is thrown back either."""
    q = HOME.copy()
    q[6] = KINEMATICS.high_rad[6] + 0.05
    low, high = IK.velocity_bounds(q)
    assert high[6] == 0.0 and low[6] == pytest.approx(-FASTEST[6])
    outwards = IK.joint_velocity(q, np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.5]), DT_S)
    back = IK.joint_velocity(q, np.array([0.0, 0.0, 0.0, 0.0, 0.0, -0.5]), DT_S)
    assert abs(outwards[6]) < 1e-6 and back[6] < -0.1


def test_towards_a_singularity_the_arm_slows_down_and_stops():
    """Stretching forward it ends before; backward it goes at once."""
    q, dq = walk(HOME, (0.2, 0.0, 0.0), 600)
    assert KINEMATICS.smallest_singular_value(q) == pytest.approx(
        ROBOT.singularity.stop_below, abs=1e-3
    )
    assert np.abs(dq).max() < 1e-3
    back = IK.joint_velocity(q, in_tool_frame(q, np.array([-0.1, 0.0, 0.0])), DT_S)
    moved = KINEMATICS.tool_matrix(q) @ KINEMATICS.tool_twist(q, back)[:3]
    assert moved == pytest.approx([-0.1, 0.0, 0.0], abs=1e-3)


def test_half_way_into_a_singularity_it_is_half_as_fast():
    """The slow-down is linear between its two ends."""
    q, limit = HOME, ROBOT.singularity
    middle = 0.5 * (limit.slow_below + limit.stop_below)
    while KINEMATICS.smallest_singular_value(q) > middle:
        q, dq = walk(q, (0.05, 0.0, 0.0), 1)
    speed = np.linalg.norm(KINEMATICS.tool_twist(q, dq)[:3])
    assert speed == pytest.approx(0.025, rel=0.1)


FIVE = load_robot('so101')
FREE = 3  # angular.x


def five_joints(free=('angular.x',)):
    """Return kinematics of five joints that leave these components of a twist free."""
    return ArmKinematics(FIVE.model_copy(update={'free': free}))


def test_five_joints_follow_a_twist_wholly_but_for_what_is_free():
    """The same twist, with nothing free, is bent."""
    q, twist = np.array(FIVE.home_rad), np.array([0.05, -0.05, 0.03, 0.0, 0.2, -0.2])
    missed = {}
    for free in ((), ('angular.x',)):
        kinematics = five_joints(free)
        dq = DifferentialIk(kinematics).joint_velocity(q, twist, DT_S)
        missed[free] = np.abs(np.delete(kinematics.tool_twist(q, dq) - twist, FREE)).max()
    assert missed['angular.x',] < 1e-4 and missed[()] > 0.02


def test_what_is_asked_of_a_free_component_does_not_matter():
    """Not even when nothing else is asked."""
    kinematics, q = five_joints(), np.array(FIVE.home_rad)
    ik, twist, turn = DifferentialIk(kinematics), np.zeros(6), np.zeros(6)
    twist[1], turn[FREE] = 0.05, 0.8
    expected = ik.joint_velocity(q, twist, DT_S)
    assert (ik.joint_velocity(q, twist + turn, DT_S) == expected).all() and expected.any()
    assert (ik.joint_velocity(q, turn, DT_S) == 0.0).all()


def test_too_fast_a_twist_is_slowed_as_a_whole_when_a_component_is_free():
    """One joint is at its fastest, the direction of the others is kept."""
    kinematics, q = five_joints(), np.array(FIVE.home_rad)
    twist = np.array([0.05, 1.5, 0.03, 0.0, 0.2, -0.2])
    dq = DifferentialIk(kinematics).joint_velocity(q, twist, DT_S)
    done, asked = (np.delete(x, FREE) for x in (kinematics.tool_twist(q, dq), twist))
    assert np.abs(dq).max() == pytest.approx(FIVE.joints[0].max_velocity_rad_s, abs=1e-3)
    assert done / np.linalg.norm(done) == pytest.approx(asked / np.linalg.norm(asked), abs=1e-3)


def test_where_a_joint_is_at_its_limit_the_others_come_as_near_as_they_can():
    """Near in what is followed: the free component has no say. SciPy finds the same."""
    kinematics, q = five_joints(), np.array(FIVE.home_rad)
    ik, twist = DifferentialIk(kinematics), np.array([0.05, 0.0, 0.0, 0.0, 0.0, 0.0])
    q[1], q[4] = kinematics.low_rad[1], q[4] + 0.8
    low, high = ik.velocity_bounds(q)
    rows = np.delete(kinematics.jacobian(q), FREE, axis=0)
    nearest = lsq_linear(rows, np.delete(twist, FREE), (low - 1e-9, high)).x
    assert np.linalg.norm(rows @ nearest - np.delete(twist, FREE)) > 0.02
    assert ik.joint_velocity(q, twist, DT_S) == pytest.approx(nearest, abs=1e-3)


def test_a_singularity_is_where_what_is_followed_ends():
    """With the tool over its first axis no joint moves it sideways, though one turns it."""
    q = np.array([0.0, -1.38, 0.73, -1.16, 0.05])
    assert five_joints().tool_position(q)[0] == pytest.approx(FIVE.joints[0].xyz[0], abs=2e-3)
    assert five_joints().smallest_singular_value(q) < FIVE.singularity.stop_below
    assert five_joints(()).smallest_singular_value(q) > FIVE.singularity.slow_below
