"""A person who demonstrates: drives the robot to the goal, episode after episode."""

from collections.abc import Callable

from takeover.data.step import Step
from takeover.intervention.command_reader import DeviceMapping
from takeover.outcome import Outcome
from takeover.simulation.seat import operator_config, seat_operator
from takeover.simulation.takeover_loop import Idle, LoopConfig, TakeoverLoop
from takeover.simulation.task_environment import TaskEnv


def drive_demonstrations(
    env: TaskEnv,
    mapping: DeviceMapping,
    count: int,
    skill: float,
    first_course: int,
    seed: int,
    loop: LoopConfig = LoopConfig(),
    on_episode: Callable[[int], None] = lambda found: None,
) -> list[Step]:
    """Return the steps of so many episodes that reached the goal; the others are left out.

    :param skill: of who demonstrates, see `OperatorConfig`.
    :param first_course: seed of the first course; each next episode adds 1.
    :param seed: of the person's habits and noise.
    :param on_episode: told how many episodes there are, after each one that reached the goal.
    """
    config = operator_config(env.robot, skill, always=True)
    operator = seat_operator(env.task, env.robot, mapping, config, seed)
    drive = TakeoverLoop(env, mapping, operator, config=loop)
    idle = Idle(env)
    steps, course, found = [], first_course, 0
    while found < count:
        episode = list(drive.drive(course, idle))
        course += 1
        if episode[-1].outcome == Outcome.GOAL:
            steps += episode
            found += 1
            on_episode(found)
    return steps
