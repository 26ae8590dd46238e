"""From a twist of the tool to joint velocities, within joint positions and velocities.

Mink solves a small quadratic program: the joint velocities that come nearest to the twist and
obey the limits. Two things keep the direction of a motion where the program alone would bend it.
A twist that needs a joint faster than it may be is slowed as a whole, beforehand. Near a
singularity a twist that leads nearer to it is slowed as a whole, afterwards.

Near a position limit a joint may be no faster than it can brake: see `velocity_bounds`.

An arm of fewer than six joints cannot follow every twist. The components that its file calls free
do not count: the others are followed, and the free ones become what that brings along.
"""

import mink
import numpy as np
from takeover.arm.kinematics import ArmKinematics, SOLVER, TOOL

# Keeps the program solvable at a singularity; costs a share of about 1e-6 of the twist elsewhere.
_DAMPING = 1e-8
# Rank of the Jacobian at which one solution of least norm is taken.
_CUT = 1e-6
# Share of a joint's acceleration that braking before a position limit counts on, and 1/s, how
# fast the speed falls with the distance over the last stretch, where that share would be abrupt.
_BRAKING = 0.5
_LAST_STRETCH = 10.0


class DifferentialIk:
    """Joint velocities for one arm. Not for two threads, as its kinematics."""

    def __init__(self, kinematics: ArmKinematics, margin_rad: float = 0.0):
        """Prepare the program for the arm of `kinematics`.

        :param margin_rad: to keep to the position limits.
        """
        robot = kinematics.robot
        self.kinematics = kinematics
        self._fastest = np.array([joint.max_velocity_rad_s for joint in robot.joints])
        self._acceleration = np.array([joint.max_acceleration_rad_s2 for joint in robot.joints])
        self._singularity = robot.singularity
        self._configuration = mink.Configuration(kinematics.model)
        self._followed = kinematics.followed
        costs = self._followed.astype(float)
        self._task = mink.FrameTask(
            TOOL, 'site', position_cost=costs[:3], orientation_cost=costs[3:]
        )
        self._limits = [_StepLimit(self)]
        self._low_rad = kinematics.low_rad + margin_rad
        self._high_rad = kinematics.high_rad - margin_rad

    def velocity_bounds(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and highest velocity [n] that each joint may have at `q`, rad/s.

        Zero lies between them. Towards a position limit it is the velocity from which the joint
        brakes in time, at the limit and beyond it zero; away from a limit it is the joint's own.
        """
        return -self._braking(q - self._low_rad), self._braking(self._high_rad - q)

    def joint_velocity(self, q: np.ndarray, twist: np.ndarray, dt_s: float) -> np.ndarray:
        """Return joint velocities [n], rad/s, that move the tool like `twist`, or slower.

        :param q: [n], joints now; beyond a limit, only motion back from it is returned.
        :param twist: [6] in the tool frame: linear m/s, angular rad/s; free ones do not matter.
        :param dt_s: for how long the velocities are meant; limits hold at its end.
        """
        if not twist[self._followed].any():
            return np.zeros_like(self._fastest)
        twist = self._within_velocities(q, twist)
        configuration = self._configuration
        configuration.update(q)
        pose = configuration.get_transform_frame_to_world(TOOL, 'site')
        # The difference of the two poses, over dt_s, is the twist.
        self._task.set_target(pose @ mink.SE3.exp(twist * dt_s))
        dq = mink.solve_ik(
            configuration, [self._task], dt_s, SOLVER, damping=_DAMPING, limits=self._limits
        )
        return dq * self._share_near_singularity(q, dq, dt_s)

    def _braking(self, distance: np.ndarray) -> np.ndarray:
        """Return the speed [n] from which a joint stands within `distance`, at most its own."""
        distance = np.maximum(distance, 0.0)
        speed = np.sqrt(2.0 * _BRAKING * self._acceleration * distance)
        return np.minimum(np.minimum(speed, _LAST_STRETCH * distance), self._fastest)

    def _within_velocities(self, q: np.ndarray, twist: np.ndarray) -> np.ndarray:
        """Return the twist [6], slowed so that no joint is too fast, free ones as they result.

        With any other value of the free ones, the way to the target would bend in between.
        """
        jacobian = self.kinematics.jacobian(q)
        needed = np.linalg.pinv(jacobian[self._followed], rcond=_CUT) @ twist[self._followed]
        twist = np.where(self._followed, twist, jacobian @ needed)
        return twist / max(1.0, float(np.max(np.abs(needed) / self._fastest)))

    def _share_near_singularity(self, q: np.ndarray, dq: np.ndarray, dt_s: float) -> float:
        """Return by how much a motion into a singularity is slowed, 0 to 1; out of one: 1."""
        limit = self._singularity
        now = self.kinematics.smallest_singular_value(q)
        if (
            now >= limit.slow_below
            or self.kinematics.smallest_singular_value(q + dq * dt_s) >= now
        ):
            return 1.0
        return max(0.0, (now - limit.stop_below) / (limit.slow_below - limit.stop_below))


class _StepLimit(mink.Limit):
    """The velocity bounds of the joints as rows of the program; standing still always fits."""

    def __init__(self, ik: DifferentialIk):
        self._ik = ik
        unit = np.eye(ik.kinematics.model.nv)
        self._rows = np.vstack([unit, -unit])

    def compute_qp_inequalities(
        self, configuration: mink.Configuration, dt: float
    ) -> mink.Constraint:
        """Return rows and bounds of the step of the joints, rad."""
        low, high = self._ik.velocity_bounds(configuration.q)
        return mink.Constraint(G=self._rows, h=np.concatenate([high, -low]) * dt)
