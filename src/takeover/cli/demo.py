"""`takeover demo`: a mediocre policy is corrected while it drives, and gets better meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
import json
from pathlib import Path
import shlex
import signal
import sys
from typing import TYPE_CHECKING

from takeover.cli.live_stack import LiveStack, make_run_folder, show_tail
from takeover.errors import TakeoverError

if TYPE_CHECKING:
    from takeover.cli.demo_session import DemoSession
    from takeover.policy.onnx_policy import OnnxPolicy
    from takeover.report.learning_evaluation import EvaluatedPolicy

LAUNCH_FILE = 'sim.launch.xml'
REQUIRED_SHARE = 0.85
CUT_SHORT = 'the drive was cut short, for the reason above'


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    minutes: float
    skill: float
    demonstrations: int
    exploration: float
    seed: int
    episodes: int

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for name, least, most in (
            ('minutes', 0.1, 1440.0),
            ('skill', 0.1, 1.0),
            ('demonstrations', 1, None),
            ('exploration', 0.0, 1.0),
            ('seed', 0, None),
            ('episodes', 1, None),
        ):
            value = getattr(self, name)
            if not least <= value <= (value if most is None else most):
                legal = f'{least:g} or more' if most is None else f'{least:g} to {most:g}'
                raise TakeoverError(f'--{name} is {value}; it must be {legal}')


class Stopped(Exception):
    """A signal asked to stop."""


def command(
    *,
    minutes: float = 10.0,
    skill: float = 0.4,
    demonstrations: int = 16,
    exploration: float = 0.15,
    seed: int = 0,
    episodes: int = 20,
    runs_dir: Path = Path('runs'),
) -> int:
    """Let a simulated person correct a mediocre policy live, and watch it get better.

    A few demonstrations are cloned. The clone then drives the simulated rover through the whole
    stack; a scripted person, who is no good driver, takes over by joystick when it goes wrong; the
    recorder writes the log, the learner learns from it, and each better policy is swapped in while
    the rover drives. In the end the policy that was corrected least drives alone, on courses it
    has not seen, beside the one it began as; the report shows both. Succeeds when it reaches the
    goal in 85 % of them.

    Ctrl-C stops the robot and all that was started; the report then shows what there is. ROS
    domain and discovery are chosen as by `takeover drive`.

    Args:
        minutes: how long the policy is corrected, in minutes of wall time.
        skill: of the person: about the share of episodes it finishes when it drives alone.
        demonstrations: episodes that are cloned to begin with.
        exploration: noise on the policy's commands while it learns, in halves of their range.
        seed: of courses, people, weights and batches.
        episodes: courses on which both policies drive alone in the end.
        runs_dir: folder in which the session gets a folder of its own.
    """
    options = Options(minutes, skill, demonstrations, exploration, seed, episodes)
    stack = LiveStack()
    # Torch and the simulation take seconds to import: what is wrong is to be said before.
    from takeover.cli.demo_session import DemoSession

    folder = make_run_folder(runs_dir)
    session = DemoSession(stack.share, folder, options.demonstrations, options.seed, typed())
    return Demo(stack, session, options).run()


class Demo:
    """One session from the demonstrations to the report."""

    def __init__(self, stack: LiveStack, session: 'DemoSession', options: Options) -> None:
        """Prepare; nothing runs yet."""
        self.stack, self.session, self.options = stack, session, options
        self.folder, self.log = session.folder, session.folder / 'launch.log'
        self.evaluated: list[EvaluatedPolicy] = []
        self.facts = {
            'command': typed(),
            'started': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'minutes': options.minutes,
            'skill': options.skill,
            'seed': options.seed,
            'task': session.task.task,
        }

    def run(self) -> int:
        """Do everything; return the exit code."""
        say(f'takeover demo: {self.options.minutes:g} minutes; everything goes to {self.folder}')
        try:
            with self.stack.signals:
                before, after = self.learn()
        except (Stopped, TakeoverError) as error:
            self.note('ended_because', str(error))
            self.report()
            if isinstance(error, TakeoverError):
                raise
            say(f'{error}; nothing is left running')
            return 128 + self.stack.signals.received[0]
        self.report()
        return self.verdict(before, after)

    def learn(self) -> tuple['EvaluatedPolicy', 'EvaluatedPolicy']:
        """Go through all phases; return how the first and the deployed policy drive alone."""
        start = self.prepare()
        before = self.evaluate('start', start)
        self.drive()
        self.note('ended_because', f'{self.options.minutes:g} minutes were over')
        deployed = self.session.deployed()
        self.note('deployed', deployed.version)
        say(f'deployed: {deployed.version}, {self.session.evidence}')
        return before, self.evaluate('deployed', deployed)

    def prepare(self) -> 'OnnxPolicy':
        """Drive and clone the demonstrations; return the first policy."""
        session = self.session
        with self.bar('demonstrations', self.options.demonstrations) as advance:
            session.demonstrate(advance)
        with self.bar('cloning them', session.cloning_steps) as advance:
            start = session.clone(advance)
        self.note('start', start.version)
        return start

    def evaluate(self, name: str, policy: 'OnnxPolicy') -> 'EvaluatedPolicy':
        """Let a policy drive alone; how it did is on the disk at once."""
        from takeover.report.learning_evaluation import write_evaluations

        with self.bar(f'{name} policy alone', self.options.episodes) as advance:
            found = self.session.evaluate(name, policy, self.options.episodes, advance)
        self.evaluated.append(found)
        write_evaluations(self.folder / 'evaluations.json', self.evaluated)
        say(f'{name} policy {policy.version}: {found}')
        return found

    def drive(self) -> None:
        """Let the stack drive, correct and learn.

        :raises TakeoverError: it ended early.
        """
        options, stack, session = self.options, self.stack, self.session
        launch = stack.launch_command(
            LAUNCH_FILE,
            {
                'policy': session.start_file.resolve(),
                'operator': options.skill,
                'exploration': options.exploration,
                'record': session.log_dir.resolve(),
                'learn': session.learner_dir.resolve(),
                'demonstrations': session.demonstrations_dir.resolve(),
                'learner_config': session.config_file,
                'failure_reward': session.failure_reward,
                'reset_pause_s': 0.5,
                'seed': session.first_course,
                'camera': 'false',
            },
        )
        monitor = stack.monitor_command(
            'learning_monitor_node', {'duration_s': 60.0 * options.minutes}
        )
        died = stack.drive(launch, monitor, self.log)
        self.heed_signals()
        if not stack.complete:
            show_tail(self.log)
            raise TakeoverError(f'{died or CUT_SHORT}; see {self.log}')

    def report(self) -> None:
        """Write the report of what there is, if anything was driven."""
        from takeover.report.learning_page import write_learning_report

        if not self.session.log_dir.is_dir():
            return
        say('writing the report')
        say(f'report: {write_learning_report(self.folder)}')

    def verdict(self, before: 'EvaluatedPolicy', after: 'EvaluatedPolicy') -> int:
        """Say what has become of it; return the exit code."""
        say(f'before: {before}')
        say(f'after:  {after}')
        file = self.session.deployed_file
        say(f'watch it drive: takeover drive --policy {shlex.quote(str(file))}')
        return 0 if after.successes >= REQUIRED_SHARE * after.episodes else 1

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a progress bar while entered; gives what is to be called with the number done."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (TextColumn('{task.description:<24}'), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn()) as progress:
            task = progress.add_task(title, total=total)

            def advance(done: int) -> None:
                progress.update(task, completed=done)
                self.heed_signals()

            yield advance

    def heed_signals(self) -> None:
        """Raise Stopped if a signal has come."""
        received = self.stack.signals.received
        if received:
            raise Stopped(f'stopped by {signal.Signals(received[0]).name}')

    def note(self, name: str, value: object) -> None:
        """Add to the facts of the session; they are on the disk at once."""
        from takeover.report.machine import describe_machine

        self.facts |= {name: value, 'machine': self.facts.get('machine') or describe_machine()}
        (self.folder / 'session.json').write_text(json.dumps(self.facts, indent=1) + '\n')


def typed() -> str:
    """Return the command line of this process."""
    return shlex.join(['takeover', *sys.argv[1:]])


def say(line: object) -> None:
    """Print a line at once."""
    print(line, flush=True)
