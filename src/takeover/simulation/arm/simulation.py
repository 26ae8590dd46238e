"""The simulated arm: at its task, in MuJoCo, with a real one's controllers and sensors.

Time passes only in `step`, in ticks of the controllers (`TICK_S`). Commands are those a real arm
takes; see `takeover.simulation.arm.controllers` for what becomes of them, with their time-outs.
`joints` and `wrench` give the latest measurements: the joints at their rate, the wrench each tick.

The same robot, episode spec, seed and commands give the same trajectory bit for bit on one
machine; `reset` leaves nothing of the episode before. The model is compiled once.
"""

import mujoco
import numpy as np
from takeover.arm.kinematics import ArmKinematics
from takeover.arm.pose import quaternion_of_matrix
from takeover.arm_samples import JointSample, PoseSample, ToolSample, WrenchSample
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec, ReachEpisodeSpec
from takeover.outcome import Outcome
from takeover.simulation.arm.controllers import ArmControllers, GripperController, TRAJECTORY_S
from takeover.simulation.arm.episode import ArmProgress, ArmState, PegMonitor, ReachMonitor
from takeover.simulation.arm.hand import TOOL
from takeover.simulation.arm.look import ArmLook
from takeover.simulation.arm.model import build_model
from takeover.simulation.arm.scene import TARGET
from takeover.simulation.arm.start import draw_start
from takeover.simulation.arm.wrench import WristSensor
from takeover.simulation.ticks import physics_steps, sensor_ticks, TICK_NS, TICK_S

STANDS_BELOW_RAD_S = 0.01


