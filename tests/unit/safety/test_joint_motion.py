"""The joint command alone: whatever is asked of it, it stays inside, and its stop is known."""

import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.safety.joint_motion import JointMotion
from takeover.safety.joint_state import JointCurves, JointState, StopPlan
from takeover.task import load_robot
from tests.arm_rig import (
    BOX_HIGH,
    BOX_LOW,
    FASTEST,
    HIGH,
    joints_at,
    KINEMATICS,
    LOW,
    PERIOD_S,
    ROBOT,
    START,
    STEEPEST,
)

UNIT = np.eye(7)


def motion_at(start):
    """Return a joint command that stands somewhere."""
    motion = JointMotion(KINEMATICS, PERIOD_S)
    motion.seed(start)
    return motion


def steps(motion, goal, count, dt_s=PERIOD_S):
    """Step; return the states."""
    states = []
    for _ in range(count):
        motion.step(np.asarray(goal), dt_s)
        states.append(motion.state)
    return states


@pytest.mark.parametrize('joint', range(7))
@pytest.mark.parametrize('sign', [-1.0, 1.0])
def test_no_joint_is_driven_beyond_its_limit(joint, sign):
    """At full speed into it; it ends near the limit. The box is so wide that it has no say."""
    wide = {'low_m': (-3.0, -3.0, -3.0), 'high_m': (3.0, 3.0, 3.0)}
    workspace = ROBOT.workspace.model_copy(update=wide)
    kinematics = type(KINEMATICS)(ROBOT.model_copy(update={'workspace': workspace}))
    motion = JointMotion(kinematics, PERIOD_S)
    start = START.copy()
    start[joint] = HIGH[joint] - 0.5 if sign > 0.0 else LOW[joint] + 0.5
    motion.seed(start)
    for state in steps(motion, sign * FASTEST * UNIT[joint], 60):
        assert (state.positions >= LOW).all() and (state.positions <= HIGH).all()
    end = HIGH[joint] if sign > 0.0 else LOW[joint]
    assert abs(state.positions[joint] - end) < 0.1


@pytest.mark.parametrize('sign', [-1.0, 1.0])
def test_the_tool_is_not_driven_out_of_its_box(sign):
    """By the base joint, at full speed to the left and to the right wall."""
    motion = motion_at(START)
    for state in steps(motion, sign * FASTEST * UNIT[0], 100):
        tool = KINEMATICS.tool_position(state.positions)
        assert (tool >= BOX_LOW).all() and (tool <= BOX_HIGH).all()
    assert abs(tool[1]) > 0.25


def test_too_fast_a_goal_keeps_its_direction():
    """All joints are slowed by the same share."""
    state = steps(motion_at(START), [0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 6.0], 20)[-1]
    assert state.velocities[4] * 2.0 == pytest.approx(state.velocities[6])
    assert state.velocities[6] == pytest.approx(0.9 * FASTEST[6])


def test_joints_start_and_stop_together():
    """The velocity stays on the line between the two, though their accelerations differ."""
    motion, goal = motion_at(START), np.array([0.5, 0.4, 0.0, 0.0, 0.0, 0.0, 0.8])
    states = steps(motion, goal, 15) + steps(motion, 0.0 * goal, 15)
    moving = [state.motion[0] for state in states if np.abs(state.motion[0]).max() > 0.2]
    assert len(moving) > 15
    for velocity in moving:
        assert velocity / np.linalg.norm(velocity) == pytest.approx(
            goal / np.linalg.norm(goal), abs=0.02
        )


def test_a_stop_is_the_same_however_often_it_is_looked_at():
    """So what was checked is what is done."""
    start = JointState(
        START,
        np.array([[0.8, -0.5, 0.3, 0.0, 1.0, 0.0, -1.0], [1.0] * 7]),
        np.zeros((2, 7)),
        np.zeros(7),
    )
    plan = StopPlan(start, JointCurves(ROBOT), PERIOD_S)
    way = plan.positions()
    low, high = way.min(axis=0) - 1e-4, way.max(axis=0) + 1e-4
    for time_s in np.cumsum(np.random.default_rng(0).uniform(0.0, 0.03, 60)):
        state = plan.at(time_s)
        assert (state.positions >= low).all() and (state.positions <= high).all()
    assert plan.ends and not state.velocities.any()
    assert state.positions == pytest.approx(way[-1])
    for index in range(5):
        assert plan.at(index * PERIOD_S).positions == pytest.approx(way[2 * index], abs=1e-9)


def test_a_long_pause_is_spent_on_the_stop():
    """No step of a fifth of a second is taken; a good part of the stop is done after it."""
    motion = motion_at(START)
    steps(motion, 0.5 * UNIT[6], 20)
    before = motion.state.positions[6]
    state = steps(motion, 0.5 * UNIT[6], 1, dt_s=0.4)[0]
    assert motion.refused and not state.velocities.any()
    assert 0.0 < state.positions[6] - before < 0.5 * 0.4 / 2.0


def test_a_correction_is_slow_and_ends_where_the_arm_is():
    """A tenth of the limits of each joint, beside the motion that is asked for."""
    motion = motion_at(START)
    assert motion.correct(START + 0.05 * UNIT[0] - 0.02 * UNIT[5])
    states = steps(motion, 0.3 * UNIT[6], 60)
    velocities = np.array([state.correction[0] for state in states])
    assert (np.abs(velocities) <= 0.1 * FASTEST + 1e-12).all()
    assert (np.abs(np.diff(velocities, axis=0)) <= 0.1 * STEEPEST * PERIOD_S + 1e-12).all()
    assert states[-1].positions[:6] == pytest.approx(
        (START + 0.05 * UNIT[0] - 0.02 * UNIT[5])[:6], abs=1e-4
    )
    assert states[-1].motion[0][6] == pytest.approx(0.3) and not motion.at_rest


def test_a_correction_does_not_leave_the_limits():
    """A joint is brought to its limit at most; a tool outside the box is not followed."""
    motion = motion_at(joints_at((0.5, BOX_LOW[1] + 0.01, 0.3)))
    start = motion.state.positions
    outside = joints_at((0.5, BOX_LOW[1] - 0.03, 0.3))
    assert not motion.correct(outside)
    assert (steps(motion, np.zeros(7), 50)[-1].positions == start).all()
    start = START.copy()
    start[6] = HIGH[6] - 0.05
    motion = motion_at(start)
    assert motion.correct(start + 0.1 * UNIT[6])
    assert HIGH[6] - 0.002 < steps(motion, np.zeros(7), 100)[-1].positions[6] < HIGH[6]


@pytest.mark.parametrize('name', ['ur5e', 'so101'])
def test_the_jerk_of_each_joint_is_limited(name):
    """Of arms on which it binds at 50 Hz; commanded back and forth between full speeds."""
    robot = load_robot(name)
    motion = JointMotion(ArmKinematics(robot), PERIOD_S)
    motion.seed(np.array(robot.home_rad))
    fastest = np.array([joint.max_velocity_rad_s for joint in robot.joints])
    signs = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], (20, len(fastest)))
    states = [state for sign in signs for state in steps(motion, sign * fastest, 12)]
    acceleration = np.array([state.motion[1] + state.correction[1] for state in states])
    jerk = np.abs(np.diff(acceleration, axis=0)) / PERIOD_S
    limit = np.array([joint.max_jerk_rad_s3 for joint in robot.joints])
    assert (jerk <= limit * (1.0 + 1e-6)).all()
    assert (jerk.max(axis=0) > 0.8 * limit).any()
