"""The training loop: act, store, learn what is owed; evaluate, export, checkpoint on schedule.

One iteration steps all environments once. What is owed is counted by the sample-to-insert limiter,
so the number of updates follows from the number of steps alone. Evaluation draws no random number
of the run. A checkpoint is taken between two iterations and holds all that the next one depends
on; table rows written after the checkpoint a run is resumed from are written again.
"""

from collections import deque
from collections.abc import Callable, Mapping
import json
from pathlib import Path
import time
from typing import Any

import numpy as np
from takeover.agents.tensor_batch import TensorBatch
from takeover.data.mixing import SymmetricReplay, TransitionSource
from takeover.data.rate_limiter import SampleToInsertLimiter
from takeover.data.replay_buffer import ReplayBuffer
from takeover.data.transition import ArraySpec, TransitionBatch, VECTOR
from takeover.policy.environment_contract import environment_contract
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.checkpoint import newest_checkpoint, write_checkpoint
from takeover.training.config import (
    config_values,
    LEARNERS,
    MAY_CHANGE,
    TrainConfig,
    TrainingError,
)
from takeover.training.environments import Environments, make_environment
from takeover.training.export import describe_run, export_policy
from takeover.training.normaliser import ObservationNormaliser
from takeover.training.progress import Progress
from takeover.training.replay_state import load_replay_state, prior_replay, replay_state
from takeover.training.returns import episode_returns, evaluation_seeds
from takeover.training.run_folder import RunFolder
from takeover.training.run_log import RunLog

RECENT_EPISODES = 10
PARITY_VECTORS = 64


