"""What a learner that follows a log leaves for people: progress.csv, and the same in TensorBoard.

The column `step` counts events taken from the log, so that rows after a checkpoint that is resumed
from are written again, the same.
"""

import math
import time

from takeover.training.run_folder import read_table, RunFolder, Table
from takeover.training.run_log import LEARNER_COLUMNS
from takeover.training.takeover_learner import TakeoverLearner
from torch.utils.tensorboard import SummaryWriter

COLUMNS = (*LEARNER_COLUMNS, 'cloning_loss')


class LearnerLog:
    """Table and TensorBoard events of one learner."""

    def __init__(self, folder: RunFolder, events: int) -> None:
        """Open the files; rows after so many events are written anew.

        :raises OSError: they cannot be written.
        """
        self._table = Table(folder.progress_file, events)
        self._board = SummaryWriter(str(folder.tensorboard), purge_step=events + 1)
        rows = read_table(folder.progress_file)
        self._began_s = time.monotonic() - (rows[-1]['wall_s'] if rows else 0.0)

    def write(self, learner: TakeoverLearner, updates_per_s: float) -> None:
        """Write a row of how learning goes.

        :raises OSError: it cannot be written.
        """
        counts = learner.counts
        row = {
            'step': counts.events,
            'transitions': counts.transitions,
            'interventions': counts.interventions,
            'takeovers': counts.takeovers,
            'updates': learner.learner.updates,
            'updates_per_s': updates_per_s,
            'wall_s': time.monotonic() - self._began_s,
        }
        row |= {name: learner.numbers.get(name, math.nan) for name in COLUMNS}
        self._table.append(row)
        for name, value in row.items():
            if name != 'step' and math.isfinite(value):
                self._board.add_scalar(f'learner/{name}', value, counts.events)

    def close(self) -> None:
        """Close the files."""
        self._table.close()
        self._board.close()
