"""The numbers of docs/safety_case.md are those of the shipped files."""

import math
import re

import pytest
from takeover.safety.arm_gate import ArmGate
from takeover.safety.estop import EstopConfig
from takeover.safety.limiter import worst_stopping_time_s
from takeover.safety.limits import AxisLimits, limits_for_action
from takeover.safety.stop_bounds import stop_bounds_s
from takeover.task import load_robot, load_task_and_robot
from tests.docs.pages import DOCS, prose, REPOSITORY, tables

PAGE = DOCS / 'safety_case.md'
GATE_PERIOD_S = 0.02
STANDS_M_S, STANDS_RAD_S = 0.01, 0.02  # as benchmarks/stop_after_loss.py has them
HALF_A_DIGIT = 0.005
CAUSES = {
    'sensor or camera': 'sensor',
    'policy': 'policy',
    'input device while a person drives': 'input device',
    'arbiter': 'arbiter',
    'gate': 'gate',
}


def rows(first: str) -> dict[str, dict[str, str]]:
    """Return the table whose first head is `first`: rows by their first cell, cells by head."""
    heads, *body = next(table for table in tables(prose(PAGE)) if table[0][0] == first)
    return {row[0].strip('`'): dict(zip(heads, row, strict=True)) for row in body}


def seconds(text: str) -> float:
    """Return the number of a cell in seconds."""
    return float(re.fullmatch(r'([\d.]+) s', text).group(1))


def near(value: float):
    """Return what a rounded number is compared with."""
    return pytest.approx(value, abs=HALF_A_DIGIT + 1e-9)


def test_the_ladder_is_that_of_the_robot_files():
    ladder = rows('rung')
    for column, name in (('rover', 'rover'), ('Franka', 'franka')):
        timeouts = load_robot(name).timeouts.model_dump()
        assert {rung: seconds(row[column]) for rung, row in ladder.items()} == timeouts


def test_the_times_and_ways_of_a_stop_are_those_of_the_limits():
    task, robot = load_task_and_robot('rover_path')
    table = rows('axis')
    for component, axis in zip(task.action.components, limits_for_action(task.action, robot)):
        (row,) = [row for name, row in table.items() if component.name in name]
        a, d, j = (float(row[head]) for head in 'adj')
        assert (a, d, j) == (axis.max_acceleration, axis.max_deceleration, axis.max_jerk)
        v = float(row['v'].split()[0])
        assert v == axis.fastest()
        assert v / d + d / j + a / j == pytest.approx(worst_stopping_time_s(axis))
        assert seconds(row['time, worst']) == pytest.approx(worst_stopping_time_s(axis))
        assert float(row['way from full speed'].split()[0]) == near(v / 2 * (v / d + d / j))


def test_the_bounds_of_the_rover():
    task, robot = load_task_and_robot('rover_path')
    axes, period_s = limits_for_action(task.action, robot), 1.0 / task.rate_hz
    physics = robot.simulation
    ramps = (physics.max_acceleration_m_s2, physics.max_angular_acceleration_rad_s2)
    bounds = stop_bounds_s(
        robot.timeouts,
        axes,
        GATE_PERIOD_S,
        period_s,
        max(axis.fastest() / ramp for axis, ramp in zip(axes, ramps)),
    )
    lag_s = physics.motor_time_constant_s * max(
        math.log(ramp * physics.motor_time_constant_s / stands)
        for ramp, stands in zip(ramps, (STANDS_M_S, STANDS_RAD_S))
    )
    table = rows('lost')
    for lost, cause in CAUSES.items():
        if cause != 'gate':
            assert seconds(table[lost]['rover: command zero']) == near(bounds[cause])
        assert seconds(table[lost]['rover: stands']) == near(bounds[cause] + lag_s + period_s)
    stop_s = longest(axes) + GATE_PERIOD_S
    check_stops_at_once(table, 'rover: command zero', stop_s)


def test_the_bounds_of_the_arm():
    task, robot = load_task_and_robot('arm_peg')
    stop_s = ArmGate(task.action, robot).stop_bound_s() - robot.timeouts.gate_s
    times, notice_s = robot.timeouts, 1.0 / task.rate_hz
    table, column = rows('lost'), 'Franka, `arm_peg`: command zero'
    for lost, bound_s in (
        ('sensor or camera', times.observation_s + times.policy_s + notice_s + stop_s),
        ('policy', times.policy_s + notice_s + stop_s),
        ('input device while a person drives', times.input_device_s + notice_s + stop_s),
        ('arbiter', times.gate_s + stop_s),
    ):
        assert seconds(table[lost][column]) == near(bound_s)
    check_stops_at_once(table, column, stop_s)


def check_stops_at_once(table: dict, column: str, stop_s: float) -> None:
    """Check the two rows of the e-stop."""
    assert seconds(table['e-stop pressed'][column]) == near(stop_s)
    beat_s = EstopConfig().timeout_s
    assert seconds(table['e-stop heartbeat, where required'][column]) == near(beat_s + stop_s)


def longest(axes: list[AxisLimits]) -> float:
    """Return the longest stop of any axis, in seconds."""
    return max(worst_stopping_time_s(axis) for axis in axes)


def test_no_measured_time_is_beyond_its_bound_and_each_is_in_the_readme():
    readme = (REPOSITORY / 'README.md').read_text()
    published = '\n'.join(line for line in readme.splitlines() if ' stands after ' in line)
    compared = 0
    for row in rows('lost').values():
        for measured, bound in (
            ('measured, 50 each', 'rover: stands'),
            ('measured', 'Franka, `arm_peg`: command zero'),
        ):
            if re.fullmatch(r'[\d.]+ s', row[measured]):
                compared += 1
                assert row[measured].removesuffix(' s') in published
                assert seconds(row[measured]) <= seconds(row[bound])
    assert compared == 7
