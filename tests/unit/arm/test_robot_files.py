"""The arms that are shipped: kinematics as their makers publish them, limits no wider, safe homes.

The expected poses are worked out here from Denavit-Hartenberg parameters or origins of a URDF, by
matrices of this file alone, so that neither the robot files nor the library check themselves.
"""

from math import cos, pi, sin
from pathlib import Path

import numpy as np
import pytest
from takeover.arm.differential_ik import DifferentialIk
from takeover.arm.kinematics import ArmKinematics
from takeover.arm_spec import ArmSpec
from takeover.specs import TWIST
from takeover.task import load_robot

FOLDER = Path(__file__).parents[3] / 'config' / 'robots'
ROBOTS = {path.stem: load_robot(path) for path in sorted(FOLDER.glob('*.yaml'))}
ARMS = {name: robot for name, robot in ROBOTS.items() if isinstance(robot, ArmSpec)}
TIP_OF_HAND_M = 0.1034

# alpha, a, d of the frame before, then theta of the joint (Craig); the flange is the last row.
# The maker gives one table for Panda and FR3.
PANDA = [
    (0.0, 0.0, 0.333),
    (-pi / 2, 0.0, 0.0),
    (pi / 2, 0.0, 0.316),
    (pi / 2, 0.0825, 0.0),
    (-pi / 2, -0.0825, 0.384),
    (pi / 2, 0.0, 0.0),
    (pi / 2, 0.088, 0.0),
    (0.0, 0.0, 0.107),
]
# theta of the joint, then d, a, alpha.
UR5E = [
    (0.1625, 0.0, pi / 2),
    (0.0, -0.425, 0.0),
    (0.0, -0.3922, 0.0),
    (0.1333, 0.0, pi / 2),
    (0.0997, 0.0, -pi / 2),
    (0.0996, 0.0, 0.0),
]
# xyz, rpy of the joints and of the frame between the tips of the jaw.
SO101 = [
    ((0.0388353, 0.0, 0.0624), (pi, 0.0, -pi)),
    ((-0.0303992, -0.0182778, -0.0542), (-pi / 2, -pi / 2, 0.0)),
    ((-0.11257, -0.028, 0.0), (0.0, 0.0, pi / 2)),
    ((-0.1349, 0.0052, 0.0), (0.0, 0.0, -pi / 2)),
    ((0.0, -0.0611, 0.0181), (pi / 2, 0.0486795, pi)),
    ((-0.0079, -0.000218121, -0.0981274), (0.0, pi, 0.0)),
]

# Lowest and highest position, velocity, acceleration and jerk that the maker allows; none: inf.
UNKNOWN = float('inf')
MAKERS = {
    'franka': [
        (-2.8973, 2.8973, 2.175, 15.0, 7500.0),
        (-1.7628, 1.7628, 2.175, 7.5, 3750.0),
        (-2.8973, 2.8973, 2.175, 10.0, 5000.0),
        (-3.0718, -0.0698, 2.175, 12.5, 6250.0),
        (-2.8973, 2.8973, 2.61, 15.0, 7500.0),
        (-0.0175, 3.7525, 2.61, 20.0, 10000.0),
        (-2.8973, 2.8973, 2.61, 20.0, 10000.0),
    ],
    'fr3': [
        (-2.7437, 2.7437, 2.62, 10.0, 5000.0),
        (-1.7837, 1.7837, 2.62, 10.0, 5000.0),
        (-2.9007, 2.9007, 2.62, 10.0, 5000.0),
        (-3.0421, -0.1518, 2.62, 10.0, 5000.0),
        (-2.8065, 2.8065, 5.26, 10.0, 5000.0),
        (0.5445, 4.5169, 4.18, 10.0, 5000.0),
        (-3.0159, 3.0159, 5.26, 10.0, 5000.0),
    ],
    'ur5e': [
        (-turn, turn, pi, UNKNOWN, UNKNOWN)
        for turn in (2 * pi, 2 * pi, pi, 2 * pi, 2 * pi, 2 * pi)
    ],
    'so101': [
        (low, high, 45.0 * 2 * pi / 60.0, UNKNOWN, UNKNOWN)
        for low, high in (
            (-1.91986, 1.91986),
            (-1.74533, 1.74533),
            (-1.69, 1.69),
            (-1.65806, 1.65806),
            (-2.74385, 2.84121),
        )
    ],
}

# The FR3 allows the root of twice a braking times the way to an end, less an offset. Of each joint
# the lowest and the highest end, twice the braking, the offset.
FR3_BRAKING = [
    (-2.7501, 2.7501, 12.0, 0.30),
    (-1.7918, 1.7918, 5.17, 0.20),
    (-2.9065, 2.9065, 7.0, 0.20),
    (-3.0481, -0.1458, 8.0, 0.30),
    (-2.8101, 2.8101, 34.0, 0.35),
    (0.54092, 4.5205, 11.0, 0.35),
    (-3.0196, 3.0196, 34.0, 0.35),
]

