"""`takeover train`: train an agent in a Gymnasium environment, for one seed or for several."""

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
import re
import shlex
import signal
import sys
from typing import Annotated, Any

from takeover.cli.child_processes import Signals
from takeover.cli.train_options import (
    baseline,
    command_line,
    differences,
    flag,
    refuse_unused,
    settings,
)
from takeover.errors import TakeoverError
from takeover.training.config import config_values, MAY_CHANGE, TrainConfig, TrainingError
from takeover.training.run_folder import refuse_used, RunFolder, seed_folders
import tyro

RUNS = Path('runs/train')


def command(
    config: Annotated[TrainConfig, tyro.conf.arg(name='')] = TrainConfig(),
    *,
    seeds: int = 1,
    out: Path | None = None,
    resume: Path | None = None,
    config_file: Annotated[Path | None, tyro.conf.arg(name='config')] = None,
) -> int:
    """Train an agent in a Gymnasium environment.

    Leaves settings, tables, TensorBoard events, checkpoints and the policy in a folder. Ctrl-C
    writes a checkpoint; --resume goes on from the newest one, and a run on one thread ends as if
    it had never stopped. The defaults below are those that hold with the --config or --resume
    given.

    Args:
        config: The settings of the run.
        seeds: Train this many seeds, from --seed on, each in a process and a folder of its own.
        out: Folder of the run; default: one in runs/train named after environment, agent, time.
        resume: Continue the run, or the seeds, in this folder with its settings; only its steps
            and how often it logs and keeps checkpoints may change.
        config_file: YAML or JSON file of settings, named like the options with _ for -; an
            option wins over it.
    """
    refuse_unused(config, baseline(config_file, resume))
    if resume is not None:
        if seeds != 1 or out is not None:
            raise TrainingError(
                '--seeds and --out belong to a new run; leave them out at --resume'
            )
        return go_on(config, resume)
    if seeds < 1:
        raise TrainingError(f'--seeds is {seeds}; it must be 1 or more')
    out = default_folder(config, seeds) if out is None else out
    refuse_used(out)
    if seeds > 1:
        from takeover.cli.train_seeds import create, train_seeds

        create(config, seeds, out)
        return train_seeds(out)
    return train(config, RunFolder(out), resumed=False)


