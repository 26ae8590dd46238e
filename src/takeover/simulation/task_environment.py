"""A robot's task as a Gymnasium environment, at the task's rate: what rovers and arms share.

The observation comes through `takeover.observation.ObservationBuilder` from the task's inputs
alone, exactly as the policy node makes it; of a task with images it is a dict of the vector and of
one uint8 array for each image. The action is the task's, in SI. There is no reward function:
`reward` is always 0.0, what is good comes from a person's corrections or from an expert's labels.
`terminated` and `truncated` are kept apart; `info` names the outcome.
"""

from abc import abstractmethod
from typing import Any, Protocol

import gymnasium
import numpy as np
from takeover.action import ActionContract
from takeover.image import shape_picture
from takeover.observation import Missing, Observation, ObservationBuilder
from takeover.outcome import Outcome
from takeover.policy.model_inputs import split
from takeover.robot import RobotSpec
from takeover.samples import ImageSample
from takeover.simulation.ticks import SimulationError, TICK_S
from takeover.specs import TaskSpec, VECTOR_FIELD

GATE_TICKS = 2
Shown = np.ndarray | dict[str, np.ndarray]


class Progress(Protocol):
    """Numbers of an episode; each kind of robot has more of them."""

    share: float
    """Of the way to the goal, 0 to 1."""


class Simulation(Protocol):
    """The truth below, for experts and for evaluation."""

    seed: int

    @property
    def time_s(self) -> float:
        """Simulated time since the reset."""

    @property
    def time_ns(self) -> int:
        """Simulated time since the reset, as the samples are stamped."""

    @property
    def outcome(self) -> Outcome:
        """How the episode stands."""

    @property
    def progress(self) -> Progress:
        """How the episode goes."""

    def reset(self, seed: int) -> None:
        """Start the episode of a seed from nothing."""

    def step(self, ticks: int = 1) -> None:
        """Let so many ticks pass."""


class TaskEnv(gymnasium.Env[Shown, np.ndarray]):
    """One robot; a subclass says what it senses and how a command reaches its motors."""

    metadata = {'render_modes': ['rgb_array'], 'render_fps': 20}

    def __init__(
        self, task: TaskSpec, robot: RobotSpec, render_mode: str | None, latency_s: float
    ) -> None:
        """Prepare observation and action.

        :param latency_s: from observation to motors, rounded to `TICK_S`; less than a period.
        :raises SimulationError: the task's rate or latency do not fit.
        """
        if render_mode not in (None, 'rgb_array'):
            raise SimulationError(f"render_mode is {render_mode!r}; legal: None, 'rgb_array'")
        self.render_mode = render_mode
        self.task, self.robot = task, robot
        self.action_contract = ActionContract(task.action)
        self._ticks = round(1.0 / (task.rate_hz * TICK_S))
        if abs(self._ticks * TICK_S * task.rate_hz - 1.0) > 1e-6:
            raise SimulationError(
                f'rate_hz is {task.rate_hz}; its period must be a whole multiple of {TICK_S} s'
            )
        self._latency_ticks = round(latency_s / TICK_S)
        if not 0 <= self._latency_ticks <= self._ticks:
            raise SimulationError(f'latency_s is {latency_s}; legal: 0 to {1.0 / task.rate_hz} s')
        self.observation_space = _observation_space(task)
        self.action_space = gymnasium.spaces.Box(
            np.float32(self.action_contract.low), np.float32(self.action_contract.high)
        )
        self.builder = ObservationBuilder(task)
        self.observation: Observation | None = None
        """What the policy acts on now, as the policy node has it."""
        self._topics = {spec.type: topic for topic, spec in task.inputs.items()}
        self._steps = 0
        self.executed = (0.0,) * self.action_contract.size
        """What was executed when the last action arrived, SI."""
        self.source: int | None = None
        """Whose the next action is, where somebody tells: an arm is taken over where it is."""

    @property
    @abstractmethod
    def simulation(self) -> Simulation:
        """The simulation below; made at the first use."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Shown, dict[str, Any]]:
        """Start the episode of a seed; without one the next random episode."""
        super().reset(seed=seed)
        chosen = seed if seed is not None else int(self.np_random.integers(1 << 31))
        self.simulation.reset(chosen)
        self.builder.clear()
        self._steps = 0
        self._begin()
        return self._observe(), self._info()

    def step(self, action: np.ndarray) -> tuple[Shown, float, bool, bool, dict[str, Any]]:
        """Drive for one period of the task.

        :raises SimulationError: the action has the wrong length or is not finite.
        """
        fault = self.action_contract.validate(action)
        if fault is not None:
            raise SimulationError(fault)
        command = self.action_contract.clip(action)
        self._steps += 1
        for tick in range(self._ticks):
            if tick == self._latency_ticks:
                self._send(command)
            elif tick % GATE_TICKS == 0:
                self._go_on()
            self.simulation.step()
            self._sense()
        if self._latency_ticks == self._ticks:
            self._send(command)
        outcome = self.simulation.outcome
        return self._observe(), 0.0, outcome.terminated, outcome.truncated, self._info()

    @abstractmethod
    def _begin(self) -> None:
        """After a reset: tell the builder what comes once, sense, be ready to move."""

    @abstractmethod
    def _sense(self) -> None:
        """Give the builder what is new; it refuses what it has."""

    @abstractmethod
    def _send(self, command: np.ndarray) -> None:
        """Let a command arrive; keep in `executed` what is done of it."""

    @abstractmethod
    def _go_on(self) -> None:
        """Let the safety gate go on towards the last command."""

    @abstractmethod
    def _picture(self, topic: str) -> np.ndarray:
        """Return what the camera behind an image input sees now, uint8 [h, w, 3]."""

    def _info(self) -> dict[str, Any]:
        """Return outcome, success and what else is known of the episode."""
        outcome = self.simulation.outcome
        return {
            'outcome': outcome.name,
            'success': outcome is Outcome.GOAL,
            'course_seed': self.simulation.seed,
            'progress': self.simulation.progress.share,
        }

    def _observe(self) -> Shown:
        self._look()
        observation = self.builder.build(self.simulation.time_ns)
        if isinstance(observation, Missing):
            raise SimulationError(f'no observation: {observation.reason}')
        self.observation = observation
        fields = split(observation.packed[None])
        found = {name: values[0].copy() for name, values in fields.items()}
        return found if self.task.images else found[VECTOR_FIELD]

    def _look(self) -> None:
        """Give the builder pictures taken now, in the form of the task."""
        for image in self.task.images:
            height, width, _ = image.shape
            topic = image.inputs[0]
            pixels = shape_picture(self._picture(topic), 'rgb8', image.form, height, width)
            frame = self.task.inputs[topic].frame or ''
            self.builder.update(
                topic,
                ImageSample(self.simulation.time_ns, pixels, image.form.encoding, frame),
            )


def _observation_space(task: TaskSpec) -> gymnasium.Space:
    low, high = zip(*((f.low, f.high) for f in task.vector_features for _ in range(f.size)))
    vector = gymnasium.spaces.Box(np.float32(low), np.float32(high))
    if not task.images:
        return vector
    images = {
        image.name: gymnasium.spaces.Box(0, 255, image.shape, np.uint8) for image in task.images
    }
    return gymnasium.spaces.Dict({VECTOR_FIELD: vector} | images)
