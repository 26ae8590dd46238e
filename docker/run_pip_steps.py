#!/usr/bin/env python3
"""Execute the instructions of docker/pip.Dockerfile without Docker, in a clean root.

As root, with debootstrap: each RUN in a new Debian of the release that FROM names, with a process
and mount namespace of its own. Else, with --no-root: what follows USER in an empty HOME and a
fresh copy of the repository; the instructions before it, which want root, are named and left out.
The instructions are read from the file; one that this script does not know is an error.

    sudo .venv/bin/python docker/run_pip_steps.py [--bind PATH[:INSIDE]] [--env NAME=VALUE] -- demo
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
import json
import logging
import os
from pathlib import Path
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from dockerfile_parse import DockerfileParser

REPOSITORY = Path(__file__).resolve().parents[1]
DOCKERFILE = REPOSITORY / 'docker' / 'pip.Dockerfile'
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# Said to Docker alone: how it stops the container, and asks for its health.
OF_THE_RUNTIME = {'STOPSIGNAL', 'HEALTHCHECK', 'COMMENT'}

log = logging.getLogger('run_pip_steps')


class StepError(Exception):
    """An instruction that is not known, or that failed."""


@dataclass
class State:
    """What the instructions so far have set."""

    user: str = 'root'
    folder: str = '/'
    environment: dict[str, str] = field(default_factory=dict)
    entry_point: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


class Debian:
    """A root of its own, made by debootstrap."""

    def __init__(self, root: Path, binds: list[str]) -> None:
        """Take the folder of the root, and the paths of this machine to show in it."""
        self.root = root
        self.binds = [bind.partition(':')[::2] for bind in binds]

    def start(self, image: str) -> None:
        """Make the Debian that `image` (debian:RELEASE-slim) names."""
        match = re.fullmatch(r'debian:(\w+)-slim', image)
        if not match:
            raise StepError(f'FROM {image}: legal here is debian:RELEASE-slim')
        # debootstrap mounts /proc; in a namespace of its own that ends with it.
        make = ['debootstrap', '--variant=minbase', match[1], self.root]
        run(['unshare', '--mount', *make], quiet=True)

    def path(self, inside: str) -> Path:
        """Return where a path of the root lies on this machine."""
        return self.root / inside.lstrip('/')

    def execute(self, argv: list[str], state: State) -> None:
        """Run a program as the present user, in the present folder."""
        mounts = ['mount -t proc proc "$0/proc"', 'mount --rbind /dev "$0/dev"']
        for outside, inside in self.binds:
            target = self.path(inside or outside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.mkdir(exist_ok=True) if Path(outside).is_dir() else target.touch()
            mounts.append(f'mount --bind {shlex.quote(outside)} {shlex.quote(str(target))}')
        enter = f'{" && ".join(mounts)} && exec chroot --userspec="$1" "$0" "${{@:2}}"'
        inner = ['/bin/sh', '-c', f'cd {shlex.quote(state.folder)} && exec "$@"', 'sh', *argv]
        namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child']
        run(
            [*namespaces, 'bash', '-c', enter, self.root, state.user, *inner],
            env=self.environment(state),
        )

    def environment(self, state: State) -> dict[str, str]:
        """Return the environment of the present user."""
        users = (line.split(':') for line in self.path('/etc/passwd').read_text().splitlines())
        number = state.user.partition(':')[0].replace('root', '0')
        home = {user: folder for _, _, user, _, _, folder, _ in users}[number]
        return {'PATH': PATH, 'HOME': home} | state.environment

    def give(self, path: Path, owner: str) -> None:
        """Give a copied folder to USER[:GROUP] of the root."""
        inside = f'/{path.relative_to(self.root)}'
        run(['chroot', self.root, 'chown', '-R', owner, inside], env={'PATH': PATH})


class EmptyHome:
    """A fresh copy and an empty HOME under this machine's system; no instruction runs as root."""

    def __init__(self, root: Path) -> None:
        """Take the folder that stands for the root."""
        self.root = root

    def start(self, image: str) -> None:
        """Say what this is not."""
        log.info('not %s: the system of this machine, with an empty HOME and a fresh copy', image)

    def path(self, inside: str) -> Path:
        """Return where a path of the root lies on this machine."""
        return self.root / inside.lstrip('/')

    def execute(self, argv: list[str], state: State) -> None:
        """Run a program, unless the present user is root."""
        if state.user == 'root':
            log.info('left out: wants root')
            return
        home = self.path('/home')
        home.mkdir(exist_ok=True)
        environment = {'PATH': PATH, 'HOME': str(home)} | state.environment
        run(argv, env=environment, cwd=self.path(state.folder))

    def give(self, path: Path, owner: str) -> None:
        """Leave it to the one who copied it."""


