"""What a preflight is made for: task, robot, policy, device, and where all of it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from takeover.intervention.device_choice import usual_device
from takeover.policy.stand_still import NO_POLICY
from takeover.robot import RobotSpec
from takeover.shipped import config_path, demo_policy
from takeover.specs import TaskSpec
from takeover.task import load_robot, load_task, robot_of, ROBOTS, TASKS

NO_DEVICE = 'none'


@dataclass(frozen=True)
class Setting:
    """What the checks judge against."""

    task: TaskSpec
    robot: RobotSpec
    task_file: Path
    robot_file: Path
    policy: Path | None
    """None: a person drives alone."""
    device: str
    """joystick, spacemouse, keyboard or none."""
    mapping: str
    """What its axes and buttons mean, by name or file; '': as shipped for device and robot."""
    record: Path | None
    """Folder of the log; None: nothing is recorded."""
    learner: str
    """Host that the learner runs on; '': this one, or there is none."""
    seconds: float
    """How long the trial of the ticks takes."""
    env: Mapping[str, str]
    """Environment of the terminal in which nodes will be started."""

    @property
    def period_s(self) -> float:
        """Of the policy's ticks."""
        return 1.0 / self.task.rate_hz


def make_setting(
    task: str | Path,
    robot: str | Path,
    policy: str,
    device: str,
    mapping: str,
    record: Path | None,
    learner: str,
    seconds: float,
    env: Mapping[str, str],
) -> Setting:
    """Read the files; what is left empty is chosen as the launch files choose it.

    :param policy: bundle; empty: the one that comes with the task, if any; none: a person drives
        alone.
    :param device: empty: the usual one of the robot.
    :raises ConfigError: a file cannot be used by itself. That task and robot do not fit together
        is for a check to find.
    """
    task_file = config_path(task, TASKS)
    loaded = load_task(task_file)
    robot_file = config_path(robot, ROBOTS) if robot else robot_of(task_file, loaded)
    spec = load_robot(robot_file)
    return Setting(
        task=loaded,
        robot=spec,
        task_file=task_file,
        robot_file=robot_file,
        policy=_policy(policy, loaded.task),
        device=device or usual_device(spec),
        mapping=mapping,
        record=record,
        learner=learner,
        seconds=seconds,
        env=env,
    )


def _policy(given: str, task: str) -> Path | None:
    if given:
        return None if given == NO_POLICY else Path(given)
    shipped = demo_policy(task)
    return shipped if shipped.is_file() else None
