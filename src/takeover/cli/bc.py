"""`takeover bc`: clone what a person demonstrated into a policy that drives."""

from pathlib import Path
import shlex
from typing import Annotated

from takeover.errors import TakeoverError
import tyro


def command(
    logs: tyro.conf.Positional[tuple[Path, ...]],
    *,
    out: Path = Path('policy.onnx'),
    task: Path = Path('rover_path'),
    config_file: Annotated[Path | None, tyro.conf.arg(name='config')] = None,
    seed: int | None = None,
    held_out: float = 0.0,
) -> int:
    """Clone the steps of logs that a person drove: behaviour cloning.

    The policy is the one that `takeover learn --demonstrations LOGS` begins with, by the same
    settings. Demonstrations are recorded by `takeover launch teleop.launch.xml task:=TASK
    record:=FOLDER`, beside a robot or a simulation that runs. The same logs, settings and seed
    give the same policy.

    Args:
        logs: Log files, or folders of them, in which a person drives to the goal.
        out: The policy bundle to write.
        task: The task the logs are of, by name or file.
        config_file: How demonstrations become a policy (YAML); default:
            config/training/rlif_NAME.yaml of the task's name, or the defaults.
        seed: Of weights and batches; default: as in the file.
        held_out: Share of the episodes that is not cloned; the policy is measured on them.
    """
    from dataclasses import replace

    from takeover.cli.progress_bar import progress_bar
    from takeover.specs import spec_hash
    from takeover.task import load_task
    from takeover.training import cloning, compute
    from takeover.training.demonstrations import read_demonstrations
    from takeover.training.takeover_learner import TakeoverLearner
    from takeover.training.takeover_settings import config_of_task

    if not 0.0 <= held_out < 1.0:
        raise TakeoverError(f'--held-out is {held_out:g}; it must be 0 or more, and less than 1')
    spec = load_task(task)
    config = config_of_task(spec.task, config_file)
    config = config if seed is None else replace(config, seed=seed)
    typed = command_line(logs, out, task, config_file, seed, held_out)
    say(f'computing on {compute.prepare()}')
    steps = read_demonstrations(logs, spec_hash(spec), lambda: False)
    learner = TakeoverLearner(spec, config)
    apart = []
    if held_out:
        kept, apart = cloning.hold_out(cloning.driven_episodes(steps), held_out, config.seed)
        steps = [step for episode in kept for step in episode]
    described = describe(steps, apart)
    say(described)
    with progress_bar('cloning', config.learner.pretraining_steps) as advance:
        loss = cloning.clone_demonstrations(learner, steps, cloning=advance)
    say(f'loss {loss:.5f} after {config.learner.pretraining_steps} steps of cloning')
    if apart:
        error = cloning.cloning_error(learner, [step for episode in apart for step in episode])
        say(f'loss {error:.5f} on what was held out')
    write(learner, out, typed, described)
    return 0


def describe(steps: list, apart: list) -> str:
    """Return what is cloned, in words."""
    from takeover.training.cloning import driven_episodes

    driven = sum(step.intervened for step in steps)
    text = f'{driven} steps that a person drove, in {len(driven_episodes(steps))} episodes'
    return f'{text}; {len(apart)} episodes are held out' if apart else text


def write(learner: object, out: Path, typed: str, described: str) -> None:
    """Write the bundle, and say which it is."""
    from dataclasses import asdict

    from takeover.policy import provenance

    policy = learner.export(out, provenance.describe(typed, asdict(learner.config), described))
    say(f'{out}: version {policy.version}, {out.stat().st_size / 1000.0:.0f} kB')


def command_line(
    logs: tuple[Path, ...],
    out: Path,
    task: Path,
    config_file: Path | None,
    seed: int | None,
    held_out: float,
) -> str:
    """Return what was typed."""
    words: list[object] = ['takeover', 'bc', *logs, '--out', out, '--task', task]
    for option, value in (('config', config_file), ('seed', seed), ('held-out', held_out or None)):
        if value is not None:
            words += [f'--{option}', value]
    return shlex.join(map(str, words))


def say(line: object) -> None:
    """Print a line at once: a log is read while it grows."""
    print(line, flush=True)
