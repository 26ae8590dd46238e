"""The files that come with the software, by their names: tasks, robots, policies.

Where ROS is set up they are in the share of takeover_bringup, else in the repository.
"""

import os
from pathlib import Path
import re

from takeover.config_file import ConfigError
from takeover.workspace import install_space, package_share, WorkspaceError

# A path has a slash or an ending.
_NAME = re.compile(r'[A-Za-z0-9_]+')


def shipped_folder() -> Path:
    """Return the folder that holds config and models."""
    try:
        return package_share('takeover_bringup', os.environ)
    except WorkspaceError:
        return install_space().parents[1]


def config_path(given: str | Path, folder: str) -> Path:
    """Return a file of configuration: a path as it is, a name such as rover_lane as shipped.

    :param folder: of config, such as tasks.
    :raises ConfigError: no file of this name is shipped.
    """
    if not _NAME.fullmatch(str(given)):
        return Path(given)
    files = {path.stem: path for path in (shipped_folder() / 'config' / folder).glob('*.yaml')}
    if str(given) in files:
        return files[str(given)]
    problem = (
        f'{given}: is no name of {folder}; legal: {", ".join(sorted(files)) or "none"}, or the '
        'path of a file of your own'
    )
    raise ConfigError(given, [problem])


def demo_policy(task: str) -> Path:
    """Return the policy bundle that comes with a task of this name, whether it is there or not."""
    return shipped_folder() / 'models' / 'demo' / f'{task}.onnx'


def learner_settings(task: str) -> Path | None:
    """Return the settings by which a task of this name is learned from take-overs.

    None: those of the code are meant.
    """
    path = shipped_folder() / 'config' / 'training' / f'rlif_{task}.yaml'
    return path if path.exists() else None
