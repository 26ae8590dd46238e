"""How often scripted drivers reach the goal alone: what the skill of an operator is worth.

`ScriptedOperator` with its hands on the stick all the time, through joystick mapping, arbiter and
gate, on courses of its own, on the path and in the lane; so `takeover.simulation.operator.SKILLS`
can be checked. For comparison, the operator who corrects and the expert also drive the courses of
the evaluations.

    python -m benchmarks.rlif.operators

Writes benchmarks/results/rlif/operators.csv.
"""

from collections.abc import Callable
import time

from benchmarks.rlif.evaluate import LETTERS, letters
from benchmarks.rlif.experiment import (
    CONFIG,
    EVALUATION_COURSES,
    FIGURES,
    JOYSTICK,
    OPERATOR_COURSES,
    RESULTS,
    write_rows,
)
import numpy as np
from takeover.agents.evaluation import evaluate
from takeover.intervention.joystick import load_joystick
from takeover.outcome import Outcome
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.expert import PathExpert
from takeover.simulation.operator import OperatorConfig
from takeover.simulation.takeover_loop import Idle, seat_operator, TakeoverLoop
from takeover.task import load_task_and_robot
from takeover.training.rlif_run import LIVE_LATENCY_S

TRIED = (0.1, 0.2, 0.4, 0.6, 0.9, 1.0)
CORRECTING = OperatorConfig().skill
FILE = RESULTS / 'operators.csv'


def operator(env: RoverPathEnv, skill: float) -> Callable[[range], str]:
    """Return how an operator drives courses alone: a letter for each."""
    mapping = load_joystick(JOYSTICK, env.action_contract)
    person = seat_operator(env, mapping, OperatorConfig(skill=skill, always=True))
    loop, idle = TakeoverLoop(env, mapping, person), Idle(env)

    def drive(courses: range) -> str:
        ends = [list(loop.drive(course, idle))[-1].outcome for course in courses]
        return ''.join(LETTERS[Outcome(end).name] for end in ends)

    return drive


def expert(env: RoverPathEnv) -> Callable[[range], str]:
    """Return how the expert drives courses, without joystick: a letter for each."""
    driver = PathExpert(env.robot, env.task.episode)

    def drive(courses: range) -> str:
        found = evaluate(env, lambda _: np.array(driver.act(env.simulation)), courses)
        return letters(found)

    return drive


def blind(name: str) -> RoverPathEnv:
    """Return the world of a task without its camera: who drives here needs no pictures."""
    task, robot = load_task_and_robot(CONFIG / 'tasks' / f'{name}.yaml')
    images = {image.inputs[0] for image in task.images}
    seen = {
        'inputs': {key: spec for key, spec in task.inputs.items() if key not in images},
        'features': task.vector_features,
    }
    return RoverPathEnv(task.model_copy(update=seen), robot, None, LIVE_LATENCY_S, gated=True)


def main() -> None:
    """Drive and write."""
    rows = []
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        env = blind(name)
        drives = [('operator', skill, operator(env, skill), OPERATOR_COURSES) for skill in TRIED]
        drives += [
            ('operator', CORRECTING, operator(env, CORRECTING), EVALUATION_COURSES),
            ('expert', '', expert(env), EVALUATION_COURSES),
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
