"""The simulated rover: a differential drive on a course, in MuJoCo, with a real one's sensors.

Time passes only in `step`, in ticks of the base controller (`TICK_S`). Within a tick the base does
what a real one does: it ramps towards the commanded twist with its own acceleration limits, stops
by itself when no command came for `timeouts.controller_s`, and drives the wheels through servos
with a lag. Odometry and scans are taken at their own rates; `odometry` and `scan` give the latest.

The same robot, episode spec, seed and commands give the same trajectory bit for bit on one
machine; `reset` leaves nothing of the episode before.
"""

import math

import mujoco
import numpy as np
from takeover.episode_spec import PathEpisodeSpec
from takeover.outcome import Outcome
from takeover.robot import RoverSpec
from takeover.samples import LaserScanSample, OdometrySample, PathSample
from takeover.simulation.course import Course, MAX_ROBOT_RADIUS_M
from takeover.simulation.episode import EpisodeMonitor, Progress
from takeover.simulation.lidar import Lidar
from takeover.simulation.odometry import WheelOdometry
from takeover.simulation.rover_model import build_model, OBSTACLE_GROUP, physics_of
from takeover.simulation.rover_view import TruePose
from takeover.simulation.ticks import (
    physics_steps,
    sensor_ticks,
    SimulationError,
    TICK_NS,
    TICK_S,
)

STANDS_BELOW_M_S = 0.01
PLACE_S = 0.1  # passes at `place`: a whole number of every sensor's periods
_SETTLE_S = 0.2


