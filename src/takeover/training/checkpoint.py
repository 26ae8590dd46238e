"""Checkpoints that are there whole or not at all, and tell a torn one from a good one.

A checkpoint is a folder `step_000010000` with two files: `state.pt` (tensors, numbers, strings and
containers of them, loaded with `weights_only=True`) and `manifest.json` (format, step, size and
SHA-256 of state.pt). It is written under another name and renamed when it is on the disk.
"""

from collections.abc import Callable, Mapping
import hashlib
import json
import os
from pathlib import Path
import re
import shutil
from typing import Any

from takeover.errors import TakeoverError
import torch

FORMAT = 'takeover.checkpoint/1'
_STATE, _MANIFEST = 'state.pt', 'manifest.json'
_NAME = re.compile(r'step_\d{9,}')
_UNFINISHED = '.unfinished_'


class CheckpointError(TakeoverError):
    """A checkpoint cannot be written, or must not be loaded; names the file and the reason."""


def write_checkpoint(folder: Path, step: int, state: Mapping[str, Any], keep: int) -> Path:
    """Write the state after `step` steps, then remove all but the newest `keep` checkpoints.

    :raises CheckpointError: the disk says no; the older checkpoints are then left as they are.
    """
    final = folder / f'step_{step:09d}'
    unfinished = folder / f'{_UNFINISHED}{final.name}'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob(f'{_UNFINISHED}*'):
            shutil.rmtree(left_over)
        unfinished.mkdir()
        torch.save(dict(state), unfinished / _STATE)
        manifest = {
            'format': FORMAT,
            'step': step,
            'bytes': (unfinished / _STATE).stat().st_size,
            'sha256': _digest(unfinished / _STATE),
        }
        (unfinished / _MANIFEST).write_text(json.dumps(manifest, indent=1) + '\n')
        for path in (unfinished / _STATE, unfinished / _MANIFEST, unfinished):
            _to_disk(path)
        if final.exists():
            shutil.rmtree(final)
        unfinished.rename(final)
        _to_disk(folder)
        for old in checkpoints(folder)[:-keep]:
            shutil.rmtree(old)
    except (OSError, RuntimeError) as error:
        # A full disk reaches us from torch.save as a RuntimeError.
        raise CheckpointError(f'{final}: cannot be written: {error}') from None
    return final


def checkpoints(folder: Path) -> list[Path]:
    """Return the finished checkpoints of a run, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def step_of(checkpoint: Path) -> int:
    """Return the step after which a finished checkpoint was written."""
    return int(checkpoint.name.removeprefix('step_'))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state in a checkpoint.

    :raises CheckpointError: torn, damaged, or of another format.
    """
    try:
        manifest = json.loads((path / _MANIFEST).read_text())
        size = (path / _STATE).stat().st_size
    except OSError as error:
        raise CheckpointError(f'{path}: torn: {error.strerror}: {error.filename}') from None
    except ValueError:
        raise CheckpointError(f'{path}: torn: {_MANIFEST} is not JSON') from None
    if not isinstance(manifest, dict) or manifest.get('format') != FORMAT:
        found = manifest.get('format') if isinstance(manifest, dict) else manifest
        raise CheckpointError(f'{path}: foreign: its format is {found!r}, not {FORMAT!r}')
    if size != manifest.get('bytes'):
        raise CheckpointError(
            f'{path}: torn: {_STATE} has {size} bytes, the manifest says {manifest.get("bytes")}'
        )
    if _digest(path / _STATE) != manifest.get('sha256'):
        raise CheckpointError(f'{path}: damaged: {_STATE} does not have the digest it was given')
    try:
        state = torch.load(path / _STATE, map_location='cpu', weights_only=True)
    except Exception as error:  # noqa: BLE001 torch raises many classes without a common base
        first = str(error).splitlines()[0]
        raise CheckpointError(f'{path}: foreign: {_STATE} cannot be loaded: {first}') from None
    if not isinstance(state, dict):
        raise CheckpointError(f'{path}: foreign: {_STATE} holds a {type(state).__name__}')
    return state


def newest_checkpoint(folder: Path, refused: Callable[[str], None]) -> tuple[Path, dict[str, Any]]:
    """Return the newest checkpoint that can be used, and its state.

    :param refused: told, for each newer one that cannot, which it is and why.
    :raises CheckpointError: there is none.
    """
    for path in reversed(checkpoints(folder)):
        try:
            return path, read_checkpoint(path)
        except CheckpointError as error:
            refused(str(error))
    raise CheckpointError(f'{folder}: holds no checkpoint that can be used')


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