def run(
    argv: list,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    quiet: bool = False,
) -> None:
    """Run a program; StepError when it fails."""
    output = subprocess.PIPE if quiet else None
    result = subprocess.run(
        [str(word) for word in argv], env=env, cwd=cwd, stdout=output, stderr=output, text=True
    )
    if result.returncode:
        detail = f':\n{result.stdout}{result.stderr}' if quiet else ''
        raise StepError(f'{shlex.join(map(str, argv))} failed ({result.returncode}){detail}')


def context() -> Iterator[Path]:
    """Return the files that would be sent to Docker: those that git does not ignore."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    names = subprocess.check_output(command, cwd=REPOSITORY).decode().split('\0')[:-1]
    return (Path(name) for name in names if os.path.lexists(REPOSITORY / name))


def copy_context(target: Path) -> None:
    """Copy the repository to a folder, links as links."""
    for name in context():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target / name, follow_symlinks=False)


def copy(place: Debian | EmptyHome, value: str) -> None:
    """Obey `COPY [--chown=OWNER] . FOLDER`."""
    match = re.fullmatch(r'(?:--chown=(\S+) )?\. (/\S+)', value)
    if not match:
        raise StepError(f'COPY {value}: legal here is COPY [--chown=OWNER] . /FOLDER')
    target = place.path(match[2])
    copy_context(target)
    if match[1]:
        place.give(target, match[1])


def obey(place: Debian | EmptyHome, name: str, value: str, state: State) -> None:
    """Carry out one instruction."""
    if name == 'FROM':
        place.start(value)
    elif name == 'RUN':
        place.execute(['/bin/sh', '-c', value], state)
    elif name == 'COPY':
        copy(place, value)
    elif name == 'USER':
        state.user = value
    elif name == 'WORKDIR':
        state.folder = value
        place.path(value).mkdir(parents=True, exist_ok=True)
    elif name == 'ENV':
        state.environment |= dict(word.split('=', 1) for word in shlex.split(value))
    elif name == 'ENTRYPOINT':
        state.entry_point = json.loads(value)
    elif name == 'CMD':
        state.command = json.loads(value)
    elif name not in OF_THE_RUNTIME:
        raise StepError(f'{DOCKERFILE.name}: {name} is not known here')


def run_file(place: Debian | EmptyHome, variables: dict[str, str], words: list[str]) -> None:
    """Carry out every instruction, then start the container's program with `words`."""
    state = State(environment=variables)
    with DOCKERFILE.open('rb') as file:
        steps = DockerfileParser(fileobj=file).structure
    for step in steps:
        name, value = step['instruction'], step['value']
        if name != 'COMMENT':
            log.info('%s %s', name, value)
        began_s = time.monotonic()
        obey(place, name, value, state)
        if name in ('FROM', 'RUN', 'COPY'):
            log.info('  done in %.0f s', time.monotonic() - began_s)
    argv = [*state.entry_point, *(words or state.command)]
    log.info('start: %s', shlex.join(argv))
    began_s = time.monotonic()
    place.execute(argv, state)
    log.info('  ended with 0 after %.0f s', time.monotonic() - began_s)


def main() -> int:
    """Read the command line, make the root, and take it away again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--bind',
        action='append',
        default=[],
        metavar='PATH[:INSIDE]',
        help='show a file or folder of this machine in the root, such as a mirror of packages',
    )
    parser.add_argument('--env', action='append', default=[], metavar='NAME=VALUE')
    parser.add_argument(
        '--no-root', action='store_true', help='an empty HOME, no Debian of its own'
    )
    parser.add_argument('--folder', type=Path, help='where the root is made; default: temporary')
    parser.add_argument('words', nargs='*', help='in place of CMD; default: what CMD says')
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if not given.no_root and (os.geteuid() or shutil.which('debootstrap') is None):
        parser.error('a root of its own needs root and debootstrap; or give --no-root')
    with tempfile.TemporaryDirectory(dir=given.folder, ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        root.chmod(0o755)
        place = EmptyHome(root) if given.no_root else Debian(root, given.bind)
        try:
            variables = dict(word.split('=', 1) for word in given.env)
            run_file(place, variables, given.words)
        except StepError as error:
            log.error('run_pip_steps: %s', error)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
