"""The driver of an arm: the sure hand arrives, and what makes a hand less sure."""

import numpy as np
import pytest
from takeover.simulation.arm.driver import ArmDriver, catch_m
from takeover.simulation.arm.view import goal_error
from takeover.simulation.operator import OperatorError
from takeover.specs import ActionSpec, TWIST
from takeover.task import load_task_and_robot
from tests.arm_views import DOWN, SeenArm, TILTED

REACH, ROBOT = load_task_and_robot('arm_reach')
PEG, _ = load_task_and_robot('arm_peg')
EPISODE = PEG.episode
PERIOD_S = 1.0 / REACH.rate_hz
# Rotations and a gripper, too, for a peg.
PEG_BY_ALL = PEG.model_copy(update={'action': REACH.action})


def in_base(task):
    """Return a task whose action is in the axes of the base."""
    action = task.action.model_copy(update={'frame': ROBOT.base_frame})
    return task.model_copy(update={'action': action})


def driver_of(task, amount=0.0, seed=0):
    """Return a driver at the beginning of an episode."""
    driver = ArmDriver(task, ROBOT, amount)
    driver.reset(np.random.default_rng(seed))
    return driver


def asked(task, view, amount=0.0, seed=0):
    """Return by name what a driver asks for at once."""
    rng = np.random.default_rng(seed)
    values = driver_of(task, amount, seed).act(view, rng)
    return dict(zip((component.name for component in task.action.components), values))


def follow(task, view, duration_s):
    """Let an arm do exactly what the sure hand asks for; yield after each step."""
    driver, rng = driver_of(task), np.random.default_rng(0)
    names = [component.name for component in task.action.components]
    for _ in range(round(duration_s / PERIOD_S)):
        values = dict(zip(names, driver.act(view, rng)))
        twist = [values.get(name, 0.0) for name in TWIST]
        view.move(twist[:3], twist[3:], PERIOD_S, task.action.frame == ROBOT.base_frame)
        yield values


def peg_at(beside_m, above_m, turn=(0.0, 0.0, 0.0)):
    """Return an arm with the tip of its peg so far beside the hole in y, and above the rim."""
    return SeenArm([0.0, beside_m, above_m + EPISODE.peg_length_m], turn)


@pytest.mark.parametrize('task', [REACH, in_base(REACH)], ids=['tool', 'base'])
@pytest.mark.parametrize('rotation', [DOWN, TILTED], ids=['down', 'tilted'])
def test_the_sure_hand_comes_nearer_all_the_time_until_it_is_there(task, rotation):
    view = SeenArm([0.12, -0.2, 0.15], [0.3, -0.2, 0.5], rotation)
    errors = [goal_error(view)]
    for _ in follow(task, view, 6.0):
        errors.append(goal_error(view))
    ways, angles = np.linalg.norm(errors, axis=2).T
    assert (np.diff(ways) < 1e-9).all() and (np.diff(angles) < 1e-9).all()
    assert ways[-1] < 1e-3 and angles[-1] < 1e-3


def test_what_is_too_fast_is_slowed_as_a_whole_and_leads_where_it_was_meant_to():
    position, turn = np.array([0.4, -0.2, 0.1]), np.array([0.3, 0.9, -1.2])
    values = np.array([*asked(REACH, SeenArm(position, turn)).values()])
    assert values[:3] == pytest.approx(0.15 * position / 0.4)
    assert values[3:6] == pytest.approx(0.8 * turn / 1.2)


def test_what_is_too_fast_one_way_is_slowed_by_the_bound_of_that_way():
    low = REACH.action.components[0].model_copy(update={'low': -0.05})
    action = REACH.action.model_copy(update={'components': (low, *REACH.action.components[1:])})
    task = REACH.model_copy(update={'action': action})
    values = asked(task, SeenArm([-0.4, 0.2, 0.0]))
    assert (values['linear.x'], values['linear.y']) == pytest.approx((-0.05, 0.025))
    values = asked(task, SeenArm([0.4, 0.2, 0.0]))
    assert (values['linear.x'], values['linear.y']) == pytest.approx((0.15, 0.075))


@pytest.mark.parametrize(
    ('position', 'turn', 'closes'),
    [
        ([0.005, 0.0, -0.005], [0.0, 0.05, 0.0], True),
        ([0.03, 0.0, 0.0], [0.0, 0.0, 0.0], False),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.3], False),
    ],
)
def test_the_gripper_closes_near_the_goal_only(position, turn, closes):
    gripper = REACH.action.components[-1]
    wanted = gripper.low if closes else gripper.high
    assert asked(REACH, SeenArm(position, turn))['gripper'] == wanted


@pytest.mark.parametrize('task', [PEG, in_base(PEG)], ids=['tool', 'base'])
@pytest.mark.parametrize('side', [(0.04, 0.03), (-0.05, 0.01), (0.0, -0.03)])
def test_a_peg_stays_above_the_board_until_it_is_over_the_hole_and_goes_in(task, side):
    view = SeenArm([*side, EPISODE.peg_length_m + 0.05])
    in_s = None
    for _ in follow(task, view, EPISODE.time_limit_s):
        x, y, z = goal_error(view)[0]
        above, beside = z - EPISODE.peg_length_m, np.hypot(x, y)
        assert above > 0.005 or beside < catch_m(EPISODE)
        if in_s is None and above < -EPISODE.inserted_m:
            in_s = view.time_s
    assert in_s is not None and in_s < EPISODE.time_limit_s / 2


