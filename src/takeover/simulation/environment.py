"""The rover's task as a Gymnasium environment, at the task's rate.

The observation comes through `takeover.observation.ObservationBuilder` from the task's inputs
alone (odometry, scan, path, the forward camera), exactly as the policy node makes it; of a task
with images it is a dict of the vector and of one uint8 array for each image. The action is the
task's twist in SI. There is no reward function: `reward` is always 0.0, what is good comes from a
person's corrections or from an expert's labels. `terminated` (goal, collision, off the path) and
`truncated` (time limit) are kept apart; `info` names the outcome.

By default the environment is the bare robot. `latency_s` and `gated` put the delay of the control
path and the limits of the safety gate into the loop, as they are when the policy drives live.
"""

from typing import Any

import gymnasium
import numpy as np
from takeover.action import ActionContract
from takeover.image import shape_picture
from takeover.observation import Missing, Observation, ObservationBuilder
from takeover.outcome import Outcome
from takeover.policy.model_inputs import split
from takeover.robot import RoverSpec
from takeover.safety.gate import SafetyGate
from takeover.safety.limits import limits_for_action
from takeover.samples import ImageSample
from takeover.simulation.rover import RoverSimulation, SimulationError, TICK_S, TruePose
from takeover.specs import TaskSpec, VECTOR_FIELD

GATE_TICKS = 2
_COMPONENTS = ('linear.x', 'angular.z')


