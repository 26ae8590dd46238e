"""The folder of a training run: settings, tables, TensorBoard events, checkpoints, policy.

config.json holds the settings; progress.csv has a row every `log_interval` steps, evaluations.csv
one for each evaluation, tensorboard/ the same numbers; checkpoints/ is described in
takeover.training.checkpoint; policy.onnx is the newest evaluated policy, a bundle. A folder with
runs in seed_0, seed_1, ... holds one run for each seed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import csv
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from takeover.errors import TakeoverError

EVALUATION_COLUMNS = ('step', 'return_mean', 'return_std', 'episodes', 'wall_s')


class RunFolderError(TakeoverError):
    """A folder is not that of a training run, or its tables cannot be read."""


class RunFolder:
    """Paths and tables of one run."""

    def __init__(self, path: str | Path) -> None:
        """Name the files; none has to exist."""
        self.path = Path(path)
        self.config_file = self.path / 'config.json'
        self.progress_file = self.path / 'progress.csv'
        self.evaluations_file = self.path / 'evaluations.csv'
        self.tensorboard = self.path / 'tensorboard'
        self.checkpoints = self.path / 'checkpoints'
        self.policy_file = self.path / 'policy.onnx'

    def create(self, config: Mapping[str, Any]) -> None:
        """Make the folder of a new run.

        :raises RunFolderError: it holds a run already, or cannot be made.
        """
        refuse_used(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write(config)
        except OSError as error:
            raise RunFolderError(f'{self.path}: cannot be written: {error.strerror}') from None

    def change(self, config: Mapping[str, Any]) -> None:
        """Replace the settings of a run that goes on with others.

        :raises RunFolderError: they cannot be written; the old ones are then still there.
        """
        try:
            self._write(config)
        except OSError as error:
            raise RunFolderError(
                f'{self.config_file}: cannot be written: {error.strerror}'
            ) from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from training in this folder.

        :raises RunFolderError: one does already.
        """
        with (self.path / '.lock').open('a') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunFolderError(
                    f'{self.path}: another process is training in it; wait until it has ended'
                ) from None
            yield

    def config(self) -> dict[str, Any]:
        """Return the settings the run was started with.

        :raises RunFolderError: there are none.
        """
        try:
            values = json.loads(self.config_file.read_text())
        except OSError as error:
            raise RunFolderError(
                f'{self.path}: not the folder of a training run: {error.strerror}: '
                f'{self.config_file.name}'
            ) from None
        except ValueError:
            raise RunFolderError(f'{self.config_file}: not JSON') from None
        if not isinstance(values, dict):
            raise RunFolderError(f'{self.config_file}: must be a JSON object')
        return values

    def evaluations(self) -> list[dict[str, float]]:
        """Return the rows of evaluations.csv as numbers, oldest first."""
        return read_table(self.evaluations_file)

    def _write(self, config: Mapping[str, Any]) -> None:
        unfinished = self.config_file.with_name(f'.{self.config_file.name}')
        unfinished.write_text(json.dumps(config, indent=1) + '\n')
        os.replace(unfinished, self.config_file)


def seed_folders(path: Path) -> list[Path]:
    """Return the runs in a folder that holds one for each seed, by seed; none in another."""
    found = {
        int(file.parent.name.removeprefix('seed_')): file.parent
        for file in path.glob('seed_*/config.json')
        if file.parent.name.removeprefix('seed_').isdecimal()
    }
    return [found[seed] for seed in sorted(found)]


def refuse_used(path: Path) -> None:
    """Say that a folder cannot take a new run.

    :raises RunFolderError: it holds a run, or several, already.
    """
    if RunFolder(path).config_file.exists() or seed_folders(path):
        raise RunFolderError(
            f'{path}: holds a run already; continue it with --resume {path}, '
            'or name another folder'
        )


class Table:
    """A CSV that grows row by row and can be cut back to an earlier step."""

    def __init__(self, path: Path, after_step: int) -> None:
        """Open it, without the rows later than `after_step`, which will be written anew."""
        kept = []
        if path.exists():
            kept = [row for row in _text_rows(path) if float(row['step']) <= after_step]
        self._file = path.open('w', newline='')
        self._writer: csv.DictWriter | None = None
        for row in kept:
            self.append(row)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row; the first one names the columns."""
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), lineterminator='\n')
            self._writer.writeheader()
        self._writer.writerow(
            {
                key: f'{value:.6g}' if isinstance(value, float) else value
                for key, value in row.items()
            }
        )
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_table(path: Path) -> list[dict[str, float]]:
    """Return the rows of a table of numbers; none where there is no file yet.

    :raises RunFolderError: it is not such a table.
    """
    if not path.exists():
        return []
    try:
        return [
            {key: float(value) if value else float('nan') for key, value in row.items()}
            for row in _text_rows(path)
        ]
    except (TypeError, ValueError):
        raise RunFolderError(f'{path}: not a table of numbers with a header') from None


def _text_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    # A killed process may leave half a row at the end.
    return [row for row in rows if None not in row and None not in row.values()]