# What of the tool's twist each arm follows wholly: all, but for an arm of five joints.
FOLLOWED = {
    'franka': TWIST,
    'fr3': TWIST,
    'ur5e': TWIST,
    'so101': ('linear.x', 'linear.y', 'linear.z', 'angular.y', 'angular.z'),
}
A_HUNDREDTH = 0.01


def moved(x: float, y: float, z: float) -> np.ndarray:
    frame = np.eye(4)
    frame[:3, 3] = x, y, z
    return frame


def turned(axis: str, angle: float) -> np.ndarray:
    first, second = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    frame = np.eye(4)
    frame[first, first] = frame[second, second] = cos(angle)
    frame[first, second], frame[second, first] = -sin(angle), sin(angle)
    return frame


def panda_tool(q) -> np.ndarray:
    frame = np.eye(4)
    for (alpha, a, d), theta in zip(PANDA, [*q, 0.0], strict=True):
        frame = frame @ turned('x', alpha) @ moved(a, 0, 0) @ turned('z', theta) @ moved(0, 0, d)
    return frame @ turned('z', -pi / 4) @ moved(0, 0, TIP_OF_HAND_M)


def ur5e_tool(q) -> np.ndarray:
    frame = turned('z', pi)  # from base_link to base, where the parameters are meant
    for (d, a, alpha), theta in zip(UR5E, q, strict=True):
        frame = frame @ turned('z', theta) @ moved(0, 0, d) @ moved(a, 0, 0) @ turned('x', alpha)
    return frame


def so101_tool(q) -> np.ndarray:
    frame = np.eye(4)
    for (xyz, (roll, pitch, yaw)), theta in zip(SO101, [*q, 0.0], strict=True):
        origin = turned('z', yaw) @ turned('y', pitch) @ turned('x', roll)
        frame = frame @ moved(*xyz) @ origin @ turned('z', theta)
    return frame


TOOLS = {'franka': panda_tool, 'fr3': panda_tool, 'ur5e': ur5e_tool, 'so101': so101_tool}


@pytest.fixture(params=ARMS)
def arm(request) -> ArmSpec:
    return ARMS[request.param]


@pytest.fixture
def kinematics(arm) -> ArmKinematics:
    return ArmKinematics(arm)


def some_joints(arm, count):
    """Yield home and random joints anywhere within the limits."""
    yield np.array(arm.home_rad)
    rng = np.random.default_rng(7)
    for _ in range(count):
        yield np.array([rng.uniform(joint.min_rad, joint.max_rad) for joint in arm.joints])


def joints_at_work(kinematics):
    """Return home and joints around it with the tool in the workspace, far from singularities."""
    arm, rng = kinematics.robot, np.random.default_rng(8)
    low, high = np.array(arm.workspace.low_m), np.array(arm.workspace.high_m)
    home, count = np.array(arm.home_rad), len(arm.joints)
    drawn = home + rng.uniform(-0.6, 0.6, (100, count))
    drawn = np.clip(drawn, kinematics.low_rad + 0.1, kinematics.high_rad - 0.1)
    good = [
        q
        for q in drawn
        if (low < kinematics.tool_position(q)).all()
        and (kinematics.tool_position(q) < high).all()
        and kinematics.smallest_singular_value(q) > 1.2 * arm.singularity.slow_below
    ]
    assert len(good) > 20
    return [home, *good[:20]]


def test_the_arms_are_there_and_named_as_their_files():
    assert set(ARMS) == set(TOOLS) == set(MAKERS) == set(FOLLOWED)
    assert all(arm.robot == name for name, arm in ARMS.items())


def test_the_tool_is_where_the_makers_parameters_put_it(arm, kinematics):
    for q in some_joints(arm, 100):
        expected = TOOLS[arm.robot](q)
        np.testing.assert_allclose(kinematics.tool_position(q), expected[:3, 3], atol=1e-9)
        np.testing.assert_allclose(kinematics.tool_matrix(q), expected[:3, :3], atol=1e-9)


@pytest.mark.parametrize(
    ('name', 'position', 'tolerance'),
    [
        # Upright: the hand hangs 8.8 cm in front, from 0.333 + 0.316 + 0.384 m downwards.
        ('franka', (0.088, 0.0, 1.033 - 0.107 - TIP_OF_HAND_M), 1e-12),
        ('fr3', (0.088, 0.0, 1.033 - 0.107 - TIP_OF_HAND_M), 1e-12),
        # Stretched out: both long links forward, wrist to the left of the base.
        ('ur5e', (0.425 + 0.3922, 0.1333 + 0.0996, 0.1625 - 0.0997), 1e-12),
        # Upper arm upright, the rest forward, all in one plane but for the play of the drawing.
        ('so101', (0.39143, 0.0, 0.22650), 1e-4),
    ],
)
def test_with_all_joints_at_zero_the_tool_is_where_one_can_add_it_up(name, position, tolerance):
    q = np.zeros(len(ARMS[name].joints))
    np.testing.assert_allclose(
        ArmKinematics(ARMS[name]).tool_position(q), position, atol=tolerance
    )


