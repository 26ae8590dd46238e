"""The whole loop headless: demonstrations, a cloned policy, take-overs, learning, deployment.

What a live session does on the clock happens here in order, with the same objects: the scripted
operator corrects the policy through the arbiter, each step goes into the learner, and after each
episode the next policy to drive is chosen. A version drives on while it drives without being
corrected; once it was corrected, or failed, the newest policy takes its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from takeover.data.step import Step
from takeover.errors import TakeoverError
from takeover.intervention.command_reader import DeviceMapping
from takeover.outcome import Outcome
from takeover.policy import provenance
from takeover.policy.evidence import Evidence
from takeover.policy.exploration import ExplorationNoise
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.store import PolicyStore
from takeover.robot import RobotSpec
from takeover.simulation.demonstrations import drive_demonstrations
from takeover.simulation.robots import robot_environment
from takeover.simulation.seat import operator_config, seat_operator
from takeover.simulation.takeover_loop import LoopConfig, TakeoverLoop
from takeover.specs import TaskSpec
from takeover.training.publishing import KEEP_POLICIES, store_policy
from takeover.training.takeover_learner import TakeoverConfig, TakeoverLearner

# Courses: of demonstrations and of corrected driving; a seed has a thousand of each. On those of
# the evaluation nobody learns, and they decide about nothing; the small ones are for people.
DEMONSTRATION_COURSES, TRAINING_COURSES, EVALUATION_COURSES = 3_000_000, 2_000_000, 900_000
COURSES_OF_A_SEED = 1000
LIVE_LATENCY_S = 0.05


class RlifRunError(TakeoverError):
    """A run cannot be done as asked."""


@dataclass(frozen=True)
class RlifRunConfig:
    """A headless run; every number that shapes its result."""

    steps: int = 20_000
    """Steps of corrected driving."""
    demonstrations: int = 4
    """Episodes driven to the goal by the demonstrator before that."""
    demonstrator_skill: float = 0.92
    """Of who demonstrates: nearly the expert, with a little noise."""
    exploration_std: float = 0.15
    """Noise on the policy's actions, in units of half their range."""
    seed: int = 0
    """Of courses, people, noise, weights and batches."""
    operator_skill: float = 0.4
    """Of who corrects: about the share of episodes it finishes alone, 0.1 to 1."""
    loop: LoopConfig = field(default_factory=LoopConfig)
    """Arbiter and labels."""
    learner: TakeoverConfig = field(default_factory=TakeoverConfig)
    """How take-overs become a policy; its seed is replaced by the one above."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, least in (('steps', 1), ('demonstrations', 1), ('seed', 0)):
            if getattr(self, name) < least:
                raise RlifRunError(f'{name} is {getattr(self, name)}; legal: {least} or more')


@dataclass(frozen=True)
class EpisodeRow:
    """How one episode of corrected driving went."""

    episode: int
    steps: int
    """Of the whole run at its end."""
    length: int
    outcome: str
    takeovers: int
    human_share: float
    version: str
    """Of the policy that drove."""
    best: str
    """The version to trust by then."""
    updates: int

    @property
    def clean(self) -> bool:
        """Whether the policy reached the goal without a take-over."""
        return self.outcome == Outcome.GOAL.name and not self.takeovers and not self.human_share


class RlifRun:
    """`demonstrate`, then `drive` episode by episode; the log is the caller's to write."""

    def __init__(
        self,
        task: TaskSpec,
        robot: RobotSpec,
        mapping: DeviceMapping,
        config: RlifRunConfig,
        policies: Path,
        command: str,
        on_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        """Prepare a run.

        :param policies: folder of all versions.
        :param command: what was typed, for the provenance.
        :param on_step: is given every step of corrected driving, in order.
        """
        self.config, self.task = config, task
        self.env = robot_environment(task, robot, LIVE_LATENCY_S)
        self.learner = TakeoverLearner(task, replace(config.learner, seed=config.seed))
        self.evidence = Evidence(1.0 / task.rate_hz)
        self.store = PolicyStore(policies, keep=KEEP_POLICIES)
        self._provenance = provenance.describe(command, asdict(config), '')
        self._mapping, self._on_step = mapping, on_step
        self._first_course = COURSES_OF_A_SEED * config.seed
        self.policy: OnnxPolicy | None = None
        self.steps = 0

    def demonstrate(self) -> list[Step]:
        """Let the demonstrator drive, clone it, and make the first policy; return the steps."""
        config = self.config
        steps = drive_demonstrations(
            self.env,
            self._mapping,
            config.demonstrations,
            config.demonstrator_skill,
            DEMONSTRATION_COURSES + self._first_course,
            config.seed,
            config.loop,
        )
        self.learner.demonstrate(steps)
        self.policy = self._publish()
        return steps

    def drive(self) -> Iterator[EpisodeRow]:
        """Drive, correct and learn until the steps are used up."""
        config = self.config
        noise = ExplorationNoise(
            self.env.action_contract, config.exploration_std, 1.0 / self.task.rate_hz, config.seed
        )
        operator = seat_operator(
            self.task,
            self.env.robot,
            self._mapping,
            operator_config(self.env.robot, config.operator_skill),
            config.seed,
        )
        loop = TakeoverLoop(self.env, self._mapping, operator, noise, config.loop)
        course = TRAINING_COURSES + self._first_course
        while self.steps < config.steps:
            steps = []
            for step in loop.drive(course, self.policy):
                self._on_step(step)
                self.learner.take(step)
                self.evidence.take(step)
                steps.append(step)
            course += 1
            self.steps += len(steps)
            row = self._row(loop.episodes, steps)
            if not row.clean:
                self.policy = self._publish()
            yield row

    def deployed(self) -> OnnxPolicy:
        """Return the version to trust, by the evidence of its own driving."""
        return OnnxPolicy.load(self.store.find(self.evidence.trusted().version).path, self.task)

    def close(self) -> None:
        """Free the simulation."""
        self.env.close()

    def _publish(self) -> OnnxPolicy:
        """Export the policy of the learner as it is now, keep it in the store, and return it."""
        return store_policy(self.learner, self.store, self._provenance)[1]

    def _row(self, episode: int, steps: list[Step]) -> EpisodeRow:
        return EpisodeRow(
            episode=episode,
            steps=self.steps,
            length=len(steps),
            outcome=Outcome(steps[-1].outcome).name,
            takeovers=sum(step.onset for step in steps),
            human_share=float(np.mean([step.intervened for step in steps])),
            version=self.policy.version,
            best=self.evidence.trusted().version,
            updates=self.learner.learner.updates,
        )
