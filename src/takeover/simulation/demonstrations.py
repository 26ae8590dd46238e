"""A person who demonstrates: drives the rover to the goal, episode after episode."""

from collections.abc import Callable

from takeover.data.step import Step
from takeover.intervention.joystick import JoystickMapping
from takeover.outcome import Outcome
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.operator import OperatorConfig
from takeover.simulation.takeover_loop import Idle, LoopConfig, seat_operator, TakeoverLoop


def drive_demonstrations(
    env: RoverPathEnv,
    mapping: JoystickMapping,
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
    operator = seat_operator(env, mapping, OperatorConfig(skill=skill, always=True), seed)
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