def test_the_nearer_to_the_hole_the_lower_a_peg_goes():
    # z points down, out of the hand.
    assert asked(PEG, peg_at(0.06, 0.03))['linear.z'] < -0.005
    assert asked(PEG, peg_at(0.01, 0.03))['linear.z'] > 0.005


def test_a_peg_is_not_pushed_before_it_is_over_the_hole():
    beside_m = 0.9 * catch_m(EPISODE)
    assert asked(PEG, peg_at(beside_m, 0.004))['linear.z'] < 0.0
    assert asked(PEG, peg_at(beside_m, 0.02))['linear.z'] > 0.0
    assert asked(PEG, peg_at(0.0, 0.004))['linear.z'] > 0.01


def test_a_peg_goes_across_to_the_hole():
    for beside_m in (0.02, -0.02):
        values = asked(PEG, peg_at(beside_m, 0.03))
        assert values['linear.y'] * beside_m > 0.0 and values['linear.x'] == pytest.approx(0.0)


def test_a_peg_in_the_hole_is_pushed_on_and_pulled_to_its_middle_only_where_it_is_over_it():
    for beside_m, across in ((0.001, True), (0.0029, False)):
        values = asked(PEG, peg_at(beside_m, -0.01))
        assert values['linear.z'] > 0.01 and (values['linear.y'] > 0.0) == across


def test_a_round_peg_is_held_upright_and_not_turned():
    values = asked(PEG_BY_ALL, peg_at(0.0, 0.03, [0.1, -0.2, 0.5]))
    assert values['angular.x'] > 0.01 and values['angular.y'] < -0.01
    assert values['angular.z'] == pytest.approx(0.0)


def test_the_sure_hand_has_no_memory_and_leaves_nothing_to_chance():
    driver, rng = driver_of(REACH, seed=1), np.random.default_rng(1)
    views = [SeenArm(*rng.normal(0.0, 0.1, (2, 3))) for _ in range(20)]
    for view in views:
        fresh = [*asked(REACH, view, seed=2).values()]
        assert driver.act(view, rng).tolist() == fresh


def test_the_goal_is_seen_elsewhere_the_farther_the_larger_the_amount():
    at_goal = SeenArm()
    for seed in range(5):
        half, whole = (
            np.array([*asked(REACH, at_goal, amount, seed).values()][:6]) for amount in (0.5, 1.0)
        )
        assert np.abs(half).min() > 0.0 and whole == pytest.approx(2.0 * half)


def test_of_a_peg_a_person_sees_more_than_of_a_target_in_the_air():
    def spread(task, view):
        return np.std([asked(task, view, 1.0, seed)['linear.x'] for seed in range(40)])

    assert spread(PEG, peg_at(0.0, 0.03)) < 0.5 * spread(REACH, SeenArm())


def delay_steps(amount):
    """Return how many steps later a driver answers that the goal is seen elsewhere."""
    here, there = SeenArm(), SeenArm([0.05, 0.0, 0.0])
    one, other = driver_of(REACH, amount), driver_of(REACH, amount)
    rngs = [np.random.default_rng(0) for _ in range(2)]
    for step in range(40):
        values = one.act(here, rngs[0])
        if (other.act(here if step < 20 else there, rngs[1]) != values).any():
            return step - 20
    return None


def test_the_goal_is_seen_later_the_larger_the_amount():
    delays = [delay_steps(amount) for amount in (0.0, 0.5, 1.0)]
    assert delays == [0, 2, 3]


def habits(seeds, length=60):
    """Return what a bad driver asks for at the goal, of each episode [episodes, steps, 6]."""
    driver, rows = ArmDriver(REACH, ROBOT, 1.0), []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        driver.reset(rng)
        rows.append([driver.act(SeenArm(), rng)[:6] for _ in range(length)])
    return np.array(rows)


def test_the_same_seed_of_an_episode_gives_the_same_habits_and_another_others():
    first, second, again = habits([1, 2, 1])
    assert (first == again).all() and (first[0] != second[0]).all()


def test_where_the_goal_is_seen_changes_slowly_and_has_a_bias_for_an_episode():
    episodes = habits(range(20), 160)
    steps = np.diff(episodes[:, 5:], axis=1)
    assert 0.0 < steps.std() < 0.5 * episodes.std()
    early, late = episodes[:, 5:60].mean(axis=1), episodes[:, 100:].mean(axis=1)
    alike = [np.corrcoef(early[:, axis], late[:, axis])[0, 1] for axis in range(6)]
    assert np.mean(alike) > 0.6


def test_velocities_of_joints_are_refused_with_the_kind_that_can_be_driven():
    components = tuple(
        {'name': name, 'unit': 'rad/s', 'low': -1.0, 'high': 1.0} for name in ROBOT.joint_names
    )
    action = ActionSpec(kind='joint_velocity', frame=None, components=components)
    task = REACH.model_copy(update={'action': action})
    with pytest.raises(OperatorError, match='arm_reach.*joint_velocity.*legal: twist'):
        ArmDriver(task, ROBOT, 0.0)
