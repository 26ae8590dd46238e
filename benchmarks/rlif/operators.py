"""How often scripted drivers reach the goal alone: what the skill of an operator is worth.

`ScriptedOperator` with its hands on the stick all the time, through joystick mapping, arbiter and
gate, on courses of its own, on the path and in the lane; so `takeover.simulation.operator.SKILLS`
can be checked. For comparison, the operator who corrects and the expert also drive the courses of
the evaluations.

    python -m benchmarks.rlif.operators                          # all tasks
    python -m benchmarks.rlif.operators arm_reach --courses 50

Writes benchmarks/results/rlif/operators.csv; what it has of other tasks stays.
"""

import argparse
from collections.abc import Callable
import time

from benchmarks.rlif.evaluate import LETTERS, letters
from benchmarks.rlif.experiment import (
    CONFIG,
    EVALUATION_COURSES,
    EXPERIMENTS,
    FIGURES,
    OPERATOR_COURSES,
    read_rows,
    RESULTS,
    write_rows,
)
import numpy as np
from takeover.agents.evaluation import evaluate
from takeover.intervention.device_choice import load_mapping
from takeover.outcome import Outcome
from takeover.simulation.arm.driver import ArmDriver
from takeover.simulation.expert import PathExpert
from takeover.simulation.robots import robot_environment
from takeover.simulation.seat import operator_config, seat_operator
from takeover.simulation.takeover_loop import Idle, TakeoverLoop
from takeover.simulation.task_environment import TaskEnv
from takeover.task import load_task_and_robot
from takeover.training.rlif_run import LIVE_LATENCY_S

TRIED = (0.1, 0.2, 0.4, 0.6, 0.9, 1.0)
FILE = RESULTS / 'operators.csv'


def operator(env: TaskEnv, skill: float) -> Callable[[range], str]:
    """Return how an operator drives courses alone: a letter for each."""
    mapping = load_mapping(env.action_contract, env.robot)
    config = operator_config(env.robot, skill, always=True)
    person = seat_operator(env.task, env.robot, mapping, config)
    loop, idle = TakeoverLoop(env, mapping, person), Idle(env)

    def drive(courses: range) -> str:
        ends = [list(loop.drive(course, idle))[-1].outcome for course in courses]
        return ''.join(LETTERS[Outcome(end).name] for end in ends)

    return drive


def expert(env: TaskEnv) -> Callable[[range], str]:
    """Return how the expert drives courses, without a device: a letter for each."""
    rng = np.random.default_rng(0)
    if env.task.episode.kind == 'path':
        sure = PathExpert(env.robot, env.task.episode)
        return lambda courses: letters(
            evaluate(env, lambda _: np.array(sure.act(env.simulation)), courses)
        )
    driver = ArmDriver(env.task, env.robot, 0.0)
    driver.reset(rng)
    return lambda courses: letters(
        evaluate(env, lambda _: driver.act(env.simulation, rng), courses)
    )


def blind(name: str) -> TaskEnv:
    """Return the world of a task without its camera: who drives here needs no pictures."""
    task, robot = load_task_and_robot(CONFIG / 'tasks' / f'{name}.yaml')
    images = {image.inputs[0] for image in task.images}
    seen = {
        'inputs': {key: spec for key, spec in task.inputs.items() if key not in images},
        'features': task.vector_features,
    }
    return robot_environment(task.model_copy(update=seen), robot, LIVE_LATENCY_S)


def main() -> None:
    """Drive and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('tasks', nargs='*', metavar='task', help=f'of {", ".join(FIGURES)}')
    parser.add_argument('--courses', type=int, default=len(OPERATOR_COURSES))
    given = parser.parse_args()
    names = given.tasks or list(FIGURES)
    own, evaluated = OPERATOR_COURSES[: given.courses], EVALUATION_COURSES[: given.courses]
    rows = [row for row in read_rows(FILE) if row['task'] not in names]
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in names:
        env = blind(name)
        correcting = EXPERIMENTS[FIGURES[name][0]].operator_skill
        drives = [('operator', skill, operator(env, skill), own) for skill in TRIED]
        drives += [
            ('operator', correcting, operator(env, correcting), evaluated),
            ('expert', '', expert(env), evaluated),
        ]
        for driver, skill, drive, courses in drives:
            begun_s = time.monotonic()
            outcomes = drive(courses)
            rows.append(
                {
                    'task': name,
                    'driver': driver,
                    'skill': skill,
                    'first_course': courses[0],
                    'goals': outcomes.count('G'),
                    'courses': len(outcomes),
                    'outcomes': outcomes,
                }
            )
            write_rows(FILE, rows)
            took_s = time.monotonic() - begun_s
            print(
                f'{name} {driver} {skill}: {rows[-1]["goals"]} of {len(outcomes)}, {took_s:.0f} s'
            )
        env.close()


if __name__ == '__main__':
    main()
