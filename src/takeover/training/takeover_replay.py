"""All that a learner of take-overs draws from: transitions before and now, and what to clone.

Pictures are stored once and shared by all of these; who draws gets copies, shifted at random.
Every part follows from the steps alone, in their order: nothing here is random but the drawing, so
the same log gives the same replay again, and a checkpoint need not hold it.

What of this run is worth cloning is judged by `takeover.training.safe_steps`. Several robots share
what is drawn from; what follows what, and what is taken back, is a matter of each alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from takeover.action import ActionContract
from takeover.agents.bc import SMALLEST_SCALE
from takeover.agents.mirror import mirror_of
from takeover.agents.rlif import CloningBatch
from takeover.agents.tensor_batch import observations_of, TensorBatch
from takeover.data.assembler import DRIVERS, Transition
from takeover.data.mixing import symmetric_batch
from takeover.data.pair_ring import PairRing
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.robot_pairs import RobotPairs
from takeover.data.step import Step
from takeover.data.transition import ArraySpec, TransitionBatch, VECTOR
from takeover.errors import TakeoverError
from takeover.pictures import split_pictures
from takeover.policy.model_inputs import joined
from takeover.specs import TaskSpec, VECTOR_FIELD
from takeover.training.batch_preparation import BatchPreparation
from takeover.training.replay_config import ReplayConfig
from takeover.training.safe_steps import safe_steps
from takeover.training.step_frames import FrozenFeatures, StepFrames
import torch

FRAMES = 'frames'
EXAMPLES = 64
MOST_ROBOTS = 16


class TakeoverReplay:
    """Fed with transitions and ended episodes; gives normalised batches."""

    def __init__(
        self,
        task: TaskSpec,
        config: ReplayConfig,
        discount: float,
        reward_scale: float,
        frozen: Mapping[str, FrozenFeatures] = MappingProxyType({}),
    ) -> None:
        """Start empty, with the identity for a normaliser.

        :param discount: gamma of n-step returns.
        :param reward_scale: rewards are stored multiplied by it.
        :param frozen: by the name of each image feature; what it sees is kept, not the pictures.
        :raises TakeoverError: `mirror` is on and the task is not symmetric, or pictures are not
            kept; a frozen encoder, and a task that stacks pictures; an image called `vector`.
        """
        if VECTOR in (image.name for image in task.images):
            raise TakeoverError(f'feature {VECTOR!r}: a learner has this name for the numbers')
        if config.mirror and frozen:
            raise TakeoverError('mirror is on; features of a frozen encoder cannot be mirrored')
        self.config, self.task = config, task
        self.action = ActionContract(task.action)
        self._reward_scale = reward_scale
        self._mirror = mirror_of(task) if config.mirror else None
        self._safe_steps = round(config.safe_s * task.rate_hz)
        # Pictures of demonstrations and of this run are apart: neither makes the other go.
        self.prior_frames, self.frames = (
            StepFrames(task, config.capacity, frozen) for _ in range(2)
        )
        size = task.observation_size
        pictures = (0, 0.0) if frozen else (config.shift, config.colours)
        self.preparation = BatchPreparation(self._mirror, *pictures, size)
        form = {VECTOR: ArraySpec((size,), 'float32')}
        if task.images:
            form[FRAMES] = ArraySpec((self.frames.stack,), 'int64')
        capacity, actions = config.capacity, self.action.size
        self.prior = ReplayBuffer(capacity, form, actions)
        self.online = ReplayBuffer(capacity, form, actions, MOST_ROBOTS)
        self.demonstrated = PairRing(capacity, form, actions)
        self.safe = RobotPairs(capacity, form, actions)
        self._sources = (
            _Source(self.prior, self.prior_frames, config.n_step, discount),
            _Source(self.online, self.frames, config.n_step, discount),
        )
        self._examples: list[Step] = []
        # By the number of each robot; the expected sequence also by whether it is prior.
        self._undoable: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._last_safe: dict[int, int] = {}
        self._expected: dict[tuple[bool, int], int] = {}

    def see(self, step: Step, prior: bool = False) -> None:
        """Take note of the next step, whatever becomes of it; before the transition it completes.

        What a person or the policy drove may be cloned: its pictures are kept in order.
        """
        frames = self.prior_frames if prior else self.frames
        frames.see(step)
        if step.episode and step.source in DRIVERS:
            frames.numbers(step)
            self._let_go(prior)

    def add(self, transition: Transition, prior: bool = False) -> None:
        """Store a transition; prior ones earn nothing, as the paper's offline data."""
        step = transition.step
        buffer = self.prior if prior else self.online
        # A robot that stands sees the same before and after a gap: say that there was one.
        if step.sequence != self._expected.get((prior, step.robot)):
            buffer.break_stream(step.robot)
        self._expected[prior, step.robot] = step.sequence + 1
        frames = self.prior_frames if prior else self.frames
        slot = buffer.add(
            self._stored(step, frames),
            self.action.normalised(step.commanded),
            0.0 if prior else self._reward_scale * step.reward,
            transition.terminated,
            transition.truncated,
            self._stored(transition.next_step, frames),
            step.robot,
        )
        if not prior:
            self._undoable[step.robot].append((step.sequence, slot))
        self._let_go(prior)

    def demonstrate(self, steps: Sequence[Step]) -> None:
        """Take what was demonstrated to clone, and normalise by it from now on."""
        self.demonstrated.append(*self._pairs_of(steps, self.prior_frames))
        rows = np.linspace(0, len(steps) - 1, min(len(steps), EXAMPLES)).astype(int)
        self._examples = [steps[row] for row in rows]
        observations, _ = self.all_demonstrated()
        self.preparation.mean = observations.mean(axis=0)
        self.preparation.scale = np.maximum(observations.std(axis=0), SMALLEST_SCALE)

    def end_episode(self, steps: Sequence[Step]) -> None:
        """Judge the steps of an episode that has ended, and keep the safe ones to clone."""
        robot, first = steps[0].robot, steps[0].sequence
        chosen = safe_steps(steps, self._safe_steps, self.config.people)
        observations, actions = self._pairs_of(chosen, self.frames)
        self.safe.append(robot, observations, actions)
        self._last_safe[robot] = len(actions)
        # Only the newest episode of a robot can be taken back.
        self._undoable[robot] = [pair for pair in self._undoable[robot] if pair[0] >= first]

    def forget(self, first: int, last: int, robot: int = 0) -> int:
        """Take back a robot's transitions of the sequences first to last; return their number.

        Of its newest ended episode the steps to clone are taken back, too.
        """
        found = [slot for sequence, slot in self._undoable[robot] if first <= sequence <= last]
        self.online.forget(found)
        self.safe.forget_last(robot, self._last_safe.pop(robot, 0))
        return len(found)

    def batch(self, rows: int, rng: np.random.Generator) -> TensorBatch:
        """Draw normalised transitions: even rows prior, odd rows of this run."""
        batch = symmetric_batch(*self._sources, rows, rng)
        self.preparation.reflect(rng, batch.action, batch.observation, batch.next_observation)
        for observation in (batch.observation, batch.next_observation):
            self.preparation.finish(observation, rng)
        return TensorBatch.of(batch)

    def cloning_batch(self, rng: np.random.Generator) -> CloningBatch:
        """Draw what to do where: demonstrations, and safe steps of this run."""
        rows = self.config.cloning_rows
        own = 0
        if len(self.safe) >= self.config.own_from:
            own = round(rows * self.config.own_share)
        return self._pairs(rows - own, own, rng)

    def demonstrated_batch(self, rows: int, rng: np.random.Generator) -> CloningBatch:
        """Draw what to do where from the demonstrations alone."""
        return self._pairs(rows, 0, rng)

    def _pairs(self, demonstrated: int, own: int, rng: np.random.Generator) -> CloningBatch:
        parts = [_shown(*self.demonstrated.sample(demonstrated, rng), self.prior_frames)]
        if own:
            parts.append(_shown(*self.safe.sample(own, rng), self.frames))
        observations = {
            name: np.concatenate([seen[name] for seen, _ in parts]) for name in parts[0][0]
        }
        actions = np.concatenate([actions for _, actions in parts])
        self.preparation.reflect(rng, actions, observations)
        self.preparation.finish(observations, rng)
        return CloningBatch(observations_of(observations), torch.from_numpy(actions))

    def all_demonstrated(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all demonstrated vectors [N, n] in SI and actions, with their mirror images."""
        arrays, actions = self.demonstrated.all()
        observations = arrays[VECTOR]
        if self._mirror is None:
            return observations, actions
        return (
            np.concatenate([observations, self._mirror.observations(observations)]),
            np.concatenate([actions, self._mirror.actions(actions)]),
        )

    def representative_observations(self, count: int) -> np.ndarray:
        """Return observations [count] as the contract packs them, spread over what is cloned.

        Where features are kept in place of pictures, they are of the demonstrations alone.
        """
        if self.frames.frozen:
            return self._demonstrated_examples(count)
        own = len(self.safe) >= count
        arrays, _ = (self.safe if own else self.demonstrated).all()
        rows = np.linspace(0, len(arrays[VECTOR]) - 1, count).astype(int)
        fields = {VECTOR_FIELD: arrays[VECTOR][rows]}
        if self.task.images:
            fields |= (self.frames if own else self.prior_frames).shown(arrays[FRAMES][rows])
        return joined(fields, self.task)

    def _demonstrated_examples(self, count: int) -> np.ndarray:
        rows = np.linspace(0, len(self._examples) - 1, count).astype(int)
        steps = [self._examples[row] for row in rows]
        fields = {VECTOR_FIELD: np.array([step.observation for step in steps])}
        pictures = [split_pictures(self.task.images, step.pixels) for step in steps]
        for image in self.task.images:
            fields[image.name] = np.array([each[image.name] for each in pictures])
        return joined(fields, self.task)

    def _stored(self, step: Step, frames: StepFrames) -> dict[str, np.ndarray]:
        """Return what a buffer keeps of what a step saw."""
        stored = {VECTOR: step.observation}
        if self.task.images:
            stored[FRAMES] = frames.numbers(step)
        return stored

    def _let_go(self, prior: bool) -> None:
        """Forget all that shows frames which newer ones have overwritten."""
        oldest = (self.prior_frames if prior else self.frames).oldest
        kept = (self.prior, self.demonstrated) if prior else (self.online, self.safe)
        for each in kept if oldest else ():
            each.forget_until(FRAMES, oldest)

    def _pairs_of(
        self, steps: Sequence[Step], frames: StepFrames
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return what is still stored of steps to clone: arrays [N, ...] by name, and [N, m]."""
        steps = [step for step in steps if frames.holds(step)]
        if not steps:
            return {}, np.zeros((0, self.action.size), np.float32)
        stored = [self._stored(step, frames) for step in steps]
        observations = {name: np.array([each[name] for each in stored]) for name in stored[0]}
        return observations, self.action.normalised(np.array([step.commanded for step in steps]))


class _Source:
    """A buffer that is sampled in n-step returns, with the pictures that it shows."""

    def __init__(
        self, buffer: ReplayBuffer, frames: StepFrames, steps: int, discount: float
    ) -> None:
        self._buffer, self._frames = buffer, frames
        self._steps, self._discount = steps, discount

    def __len__(self) -> int:
        return len(self._buffer)

    def sample(self, batch_size: int, rng: np.random.Generator) -> TransitionBatch:
        batch = self._buffer.sample(batch_size, rng, self._steps, self._discount)
        for observation in (batch.observation, batch.next_observation):
            _shown(observation, batch.action, self._frames)
        return batch


def _shown(
    observation: dict[str, np.ndarray], actions: np.ndarray, frames: StepFrames
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Replace the numbers of frames by what they show, in place; return all that was given."""
    if FRAMES in observation:
        observation |= frames.shown(observation.pop(FRAMES))
    return observation, actions
