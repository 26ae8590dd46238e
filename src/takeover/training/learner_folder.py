"""The folder of a learner that follows a log: whose it is, and which of its checkpoints fits.

config.json holds the settings; progress.csv and tensorboard/ say how learning goes; checkpoints/
is described in takeover.training.checkpoint; policies/ is a store, whose pinned policy is the one
to trust by the evidence of its own driving.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
import json
from pathlib import Path
import shutil
from typing import Any

from takeover.policy.store import PolicyStore
from takeover.training.checkpoint import (
    CheckpointError,
    checkpoints,
    read_checkpoint,
    write_checkpoint,
)
from takeover.training.publishing import KEEP_POLICIES
from takeover.training.run_folder import RunFolder, RunFolderError
from takeover.training.takeover_learner import TakeoverLearnerError
from takeover.training.takeover_settings import first_difference, SettingsError

KEEP_CHECKPOINTS = 3


class LearnerFolder(RunFolder):
    """A run folder with a store of policies, of one task and one set of settings."""

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        """Name the files; none has to exist.

        :param settings: what must never change in it, JSON values.
        """
        super().__init__(Path(path).absolute())
        self.settings = dict(settings)
        self.store = PolicyStore(self.path / 'policies', keep=KEEP_POLICIES)

    def held(self) -> AbstractContextManager[None]:
        """Keep other learners out of the folder, which is made if need be.

        :raises RunFolderError: it cannot be made, or another learner is in it.
        """
        self._make()
        return super().held()

    def claim(self) -> None:
        """Write the settings into a new folder, compare them in another.

        Where only checkpoints are left they say whose the folder is, see `resume`.

        :raises TakeoverError: it is of another task or of other settings; names the first one.
        """
        if self.config_file.exists():
            self._refuse_other(self.config(), self.config_file)
        elif not checkpoints(self.checkpoints):
            self._make()
            self.change(self.settings)

    def save(self, events: int, state: Mapping[str, Any]) -> Path:
        """Write a checkpoint after so many events.

        :raises CheckpointError: the disk says no; the older ones are still there.
        """
        state = {'settings': json.dumps(self.settings), 'learner': dict(state)}
        return write_checkpoint(self.checkpoints, events, state, KEEP_CHECKPOINTS)

    def resume(
        self, load: Callable[[Mapping[str, Any]], None], warn: Callable[[str], None]
    ) -> Path | None:
        """Load the newest checkpoint that can be used; return it, or None where there is none.

        A power cut may have taken steps from the log that a checkpoint had already seen: then an
        older one fits. Where all are damaged the log is there to learn from again.

        :param load: takes a learner's state, or refuses it with a TakeoverLearnerError.
        :param warn: told of each checkpoint that is not used.
        :raises TakeoverError: the log or the demonstrations are others than those learned from.
        """
        found, refused, foreign = None, [], None
        for path in reversed(checkpoints(self.checkpoints)):
            try:
                state = read_checkpoint(path)
                self._refuse_other(json.loads(state.get('settings', '{}')), path)
                load(state['learner'])
                found = path
                break
            except (CheckpointError, TakeoverLearnerError) as error:
                warn(f'{error}; {path.name} is not used')
                refused.append(path)
                if foreign is None and isinstance(error, TakeoverLearnerError):
                    foreign = TakeoverLearnerError(f'{path}: {error}')
        if found is None and foreign is not None:
            raise foreign
        for path in refused:
            # They count as newer than those to come, which would be removed in their place.
            shutil.rmtree(path, ignore_errors=True)
        return found

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f'{self.path}: cannot be made: {error.strerror}') from None

    def _refuse_other(self, found: Mapping[str, Any], where: Path) -> None:
        changed = first_difference(found, self.settings)
        if changed:
            raise SettingsError(
                f'{where}: {changed}: this folder is of another task or of other settings; give '
                'the same as before, or name another folder'
            )