class RoverSimulation:
    """One rover on the course of one seed; `reset` moves it to another."""

    def __init__(self, robot: RoverSpec, episode: PathEpisodeSpec, seed: int = 0) -> None:
        """Build the rover at the start of a course.

        :param episode: the task's `PathEpisodeSpec`.
        :raises SimulationError: the robot file has no simulation; rates or time step do not fit
            the tick; the robot is too large.
        :raises CourseError: the episode spec allows no course.
        """
        self._robot, self._episode = robot, episode
        physics = physics_of(robot)
        self._track_m, self._wheel_radius_m = robot.geometry.track_m, robot.geometry.wheel_radius_m
        self._steps = physics_steps(physics.timestep_s)
        self._odometry_ticks = sensor_ticks('odometry', physics.odometry.rate_hz)
        self._scan_ticks = sensor_ticks('lidar', physics.lidar.rate_hz)
        if robot.geometry.radius_m > MAX_ROBOT_RADIUS_M:
            raise SimulationError(
                f'geometry.radius_m is {robot.geometry.radius_m}; courses are '
                f'passable up to {MAX_ROBOT_RADIUS_M} m'
            )
        self._limits = [robot.limits[name] for name in ('linear.x', 'angular.z')]
        self._ramp = TICK_S * np.array(
            [physics.max_acceleration_m_s2, physics.max_angular_acceleration_rad_s2]
        )
        self._camera = None
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Start the episode of a seed from nothing: course, physics, sensors, noise."""
        self.seed = seed
        self.course = Course(seed, self._episode)
        self.model = build_model(self._robot, self.course)
        self.data = mujoco.MjData(self.model)
        self._wheels = [
            int(self.model.joint(f'{side}_wheel').qposadr[0]) for side in ('left', 'right')
        ]
        self._is_obstacle = self.model.geom_group == OBSTACLE_GROUP
        mujoco.mj_step(self.model, self.data, round(_SETTLE_S / TICK_S) * self._steps)
        noise = [
            np.random.Generator(np.random.PCG64(source))
            for source in np.random.SeedSequence([seed, 1]).spawn(2)
        ]
        self._odometry = WheelOdometry(self._robot, noise[0], self.course.start, self._angles())
        self._lidar = Lidar(self._robot.simulation.lidar, self.model, noise[1])
        self._scan = self._lidar.scan(0, self.data)
        self._ticks = 0
        self._command = np.zeros(2)
        self._command_tick: int | None = None
        self._target = np.zeros(2)
        self._monitor = EpisodeMonitor(self.course, self._episode)

    @property
    def time_s(self) -> float:
        """Simulated time since the reset."""
        return self._ticks * TICK_S

    @property
    def time_ns(self) -> int:
        """Simulated time since the reset, as the samples are stamped."""
        return self._ticks * TICK_NS

    @property
    def true_pose(self) -> TruePose:
        """The pose no real robot knows."""
        w, x, y, z = self.data.qpos[3:7].tolist()
        yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        vx, vy = self.data.qvel[:2].tolist()
        return TruePose(
            float(self.data.qpos[0]),
            float(self.data.qpos[1]),
            yaw,
            vx * math.cos(yaw) + vy * math.sin(yaw),
            float(self.data.qvel[5]),
        )

    @property
    def stands(self) -> bool:
        """Whether both tyres move at less than `STANDS_BELOW_M_S`."""
        speed = np.abs(self.data.qvel[6:8]).max() * self._wheel_radius_m
        return bool(speed < STANDS_BELOW_M_S)

    @property
    def touches(self) -> bool:
        """Whether the rover touches an obstacle now."""
        return bool(self._is_obstacle[self.data.contact.geom].any())

    @property
    def outcome(self) -> Outcome:
        """How the episode stands; the first outcome stays."""
        return self._monitor.outcome

    @property
    def progress(self) -> Progress:
        """Numbers of the episode so far."""
        return self._monitor.progress

    @property
    def path_progress_m(self) -> float:
        """True distance along the path."""
        return self._monitor.tracker.progress_m

    @property
    def cross_track_m(self) -> float:
        """True distance from the path, positive left of it."""
        return self._monitor.cross_track_m

    def set_command(self, linear_m_s: float, angular_rad_s: float) -> bool:
        """Take a twist of base_link, clipped to what the base can do; it holds until the next.

        :returns: False when it was ignored because it is not finite.
        """
        if not (math.isfinite(linear_m_s) and math.isfinite(angular_rad_s)):
            return False
        for i, value in enumerate((linear_m_s, angular_rad_s)):
            limit = self._limits[i]
            self._command[i] = min(max(value, limit.min_velocity), limit.max_velocity)
        self._command_tick = self._ticks
        return True

    def step(self, ticks: int = 1) -> Outcome:
        """Let `ticks` times `TICK_S` pass; the first outcome of an episode stays."""
        for _ in range(ticks):
            self._drive()
            mujoco.mj_step(self.model, self.data, self._steps)
            self._ticks += 1
            if self._ticks % self._odometry_ticks == 0:
                self._odometry.advance(self.time_ns, self._angles())
            if self._ticks % self._scan_ticks == 0:
                self._scan = self._lidar.scan(self.time_ns, self.data)
            self._observe()
        return self.outcome

    def place(self, pose: TruePose, believed: tuple[float, float, float]) -> None:
        """Put the rover somewhere in motion, `PLACE_S` later, with fresh odometry and scan.

        For data and tests: many places of a course in little time. To be where it belongs along
        the path, a place must be less than 1 m from the one before.

        :param believed: x, y, yaw that odometry says from now on.
        """
        half_yaw, half_turn = 0.5 * pose.yaw_rad, 0.5 * pose.angular_rad_s * self._track_m
        self.data.qpos[:2] = pose.x_m, pose.y_m
        self.data.qpos[3:7] = math.cos(half_yaw), 0.0, 0.0, math.sin(half_yaw)
        self.data.qvel[:] = 0.0
        self.data.qvel[:2] = (
            pose.linear_m_s * math.cos(pose.yaw_rad),
            pose.linear_m_s * math.sin(pose.yaw_rad),
        )
        self.data.qvel[5] = pose.angular_rad_s
        self._target[:] = pose.linear_m_s, pose.angular_rad_s
        wheels = np.array([pose.linear_m_s - half_turn, pose.linear_m_s + half_turn])
        self.data.qvel[6:8] = self.data.act[:] = wheels / self._wheel_radius_m
        mujoco.mj_forward(self.model, self.data)
        self._ticks += round(PLACE_S / TICK_S)
        self._odometry.place(
            self.time_ns, believed, pose.linear_m_s, pose.angular_rad_s, self._angles()
        )
        self._scan = self._lidar.scan(self.time_ns, self.data)
        self._observe()

    def odometry(self) -> OdometrySample:
        """Return the latest wheel odometry; it drifts."""
        return self._odometry.sample

    def scan(self) -> LaserScanSample:
        """Return the latest lidar turn."""
        return self._scan

    def path(self) -> PathSample:
        """Return the path to follow, in the frame `odom` (which starts at the true pose)."""
        return PathSample(0, self.course.points)

    def render(self) -> np.ndarray:
        """Return what the forward camera sees, uint8 [height, width, 3].

        :raises CameraUnavailable: no offscreen renderer on this machine.
        """
        if self._camera is None:
            from takeover.simulation.camera import ForwardCamera

            self._camera = ForwardCamera(self._robot.simulation.camera, self.model)
        return self._camera.render(self.model, self.data, self.course)

    def close(self) -> None:
        """Free the renderer, if one was made."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _angles(self) -> np.ndarray:
        return self.data.qpos[self._wheels]

    def _observe(self) -> None:
        x_m, y_m = self.data.qpos[:2].tolist()
        self._monitor.observe(self.time_s, x_m, y_m, self.touches)

    def _drive(self) -> None:
        """Ramp the twist towards the command, or to zero without one; set the wheel servos."""
        silent_s = (
            math.inf if self._command_tick is None else (self._ticks - self._command_tick) * TICK_S
        )
        wanted = self._command if silent_s < self._robot.timeouts.controller_s else np.zeros(2)
        self._target += np.clip(wanted - self._target, -self._ramp, self._ramp)
        half_turn = 0.5 * self._target[1] * self._track_m
        self.data.ctrl[0] = (self._target[0] - half_turn) / self._wheel_radius_m
        self.data.ctrl[1] = (self._target[0] + half_turn) / self._wheel_radius_m
