"""The person who watches an arm: what is taken for danger, and a SpaceMouse in hand."""

from dataclasses import replace

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.intervention.command_reader import CommandReader
from takeover.intervention.device_choice import load_mapping
from takeover.outcome import Outcome
from takeover.simulation.arm.driver import ArmDriver, catch_m
from takeover.simulation.arm.operator import arm_operator, ArmWatch, WATCHFUL
from takeover.simulation.hand import SpaceMouseHand
from takeover.simulation.robots import robot_environment
from takeover.simulation.seat import operator_config, seat_operator
from takeover.simulation.takeover_loop import Idle, TakeoverLoop
from takeover.task import load_task_and_robot
from tests.arm_views import SeenArm, TILTED

REACH, ROBOT = load_task_and_robot('arm_reach')
PEG, _ = load_task_and_robot('arm_peg')
EPISODE = PEG.episode
STEP_S = 0.1
STALLED, AWAY = 'makes no way', 'goes away from the goal'
FORCE, MISS = 'pushes too hard', 'about to miss the hole'


def reach_at(way_m=0.1, turn_rad=0.0, **seen):
    """Return an arm whose goal is so far away."""
    return SeenArm([way_m, 0.0, 0.0], [0.0, turn_rad, 0.0], **seen)


def peg_at(beside_m, above_m, turn_rad=0.0, **seen):
    """Return an arm with the tip of its peg so far beside the hole in y, and above the rim."""
    position = [0.0, beside_m, above_m + EPISODE.peg_length_m]
    return SeenArm(position, [0.0, 0.0, turn_rad], **seen)


def first_danger(watch, seen):
    """Watch views, one each `STEP_S`; return the first danger and when it was seen, or None."""
    for step, view in enumerate(seen):
        view.time_s = step * STEP_S
        danger = watch.danger(view)
        if danger is not None:
            return danger, view.time_s
    return None


def test_a_tool_that_comes_no_nearer_is_given_the_time_of_the_config():
    for stall_s in (WATCHFUL.stall_s, 3.0):
        watch = ArmWatch(REACH, replace(WATCHFUL, stall_s=stall_s))
        danger, seen_s = first_danger(watch, [reach_at() for _ in range(40)])
        assert danger == STALLED and seen_s == pytest.approx(stall_s, abs=STEP_S)


@pytest.mark.parametrize(
    'seen',
    [
        [reach_at(0.5 - 0.01 * step) for step in range(45)],
        [reach_at(turn_rad=1.0 - 0.02 * step) for step in range(45)],
        [reach_at(width_m=0.4 - 0.008 * step) for step in range(45)],
    ],
    ids=['position', 'turn', 'gripper'],
)
def test_a_tool_on_its_way_is_left_alone(seen):
    assert first_danger(ArmWatch(REACH, WATCHFUL), seen) is None
    # Less fast than anybody has patience for.
    assert first_danger(ArmWatch(REACH, WATCHFUL), [seen[0], *[seen[1]] * 40])[0] == STALLED


def test_a_peg_that_only_turns_makes_no_way():
    seen = [peg_at(0.05, 0.05, 1.0 - 0.02 * step) for step in range(45)]
    assert first_danger(ArmWatch(PEG, WATCHFUL), seen)[0] == STALLED


@pytest.mark.parametrize(('task', 'at'), [(REACH, reach_at), (PEG, peg_at)])
def test_a_tool_that_goes_away_is_noticed_before_patience_is_over(task, at):
    more = () if task is REACH else (0.05,)
    seen = [at(0.1 + 0.01 * step, *more) for step in range(20)]
    danger, seen_s = first_danger(ArmWatch(task, WATCHFUL), seen)
    assert danger == AWAY and 0.0 < seen_s < WATCHFUL.stall_s


def test_away_is_meant_from_where_it_was_nearest_and_a_little_is_nothing():
    ways = [*np.arange(0.3, 0.1, -0.02), *[0.14] * 10]
    assert first_danger(ArmWatch(REACH, WATCHFUL), map(reach_at, ways)) is None
    danger, seen_s = first_danger(ArmWatch(REACH, WATCHFUL), map(reach_at, [*ways[:10], 0.16]))
    assert danger == AWAY and seen_s == pytest.approx(1.0)


def test_a_reset_forgets_how_near_the_tool_came():
    watch = ArmWatch(REACH, WATCHFUL)
    assert watch.danger(reach_at(0.05)) is None
    assert watch.danger(reach_at(0.3, time_s=0.1)) == AWAY
    watch.reset()
    assert watch.danger(reach_at(0.3, time_s=10.0)) is None


@pytest.mark.parametrize(('task', 'view'), [(REACH, reach_at()), (PEG, peg_at(0.0, -0.01))])
def test_too_hard_a_push_is_noticed_before_something_breaks(task, view):
    for force_n, danger in ((10.0, None), (0.9 * EPISODE.max_force_n, FORCE)):
        view.contact_force_n = force_n
        assert ArmWatch(task, WATCHFUL).danger(view) == danger


