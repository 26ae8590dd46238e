"""A person who demonstrates: drives the rover to the goal, episode after episode."""

from collections.abc import Callable

import numpy as np
from takeover.action import ActionContract
from takeover.data.step import Step
from takeover.intervention.joystick import JoystickMapping
from takeover.outcome import Outcome
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.hand import JoystickHand
from takeover.simulation.operator import OperatorConfig, ScriptedOperator
from takeover.simulation.takeover_loop import LoopConfig, TakeoverLoop


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
    task, robot = env.task, env.robot
    operator = ScriptedOperator(
        robot,
        task.episode,
        JoystickHand(mapping, env.action_contract),
        1.0 / task.rate_hz,
        OperatorConfig(skill=skill, always=True),
        seed,
    )
    drive = TakeoverLoop(env, mapping, operator, config=loop)
    idle = _Idle(env.action_contract)
    steps, course, found = [], first_course, 0
    while found < count:
        episode = list(drive.drive(course, idle))
        course += 1
        if episode[-1].outcome == Outcome.GOAL:
            steps += episode
            found += 1
            on_episode(found)
    return steps


class _Idle:
    """A policy that asks for nothing, for who drives anyway."""

    version = ''

    def __init__(self, action: ActionContract) -> None:
        self._nothing = np.zeros(action.size)

    def act(self, observation: np.ndarray) -> np.ndarray:
        return self._nothing
