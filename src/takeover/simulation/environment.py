"""The rover's task as a Gymnasium environment; see `takeover.simulation.task_environment`.

By default the environment is the bare robot. `latency_s` and `gated` put the delay of the control
path and the limits of the safety gate into the loop, as they are when the policy drives live.
"""

import numpy as np
from takeover.robot import RoverSpec
from takeover.safety.gate import SafetyGate
from takeover.safety.limits import limits_for_action
from takeover.simulation.rover import RoverSimulation, TruePose
from takeover.simulation.task_environment import GATE_TICKS, Shown, TaskEnv
from takeover.simulation.ticks import SimulationError, TICK_S
from takeover.specs import TaskSpec

_COMPONENTS = ('linear.x', 'angular.z')


class RoverPathEnv(TaskEnv):
    """One rover; `simulation` is the truth below, for experts and for evaluation."""

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
        super().__init__(task, robot, render_mode, latency_s)
        if self.action_contract.names != _COMPONENTS:
            raise SimulationError(
                f'the rover takes the action {", ".join(_COMPONENTS)}; the task '
                f'has {", ".join(self.action_contract.names)}'
            )
        self._gated = gated
        self._simulation: RoverSimulation | None = None
        self._gate: SafetyGate | None = None

    @property
    def simulation(self) -> RoverSimulation:
        """The simulation below; made at the first use."""
        if self._simulation is None:
            self._simulation = RoverSimulation(self.robot, self.task.episode)
        return self._simulation

    def place(self, pose: TruePose, believed: tuple[float, float, float]) -> Shown:
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

    def _begin(self) -> None:
        if 'path' in self._topics:
            self.builder.update(self._topics['path'], self.simulation.path())
        self._sense()
        self._gate = self._new_gate() if self._gated else None

    def _send(self, command: np.ndarray) -> None:
        values = command.tolist()
        if self._gate is not None:
            now_ns, now_s = self.simulation.time_ns, self.simulation.time_s
            values = self._gate.command(values, self._steps, now_ns, now_ns, now_s).values
        self.executed = tuple(values)
        self.simulation.set_command(*values)

    def _go_on(self) -> None:
        if self._gate is not None:
            self.simulation.set_command(*self._gate.tick(self.simulation.time_s).values)

    def _sense(self) -> None:
        now_ns = self.simulation.time_ns
        for kind, sample in (
            ('odometry', self.simulation.odometry()),
            ('laser_scan', self.simulation.scan()),
        ):
            if kind in self._topics and sample.stamp_ns == now_ns:
                self.builder.update(self._topics[kind], sample)

    def _picture(self, topic: str) -> np.ndarray:
        return self.simulation.render()

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