class ArmSimulation:
    """One arm at the episode of one seed; `reset` begins another."""

    def __init__(
        self, robot: ArmSpec, episode: ReachEpisodeSpec | PegEpisodeSpec, seed: int = 0
    ) -> None:
        """Build the arm at the start of an episode.

        :raises SimulationError: the robot file has no simulation; rates, meshes or poses of the
            task do not fit.
        """
        self._robot, self._episode = robot, episode
        self.model = build_model(robot, episode)
        self.data = mujoco.MjData(self.model)
        self._steps = physics_steps(robot.simulation.timestep_s)
        self._joint_ticks = sensor_ticks('joint_states', robot.simulation.joint_state_rate_hz)
        self.kinematics = ArmKinematics(robot)
        fingers = robot.gripper.joints if robot.gripper else ()
        self._names = robot.joint_names + fingers
        joints = [self.model.joint(name) for name in self._names]
        self._qpos = [int(joint.qposadr[0]) for joint in joints]
        self._dofs = [int(joint.dofadr[0]) for joint in joints]
        self._tool = self.model.site(TOOL).id
        self._controllers = ArmControllers(robot, self.kinematics)
        self._gripper = GripperController(robot) if fingers else None
        self._wrist = WristSensor(self.model, self._steps)
        self._look = ArmLook(self.model)
        self._cameras = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Start the episode of a seed from nothing: pose, target, look, physics, sensors."""
        self.seed = seed
        start = draw_start(seed, self._episode, self.kinematics)
        self._goal = start.goal
        self._ticks = 0
        self._controllers.reset(start.joints)
        self._wrist.reset()
        self._look.apply(seed)
        model, data, count = self.model, self.data, len(start.joints)
        mujoco.mj_resetData(model, data)
        data.qpos[self._qpos[:count]] = data.act[:count] = start.joints
        if self._gripper is not None:
            holds = isinstance(self._episode, PegEpisodeSpec)
            opening = self._episode.peg_diameter_m if holds else self._robot.gripper.max_width_m
            self._gripper.reset(opening)
            data.qpos[self._qpos[count:]] = self._gripper.positions
        if isinstance(self._episode, ReachEpisodeSpec):
            x, y, z, w = start.goal.rotation
            target = model.body(TARGET).mocapid[0]
            data.mocap_pos[target], data.mocap_quat[target] = start.goal.position, (w, x, y, z)
        self._set_references()
        mujoco.mj_forward(model, data)
        self._joints = self._measure_joints()
        monitor = PegMonitor if isinstance(self._episode, PegEpisodeSpec) else ReachMonitor
        self._monitor = monitor(self._episode, self._goal, self._state())

    @property
    def time_s(self) -> float:
        """Simulated time since the reset."""
        return self._ticks * TICK_S

    @property
    def time_ns(self) -> int:
        """Simulated time since the reset, as the samples are stamped."""
        return self._ticks * TICK_NS

    @property
    def outcome(self) -> Outcome:
        """How the episode stands; the first outcome stays."""
        return self._monitor.outcome

    @property
    def progress(self) -> ArmProgress:
        """Numbers of the episode so far."""
        return self._monitor.progress

    @property
    def stands(self) -> bool:
        """Whether all joints turn at less than `STANDS_BELOW_RAD_S`."""
        arm = self._dofs[: len(self._robot.joints)]
        return bool(np.abs(self.data.qvel[arm]).max() < STANDS_BELOW_RAD_S)

    @property
    def width_m(self) -> float:
        """How far the gripper is open; 0 without one."""
        return float(self.data.qpos[self._qpos[len(self._robot.joints) :]].sum())

    @property
    def depth_m(self) -> float:
        """How far the tip of the peg is below the rim; 0 outside the hole, or without a peg."""
        peg = isinstance(self._monitor, PegMonitor)
        return self._monitor.depth_m(self._state()) if peg else 0.0

    @property
    def contact_force_n(self) -> float:
        """How hard the tool touches something, as the wrist feels it."""
        return float(np.linalg.norm(self._wrist.wrench[:3]))

    @property
    def reference_rad(self) -> np.ndarray:
        """Where the controller has the joints now, float64 [n]."""
        return self._controllers.positions.copy()

    def command_joints(self, positions: np.ndarray, duration_s: float = TRAJECTORY_S) -> bool:
        """Take a trajectory of one point, positions [n] in rad; 0 s: a forwarded position.

        :returns: False when it was ignored: not finite, or not one for each joint.
        """
        return self._controllers.move_to(np.asarray(positions, dtype=float), duration_s)

    def command_twist(self, twist: np.ndarray, in_tool_frame: bool) -> bool:
        """Take a twist of the tool [6], m/s and rad/s, in axes of the tool or of the base.

        :returns: False when it was ignored: not finite, or not six numbers.
        """
        return self._controllers.move_like(np.asarray(twist, dtype=float), in_tool_frame)

    def command_gripper(self, width_m: float) -> bool:
        """Take a width, clipped to what the gripper can do; it holds until the next.

        :returns: False when it was ignored: not finite, or there is no gripper.
        """
        return self._gripper is not None and self._gripper.move_to(width_m)

    def step(self, ticks: int = 1) -> Outcome:
        """Let `ticks` times `TICK_S` pass; the first outcome of an episode stays."""
        for _ in range(ticks):
            self._controllers.advance()
            if self._gripper is not None:
                self._gripper.advance()
            self._set_references()
            for step in range(self._steps):
                mujoco.mj_step(self.model, self.data)
                self._wrist.sample(step, self.data)
            self._place_bodies()
            self._wrist.measure(self.data)
            self._ticks += 1
            if self._ticks % self._joint_ticks == 0:
                self._joints = self._measure_joints()
            self._monitor.observe(self.time_s, self._state())
        return self.outcome

    def joints(self) -> JointSample:
        """Return the latest measurement of the joints, those of the gripper last."""
        return self._joints

    def wrench(self) -> WrenchSample:
        """Return what the environment exerts on the tool, in the tool frame, as of now."""
        felt = self._wrist.wrench
        return WrenchSample(self.time_ns, felt[:3], felt[3:], self._robot.tool_frame)

    def true_tool(self) -> ToolSample:
        """Return where the tool really is, and how it moves; for evaluation only."""
        turn = self.data.site_xmat[self._tool].reshape(3, 3)
        velocity = np.zeros(6)
        site = mujoco.mjtObj.mjOBJ_SITE
        mujoco.mj_objectVelocity(self.model, self.data, site, self._tool, velocity, 1)
        return ToolSample(
            self.time_ns,
            self.data.site_xpos[self._tool].copy(),
            quaternion_of_matrix(turn),
            velocity[3:],
            velocity[:3],
            self._robot.base_frame,
        )

    def goal(self) -> PoseSample:
        """Return the target, or the middle of the hole's rim with the axes of an inserted peg."""
        return self._goal

    def render(self, camera: str) -> np.ndarray:
        """Return what a camera sees, uint8 [height, width, 3].

        :param camera: 'wrist' or 'front'.
        :raises CameraUnavailable: no offscreen renderer on this machine.
        """
        if self._cameras is None:
            from takeover.simulation.arm.camera import ArmCameras

            self._cameras = ArmCameras(self._robot, self.model)
        return self._cameras.render(camera, self.data)

    def close(self) -> None:
        """Free the renderer, if one was made."""
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None

    def _place_bodies(self) -> None:
        """Bring poses and velocities of bodies, which lag one step of the physics, up to now."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        mujoco.mj_comVel(self.model, self.data)

    def _state(self) -> ArmState:
        tool, data = self._tool, self.data
        turn = data.site_xmat[tool].reshape(3, 3)
        return ArmState(data.site_xpos[tool].copy(), turn, self.width_m, self.contact_force_n)

    def _measure_joints(self) -> JointSample:
        return JointSample(
            self.time_ns,
            self._names,
            self.data.qpos[self._qpos],
            self.data.qvel[self._dofs],
            self._robot.base_frame,
        )

    def _set_references(self) -> None:
        count = len(self._robot.joints)
        self.data.ctrl[:count] = self._controllers.positions
        self.data.ctrl[count : 2 * count] = self._controllers.velocities
        if self._gripper is not None:
            self.data.ctrl[2 * count :] = self._gripper.positions
