"""The `takeover` command: import one subcommand, run it, turn errors into exit codes.

A module `takeover.cli.<name>` offers either one function `command` or a dict `commands` of name to
function. Their typed arguments become options, their docstrings the help, their return value
(int or None) the exit code. Where defaults depend on what was typed, the module also offers
`command_for(args)`, which returns `command` with these defaults.

Exit codes: 0 success, 1 the command's own "no", 2 wrong usage or an error of the library, 128 + n
ended by signal n, so 130 for Ctrl-C.
"""

from collections.abc import Callable, Sequence
import importlib
import os
import sys

from takeover import __version__
from takeover.errors import TakeoverError

# Only names and one line each, so that `takeover --help` imports nothing heavy.
COMMANDS = {
    'bc': 'clone what a person demonstrated into a policy',
    'demo': 'correct a policy live in simulation, and watch it get better',
    'doctor': 'check the whole chain before an operator spends an hour on it',
    'drive': 'let a policy drive a few episodes in simulation and write a report',
    'evaluate': 'let a policy bundle act in a Gymnasium environment',
    'launch': 'start the nodes of a launch file, without `ros2 launch`',
    'learn': 'learn from the logs of what was driven and corrected',
    'log': 'look into, check or export the logs of what was driven',
    'plot': 'draw the learning curves of training runs',
    'policy': 'inspect, verify or distill a policy bundle',
    'rlif': 'learn from the take-overs of a scripted operator, headless',
    'security': 'write the policy of DDS security (SROS 2) for every node',
    'train': 'train an agent in a Gymnasium environment',
    'view': 'show what the robot and its policy see and do, live or from a log',
    'world': 'write the world of a course for Gazebo',
}

# What to install when a subcommand needs a package that the core does without.
EXTRAS = {
    'PIL': 'sim',
    'av': 'data',
    'cv2': 'camera',
    'gymnasium': 'sim',
    'jinja2': 'sim',
    'matplotlib': 'sim',
    'mcap': 'data',
    'mujoco': 'sim',
    'pyarrow': 'learn',
    'pyrealsense2': 'camera',
    'rich': 'sim',
    'tensorboard': 'learn',
    'torch': 'learn',
    'zstandard': 'data',
}


def usage() -> str:
    """Return what `takeover --help` prints."""
    lines = [
        'usage: takeover [--version] COMMAND ...',
        '',
        'A control stack for robots that learn from being corrected.',
        '',
        'commands:',
        *(f'  {name:<8} {summary}' for name, summary in COMMANDS.items()),
        '',
        '`takeover COMMAND --help` explains one command.',
    ]
    return '\n'.join(lines)


def load(name: str, args: Sequence[str]) -> Callable | dict[str, Callable]:
    """Return the function, or the functions by name, behind the subcommand `name`."""
    module = importlib.import_module(f'takeover.cli.{name}')
    if hasattr(module, 'command_for'):
        return module.command_for(args)
    return getattr(module, 'commands', None) or module.command


def run(name: str, args: Sequence[str]) -> int:
    """Parse `args` for the subcommand `name`, call it, and return its exit code."""
    target = load(name, args)
    import tyro

    prog = f'takeover {name}'
    if isinstance(target, dict):
        result = tyro.extras.subcommand_cli_from_dict(target, prog=prog, args=args)
    else:
        result = tyro.cli(target, prog=prog, args=args)
    return int(result or 0)


def missing_package(error: ModuleNotFoundError, name: str) -> str:
    """Return the sentence for a missing package; raise again what no extra would install."""
    package = (error.name or '').partition('.')[0]
    if package not in EXTRAS:
        raise error
    return f'`takeover {name}` needs {package}: pip install "takeover[{EXTRAS[package]}]"'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    name = args[0] if args else '--help'
    if name in ('-h', '--help', 'help'):
        print(usage())
        return 0
    if name == '--version':
        print(f'takeover {__version__}')
        return 0
    if name not in COMMANDS:
        return fail(f"unknown command '{name}'; the commands are {', '.join(COMMANDS)}")
    try:
        return run(name, args[1:])
    except TakeoverError as error:
        return fail(str(error))
    except ModuleNotFoundError as error:
        return fail(missing_package(error, name))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`takeover policy inspect ... | head`): not an error.
        # Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def fail(message: str) -> int:
    """Print `message` to stderr as one error line and return exit code 2."""
    print(f'takeover: {message}', file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main())
