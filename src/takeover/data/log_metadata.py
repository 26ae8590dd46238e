"""What a log says of itself: task, robot, software, machine, time. Kept in each of its files."""

from collections.abc import Mapping
from datetime import datetime, timezone
import hashlib
import importlib.metadata
import json
from pathlib import Path
import platform
from typing import Any

from takeover import __version__
from takeover.policy.provenance import describe
from takeover.shipped import config_path
from takeover.specs import spec_hash, stack_of
from takeover.task import load_task, TASKS

PACKAGES = ('mcap', 'numpy', 'onnxruntime', 'rclpy')
IMAGES = 'images'


def log_metadata(
    task_file: str | Path,
    command: str,
    config: Mapping[str, Any],
    devices: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the metadata of a log that begins now, all values as text.

    :param task_file: task YAML; its whole text is identified by its SHA-256.
    :param command: what writes the log.
    :param config: with which settings, JSON values.
    :param devices: name of each device (camera, joystick) and what identifies it.
    :raises ConfigError: the task file cannot be used.
    """
    task = load_task(task_file)
    source = describe(command, config, data='')
    return {
        'task': task.task,
        'robot': task.robot,
        'rate_hz': f'{task.rate_hz:g}',
        'spec_hash': spec_hash(task),
        'task_sha256': hashlib.sha256(config_path(task_file, TASKS).read_bytes()).hexdigest(),
        'action': json.dumps([component.name for component in task.action.components]),
        IMAGES: json.dumps(
            {
                image.name: [*image.shape[:2], image.shape[2] // stack_of(image)]
                for image in task.images
            }
        ),
        'command': command,
        'config': json.dumps(dict(config), sort_keys=True),
        'devices': json.dumps(dict(devices or {}), sort_keys=True),
        'git_commit': source['git_commit'] or '',
        'git_dirty': '' if source['git_dirty'] is None else str(source['git_dirty']).lower(),
        'software': json.dumps(versions(), sort_keys=True),
        'machine': f'{platform.node()}, {platform.machine()}, {platform.platform()}',
        'begun': datetime.now(timezone.utc).isoformat(timespec='seconds'),
    }


def picture_shapes(metadata: Mapping[str, str]) -> dict[str, list[int]] | None:
    """Return height, width and channels of the pictures in a step, by the names of the features.

    :returns: None where the metadata do not say it.
    """
    return json.loads(metadata[IMAGES]) if IMAGES in metadata else None


def versions() -> dict[str, str]:
    """Return the versions of the software that has a say in what is recorded."""
    found = {'takeover': __version__, 'python': platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
