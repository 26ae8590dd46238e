"""`takeover learn`: learn from the logs of what was driven and corrected, without ROS."""

from contextlib import nullcontext
from dataclasses import replace
from math import nan
from pathlib import Path
import shlex
import signal
import sys
import time
from typing import Annotated, Any, Literal

from takeover.cli.child_processes import Signals
from takeover.errors import TakeoverError
import tyro

SLICE_S = 0.2


def command(
    log_dir: tyro.conf.Positional[Path],
    *,
    out: Path,
    demonstrations: tuple[Path, ...] = (),
    other_logs: tuple[Path, ...] = (),
    task: Path = Path('rover_path'),
    config_file: Annotated[Path | None, tyro.conf.arg(name='config')] = None,
    critic: Literal['dsact', 'ensemble'] | None = None,
    seed: int | None = None,
    checkpoint_s: float = 60.0,
) -> int:
    """Learn from finished logs, as learner_node does from growing ones.

    The folder gets checkpoints, progress.csv, TensorBoard events, every stored policy, and the
    newest as policy.onnx. Ctrl-C keeps a checkpoint; the same command again goes on from it, also
    when the log has grown since. The same logs, demonstrations, settings and seed give the same
    weights, however often it was stopped. Of several robots' logs the order counts, too: that of a
    live learner is in order.csv of its folder; copied into a new --out, it gives its weights.

    Args:
        log_dir: Folder of the logs (*.mcap), as recorder_node and `takeover rlif` write them.
        out: Folder of the learner; goes on with what is in it.
        demonstrations: Log files, or folders of them, in which a person drives to the goal.
        other_logs: Folders of the logs of other robots that did the same task, one for each.
        task: The task the logs are of, by name or file.
        config_file: How take-overs become a policy (YAML); default: config/training/rlif_NAME.yaml
            of the task's name, or the defaults.
        critic: DSAC-T's twin distributions, or an ensemble of values; default: as in the file.
        seed: Of weights, noise and batches; default: as in the file.
        checkpoint_s: Seconds between two checkpoints.
    """
    from takeover.task import load_task
    from takeover.training import compute
    from takeover.training.log_training import LogTraining

    if not checkpoint_s > 0.0:
        raise TakeoverError(f'--checkpoint-s is {checkpoint_s:g}; it must be more than 0 seconds')
    spec = load_task(task)
    config = settings(spec.task, config_file, critic, seed)
    for folder in (log_dir, *other_logs):
        refuse_useless(folder, spec)
    typed = command_line(log_dir, out, demonstrations, other_logs, task, config_file, critic, seed)
    training = LogTraining(spec, log_dir, out, demonstrations, config, typed, warn, other_logs)
    with Signals() as signals, training.held():
        say(f'computing on {compute.prepare()}')
        try:
            finished = learn(training, signals, checkpoint_s)
        finally:
            training.close()
        if not finished:
            return stopped(training, signals, typed)
        tell(training)
    return 0


def settings(task: str, config_file: Path | None, critic: str | None, seed: int | None) -> Any:
    """Return the settings: of the file, or of the task, with what was typed in their place."""
    from takeover.training.takeover_settings import config_of_task

    config = config_of_task(task, config_file)
    if critic is not None:
        config = replace(config, learner=replace(config.learner, critic=critic))
    return config if seed is None else replace(config, seed=seed)


def refuse_useless(log_dir: Path, spec: Any) -> None:
    """Refuse what holds no step of the task, before anything is cloned.

    :raises TakeoverError: no folder, no log in it, or no step of this task.
    """
    from takeover.data.log_reader import log_files, read_log
    from takeover.data.step import Step
    from takeover.specs import spec_hash

    if log_dir.is_file():
        raise TakeoverError(f'{log_dir}: is a file; give the folder of the logs')
    events = read_log(log_files([log_dir]), spec_hash(spec))
    if not any(isinstance(event, Step) for event in events):
        raise TakeoverError(f'{log_dir}: its logs hold no step; nothing was driven')


