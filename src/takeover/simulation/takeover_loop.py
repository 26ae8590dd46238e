"""Policy, operator, arbiter and robot in one loop without ROS, faster than real time.

The same objects decide as live: the device's mapping, `Arbiter`, `EpisodeTracker` with its
labels, and in the environment `SafetyGate`; only the clock is simulated, and messages arrive at
once. What comes out are the steps a recorder would have written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from takeover.data.step import Step
from takeover.intervention.arbiter import Arbiter
from takeover.intervention.arbiter_config import ArbiterConfig
from takeover.intervention.command_reader import DeviceMapping
from takeover.intervention.episode_tracker import DecidedStep, EpisodeTracker, LabelledStep
from takeover.outcome import Outcome
from takeover.policy.exploration import ExplorationNoise
from takeover.rewards.rlif import InterventionLabeller, LabelConfig
from takeover.simulation.operator import ScriptedOperator
from takeover.simulation.task_environment import TaskEnv

# Simulated time between two episodes, so that nothing seems to follow.
_PAUSE_S = 1.0


class Policy(Protocol):
    """What drives: an `OnnxPolicy`, or anything like it."""

    version: str

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the action [m], SI, for an observation as the contract packs it."""


class Idle:
    """A policy that asks for nothing, for who drives anyway."""

    version = ''

    def __init__(self, env: TaskEnv) -> None:
        """Learn how many values nothing has."""
        self._nothing = np.zeros(env.action_contract.size)

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return zero."""
        return self._nothing


@dataclass(frozen=True)
class LoopConfig:
    """The settings of the live nodes that matter here."""

    arbiter: ArbiterConfig = ArbiterConfig(resume_delay_s=0.5)
    """When a person drives, and when the policy goes on."""
    labels: LabelConfig = LabelConfig(failure_reward=-1.0)
    """What a take-over and an end are worth."""


class TakeoverLoop:
    """Drives episodes; sequences and stamps go on from one to the next."""

    def __init__(
        self,
        env: TaskEnv,
        mapping: DeviceMapping,
        operator: ScriptedOperator | None = None,
        noise: ExplorationNoise | None = None,
        config: LoopConfig = LoopConfig(),
    ) -> None:
        """Prepare to drive.

        :param operator: None: nobody watches.
        :param noise: on the policy's actions; None: it drives as it is.
        """
        self.env, self.operator = env, operator
        self._mapping, self._noise, self._config = mapping, noise, config
        self._period_s = 1.0 / env.task.rate_hz
        self._tracker = EpisodeTracker(
            'topic', InterventionLabeller(config.labels, self._period_s), self._period_s
        )
        self._start_s = 0.0
        self._sequence = 0
        self.episodes = 0

    @property
    def now_s(self) -> float:
        """Simulated time since the loop began."""
        return self._start_s + self.env.simulation.time_s

    def drive(self, seed: int, policy: Policy) -> Iterator[Step]:
        """Drive the course of a seed to its end; give each step once its label is known."""
        arbiter = Arbiter(self.env.action_contract, self._config.arbiter, self._mapping)
        self.episodes += 1
        waiting: dict[int, Step] = {}
        _, info = self.env.reset(seed=seed)
        if self.operator is not None:
            self.operator.reset()
        self._report(False, False, Outcome.RUNNING)
        done = False
        while not done:
            step, decided = self._decide(arbiter, policy)
            waiting[step['sequence']] = step
            known = self._tracker.step(decided)
            self.env.source = decided.source
            _, _, terminated, truncated, info = self.env.step(decided.commanded)
            step['executed'] = np.array(self.env.executed)
            done = terminated or truncated
            if done:
                known += self._report(terminated, truncated, Outcome[info['outcome']])
            for labelled in known:
                yield _complete(waiting.pop(labelled.label.sequence), labelled)
        self._start_s += self.env.simulation.time_s + _PAUSE_S
        self._sequence += 1

    def _decide(self, arbiter: Arbiter, policy: Policy) -> tuple[dict, DecidedStep]:
        """Let policy, person and arbiter decide about one period."""
        now_s, observation = self.now_s, self.env.observation
        now_ns = round(1e9 * now_s)
        self._sequence += 1
        wanted = self.env.action_contract.clip(policy.act(observation.packed))
        if self._noise is not None:
            wanted = self._noise.add(wanted)
        if self.operator is not None:
            self._move_device(arbiter, now_ns, now_s)
        arbiter.on_policy(wanted, self._sequence, now_s)
        output = arbiter.step(now_s)
        decided = DecidedStep(self._sequence, output.source, output.values, now_ns, now_ns, now_ns)
        step = {
            'sequence': self._sequence,
            'stamp_ns': now_ns,
            'observation': observation.vector,
            'observation_stamp_ns': now_ns,
            'image_stamps_ns': (now_ns,) * len(observation.image_stamps_ns),
            'pixels': observation.pixels,
            'policy_action': wanted,
            'policy_version': policy.version,
        }
        return step, decided

    def _move_device(self, arbiter: Arbiter, now_ns: int, now_s: float) -> None:
        """Let the person's device say what it says now."""
        axes, buttons = self.operator.joy(self.env.simulation)
        if self._mapping.AXES_IN_JOY:
            arbiter.on_joy(axes, buttons, now_ns, now_s)
            return
        if self._mapping.frame is not None:
            arbiter.on_tool(self.env.tool(), now_s)
        arbiter.on_twist(axes, now_ns, now_s)
        arbiter.on_joy((), buttons, now_ns, now_s)

    def _report(self, terminated: bool, truncated: bool, outcome: Outcome) -> list[LabelledStep]:
        now_ns = round(1e9 * self.now_s)
        return self._tracker.report(self.episodes, terminated, truncated, outcome, now_ns)


def _complete(step: dict, labelled: LabelledStep) -> Step:
    label = labelled.label
    return Step(
        **step,
        episode=label.episode,
        source=label.source,
        commanded=np.array(labelled.step.commanded),
        reward=label.reward,
        onset=label.onset,
        stored=label.stored,
        terminated=label.terminated,
        truncated=label.truncated,
        outcome=int(label.outcome),
    )
