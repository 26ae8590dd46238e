"""`takeover rlif`: learn from the take-overs of a scripted operator, headless."""

import csv
from dataclasses import asdict
from pathlib import Path

from takeover.errors import TakeoverError


def command(
    *,
    task: Path = Path('rover_path'),
    device: Path | None = None,
    config: Path | None = None,
    demonstrations: int = 4,
    operator: float = 0.4,
    steps: int = 20_000,
    seed: int = 0,
    episodes: int = 20,
    out: Path = Path('runs/rlif'),
) -> int:
    """Clone demonstrations, correct the clone by a scripted operator, and learn from that.

    The same arbiter, labels and learner as on a robot, faster than real time and without ROS. The
    folder gets the logs of the corrected driving and of the demonstrations (`takeover log info`),
    every policy version, and episodes.csv; the policy that was corrected least for as long as it
    drove becomes deployed.onnx. At the end the first and the deployed policy drive alone, and
    report.html tells the whole.
    `takeover learn OUT/log --demonstrations OUT/demonstrations` learns the same from the logs.

    Args:
        task: The task, by name or file; its robot is looked up beside it.
        device: What the axes and buttons of the operator's device mean (YAML); default: those of
            config/inputs for the kind of robot.
        config: How take-overs become a policy (YAML); default: config/training/rlif_NAME.yaml of
            the task's name, or the defaults.
        demonstrations: Episodes driven to the goal before that, cloned and learned from.
        operator: Skill of the operator: about the share of episodes it finishes alone, 0.1 to 1.
        steps: Steps of corrected driving.
        seed: Of courses, people, noise, weights and batches.
        episodes: Courses on which the policies drive alone at the end; 0: none.
        out: Folder of the run; must not exist.
    """
    from rich.console import Console
    from takeover.action import ActionContract
    from takeover.data.log_messages import headless_channels
    from takeover.data.log_metadata import log_metadata
    from takeover.data.log_writer import LogWriter, write_steps
    from takeover.intervention.device_choice import load_mapping
    from takeover.policy.bundle_writer import write_atomically
    from takeover.report.learning_evaluation import evaluate_policy, write_evaluations
    from takeover.report.learning_page import write_learning_report
    from takeover.report.learning_session import EVALUATIONS_FILE
    from takeover.specs import spec_hash
    from takeover.task import load_task_and_robot
    from takeover.training import compute
    from takeover.training.rlif_run import (
        EpisodeRow,
        EVALUATION_COURSES,
        RlifRun,
        RlifRunConfig,
    )
    from takeover.training.takeover_settings import config_of_task

    if out.exists():
        raise TakeoverError(f'--out {out} exists already; name a folder that does not')
    if episodes < 0:
        raise TakeoverError(f'--episodes is {episodes}; it must be 0 or more')
    spec, robot = load_task_and_robot(task)
    mapping = load_mapping(ActionContract(spec.action), robot, path=device or '')
    settings = RlifRunConfig(
        steps=steps,
        seed=seed,
        demonstrations=demonstrations,
        operator_skill=operator,
        learner=config_of_task(spec.task, config),
    )
    typed = f'takeover rlif --task {task} --operator {operator:g} --steps {steps} --seed {seed}'
    console = Console(highlight=False)
    console.print(f'computing on {compute.prepare()}')
    out.mkdir(parents=True)
    hash_of_task = spec_hash(spec)
    metadata = log_metadata(task, typed, asdict(settings))
    with (
        LogWriter(out / 'log', headless_channels(), metadata) as log,
        (out / 'episodes.csv').open('w', newline='') as file,
    ):
        run = RlifRun(
            spec,
            robot,
            mapping,
            settings,
            out / 'policies',
            typed,
            lambda step: log.write_step(step, hash_of_task),
        )
        shown = run.demonstrate()
        write_steps(out / 'demonstrations', shown, hash_of_task, metadata)
        first = run.policy
        console.print(f'{len(shown)} steps demonstrated and cloned: policy {first.version}')
        table = csv.DictWriter(file, EpisodeRow.__dataclass_fields__)
        table.writeheader()
        for row in run.drive():
            table.writerow(asdict(row))
            file.flush()
            console.print(
                f'{row.steps:6d} steps  episode {row.episode:3d}  {row.outcome.lower():<10} '
                f'{row.takeovers} take-overs  person {100.0 * row.human_share:2.0f} %  '
                f'policy {row.version}  trusted {row.best}'
            )
    deployed = run.deployed()
    write_atomically(out / 'deployed.onnx', deployed.bundle.model_bytes)
    trusted = run.evidence.trusted()
    console.print(f'deployed: {deployed.version}, {trusted}')
    evaluated = []
    courses = range(EVALUATION_COURSES, EVALUATION_COURSES + episodes)
    for name, policy in (('first', first), ('deployed', deployed)):
        if courses:
            evaluated.append(evaluate_policy(run.env, policy, name, courses))
            console.print(f'{name} policy alone: {evaluated[-1]}')
    run.close()
    if evaluated:
        write_evaluations(out / EVALUATIONS_FILE, evaluated)
    console.print(f'report: {write_learning_report(out)}')
    return 0
