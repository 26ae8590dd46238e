"""The demonstrations a learner begins with, from logs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from takeover.data.log_reader import read_steps
from takeover.data.step import Step
from takeover.errors import TakeoverError
from takeover.training.log_events import stop_if

HOW_TO_DEMONSTRATE = (
    'record some first: `takeover launch teleop.launch.xml task:=TASK record:=FOLDER` beside a '
    'robot or a simulation that runs, hold the dead-man and drive to the goal; one episode is '
    'enough to begin with'
)


class DemonstrationsError(TakeoverError):
    """The demonstrations cannot be used; says how to record some."""

    def __init__(self, reason: str) -> None:
        """Say what is wrong with them."""
        super().__init__(f'{reason}; {HOW_TO_DEMONSTRATE}')


def read_demonstrations(
    paths: Sequence[str | Path], spec_hash: str, stopping: Callable[[], bool]
) -> list[Step]:
    """Return the steps of logs and of folders of logs.

    :param spec_hash: hash of the task they must be of.
    :raises TrainingStopped: `stopping` said so.
    :raises DemonstrationsError: none were given, or one cannot be read.
    """
    if not paths:
        raise DemonstrationsError('no demonstrations given')
    steps = []
    try:
        for step in read_steps(paths, spec_hash):
            stop_if(stopping)
            steps.append(step)
    except TakeoverError as error:
        raise DemonstrationsError(f'demonstrations: {error}') from None
    return steps
