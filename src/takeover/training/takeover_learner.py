"""A fold over the log: each step goes in once, and pays for a fixed number of updates.

So what the learner is after a number of events is a function of these events, the demonstrations,
the settings and the seed alone: whether the log is read while it is written or later, in one go or
after a kill, by `learner_node` or by `takeover learn`, the weights are the same, bit for bit (one
CPU, one thread).

Events of several robots come in one order (`takeover.training.log_order`), each with the number
of its robot: what follows what is a matter of one robot alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from takeover.agents.rlif import RlifConfig, RlifLearner
from takeover.agents.tensor_batch import observations_of
from takeover.agents.visual_rlif import VisionConfig, VisualRlifLearner
from takeover.command import Source
from takeover.data.assembler import TransitionAssembler
from takeover.data.log_messages import UndoEpisode
from takeover.data.rate_limiter import SampleToInsertLimiter
from takeover.data.step import Step
from takeover.data.transition import VECTOR
from takeover.errors import TakeoverError
from takeover.policy.model_inputs import split
from takeover.policy.onnx_export import export_mlp
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.parity import MIN_PARITY_VECTORS
from takeover.policy.vision_export import export_vision
from takeover.policy.vision_weights import VisionWeights
from takeover.specs import TaskSpec, VECTOR_FIELD
from takeover.training.export import write_policy
from takeover.training.eyes import Eyes
from takeover.training.replay_config import ReplayConfig
from takeover.training.takeover_replay import TakeoverReplay
import torch

PARITY_VECTORS = 64
# There is a policy every half minute, and pictures are large; in the file they are a third larger.
PARITY_BYTES = 256 << 10


class TakeoverLearnerError(TakeoverError):
    """The demonstrations, the log or a state cannot be learned from."""


@dataclass(frozen=True)
class TakeoverConfig:
    """How take-overs become a policy; every number that shapes the result."""

    updates_per_transition: float = 1.0
    """Updates that each transition pays for (each takes `utd_ratio` batches)."""
    critic_from: int = 200
    """Transitions before the first update."""
    actor_from: int = 1000
    """Transitions before the actor follows the critics; until then only they learn."""
    seed: int = 0
    """Of weights, noise and batches."""
    learner: RlifConfig = field(default_factory=RlifConfig)
    """The update."""
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    """What updates are drawn from."""
    vision: VisionConfig = field(default_factory=VisionConfig)
    """What of pictures is seen."""

    def __post_init__(self) -> None:
        """Refuse what cannot be learned with."""
        for name in ('critic_from', 'actor_from', 'seed'):
            if getattr(self, name) < 0:
                raise TakeoverLearnerError(f'{name} is {getattr(self, name)}; legal: 0 or more')
        if not 1e-6 <= self.updates_per_transition < np.inf:
            raise TakeoverLearnerError(
                f'updates_per_transition is {self.updates_per_transition}; legal: 1e-6 or more'
            )


@dataclass
class Counts:
    """What went in so far."""

    events: int = 0
    """Steps and undone episodes."""
    transitions: int = 0
    interventions: int = 0
    """Transitions that a person drove."""
    takeovers: int = 0
    """From the policy, each with a label."""


class TakeoverLearner:
    """`demonstrate` first, then `take` event by event."""

    def __init__(self, task: TaskSpec, config: TakeoverConfig) -> None:
        """Make networks and an empty replay.

        :raises TakeoverError: the settings do not fit the task.
        """
        self.task, self.config = task, config
        learner = config.learner
        self._eyes = Eyes(task, config.vision)
        self.replay = TakeoverReplay(
            task, config.replay, learner.discount, learner.reward_scale, self._eyes.frozen
        )
        self.learner = self._new_learner()
        self.counts = Counts()
        self.numbers: dict[str, float] = {}
        # By the number of each robot.
        self._assemblers = defaultdict(self._new_assembler)
        self._episodes: defaultdict[int, list[Step]] = defaultdict(list)
        self._limiter = SampleToInsertLimiter(config.updates_per_transition, config.critic_from)
        self._rng = np.random.Generator(np.random.PCG64([config.seed, 7]))
        self._digest = hashlib.sha256()

    def demonstrate(self, steps: Iterable[Step]) -> float:
        """Take demonstrations and clone them; return the last loss.

        The steps that a person drove are cloned, all of them are prior data.

        :raises TakeoverLearnerError: a person drove none of them.
        """
        self._remember_demonstrations(steps)
        if self.task.images:
            return self.learner.pretrain(
                lambda rows: self.replay.demonstrated_batch(rows, self._rng)
            )
        observations, actions = self.replay.all_demonstrated()
        return self.learner.pretrain(self.replay.preparation.normalised(observations), actions)

    def take(self, event: Step | UndoEpisode) -> None:
        """Take the next event of the log, and learn as much as it pays for.

        :raises DivergedError: names the quantity and the update.
        """
        self._remember(event)
        while self._limiter.try_sample():
            resting = self.counts.transitions < self.config.actor_from
            self.numbers = self.learner.learn(
                self.replay.batch(self.learner.batch_rows, self._rng),
                None if resting else self.replay.cloning_batch(self._rng),
            )

    def model(self) -> onnx.ModelProto:
        """Return the policy to drive with: the averaged networks, with normaliser and bounds."""
        learner, action = self.learner, self.replay.action
        normaliser = self.replay.preparation.mean, self.replay.preparation.scale
        bounds = action.low, action.high
        if not self.task.images:
            return export_mlp(learner.averaged.weights(*normaliser, *bounds))
        encoder = self._eyes.weights(learner.averaged_encoder, *normaliser)
        size = learner.observation_size
        head = learner.averaged.weights(
            np.zeros(size, np.float32), np.ones(size, np.float32), *bounds
        )
        return export_vision(VisionWeights(encoder, head))

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the actions of the policy to drive with, [N, m] SI.

        :param observations: [N] as the contract packs them: [N, n], or records.
        """
        fields = split(observations)
        vector = self.replay.preparation.normalised(fields.pop(VECTOR_FIELD))
        with torch.inference_mode():
            answer = self.learner.answer(
                observations_of({VECTOR: vector} | self._eyes.seen(fields))
            )
            return self.replay.action.to_si(answer.numpy())

    def export(self, path: Path, provenance: Mapping[str, Any]) -> OnnxPolicy:
        """Write the policy to drive with as a bundle; return it as loaded from the file.

        The parity vectors are what the torch network answers to observations it learned from.

        :raises BundleError: the file cannot be written, or does not compute what the network does.
        """
        fitting = PARITY_BYTES // self.task.observation_dtype.itemsize
        count = min(max(fitting, MIN_PARITY_VECTORS), PARITY_VECTORS)
        observations = self.replay.representative_observations(count)
        answers = self.act(observations)
        return write_policy(self.model(), self.task, provenance, observations, answers, path)

    def state_dict(self) -> dict[str, Any]:
        """Return what the demonstrations and the events so far do not say themselves."""
        return {
            'learner': self.learner.state_dict(),
            'rng': json.dumps(self._rng.bit_generator.state),
            'limiter': self._limiter.state_dict(),
            'events': self.counts.events,
            'digest': self._digest.hexdigest(),
        }

    def resume(
        self,
        state: Mapping[str, Any],
        demonstrations: Iterable[Step],
        events: Iterable[Step | UndoEpisode],
    ) -> None:
        """Become the learner whose state this is, from the demonstrations and the log it read.

        :param events: the log from its beginning; as many are taken as the state has seen.
        :raises TakeoverLearnerError: these are not what the state was learned from.
        """
        self._remember_demonstrations(demonstrations)
        source = iter(events)
        while self.counts.events < state['events']:
            event = next(source, None)
            if event is None:
                raise TakeoverLearnerError(
                    f'the log has {self.counts.events} events, the checkpoint has seen '
                    f'{state["events"]}; is this another log?'
                )
            self._remember(event)
        if self._digest.hexdigest() != state['digest']:
            raise TakeoverLearnerError(
                'demonstrations or log differ from those the checkpoint was learned from'
            )
        self.learner.load_state_dict(state['learner'])
        self._limiter.load_state_dict(state['limiter'])
        self._rng.bit_generator.state = json.loads(state['rng'])

    def _remember_demonstrations(self, steps: Iterable[Step]) -> None:
        steps = list(steps)
        driven = [step for step in steps if step.source is Source.HUMAN]
        if not driven:
            raise TakeoverLearnerError(
                'a person drove no step of the demonstrations; at least one episode is needed'
            )
        assembler, before = self._new_assembler(), -1
        for step in steps:
            if step.sequence <= before:
                # Those of another robot, which drove at the same time.
                assembler = self._new_assembler()
            before = step.sequence
            self.replay.see(step, prior=True)
            for transition in assembler.push(step):
                self.replay.add(transition, prior=True)
        self.replay.demonstrate(driven)
        for step in steps:
            self._note(step)

    def _note(self, step: Step) -> None:
        """Let the digest of all that was taken depend on a step."""
        self._note_robot(step.robot)
        self._digest.update(f'{step.sequence} {step.source} {step.reward}'.encode())
        self._digest.update(step.observation.tobytes() + step.commanded.tobytes())
        self._digest.update(step.pixels.tobytes())

    def _note_robot(self, robot: int) -> None:
        if robot:
            self._digest.update(f'robot {robot} '.encode())

    def _remember(self, event: Step | UndoEpisode) -> None:
        """Do all that an event does to the replay; nothing random, nothing learned."""
        self.counts.events += 1
        if isinstance(event, UndoEpisode):
            self.replay.forget(event.first_sequence, event.last_sequence, event.robot)
            self._note_robot(event.robot)
            self._digest.update(f'undo {event.first_sequence} {event.last_sequence}'.encode())
            return
        self._note(event)
        self.replay.see(event)
        self.counts.takeovers += event.onset
        for transition in self._assemblers[event.robot].push(event):
            self.replay.add(transition)
            self.counts.transitions += 1
            self.counts.interventions += transition.step.intervened
            self._limiter.inserted()
        self._collect(event)

    def _collect(self, step: Step) -> None:
        """Follow the episode, for what of it is worth cloning once it has ended."""
        episode = self._episodes[step.robot]
        if episode and step.episode != episode[-1].episode:
            episode.clear()
        if step.episode:
            episode.append(step)
        if episode and (step.terminated or step.truncated):
            self.replay.end_episode(episode)
            episode.clear()

    def _new_learner(self) -> RlifLearner:
        config, task = self.config, self.task
        if not task.images:
            return RlifLearner(
                config.learner, task.observation_size, self.replay.action.size, config.seed
            )
        return VisualRlifLearner(
            config.learner,
            self._eyes.network(config.seed),
            self.replay.action.size,
            config.seed,
            config.vision,
        )

    def _new_assembler(self) -> TransitionAssembler:
        return TransitionAssembler(1.0 / self.task.rate_hz)