def test_a_peg_low_beside_the_hole_is_about_to_meet_the_board():
    beside_m = catch_m(EPISODE) + 0.001
    for side in (1.0, -1.0):
        assert ArmWatch(PEG, WATCHFUL).danger(peg_at(side * beside_m, 0.004)) == MISS
        assert ArmWatch(PEG, WATCHFUL).danger(peg_at(side * beside_m, 0.02)) is None
    for view in (peg_at(catch_m(EPISODE) - 0.001, 0.004), peg_at(beside_m, -0.01)):
        assert ArmWatch(PEG, WATCHFUL).danger(view) is None


@pytest.mark.parametrize(
    ('beside_m', 'above_m', 'velocity_m_s', 'danger'),
    [
        # Within the horizon of 0.2 s it gets down, and is down beside the hole.
        (0.01, 0.012, (0.0, 0.0, 0.05), MISS),
        (0.01, 0.012, (0.0, 0.0, 0.0), None),
        (0.01, 0.012, (0.0, 0.0, -0.05), None),
        (0.01, 0.012, (0.0, -0.05, 0.05), MISS),
        # It gets over the hole as soon as it gets down.
        (0.01, 0.012, (0.0, 0.05, 0.05), None),
        # It is over the hole, though it moves across.
        (0.001, 0.004, (0.0, 0.05, 0.0), None),
        # It rises, but is too low beside the hole as it is.
        (0.01, 0.004, (0.0, 0.0, -0.05), MISS),
    ],
)
def test_whether_a_peg_misses_depends_on_where_it_moves(beside_m, above_m, velocity_m_s, danger):
    view = peg_at(beside_m, above_m, linear_m_s=velocity_m_s)
    assert ArmWatch(PEG, WATCHFUL).danger(view) == danger


def test_nobody_lets_go_of_a_peg_that_is_about_to_go_in():
    busy = ArmWatch(PEG, WATCHFUL).busy
    assert busy(peg_at(0.001, 0.005)) and busy(peg_at(0.001, -0.01))
    assert not busy(peg_at(0.001, 0.04)) and not busy(peg_at(0.02, 0.005))
    assert not ArmWatch(REACH, WATCHFUL).busy(reach_at(0.001))


def person(task, seed=0, **settings):
    """Return a person before an arm, and who reads the SpaceMouse."""
    action = ActionContract(task.action)
    mapping = load_mapping(action, ROBOT)
    hand = SpaceMouseHand(mapping, action, ROBOT.base_frame)
    config = replace(WATCHFUL, **settings)
    return arm_operator(task, ROBOT, hand, config, seed), CommandReader(mapping, action)


@pytest.mark.parametrize(('task', 'away_m'), [(REACH, 0.03), (PEG, 0.015 + EPISODE.peg_length_m)])
def test_through_the_spacemouse_comes_what_the_sure_hand_asks_for(task, away_m):
    """However the tool is turned: axes of the device are those of the base."""
    operator, reader = person(task, skill=1.0, always=True)
    view = SeenArm([0.02, -0.01, away_m], [0.1, -0.2, 0.15], TILTED)
    tool = replace(view.true_tool(), frame_id=ROBOT.base_frame)
    # A dead-man counts only once it was seen released.
    assert not reader.command(*operator.joy(view), tool).deadman
    command = reader.command(*operator.joy(view), tool)
    sure, rng = ArmDriver(task, ROBOT, 0.0), np.random.default_rng(0)
    sure.reset(rng)
    assert command.deadman
    assert command.values == pytest.approx(sure.act(view, rng).tolist(), abs=1e-5)


def test_who_watches_takes_over_after_a_reaction_and_lets_go_of_an_arm_on_its_way():
    operator, _ = person(REACH, skill=1.0)
    driving = []
    # It stands, and moves from 3 s on.
    for step in range(70):
        way_m = 0.5 - 0.01 * max(step - 30, 0)
        operator.joy(reach_at(way_m, time_s=step * STEP_S))
        driving.append(operator.driving)
    taken_s, let_go_s = (STEP_S * driving.index(True), STEP_S * (69 - driving[::-1].index(True)))
    least_s, most_s = WATCHFUL.reaction_s
    assert least_s <= taken_s - WATCHFUL.stall_s <= most_s + 2 * STEP_S
    assert WATCHFUL.hold_s[0] - STEP_S <= let_go_s - taken_s < 6.0
    assert not driving[-1]


def test_the_same_seed_gives_the_same_person_and_another_another():
    def moves(seed):
        operator, _ = person(REACH, seed, skill=0.4, always=True)
        return [operator.joy(reach_at(0.02, time_s=step * STEP_S)) for step in range(5)]

    assert moves(1) == moves(1) != moves(2)


def test_who_has_more_skill_reaches_more_goals_alone():
    episode = REACH.episode.model_copy(update={'time_limit_s': 5.0})
    task = REACH.model_copy(update={'episode': episode})
    env = robot_environment(task, ROBOT)
    mapping = load_mapping(env.action_contract, ROBOT)

    def goals(skill):
        config = operator_config(ROBOT, skill, always=True)
        loop = TakeoverLoop(env, mapping, seat_operator(task, ROBOT, mapping, config))
        ends = [list(loop.drive(course, Idle(env)))[-1].outcome for course in range(4)]
        return ends.count(Outcome.GOAL)

    try:
        assert goals(0.9) >= goals(0.1) + 2
    finally:
        env.close()