def command_for(args: Sequence[str]) -> Callable:
    """Return the command; its defaults are in the --config or --resume among `args`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ('--config', '--resume'):
        # Without a value it is left to the full parser, which says so.
        parser.add_argument(name, type=Path, nargs='?')
    given, _ = parser.parse_known_args(args)
    return partial(command, config=baseline(given.config, given.resume))


def go_on(config: TrainConfig, path: Path) -> int:
    """Continue what is in a folder; `config` differs from it by what was typed.

    :raises TrainingError: by something that cannot be changed any more.
    """
    seeds = seed_folders(path)
    before = baseline(None, path)
    changed = differences(before, config)
    for name in changed:
        if name not in MAY_CHANGE:
            raise TrainingError(
                f'{flag(name)}: the run in {path} has {settings(before)[name]!r}, and that cannot '
                f'change; with --resume, only {", ".join(map(flag, MAY_CHANGE))} can'
            )
    if not seeds:
        return train(config, RunFolder(path), resumed=True)
    from takeover.cli.train_seeds import change, train_seeds

    change(path, {name: getattr(config, name) for name in changed})
    return train_seeds(path)


def train(config: TrainConfig, folder: RunFolder, resumed: bool) -> int:
    """Train to the end or to a signal; return the exit code.

    :raises TakeoverError: the run cannot go on; says from which checkpoint it could.
    """
    from takeover.training import compute
    from takeover.training.trainer import Trainer

    with Signals() as signals:
        say(compute.prepare(config.threads, config.allow_reduced_precision))
        trainer = Trainer(config, folder, command_line(config))
        if not resumed:
            folder.create(config_values(config))
        say(f'folder: {folder.path}')
        say(f'{config.env}: {config.agent}, {parameters(trainer)}, {config.steps} steps')
        with folder.held():
            if resumed and not prepare_resume(trainer, config, folder):
                return 0
            finished = watch(trainer, signals)
    if not finished:
        name = signal.Signals(signals.received[0]).name
        say(f'stopped by {name} after {trainer.progress.step} steps; continue with')
        say(f'  takeover train --resume {shlex.quote(str(folder.path))}')
        return 128 + signals.received[0]
    tell(folder)
    return 0


def prepare_resume(trainer: Any, config: TrainConfig, folder: RunFolder) -> bool:
    """Load the newest good checkpoint; return whether there are steps left to do.

    :raises TakeoverError: there are checkpoints but none can be used, or they are of more steps.
    """
    from takeover.training.checkpoint import checkpoints

    if checkpoints(folder.checkpoints):
        say(f'goes on from {trainer.resume(warn)}')
    else:
        say('has no checkpoint yet; starts at the beginning')
    done = trainer.progress.step
    if done > config.steps:
        raise TrainingError(f'--steps is {config.steps}; the run has {done} behind it already')
    if config_values(config) != folder.config():
        folder.change(config_values(config))
    if done == config.steps:
        say(f'{folder.path}: is finished, all {done} steps are done; --steps with more extends it')
    return done < config.steps


def watch(trainer: Any, signals: Signals) -> bool:
    """Train with a live display; return whether the last step was reached."""
    from rich.console import Console
    from takeover.cli.train_display import describe, display, Row
    from takeover.training.checkpoint import CheckpointError, newest_checkpoint

    label = f'{trainer.config.agent} in {trainer.config.env}'
    with display(Console(highlight=False)) as shown:

        def show(progress: Any) -> None:
            if shown.due() or progress.step >= progress.steps:
                detail = describe(
                    progress.evaluation_return,
                    progress.training_return,
                    progress.updates_per_s,
                    progress.numbers,
                )
                shown.show([Row(label, progress.step, progress.steps, detail)])

        show(trainer.progress)
        try:
            return trainer.run(show, lambda: bool(signals.received))
        except TakeoverError as error:
            failed = f'after {trainer.progress.step} steps: {error}'
    folder = trainer.folder
    try:
        good = newest_checkpoint(folder.checkpoints, lambda problem: None)[0]
    except CheckpointError:
        raise TrainingError(f'{failed}; no checkpoint had been written yet') from None
    raise TrainingError(
        f'{failed}; the last good checkpoint is {good}: once the cause is removed, '
        f'`takeover train --resume {shlex.quote(str(folder.path))}` goes on from there'
    )


def tell(folder: RunFolder) -> None:
    """Print how good the policy is and what to do with it."""
    last = folder.evaluations()[-1]
    episodes = int(last['episodes'])
    path = shlex.quote(str(folder.path))
    say(
        f'evaluation after {last["step"]:.0f} steps: return {last["return_mean"]:.2f} ± '
        f'{last["return_std"]:.2f} over {episodes} episode{"s" * (episodes > 1)}'
    )
    say(f'folder: {folder.path}')
    say(f'  takeover evaluate {path}/{folder.policy_file.name}')
    say(f'  takeover plot {path}')


def parameters(trainer: Any) -> str:
    """Return how many numbers are learned."""
    modules = trainer.learner.modules()
    count = {
        name: sum(each.numel() for each in module.parameters() if each.requires_grad)
        for name, module in modules.items()
    }
    return f'{sum(count.values())} parameters, {count["actor"]} of them in the actor'


def default_folder(config: TrainConfig, seeds: int) -> Path:
    """Return a folder in runs/train named after the settings and the time."""
    env = re.sub(r'[^\w.-]+', '-', config.env)
    seed = f'seed{config.seed}' if seeds == 1 else f'{seeds}seeds'
    return RUNS / f'{env}-{config.agent}-{seed}-{datetime.now():%Y%m%d-%H%M%S}'


def warn(problem: str) -> None:
    """Say on stderr that a checkpoint is not used."""
    print(f'takeover: {problem}; the one before it is used', file=sys.stderr, flush=True)


def say(line: object) -> None:
    """Print a line at once: a log is read while it grows."""
    print(line, flush=True)