def test_no_limit_of_a_joint_is_wider_than_the_makers(arm):
    for joint, (low, high, velocity, acceleration, jerk) in zip(
        arm.joints, MAKERS[arm.robot], strict=True
    ):
        assert joint.min_rad >= low and joint.max_rad <= high, joint.name
        assert joint.max_velocity_rad_s <= velocity, joint.name
        assert joint.max_acceleration_rad_s2 <= acceleration, joint.name
        assert joint.max_jerk_rad_s3 <= jerk, joint.name


def test_the_fr3_is_allowed_its_velocities_wherever_it_may_be():
    for joint, (low, high, braking, offset) in zip(ARMS['fr3'].joints, FR3_BRAKING, strict=True):
        for position in np.linspace(joint.min_rad, joint.max_rad, 101):
            for way in (position - low, high - position):
                assert joint.max_velocity_rad_s < np.sqrt(braking * way) - offset, joint.name


def test_home_is_far_from_limits_walls_and_singularities(arm, kinematics):
    home = np.array(arm.home_rad)
    assert (home > kinematics.low_rad + 0.5).all() and (home < kinematics.high_rad - 0.5).all()
    position, soft = kinematics.tool_position(home), arm.workspace.soft_m
    assert (position > np.array(arm.workspace.low_m) + soft).all()
    assert (position < np.array(arm.workspace.high_m) - soft).all()
    assert kinematics.smallest_singular_value(home) > 2.0 * arm.singularity.slow_below


@pytest.mark.parametrize(
    ('name', 'down_rad', 'left'),
    [('franka', pi / 2, -1), ('fr3', pi / 2, -1), ('ur5e', pi / 2, -1), ('so101', pi / 4, 1)],
)
def test_at_home_the_tool_looks_down_with_its_y_axis_level(name, down_rad, left):
    matrix = ArmKinematics(ARMS[name]).tool_matrix(np.array(ARMS[name].home_rad))
    np.testing.assert_allclose(matrix[:, 2], [cos(down_rad), 0.0, -sin(down_rad)], atol=1e-5)
    np.testing.assert_allclose(matrix[:, 1], [0.0, left, 0.0], atol=1e-5)


@pytest.mark.parametrize('name', ['franka', 'fr3', 'ur5e'])
def test_most_of_the_workspace_is_reached_with_the_tool_down(name):
    """A box whose corners are out of reach is legal: the arm slows down before it gets there."""
    kinematics = ArmKinematics(ARMS[name])
    box = ARMS[name].workspace
    down, home = np.array([1.0, 0.0, 0.0, 0.0]), np.array(ARMS[name].home_rad)
    low, high = np.array(box.low_m) + box.margin_m, np.array(box.high_m) - box.margin_m
    corners = np.stack(np.meshgrid(*np.linspace(low, high, 3).T), -1).reshape(-1, 3)
    reached = [kinematics.joints_for(corner, down, home) is not None for corner in corners]
    assert np.mean(reached) > 0.7


def test_a_small_twist_in_each_direction_that_the_arm_can_do_is_followed(arm, kinematics):
    ik, dt_s = DifferentialIk(kinematics), 0.02
    rows = [TWIST.index(name) for name in FOLLOWED[arm.robot]]
    for q in joints_at_work(kinematics):
        directions = np.linalg.svd(kinematics.jacobian(q)[rows], full_matrices=False)[0].T
        assert len(directions) == len(rows)
        for direction in 0.02 * np.concatenate([directions, -directions]):
            twist = np.zeros(6)
            twist[rows] = direction
            dq = ik.joint_velocity(q, twist, dt_s)
            np.testing.assert_allclose(kinematics.tool_twist(q, dq)[rows], direction, atol=2e-5)


def test_each_component_that_an_arm_follows_moves_the_tool_that_way(arm, kinematics):
    rows = [TWIST.index(name) for name in FOLLOWED[arm.robot]]
    ik, dt_s, q = DifferentialIk(kinematics), 0.02, np.array(arm.home_rad)
    before, axes = kinematics.tool_position(q), kinematics.tool_matrix(q)
    for name in FOLLOWED[arm.robot]:
        twist = np.array([0.02 if name == component else 0.0 for component in TWIST])
        after = q + dt_s * ik.joint_velocity(q, twist, dt_s)
        moved_m = axes.T @ (kinematics.tool_position(after) - before)
        turn = axes.T @ kinematics.tool_matrix(after)
        turned_rad = 0.5 * np.array(
            [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
        )
        way = np.concatenate([moved_m, turned_rad])[rows]
        np.testing.assert_allclose(way, dt_s * twist[rows], atol=A_HUNDREDTH * dt_s * 0.02)


def test_the_so101_goes_sideways_as_fast_as_it_may_and_turns_as_its_file_tells():
    arm = ARMS['so101']
    kinematics, fastest = ArmKinematics(arm), arm.limits['linear.y'].max_velocity
    q, twist = np.array(arm.home_rad), np.array([0.0, fastest, 0.0, 0.0, 0.0, 0.0])
    dq = DifferentialIk(kinematics).joint_velocity(q, twist, 0.02)
    done = kinematics.tool_twist(q, dq)
    assert done[3] == pytest.approx(-3.0 * fastest, abs=0.01)
    np.testing.assert_allclose(np.delete(done, 3), np.delete(twist, 3), atol=2e-5)
