"""Where the built ROS 2 workspace is, and the environment its node processes need.

Nothing here imports ROS. Two cases: a ROS environment that already holds our packages is passed on
as it is; otherwise the repository's `ros2_ws/install` is put in front, as sourcing its setup file
would do, together with the ROS 2 wheels of the running interpreter if it has them.

`python -m takeover.workspace -- COMMAND ...` runs a command in that environment.
"""

from collections.abc import Mapping
import os
from pathlib import Path
import sys
import sysconfig

from takeover.errors import TakeoverError

PACKAGES = {'takeover_bringup', 'takeover_learning', 'takeover_msgs', 'takeover_nodes'}
MARKERS = Path('share/ament_index/resource_index/packages')


class WorkspaceError(TakeoverError):
    """The workspace, or a package of it, is not there."""


def install_space() -> Path:
    """Return the folder `colcon build` installs to, in the repository this file is part of."""
    return Path(__file__).resolve().parents[2] / 'ros2_ws' / 'install'


def wheels_prefix() -> Path | None:
    """Return the interpreter's prefix if the ROS 2 wheels are installed in it, else None."""
    prefix = Path(sys.prefix)
    return prefix if (prefix / MARKERS / 'rclpy').is_file() else None


def prefixes(env: Mapping[str, str]) -> list[Path]:
    """Return the prefixes ROS packages are looked up in, first one first."""
    return [Path(entry) for entry in env.get('AMENT_PREFIX_PATH', '').split(':') if entry]


def package_prefix(name: str, env: Mapping[str, str]) -> Path:
    """Return the prefix the ROS package `name` is installed in; its programs are in lib/<name>."""
    for prefix in prefixes(env):
        if (prefix / MARKERS / name).exists():
            return prefix
    searched = ', '.join(map(str, prefixes(env))) or 'nothing: AMENT_PREFIX_PATH is empty'
    raise WorkspaceError(f"ROS package '{name}' is not installed; searched {searched}")


def package_share(name: str, env: Mapping[str, str]) -> Path:
    """Return the share folder of the ROS package `name`: launch files, configuration, models."""
    return package_prefix(name, env) / 'share' / name


def node_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `base` (default: this process's environment) with all that a node process needs.

    Raises:
        WorkspaceError: nothing is built, and no ROS environment with our packages is sourced.

    """
    env = dict(os.environ if base is None else base)
    if all(any((p / MARKERS / name).exists() for p in prefixes(env)) for name in PACKAGES):
        return env
    packages = sorted(install_space().glob('*/share/*/package.dsv'))
    missing = PACKAGES - {package.parent.name for package in packages}
    if missing:
        raise WorkspaceError(
            f'{", ".join(sorted(missing))} not built: run `make setup`, or `colcon build` in '
            f'ros2_ws and source its install/setup.bash (searched {install_space()})'
        )
    wheels = wheels_prefix()
    if wheels:
        _use_wheels(env, wheels)
    for package in packages:
        _apply_dsv(env, package.parents[2], package)
    return env


def _use_wheels(env: dict[str, str], prefix: Path) -> None:
    """Put the wheels of `prefix` in front, and take any other ROS installation out.

    Libraries of two ROS releases in one process crash it, and many a shell sources one.
    """
    foreign = [str(entry) for entry in prefixes(env) if entry != prefix]
    for variable in ('AMENT_PREFIX_PATH', 'PYTHONPATH', 'LD_LIBRARY_PATH'):
        kept = [
            entry
            for entry in env.get(variable, '').split(':')
            if entry and not any(entry == f or entry.startswith(f'{f}/') for f in foreign)
        ]
        env[variable] = ':'.join(kept)
    _prepend(env, 'AMENT_PREFIX_PATH', str(prefix))
    for folder in sorted(Path(sysconfig.get_path('purelib')).glob('ros_*.libs')):
        _prepend(env, 'LD_LIBRARY_PATH', str(folder))
    _prepend(env, 'LD_LIBRARY_PATH', str(prefix / 'lib'))
    _prepend(env, 'PATH', sysconfig.get_path('scripts'))
    # The wheels start each interpreter a second time to set LD_LIBRARY_PATH, unless this is set.
    env['_ROS_WHEELS_BOOTSTRAP_COMPLETE'] = '1'


def _apply_dsv(env: dict[str, str], prefix: Path, file: Path) -> None:
    """Do to `env` what colcon's environment hook `file` of the package in `prefix` describes."""
    sourced = set()
    for line in file.read_text().splitlines():
        action, *rest = line.split(';')
        if action == 'source':
            # Hooks are named once per shell; the .dsv beside them says the same without a shell.
            hook = (prefix / rest[0]).with_suffix('.dsv')
            if hook not in sourced and hook.is_file():
                sourced.add(hook)
                _apply_dsv(env, prefix, hook)
        elif action.startswith('prepend-non-duplicate'):
            variable, value = rest
            path = os.path.normpath(prefix / value)
            if not action.endswith('-if-exists') or os.path.exists(path):
                _prepend(env, variable, path)


def _prepend(env: dict[str, str], variable: str, value: str) -> None:
    entries = [entry for entry in env.get(variable, '').split(':') if entry and entry != value]
    env[variable] = ':'.join([value, *entries])


def main(argv: list[str]) -> int:
    """Replace this process by the command after `--`, run in the environment of the nodes."""
    if len(argv) < 2 or argv[0] != '--':
        print('usage: python -m takeover.workspace -- COMMAND ...', file=sys.stderr)
        return 2
    try:
        env = node_environment()
        os.execvpe(argv[1], argv[1:], env)
    except WorkspaceError as error:
        print(f'takeover: {error}', file=sys.stderr)
    except OSError as error:
        print(f'takeover: cannot run {argv[1]}: {error.strerror}', file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
