"""What a run leaves for people: progress.csv, evaluations.csv, and the same in TensorBoard."""

import math
import time

import numpy as np
from takeover.training.progress import Progress
from takeover.training.run_folder import EVALUATION_COLUMNS, read_table, RunFolder, Table
from torch.utils.tensorboard import SummaryWriter


class RunLog:
    """Tables and events of one run; rows after `step` of an earlier try are written anew."""

    def __init__(self, folder: RunFolder, step: int) -> None:
        """Open the files."""
        self._progress = Table(folder.progress_file, step)
        self._evaluations = Table(folder.evaluations_file, step)
        self._events = SummaryWriter(str(folder.tensorboard), purge_step=step)
        rows = read_table(folder.progress_file)
        self._began_s = time.monotonic() - (rows[-1]['wall_s'] if rows else 0.0)

    def progress(self, progress: Progress, episodes: int) -> None:
        """Write a row of how training goes."""
        row = {
            'step': progress.step,
            'episodes': episodes,
            'training_return': progress.training_return,
            'updates': progress.updates,
            'updates_per_s': progress.updates_per_s,
            'wall_s': time.monotonic() - self._began_s,
        }
        row |= dict.fromkeys(LEARNER_COLUMNS, math.nan) | {
            name: progress.numbers[name] for name in LEARNER_COLUMNS if name in progress.numbers
        }
        self._progress.append(row)
        for name, value in row.items():
            if name != 'step' and math.isfinite(value):
                self._events.add_scalar(f'training/{name}', value, progress.step)

    def evaluation(self, step: int, returns: np.ndarray) -> None:
        """Write a row of an evaluation; :param returns: of its episodes."""
        wall_s = time.monotonic() - self._began_s
        values = (step, float(returns.mean()), float(returns.std()), len(returns), wall_s)
        self._evaluations.append(dict(zip(EVALUATION_COLUMNS, values)))
        self._events.add_scalar('evaluation/return_mean', returns.mean(), step)

    def close(self) -> None:
        """Close the files."""
        self._progress.close()
        self._evaluations.close()
        self._events.close()


LEARNER_COLUMNS = ('q', 'sigma', 'alpha', 'entropy', 'critic_loss', 'actor_loss')
