"""Cloning what a person demonstrated: the start of a learner of take-overs, or all there is."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from takeover.command import Source
from takeover.data.step import Step
from takeover.training.demonstrations import DemonstrationsError
from takeover.training.log_events import stop_if
from takeover.training.takeover_learner import TakeoverLearner, TakeoverLearnerError
from takeover.training.takeover_replay import TakeoverReplay

_ROWS = 256


def clone_demonstrations(
    learner: TakeoverLearner,
    demonstrations: Sequence[Step],
    stopping: Callable[[], bool] = lambda: False,
    cloning: Callable[[int], None] = lambda steps: None,
) -> float:
    """Let a new learner take demonstrations and clone them; return the last loss.

    :param cloning: told the number of each step of cloning.
    :raises TrainingStopped: `stopping` said so.
    :raises DemonstrationsError: a person drove none of the steps.
    """
    steps = 0

    def look(*_: object) -> None:
        nonlocal steps
        steps += 1
        cloning(steps)
        stop_if(stopping)

    # Cloning takes a while and asks nobody: the actor is called once in each of its steps.
    hook = learner.learner.actor.register_forward_pre_hook(look)
    try:
        return learner.demonstrate(demonstrations)
    except TakeoverLearnerError as error:
        raise DemonstrationsError(f'demonstrations: {error}') from None
    finally:
        hook.remove()


def driven_episodes(steps: Sequence[Step]) -> list[list[Step]]:
    """Return the steps by episode, those of several logs in turn; only where a person drove."""
    episodes: list[list[Step]] = []
    last = None
    for step in steps:
        ended = last is None or last.terminated or last.truncated
        if ended or step.episode != last.episode or step.sequence <= last.sequence:
            episodes.append([])
        episodes[-1].append(step)
        last = step
    return [episode for episode in episodes if any(step.intervened for step in episode)]


def hold_out(
    episodes: Sequence[list[Step]], share: float, seed: int
) -> tuple[list[list[Step]], list[list[Step]]]:
    """Return the episodes to clone, and a share of them that is kept apart, drawn at random.

    Of two episodes or more at least one is kept apart, unless the share is 0.

    :raises DemonstrationsError: there would be none to clone.
    """
    count = max(round(share * len(episodes)), 1) if share else 0
    if count >= len(episodes):
        raise DemonstrationsError(
            f'{len(episodes)} episodes that a person drove, and {count} of them to hold out'
        )
    apart = set(np.random.default_rng(seed).permutation(len(episodes))[:count].tolist())
    kept = [episode for index, episode in enumerate(episodes) if index not in apart]
    return kept, [episodes[index] for index in sorted(apart)]


def cloning_error(learner: TakeoverLearner, steps: Sequence[Step]) -> float:
    """Return how far the policy to drive with is from what a person did, as the loss counts it.

    That is the squared distance of the actions in [-1, 1], summed over components, in the mean.

    :param steps: whole episodes; those that a person drove count.
    """
    config = learner.config
    shown = TakeoverReplay(
        learner.task, replace(config.replay, mirror=False), config.learner.discount, 1.0
    )
    for step in steps:
        shown.see(step, prior=True)
    shown.demonstrate([step for step in steps if step.source is Source.HUMAN])
    _, wanted = shown.demonstrated.all()
    observations = shown.representative_observations(len(wanted))
    found = np.concatenate(
        [
            learner.act(observations[first : first + _ROWS])
            for first in range(0, len(wanted), _ROWS)
        ]
    )
    return float(np.square(shown.action.normalised(found) - wanted).sum(axis=1).mean())
