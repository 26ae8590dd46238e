"""Load task and robot files and check that they fit together.

A name without a slash or an ending, such as rover_lane, is that of a file that is shipped.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from takeover.arm_spec import ArmSpec
from takeover.config_file import ConfigError, load_config
from takeover.robot import RobotSpec, RoverSpec
from takeover.shipped import config_path
from takeover.specs import ActionSpec, TaskSpec

MIN_PERIODS_IN_TIMEOUT = 2.0
TASKS, ROBOTS = 'tasks', 'robots'
_AnyRobot = Annotated[RoverSpec | ArmSpec, Field(discriminator='kind')]
_EPISODES = {'differential_drive': ('path',), 'arm': ('reach', 'peg')}


def load_task(path: str | Path) -> TaskSpec:
    """Read a task file, for example rover_path, which is config/tasks/rover_path.yaml.

    :raises ConfigError: naming file, line, key and the legal form of everything that is wrong.
    """
    return load_config(config_path(path, TASKS), TaskSpec)


def load_robot(path: str | Path) -> RobotSpec:
    """Read a robot file, for example rover, which is config/robots/rover.yaml.

    :raises ConfigError: naming file, line, key and the legal form of everything that is wrong.
    """
    return load_config(config_path(path, ROBOTS), _AnyRobot)


def load_task_and_robot(
    task_path: str | Path, robot_path: str | Path | None = None
) -> tuple[TaskSpec, RobotSpec]:
    """Read a task and its robot, and check one against the other.

    :param robot_path: default: `robot_of`.
    :raises ConfigError: as `load_task`; also when the task asks for more than the robot allows.
    """
    task_path = config_path(task_path, TASKS)
    task = load_task(task_path)
    robot = load_robot(robot_of(task_path, task) if robot_path is None else robot_path)
    problems = mismatches(task, robot)
    if problems:
        raise ConfigError(task_path, [f'{task_path}: {problem}' for problem in problems])
    return task, robot


def robot_of(task_path: Path, task: TaskSpec) -> Path:
    """Return the robot file that a task names.

    ../robots/<robot>.yaml beside the folder of the task file, else the shipped one of this name.
    """
    beside = task_path.parent.parent / ROBOTS / f'{task.robot}.yaml'
    return beside if beside.is_file() else config_path(task.robot, ROBOTS)


def mismatches(task: TaskSpec, robot: RobotSpec) -> list[str]:
    """Return a sentence for everything the task asks for that the robot does not allow."""
    problems = []
    if task.robot != robot.robot:
        problems.append(
            f'robot: is made for {task.robot!r}, the robot file describes {robot.robot!r}'
        )
    legal = _EPISODES[robot.kind]
    if task.episode.kind not in legal:
        problems.append(
            f'episode.kind: {task.episode.kind} is not for a robot of the kind {robot.kind}; '
            f'legal: {", ".join(legal)}'
        )
    if isinstance(robot, ArmSpec) and task.action.kind == 'twist':
        problems += _mismatches_of_twist(task.action, robot)
    axes = robot.axes
    for component in task.action.components:
        limit = axes.get(component.name)
        where = f'action.components.{component.name}'
        if limit is None:
            problems.append(f'{where}: {robot.robot} has no such axis; legal: {", ".join(axes)}')
        elif component.low < limit.min_velocity or component.high > limit.max_velocity:
            problems.append(
                f'{where}: bounds [{component.low}, {component.high}] '
                f'{component.unit} leave the limits of {robot.robot} '
                f'[{limit.min_velocity}, {limit.max_velocity}]'
            )
    for name, spec in task.inputs.items():
        if spec.max_age_s is not None and spec.max_age_s > robot.timeouts.observation_s:
            problems.append(
                f'inputs.{name}.max_age_s: {spec.max_age_s} s is longer than '
                f'timeouts.observation_s of {robot.robot} '
                f'({robot.timeouts.observation_s} s)'
            )
    if robot.timeouts.policy_s * task.rate_hz < MIN_PERIODS_IN_TIMEOUT:
        problems.append(
            f'rate_hz: at {task.rate_hz} Hz a command is late after '
            f'{robot.timeouts.policy_s} s (timeouts.policy_s of {robot.robot}), which '
            f'must be at least {MIN_PERIODS_IN_TIMEOUT:g} periods'
        )
    return problems


def _mismatches_of_twist(action: ActionSpec, robot: ArmSpec) -> list[str]:
    """Return a sentence for a frame that the arm has not, and for what it leaves free."""
    problems = []
    frames = (robot.tool_frame, robot.base_frame)
    if action.frame not in frames:
        problems.append(
            f'action.frame: {action.frame} is no frame of {robot.robot}; legal: '
            f'{", ".join(frames)}'
        )
    for component in action.components:
        name, *_ = component.name.split('.')
        for free in robot.free:
            # In other axes than the tool's, each of the three may contain the free one.
            in_tool = action.frame == robot.tool_frame
            if component.name == free if in_tool else free.startswith(f'{name}.'):
                problems.append(
                    f'action.components.{component.name}: {robot.robot} follows no {free} of '
                    f'{robot.tool_frame} (free in the robot file), which is in it; leave it out'
                )
    return problems
