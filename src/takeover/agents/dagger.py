"""Dataset aggregation (DAgger): the learner drives, the expert says what it should have done.

Cloning the expert's own driving shows only the places the expert gets to. So the data begins with
many random places, on, beside and across the path, each with the expert's answer. Then, in
rounds, the learner of the round before drives, pushed off its way by slowly changing noise, and
every place it gets to is labelled by the expert, so that it learns to come back from its own
mistakes. Every other episode has the delay and the limits of the live control path in the loop, so
that the policy knows both.

S. Ross, G. Gordon, D. Bagnell: A Reduction of Imitation Learning and Structured Prediction to
No-Regret Online Learning, AISTATS 2011.
"""

from dataclasses import dataclass, field, replace
import math

import numpy as np
from takeover.agents.bc import BcConfig, BcError, ClonedPolicy, concatenate, Demonstrations, train
from takeover.agents.mirror import mirror_of
from takeover.outcome import Outcome
from takeover.robot import RobotSpec
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.expert import PathExpert
from takeover.simulation.rover import TruePose
from takeover.specs import TaskSpec

# Courses of training start here, far from the small seeds people try and evaluate.
FIRST_TRAINING_SEED = 1_000_000
LIVE_LATENCY_S = 0.05
SCATTER_STEP_M = 0.2
SCATTER_ERROR = np.array([0.05, 0.05, 0.02])  # m, m, rad per sqrt(m): largest odometry walk


@dataclass(frozen=True)
class DaggerConfig:
    """How to collect and how often to train."""

    courses: int = 1500
    """Courses on which the expert is asked at random places before anybody drives."""
    rounds: int = 5
    """Rounds in which the learner drives; training on all data so far comes before each."""
    episodes: int = 50
    """Episodes driven in each round."""
    noise: float = 0.2
    """Largest standard deviation of the noise on the driver, in halves of the action's range."""
    noise_time_s: float = 0.5
    """How long the noise keeps its direction (Ornstein-Uhlenbeck)."""
    mirror: bool = True
    """Add every pair once more with left and right exchanged."""
    round_steps: int = 5_000
    """Gradient steps before each round; the training at the end takes all of `bc.steps`."""
    bc: BcConfig = field(default_factory=BcConfig)
    """The regression; its seed is replaced by the one below."""
    seed: int = 0
    """Of courses, places, noise, initial weights and batches."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, least in (
            ('courses', 1),
            ('rounds', 0),
            ('episodes', 1),
            ('round_steps', 1),
            ('noise', 0.0),
            ('noise_time_s', 1e-3),
            ('seed', 0),
        ):
            if getattr(self, name) < least:
                raise BcError(f'{name} must be at least {least}, is {getattr(self, name)}')


class Progress:
    """Hears how the work goes on; this one keeps silent."""

    def note(self, stage: str, done: int, total: int, detail: str = '') -> None:
        """Take note that `done` of `total` parts of a stage are done."""


def run(
    task: TaskSpec, robot: RobotSpec, config: DaggerConfig, progress: Progress = Progress()
) -> tuple[ClonedPolicy, Demonstrations]:
    """Return the policy, and all pairs it was trained on (not mirrored)."""
    envs = [
        RoverPathEnv(task, robot),
        RoverPathEnv(task, robot, latency_s=LIVE_LATENCY_S, gated=True),
    ]
    expert = PathExpert(robot, task.episode)
    rng = np.random.Generator(np.random.PCG64([config.seed, 2]))
    courses = iter(range(FIRST_TRAINING_SEED * (1 + config.seed), 1 << 62))
    parts: list[Demonstrations] = []
    for number in range(config.courses):
        parts.append(scatter(envs[0], next(courses), expert, rng))
        progress.note('places', number + 1, config.courses)

    def trained(stage: str, steps: int) -> ClonedPolicy:
        bc = replace(config.bc, seed=config.seed, steps=steps)
        data = concatenate(parts)
        return train(
            bc,
            with_mirror(data, task) if config.mirror else data,
            envs[0].action_contract,
            lambda step, loss: progress.note(stage, step, steps, f'loss {loss:.5f}'),
        )

    for round_number in range(1, config.rounds + 1):
        policy = trained(f'training {round_number}', config.round_steps)
        goals = 0
        for number in range(config.episodes):
            pairs, outcome = drive(envs[number % 2], next(courses), expert, policy, config, rng)
            parts.append(pairs)
            goals += outcome == Outcome.GOAL.name
            progress.note(
                f'driving {round_number}',
                number + 1,
                config.episodes,
                f'{goals} of {number + 1} reached the goal',
            )
    return trained('last training', config.bc.steps), concatenate(parts)


def drive(
    env: RoverPathEnv,
    seed: int,
    expert: PathExpert,
    learner: ClonedPolicy,
    config: DaggerConfig,
    rng: np.random.Generator,
) -> tuple[Demonstrations, str]:
    """Let the learner drive with noise; return what it saw, the expert's answers, and the end."""
    action = env.action_contract
    half_range = 0.5 * (action.high - action.low)
    keep = math.exp(-1.0 / (env.task.rate_hz * config.noise_time_s))
    strength = config.noise * rng.random() * math.sqrt(1.0 - keep**2)
    noise = np.zeros(action.size)
    observations, labels = [], []
    observation, info = env.reset(seed=seed)
    done = False
    while not done:
        observations.append(observation)
        labels.append(expert.act(env.simulation))
        noise = keep * noise + strength * rng.standard_normal(action.size)
        observation, _, terminated, truncated, info = env.step(
            learner.act(observation) + half_range * noise
        )
        done = terminated or truncated
    return (
        Demonstrations(np.array(observations, np.float32), np.array(labels, np.float32)),
        info['outcome'],
    )


def scatter(
    env: RoverPathEnv, seed: int, expert: PathExpert, rng: np.random.Generator
) -> Demonstrations:
    """Put the rover at many random places along a course and ask the expert at each.

    Places differ in offset, heading, velocity and in how far odometry is off by then.
    """
    env.reset(seed=seed)
    course = env.simulation.course
    observations, labels = [], []
    s, error = 0.2, np.zeros(3)
    walk = SCATTER_ERROR * rng.random()
    while s < course.goal_s_m:
        d = float(np.clip(rng.normal(0.0, 0.4), -1.1, 1.1))
        x, y, heading = course.pose(s, d)
        yaw = heading + rng.normal(0.0, 0.4)
        speed = rng.uniform(0.0, 1.1) * env.task.episode.target_speed_m_s
        pose = TruePose(x, y, yaw, float(speed), float(rng.uniform(-1.0, 1.0)))
        step = float(rng.uniform(0.02, SCATTER_STEP_M))
        error += walk * np.sqrt(step) * rng.standard_normal(3)
        observation = env.place(pose, (x + error[0], y + error[1], yaw + error[2]))
        if not env.simulation.touches:
            observations.append(observation)
            labels.append(expert.act(env.simulation))
        s += step
    return Demonstrations(np.array(observations, np.float32), np.array(labels, np.float32))


def with_mirror(data: Demonstrations, task: TaskSpec) -> Demonstrations:
    """Return the pairs and their mirror images."""
    mirror = mirror_of(task)
    return concatenate(
        [
            data,
            Demonstrations(mirror.observations(data.observations), mirror.actions(data.actions)),
        ]
    )
