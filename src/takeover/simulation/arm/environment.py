"""An arm's task as a Gymnasium environment; see `takeover.simulation.task_environment`.

Commands always pass the safety gate of the arm: it is what makes joint positions out of a twist.
"""

import numpy as np
from takeover.arm_samples import PoseSample, ToolSample
from takeover.arm_spec import ArmSpec
from takeover.safety.arm_gate import ArmGate, ArmOutput
from takeover.simulation.arm.simulation import ArmSimulation
from takeover.simulation.task_environment import GATE_TICKS, TaskEnv
from takeover.simulation.ticks import SimulationError, TICK_S
from takeover.specs import TaskSpec

_CAMERAS = ('wrist', 'front')
_POSES = ('target', 'episode_start')


class ArmEnv(TaskEnv):
    """One arm; `simulation` is the truth below, for experts and for evaluation."""

    def __init__(
        self,
        task: TaskSpec,
        robot: ArmSpec,
        render_mode: str | None = None,
        latency_s: float = 0.0,
    ) -> None:
        """Build the environment.

        :param latency_s: from observation to motors, rounded to `TICK_S`; less than a period.
        :raises SimulationError: the task's rate or latency do not fit, or the robot file has no
            simulation.
        """
        super().__init__(task, robot, render_mode, latency_s)
        self._simulation: ArmSimulation | None = None
        self._gate: ArmGate | None = None
        poses = [topic for topic, spec in task.inputs.items() if spec.type == 'pose']
        if not set(poses) <= set(_POSES):
            raise SimulationError(
                f'the task has the poses {", ".join(poses)}; the simulated arm knows '
                f'{", ".join(_POSES)}'
            )

    @property
    def simulation(self) -> ArmSimulation:
        """The simulation below; made at the first use."""
        if self._simulation is None:
            self._simulation = ArmSimulation(self.robot, self.task.episode)
        return self._simulation

    def tool(self) -> ToolSample:
        """Return pose and motion of the tool, as the joints tell them."""
        return self._gate.tool()

    def render(self) -> np.ndarray | None:
        """Return the front camera's picture in the mode 'rgb_array'."""
        return self.simulation.render('front') if self.render_mode == 'rgb_array' else None

    def close(self) -> None:
        """Free the renderer."""
        if self._simulation is not None:
            self._simulation.close()

    def _begin(self) -> None:
        self._gate = ArmGate(self.task.action, self.robot, period_s=GATE_TICKS * TICK_S)
        self._gate.activate(0.0)
        self._joints_ns = -1
        tool = self.simulation.true_tool()
        poses = dict(zip(_POSES, (self.simulation.goal(), tool)))
        for topic, spec in self.task.inputs.items():
            if spec.type == 'pose':
                self.builder.update(topic, _pose(poses[topic], self.robot.base_frame))
        self._sense()

    def _sense(self) -> None:
        joints, wrench = self.simulation.joints(), self.simulation.wrench()
        now_ns, now_s = self.simulation.time_ns, self.simulation.time_s
        samples = {'wrench': wrench}
        if joints.stamp_ns > self._joints_ns:
            self._joints_ns = joints.stamp_ns
            self._gate.on_joints(joints, now_ns, now_s)
            samples |= {'joint_state': joints, 'tool_state': self._gate.tool()}
        output = self._gate.on_wrench(wrench, now_ns, now_s)
        if output is not None:
            self._move(output)
        for kind, sample in samples.items():
            if kind in self._topics and sample is not None:
                self.builder.update(self._topics[kind], sample)

    def _send(self, command: np.ndarray) -> None:
        now_ns, now_s = self.simulation.time_ns, self.simulation.time_s
        output = self._gate.command(
            command, self._steps, now_ns, now_ns, now_s, source=self.source
        )
        self.executed = output.values
        self._move(output)

    def _go_on(self) -> None:
        self._move(self._gate.tick(self.simulation.time_s))

    def _move(self, output: ArmOutput) -> None:
        if output.positions is not None:
            self.simulation.command_joints(output.positions)
        if output.width_m is not None:
            self.simulation.command_gripper(output.width_m)

    def _picture(self, topic: str) -> np.ndarray:
        return self.simulation.render(next(name for name in _CAMERAS if name in topic))


def _pose(sample: PoseSample | ToolSample, frame_id: str) -> PoseSample:
    return PoseSample(sample.stamp_ns, sample.position, sample.rotation, frame_id)