def learn(training: Any, signals: Signals, checkpoint_s: float) -> bool:
    """Learn from the whole log with a live display; return whether its end was reached.

    :raises TakeoverError: learning cannot go on; says from where it could.
    """
    from rich.console import Console
    from takeover.cli.train_display import describe, display, Row
    from takeover.training.log_events import TrainingStopped

    def stopping() -> bool:
        return bool(signals.received)

    say('reads demonstrations and log; clones the demonstrations, if that was not done before')
    try:
        say(training.start(stopping))
    except TrainingStopped:
        return False
    while training.poll():
        pass
    if training.saved_events < 0:
        training.checkpoint()
    counts, steps = training.learner.counts, training.learner.counts.events + training.behind
    if not training.behind:
        say(f'nothing new in {training.place}: all {steps} steps have been learned from')
    saved_s = time.monotonic()
    with display(Console(highlight=False)) if training.behind else nullcontext() as shown:
        while training.behind and not stopping():
            try:
                training.learn(SLICE_S, stopping)
            except TakeoverError as error:
                raise failed(training, error) from None
            if time.monotonic() - saved_s > checkpoint_s:
                training.checkpoint()
                saved_s = time.monotonic()
            detail = describe(nan, nan, training.updates_per_s, training.learner.numbers)
            shown.show([Row(training.task.task, counts.events, steps, detail)])
    if training.saved_events != counts.events:
        training.checkpoint()
    return not training.behind


def failed(training: Any, error: TakeoverError) -> TakeoverError:
    """Return the error that ends it, with what is left."""
    return TakeoverError(
        f'after {training.learner.counts.events} steps: {error}; the checkpoints in '
        f'{training.folder.checkpoints} are from before, but the same settings would end the '
        'same; begin another --out with others'
    )


def stopped(training: Any, signals: Signals, typed: str) -> int:
    """Say how to go on; return the exit code."""
    name = signal.Signals(signals.received[0]).name
    if training.saved_events < 0:
        say(f'stopped by {name} before there was anything to keep; begin again with')
    else:
        done = training.learner.counts.events
        say(f'stopped by {name} after {done} steps, {training.behind} are left; continue with')
    say(f'  {typed}')
    return 128 + signals.received[0]


def tell(training: Any) -> None:
    """Store the policy, and print how the versions stand."""
    from takeover.policy.bundle_writer import write_atomically

    if training.news:
        training.publish(f'the end of the log: {training.learner.counts.events} steps')
    training.pin()
    newest = training.store.policies()[-1]
    file = training.folder.path / 'policy.onnx'
    write_atomically(file, newest.bundle().model_bytes)
    if training.learning_s:
        updates = training.learner.learner.updates
        say(f'{updates} updates in all, {training.updates_per_s:.0f} updates/s')
    say(f'newest: {newest.version}, {file}')
    trusted = training.trusted()
    if trusted is None:
        say('trusted: none yet; no version of this folder has driven in these logs')
    else:
        say(f'trusted: {trusted.version}, {trusted}; {training.store.pinned().path}')


def command_line(
    log_dir: Path,
    out: Path,
    demonstrations: tuple[Path, ...],
    other_logs: tuple[Path, ...],
    task: Path,
    config_file: Path | None,
    critic: str | None,
    seed: int | None,
) -> str:
    """Return what was typed."""
    words: list[object] = ['takeover', 'learn', log_dir, '--out', out, '--task', task]
    for option, folders in (('demonstrations', demonstrations), ('other-logs', other_logs)):
        if folders:
            words += [f'--{option}', *folders]
    for option, value in (('config', config_file), ('critic', critic), ('seed', seed)):
        if value is not None:
            words += [f'--{option}', value]
    return shlex.join(map(str, words))


def warn(problem: str) -> None:
    """Say on stderr what is not as it should be, and does no harm."""
    print(f'takeover: {problem}', file=sys.stderr, flush=True)


def say(line: object) -> None:
    """Print a line at once: a log is read while it grows."""
    print(line, flush=True)