class RoverPathEnv(gymnasium.Env[np.ndarray | dict[str, np.ndarray], np.ndarray]):
    """One rover; `simulation` is the truth below, for experts and for evaluation."""

    metadata = {'render_modes': ['rgb_array'], 'render_fps': 20}

    def __init__(
        self,
        task: TaskSpec,
        robot: RoverSpec,
        render_mode: str | None = None,
        latency_s: float = 0.0,
        gated: bool = False,
    ) -> None:
        """Build the environment.

        :param latency_s: from observation to wheels, rounded to `TICK_S`; less than a period.
        :param gated: whether commands pass the safety gate's limits.
        :raises SimulationError: the task's rate, action or latency do not fit.
        """
        if render_mode not in (None, 'rgb_array'):
            raise SimulationError(f"render_mode is {render_mode!r}; legal: None, 'rgb_array'")
        self.render_mode = render_mode
        self.task, self.robot = task, robot
        self.action_contract = ActionContract(task.action)
        if self.action_contract.names != _COMPONENTS:
            raise SimulationError(
                f'the rover takes the action {", ".join(_COMPONENTS)}; the task '
                f'has {", ".join(self.action_contract.names)}'
            )
        self._ticks = round(1.0 / (task.rate_hz * TICK_S))
        if abs(self._ticks * TICK_S * task.rate_hz - 1.0) > 1e-6:
            raise SimulationError(
                f'rate_hz is {task.rate_hz}; its period must be a whole multiple of {TICK_S} s'
            )
        self._latency_ticks = round(latency_s / TICK_S)
        if not 0 <= self._latency_ticks <= self._ticks:
            raise SimulationError(f'latency_s is {latency_s}; legal: 0 to {1.0 / task.rate_hz} s')
        self._gated = gated
        self.observation_space = _observation_space(task)
        self.action_space = gymnasium.spaces.Box(
            np.float32(self.action_contract.low), np.float32(self.action_contract.high)
        )
        self.builder = ObservationBuilder(task)
        self.observation: Observation | None = None
        """What the policy acts on now, as the policy node has it."""
        self._topics = {spec.type: topic for topic, spec in task.inputs.items()}
        self._simulation: RoverSimulation | None = None
        self._gate: SafetyGate | None = None
        self._steps = 0
        self.executed = (0.0,) * self.action_contract.size
        """What was sent to the wheels when the last action arrived, SI."""

    @property
    def simulation(self) -> RoverSimulation:
        """The simulation below; made at the first use."""
        if self._simulation is None:
            self._simulation = RoverSimulation(self.robot, self.task.episode)
        return self._simulation

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray | dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode on the course of a seed; without one on the next random course."""
        super().reset(seed=seed)
        course = seed if seed is not None else int(self.np_random.integers(1 << 31))
        self.simulation.reset(course)
        self.builder.clear()
        if 'path' in self._topics:
            self.builder.update(self._topics['path'], self.simulation.path())
        self._sense()
        self._gate = self._new_gate() if self._gated else None
        self._steps = 0
        return self._observe(), self._info()

    def step(
        self, action: np.ndarray
    ) -> tuple[np.ndarray | dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
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
            elif self._gate is not None and tick % GATE_TICKS == 0:
                self.simulation.set_command(*self._gate.tick(self.simulation.time_s).values)
            self.simulation.step()
            self._sense()
        if self._latency_ticks == self._ticks:
            self._send(command)
        outcome = self.simulation.outcome
        return self._observe(), 0.0, outcome.terminated, outcome.truncated, self._info()

    def place(
        self, pose: TruePose, believed: tuple[float, float, float]
    ) -> np.ndarray | dict[str, np.ndarray]:
        """Put the rover somewhere, see `RoverSimulation.place`; return what it observes there."""
        self.simulation.place(pose, believed)
        self._sense()
        return self._observe()

    def render(self) -> np.ndarray | None:
        """Return the forward camera's picture in the mode 'rgb_array'."""
        return self.simulation.render() if self.render_mode == 'rgb_array' else None

    def close(self) -> None:
        """Free the renderer."""
        if self._simulation is not None:
            self._simulation.close()

    def _send(self, command: np.ndarray) -> None:
        values = command.tolist()
        if self._gate is not None:
            now_ns, now_s = self.simulation.time_ns, self.simulation.time_s
            values = self._gate.command(values, self._steps, now_ns, now_ns, now_s).values
        self.executed = tuple(values)
        self.simulation.set_command(*values)

    def _sense(self) -> None:
        """Give the builder what is new; it refuses what it has."""
        now_ns = self.simulation.time_ns
        for kind, sample in (
            ('odometry', self.simulation.odometry()),
            ('laser_scan', self.simulation.scan()),
        ):
            if kind in self._topics and sample.stamp_ns == now_ns:
                self.builder.update(self._topics[kind], sample)

    def _observe(self) -> np.ndarray | dict[str, np.ndarray]:
        self._look()
        observation = self.builder.build(self.simulation.time_ns)
        if isinstance(observation, Missing):
            raise SimulationError(f'no observation: {observation.reason}')
        self.observation = observation
        fields = split(observation.packed[None])
        found = {name: values[0].copy() for name, values in fields.items()}
        return found if self.task.images else found[VECTOR_FIELD]

    def _look(self) -> None:
        """Give the builder a picture taken now, in the form of the task."""
        picture = self.simulation.render() if self.task.images else None
        for image in self.task.images:
            height, width, _ = image.shape
            pixels = shape_picture(picture, 'rgb8', image.form, height, width)
            frame = self.task.inputs[image.inputs[0]].frame or ''
            self.builder.update(
                image.inputs[0],
                ImageSample(self.simulation.time_ns, pixels, image.form.encoding, frame),
            )

    def _info(self) -> dict[str, Any]:
        outcome = self.simulation.outcome
        return {
            'outcome': outcome.name,
            'success': outcome is Outcome.GOAL,
            'course_seed': self.simulation.seed,
            'progress': self.simulation.progress.share,
        }

    def _new_gate(self) -> SafetyGate:
        gate = SafetyGate(
            self.action_contract.names,
            limits_for_action(self.task.action, self.robot),
            timeout_s=self.robot.timeouts.gate_s,
            period_s=GATE_TICKS * TICK_S,
            controller_timeout_s=self.robot.timeouts.controller_s,
        )
        gate.activate(0.0)
        return gate


def _observation_space(task: TaskSpec) -> gymnasium.Space:
    low, high = zip(*((f.low, f.high) for f in task.vector_features for _ in range(f.size)))
    vector = gymnasium.spaces.Box(np.float32(low), np.float32(high))
    if not task.images:
        return vector
    images = {
        image.name: gymnasium.spaces.Box(0, 255, image.shape, np.uint8) for image in task.images
    }
    return gymnasium.spaces.Dict({VECTOR_FIELD: vector} | images)
