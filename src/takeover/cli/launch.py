"""`takeover launch`: start the nodes of a launch file, as `ros2 launch` would."""

from collections.abc import Mapping, Sequence
import contextlib
import os
from pathlib import Path
from typing import Annotated

from takeover.launch.document import LaunchError
import tyro

PACKAGE = 'takeover_bringup'


def command(
    words: tyro.conf.Positional[tuple[str, ...]],
    *,
    show_args: Annotated[bool, tyro.conf.arg(aliases=['-s'])] = False,
    dry_run: bool = False,
) -> int:
    """Start the nodes of a launch file and stop them together.

    Reads a subset of launch XML and refuses the rest; the nodes run as under `ros2 launch`.
    Ctrl-C stops all processes (SIGINT, then SIGTERM, then SIGKILL); once more hurries. The exit
    code is 0 after a requested stop, else that of the process that failed.

    Args:
        words: FILE [name:=value ...] or PACKAGE FILE [name:=value ...]; a bare file name is looked
            for in the current folder, in takeover_bringup and in the repository. Options stand
            before or after these words, not between them.
        show_args: list the arguments of the launch file and do nothing else.
        dry_run: print each process's command line and environment instead of starting it.
    """
    from takeover.launch.console import Console
    from takeover.launch.evaluation import evaluate
    from takeover.launch.supervisor import run_plan
    from takeover.workspace import node_environment

    environment = node_environment()
    path, rest = find_launch_file(words, environment)
    if show_args:
        from takeover.launch.arguments import declared_arguments

        print("Arguments (pass arguments as '<name>:=<value>'):")
        arguments = [argument.describe() for argument in declared_arguments(path, environment)]
        print('', '\n\n'.join(arguments) or '  No arguments.', sep='\n')
        return 0
    plan = evaluate(path, parse_arguments(rest), environment)
    console = Console()
    for warning in plan.warnings:
        console.report('WARNING', 'launch', warning)
    if not dry_run:
        try:
            return run_plan(plan, console)
        finally:
            console.close()
    for message in plan.messages:
        console.report('INFO', 'launch.user', message)
    for process in plan.processes:
        print(process.describe(environment))
    return 0


def parse_arguments(words: Sequence[str]) -> dict[str, str]:
    """Return `name:=value` words as a dictionary; the last of a name wins."""
    arguments = {}
    for word in words:
        name, separator, value = word.partition(':=')
        if not separator or not name or not value:
            raise LaunchError(f"malformed launch argument '{word}': it must be name:=value")
        arguments[name] = value
    return arguments


def find_launch_file(
    words: Sequence[str], environment: Mapping[str, str]
) -> tuple[Path, Sequence[str]]:
    """Return the launch file that the command line names, and the words after it."""
    from takeover.workspace import install_space, package_share, WorkspaceError

    if not words:
        raise LaunchError('which launch file? takeover launch FILE [name:=value ...]')
    first, rest = words[0], words[1:]
    if os.path.isfile(first):
        return Path(first), rest
    if rest and ':=' not in rest[0]:
        return _in_share(package_share(first, environment), rest[0]), rest[1:]
    folders = [install_space().parents[1] / 'launch']
    with contextlib.suppress(WorkspaceError):
        folders.insert(0, package_share(PACKAGE, environment) / 'launch')
    for folder in folders:
        if '/' not in first and (folder / first).is_file():
            return folder / first, rest
    raise LaunchError(
        f"launch file '{first}' is neither here nor in {' nor in '.join(map(str, folders))}"
    )


def _in_share(share: Path, name: str) -> Path:
    found = sorted(path for path in share.rglob('*') if path.name == name)
    if len(found) != 1:
        where = ', '.join(map(str, found)) or 'nowhere'
        raise LaunchError(f"launch file '{name}' must be once in {share}; it is {where}")
    return found[0]
