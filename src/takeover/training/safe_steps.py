"""Which steps are worth cloning, judged by what came of them.

A step, whoever drove, counts as safe when neither a take-over nor a failure came within the next
seconds; so a person's rescue counts when it worked, and the policy's own driving counts where it
needed no rescue. Actions averaged over many such steps hold the actor in place where labels are
silent.
"""

from collections.abc import Sequence

from takeover.command import Source
from takeover.data.assembler import DRIVERS
from takeover.data.step import Step
from takeover.outcome import Outcome


def safe_steps(episode: Sequence[Step], horizon: int, people: bool = False) -> list[Step]:
    """Return the driven steps after which nothing went wrong for `horizon` steps.

    Wrong are a take-over from the policy and an end that is not the goal.

    :param people: for steps of a person only such an end is wrong.
    """
    last = len(episode) - 1
    failed = bool(episode) and episode[-1].outcome != Outcome.GOAL
    taken = [index for index, step in enumerate(episode) if step.onset]
    doomed = set(range(last - horizon + 1, last + 1)) if failed else set()
    unsafe = doomed | {before for at in taken for before in range(at - horizon + 1, at + 1)}
    return [
        step
        for index, step in enumerate(episode)
        if step.source in DRIVERS
        and index not in (doomed if people and step.source is Source.HUMAN else unsafe)
    ]
