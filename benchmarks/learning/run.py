"""One run of an experiment: train, keep the table of evaluations, throw the rest away.

python -m benchmarks.learning.run compare dsact Hopper-v5 0
"""

import argparse
from pathlib import Path
import shutil
import tempfile

from benchmarks.learning.experiments import EXPERIMENTS, prior_config, result_file
from takeover.training import compute
from takeover.training.checkpoint import checkpoints
from takeover.training.config import config_values, TrainConfig
from takeover.training.run_folder import RunFolder
from takeover.training.trainer import Trainer


def train(config: TrainConfig, path: Path) -> RunFolder:
    """Train in a folder."""
    folder = RunFolder(path)
    folder.create(config_values(config))
    Trainer(config, folder).run()
    return folder


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('experiment', choices=EXPERIMENTS)
    parser.add_argument('variant')
    parser.add_argument('env', help='Gymnasium id')
    parser.add_argument('seed', type=int, help='of everything random')
    given = parser.parse_args()
    compute.prepare()
    config = EXPERIMENTS[given.experiment].variants[given.variant](given.env, given.seed)
    if config.prior is not None and not checkpoints(RunFolder(config.prior).checkpoints):
        # Not begun, or interrupted: it writes its only checkpoint at the end.
        shutil.rmtree(config.prior, ignore_errors=True)
        train(prior_config(given.env), config.prior)
    out = result_file(given.experiment, given.env, given.variant, given.seed)
    with tempfile.TemporaryDirectory() as path:
        folder = train(config, Path(path))
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder.evaluations_file, out)


if __name__ == '__main__':
    main()