class Trainer:
    """One run, from its first step or from a checkpoint."""

    def __init__(self, config: TrainConfig, folder: RunFolder, command: str = '') -> None:
        """Make environments, replay and learner.

        :param command: what was typed, for the provenance of the policy.
        :raises TakeoverError: the environment or the settings do not fit.
        """
        self.config, self.folder, self.command = config, folder, command
        self.environments = Environments(config.env, config.environments, config.seed)
        observation_size = self.environments.observation_size
        action_size = self.environments.action_size
        self.learner = LEARNERS[config.agent](
            config.agent_config, observation_size, action_size, config.seed
        )
        if getattr(config.agent_config, 'entropy_in_action_units', False):
            half_range = 0.5 * (self.environments.action_high - self.environments.action_low)
            self.learner.log_half_range = float(np.log(half_range).sum())
        self.replay = ReplayBuffer(
            config.replay_capacity,
            {VECTOR: ArraySpec((observation_size,), 'float32')},
            action_size,
            streams=config.environments,
        )
        self.source: TransitionSource = self.replay
        if config.prior is not None:
            self.source = SymmetricReplay(
                prior_replay(config.prior, config.env, self.replay), self.replay
            )
        self.limiter = SampleToInsertLimiter(config.updates_per_step, config.warm_up_steps)
        self.normaliser = ObservationNormaliser(observation_size, config.normalise_observations)
        # Of warm-up actions and of batches; the learner and the episodes have their own.
        self.rng = np.random.Generator(np.random.PCG64([config.seed, 1]))
        self.progress = Progress(steps=config.steps)
        self._recent_returns: deque[float] = deque(maxlen=RECENT_EPISODES)
        self._episodes = 0
        self.evaluation_env = make_environment(config.env)
        # Now, so that an environment whose policy no file can hold is refused before training.
        self.contract = environment_contract(self.evaluation_env)

    def run(
        self,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the last step, or until `stopping` says so; return whether it is the last.

        A checkpoint is written in either case.

        :raises DivergedError: nothing is written then; the last checkpoint is a good one.
        """
        progress, config = self.progress, self.config
        log = RunLog(self.folder, progress.step)
        try:
            saved_at = progress.step
            while progress.step < config.steps and not stopping():
                before = progress.step
                self._iterate()
                if due(before, progress.step, config.log_interval):
                    log.progress(self.progress, self._episodes)
                last = progress.step >= config.steps
                if last or due(before, progress.step, config.evaluation_interval):
                    returns = self.evaluate()
                    progress.evaluation_return = float(returns.mean())
                    log.evaluation(progress.step, returns)
                if last or due(before, progress.step, config.checkpoint_interval):
                    self.save()
                    saved_at = progress.step
                on_progress(progress)
            if saved_at != progress.step:
                self.save()
        finally:
            log.close()
            self.environments.close()
            self.evaluation_env.close()
        return progress.step >= config.steps

    def evaluate(self) -> np.ndarray:
        """Export the policy and let the exported file act; return the returns, [episodes]."""
        policy = self.export(self.folder.policy_file)
        return episode_returns(
            self.evaluation_env, policy.act, evaluation_seeds(self.config.evaluation_episodes)
        )

    def export(self, path: Path) -> OnnxPolicy:
        """Write the policy as it is now; return it as loaded from the file.

        :raises BundleError: the file cannot be written, or does not compute what the network does.
        """
        # A generator of its own: an export changes nothing of the run.
        rng = np.random.Generator(np.random.PCG64(0))
        return export_policy(
            self.learner,
            self.normaliser,
            (self.environments.action_low, self.environments.action_high),
            self.contract,
            describe_run(self.command, self.config, self.progress.step, self.learner.updates),
            self.replay.sample(PARITY_VECTORS, rng).observation[VECTOR],
            path,
        )

    def save(self) -> Path:
        """Write a checkpoint."""
        return write_checkpoint(
            self.folder.checkpoints,
            self.progress.step,
            self.state_dict(),
            self.config.keep_checkpoints,
        )

    def resume(self, refused: Callable[[str], None]) -> Path:
        """Go on from the newest checkpoint that can be used; return it.

        :param refused: told of each newer one that cannot.
        :raises TakeoverError: there is none, or it is of other settings.
        """
        path, state = newest_checkpoint(self.folder.checkpoints, refused)
        self.load_state_dict(state, str(path))
        return path

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next iteration depends on."""
        return {
            'config': json.dumps(config_values(self.config)),
            'step': self.progress.step,
            'episodes': self._episodes,
            'recent_returns': list(self._recent_returns),
            'learner': self.learner.state_dict(),
            'replay': replay_state(self.replay),
            'limiter': self.limiter.state_dict(),
            'environments': self.environments.state_dict(),
            'normaliser': self.normaliser.state_dict(),
            'rng': json.dumps(self.rng.bit_generator.state),
        }

    def load_state_dict(self, state: Mapping[str, Any], where: str) -> None:
        """Become the run whose state this is.

        :param where: the checkpoint, for messages.
        :raises TrainingError: it is of other settings; names the first that differs.
        """
        own = json.loads(json.dumps(config_values(self.config)))
        for name, value in json.loads(state['config']).items():
            if name not in MAY_CHANGE and own.get(name) != value:
                raise TrainingError(
                    f'{where}: made with {name} {value!r}, this run has {own.get(name)!r}'
                )
        self.learner.load_state_dict(state['learner'])
        load_replay_state(self.replay, state['replay'])
        self.limiter.load_state_dict(state['limiter'])
        self.environments.load_state_dict(state['environments'])
        self.normaliser.load_state_dict(state['normaliser'])
        self.rng.bit_generator.state = json.loads(state['rng'])
        self.progress.step = state['step']
        self.progress.updates = self.learner.updates
        self._episodes = state['episodes']
        self._recent_returns.extend(state['recent_returns'])

    def _iterate(self) -> None:
        """Step all environments once, and do the updates that are owed."""
        self._act()
        progress = self.progress
        began_s, updates = time.perf_counter(), self.learner.updates
        while self.limiter.try_sample():
            batch = self.source.sample(self.learner.batch_rows, self.rng)
            progress.numbers |= self.learner.update(TensorBatch.of(self._normalised(batch)))
        progress.updates = self.learner.updates
        if progress.updates > updates:
            rate = (progress.updates - updates) / (time.perf_counter() - began_s)
            slow = progress.updates_per_s
            progress.updates_per_s = rate if slow != slow else 0.99 * slow + 0.01 * rate

    def _act(self) -> None:
        count = self.config.environments
        observations = self.environments.observations()
        self.normaliser.update(observations)
        if self.replay.inserted < self.config.warm_up_steps and self.learner.uniform_warm_up:
            shape = (count, self.learner.action_size)
            actions = self.rng.uniform(-1.0, 1.0, shape).astype(np.float32)
        else:
            actions = self.learner.act(self.normaliser.apply(observations))
        for stream, (step, action) in enumerate(zip(self.environments.step(actions), actions)):
            self.replay.add(
                {VECTOR: step.observation},
                action,
                self.config.reward_scale * step.reward,
                step.terminated,
                step.truncated,
                {VECTOR: step.next_observation},
                stream,
            )
            if step.episode_return is not None:
                self._episodes += 1
                self._recent_returns.append(step.episode_return)
        if self._recent_returns:
            self.progress.training_return = float(np.mean(self._recent_returns))
        self.limiter.inserted(count)
        self.progress.step += count

    def _normalised(self, batch: TransitionBatch) -> TransitionBatch:
        for observation in (batch.observation, batch.next_observation):
            observation[VECTOR] = self.normaliser.apply(observation[VECTOR])
        return batch


def due(before: int, now: int, interval: int) -> bool:
    """Return whether a multiple of `interval` was reached on the way from `before` to `now`."""
    return now // interval > before // interval
