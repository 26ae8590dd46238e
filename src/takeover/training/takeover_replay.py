"""All that a learner of take-overs draws from: transitions before and now, and what to clone.

Every part follows from the steps alone, in their order: nothing here is random but the drawing, so
the same log gives the same replay again, and a checkpoint need not hold it.

What is worth cloning is judged by what came of it. A step, whoever drove, counts as safe when
neither a take-over nor a failure came within the next seconds; so a person's rescue counts when it
worked, and the policy's own driving counts where it needed no rescue. Actions averaged over many
such steps hold the actor in place where labels are silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from takeover.action import ActionContract
from takeover.agents.bc import SMALLEST_SCALE
from takeover.agents.mirror import mirror_of
from takeover.agents.rlif import CloningBatch
from takeover.agents.tensor_batch import TensorBatch
from takeover.data.assembler import DRIVERS, Transition
from takeover.data.mixing import symmetric_batch
from takeover.data.pair_ring import PairRing
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.step import Step
from takeover.data.transition import ArraySpec, TransitionBatch, VECTOR
from takeover.errors import TakeoverError
from takeover.outcome import Outcome
from takeover.specs import TaskSpec
import torch


@dataclass(frozen=True)
class ReplayConfig:
    """What is kept, and how it is drawn."""

    capacity: int = 200_000
    """Observations kept of each of: this run, and what was before."""
    n_step: int = 5
    """Steps of each return."""
    mirror: bool = True
    """Show half of all rows in the mirror; the task must be symmetric."""
    safe_s: float = 3.0
    """A step without take-over or failure for so long after it is worth cloning."""
    own_share: float = 0.5
    """Of the rows to clone, those of this run, once there are enough; the rest are
    demonstrations."""
    own_from: int = 400
    """Safe steps that are enough."""
    cloning_rows: int = 128
    """Rows to clone in each step of the actor."""

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name, least in (('capacity', 2), ('n_step', 1), ('own_from', 1), ('cloning_rows', 2)):
            if getattr(self, name) < least:
                raise TakeoverError(f'{name} is {getattr(self, name)}; legal: {least} or more')
        if not 0.0 < self.safe_s < np.inf:
            raise TakeoverError(f'safe_s is {self.safe_s}; legal: positive')
        if not 0.0 <= self.own_share < 1.0:
            raise TakeoverError(f'own_share is {self.own_share}; legal: 0 to less than 1')


class TakeoverReplay:
    """Fed with transitions and ended episodes; gives normalised batches."""

    def __init__(
        self, task: TaskSpec, config: ReplayConfig, discount: float, reward_scale: float
    ) -> None:
        """Start empty, with the identity for a normaliser.

        :param discount: gamma of n-step returns.
        :param reward_scale: rewards are stored multiplied by it.
        :raises MirrorError: `mirror` is on and the task is not symmetric.
        """
        self.config = config
        self.action = ActionContract(task.action)
        self._discount, self._reward_scale = discount, reward_scale
        self._mirror = mirror_of(task) if config.mirror else None
        self._safe_steps = round(config.safe_s * task.rate_hz)
        size = task.observation_size
        form = {VECTOR: ArraySpec((size,), 'float32')}
        self.prior = ReplayBuffer(config.capacity, form, self.action.size)
        self.online = ReplayBuffer(config.capacity, form, self.action.size)
        self.demonstrated = PairRing(config.capacity, size, self.action.size)
        self.safe = PairRing(config.capacity, size, self.action.size)
        self.mean, self.scale = np.zeros(size, np.float32), np.ones(size, np.float32)
        self._undoable: list[tuple[int, int]] = []
        self._last_safe = 0
        self._expected: dict[bool, int] = {}

    def add(self, transition: Transition, prior: bool = False) -> None:
        """Store a transition; prior ones earn nothing, as the paper's offline data."""
        step = transition.step
        buffer = self.prior if prior else self.online
        # A robot that stands sees the same before and after a gap: say that there was one.
        if step.sequence != self._expected.get(prior):
            buffer.break_stream()
        self._expected[prior] = step.sequence + 1
        slot = buffer.add(
            {VECTOR: step.observation},
            self.action.normalised(step.commanded),
            0.0 if prior else self._reward_scale * step.reward,
            transition.terminated,
            transition.truncated,
            {VECTOR: transition.next_observation},
        )
        if not prior:
            self._undoable.append((step.sequence, slot))

    def demonstrate(self, steps: Sequence[Step]) -> None:
        """Take what was demonstrated to clone, and normalise by it from now on."""
        self._append(self.demonstrated, steps)
        observations, _ = self.all_demonstrated()
        self.mean = observations.mean(axis=0)
        self.scale = np.maximum(observations.std(axis=0), SMALLEST_SCALE)

    def end_episode(self, steps: Sequence[Step]) -> None:
        """Judge the steps of an episode that has ended, and keep the safe ones to clone."""
        chosen = safe_steps(steps, self._safe_steps)
        self._append(self.safe, chosen)
        self._last_safe = len(chosen)
        # Only the newest episode can be taken back.
        first = steps[0].sequence
        self._undoable = [pair for pair in self._undoable if pair[0] >= first]

    def forget(self, first: int, last: int) -> int:
        """Take back the transitions of the sequences first to last; return how many there were.

        Of the newest ended episode its steps to clone are taken back, too.
        """
        found = [slot for sequence, slot in self._undoable if first <= sequence <= last]
        self.online.forget(found)
        self.safe.forget_last(self._last_safe)
        self._last_safe = 0
        return len(found)

    def batch(self, rows: int, rng: np.random.Generator) -> TensorBatch:
        """Draw normalised transitions: even rows prior, odd rows of this run."""
        prior, online = (
            _NStep(buffer, self.config.n_step, self._discount)
            for buffer in (self.prior, self.online)
        )
        batch = symmetric_batch(prior, online, rows, rng)
        observation, after = batch.observation[VECTOR], batch.next_observation[VECTOR]
        self._reflect(rng, batch.action, observation, after)
        batch.observation[VECTOR] = self.normalised(observation)
        batch.next_observation[VECTOR] = self.normalised(after)
        return TensorBatch.of(batch)

    def cloning_batch(self, rng: np.random.Generator) -> CloningBatch:
        """Draw what to do where: demonstrations, and safe steps of this run."""
        rows = self.config.cloning_rows
        own = 0
        if len(self.safe) >= self.config.own_from:
            own = round(rows * self.config.own_share)
        parts = [self.demonstrated.sample(rows - own, rng)]
        if own:
            parts.append(self.safe.sample(own, rng))
        observations, actions = (np.concatenate(columns) for columns in zip(*parts))
        self._reflect(rng, actions, observations)
        return CloningBatch(
            torch.from_numpy(self.normalised(observations)), torch.from_numpy(actions)
        )

    def all_demonstrated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all demonstrated pairs, with their mirror images; observations in SI."""
        observations, actions = self.demonstrated.all()
        if self._mirror is None:
            return observations, actions
        return (
            np.concatenate([observations, self._mirror.observations(observations)]),
            np.concatenate([actions, self._mirror.actions(actions)]),
        )

    def normalised(self, observations: np.ndarray) -> np.ndarray:
        """Return observations [N, n] as the networks see them, float32."""
        return (observations - self.mean) / self.scale

    def representative_observations(self, count: int) -> np.ndarray:
        """Return observations, float32 [count, n] in SI, spread over what there is to clone."""
        source = self.safe if len(self.safe) >= count else self.demonstrated
        observations, _ = source.all()
        return observations[np.linspace(0, len(observations) - 1, count).astype(int)].copy()

    def _append(self, ring: PairRing, steps: Sequence[Step]) -> None:
        if steps:
            ring.append(
                np.array([step.observation for step in steps], np.float32),
                self.action.normalised(np.array([step.commanded for step in steps])),
            )

    def _reflect(
        self, rng: np.random.Generator, actions: np.ndarray, *observations: np.ndarray
    ) -> None:
        """Mirror half of the rows, in place."""
        if self._mirror is None:
            return
        chosen = rng.random(len(actions)) < 0.5
        actions[chosen] = self._mirror.actions(actions[chosen])
        for array in observations:
            array[chosen] = self._mirror.observations(array[chosen])


class _NStep:
    """A buffer that is sampled in n-step returns."""

    def __init__(self, buffer: ReplayBuffer, steps: int, discount: float) -> None:
        self._buffer, self._steps, self._discount = buffer, steps, discount

    def __len__(self) -> int:
        return len(self._buffer)

    def sample(self, batch_size: int, rng: np.random.Generator) -> TransitionBatch:
        return self._buffer.sample(batch_size, rng, self._steps, self._discount)


def safe_steps(episode: Sequence[Step], horizon: int) -> list[Step]:
    """Return the driven steps after which nothing went wrong for `horizon` steps.

    Wrong are a take-over from the policy and an end that is not the goal.
    """
    wrong = [index for index, step in enumerate(episode) if step.onset]
    if episode and episode[-1].outcome != Outcome.GOAL:
        wrong.append(len(episode) - 1)
    unsafe = {before for index in wrong for before in range(index - horizon + 1, index + 1)}
    return [
        step
        for index, step in enumerate(episode)
        if index not in unsafe and step.source in DRIVERS
    ]
