"""Where the tool is and how it moves, from the joints; computed by MuJoCo on the bare chain.

The model has the joints of the robot file and no shapes. It serves for kinematics alone; what an
arm weighs and what it touches is known to its simulation.
"""

from typing import Any

import mink
import mujoco
import numpy as np
from takeover.arm.pose import quaternion_of_matrix, quaternion_of_rpy
from takeover.arm_samples import JointSample, ToolSample
from takeover.arm_spec import ArmSpec, JointSpec, OriginSpec
from takeover.specs import TWIST

TOOL = 'tool'
SOLVER = 'daqp'
POSITION_TOLERANCE_M = 1e-4
ANGLE_TOLERANCE_RAD = 1e-3
_MAX_ITERATIONS = 200
# Metres and radians per iteration: farther, the linear step says little about where it ends.
_MAX_STEP = 0.3
# Any will do: nothing here depends on masses, but MuJoCo refuses bodies without.
_MASS_KG, _INERTIA_KG_M2 = 1.0, 0.01


def chain_model(robot: ArmSpec) -> mujoco.MjModel:
    """Return the chain of an arm as a model with the site 'tool', the world being the base."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    body = spec.worldbody
    for joint in robot.joints:
        body = body.add_body(
            name=joint.name,
            mass=_MASS_KG,
            inertia=[_INERTIA_KG_M2] * 3,
            explicitinertial=True,
            **place_of(joint),
        )
        body.add_joint(**hinge_of(joint))
    body.add_site(name=TOOL, **place_of(robot.tool))
    return spec.compile()


class ArmKinematics:
    """Kinematics of one arm. Joints are float64 [n] in rad, in the order of the robot file.

    It keeps MuJoCo's workspace, so one object is not for two threads.
    """

    def __init__(self, robot: ArmSpec):
        """Build the model of `robot`."""
        self.robot = robot
        self.model = chain_model(robot)
        self.low_rad = np.array([joint.min_rad for joint in robot.joints])
        self.high_rad = np.array([joint.max_rad for joint in robot.joints])
        # bool [6]: the components of a twist that are not free.
        self.followed = np.array([name not in robot.free for name in TWIST])
        self._data = mujoco.MjData(self.model)
        self._site = self.model.site(TOOL).id
        self._jacobian = np.zeros((6, self.model.nv))

    def tool_position(self, q: np.ndarray) -> np.ndarray:
        """Return the tool's position [3] in the base frame, m."""
        self._place(q)
        return self._data.site_xpos[self._site].copy()

    def tool_pose(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the tool's position [3] and rotation [4] (x, y, z, w) in the base frame."""
        position = self.tool_position(q)
        return position, quaternion_of_matrix(self._matrix())

    def tool_matrix(self, q: np.ndarray) -> np.ndarray:
        """Return the tool's rotation matrix [3, 3] in the base frame: its columns are its axes."""
        self._place(q)
        return self._matrix().copy()

    def jacobian(self, q: np.ndarray) -> np.ndarray:
        """Return [6, n], twist of the tool by joint velocities: rows linear, then angular.

        The velocity is that of the tool frame's origin, in the axes of the tool frame.
        """
        self._place(q)
        mujoco.mj_comPos(self.model, self._data)
        linear, angular = self._jacobian[:3], self._jacobian[3:]
        mujoco.mj_jacSite(self.model, self._data, linear, angular, self._site)
        turn = self._matrix().T
        return np.concatenate([turn @ linear, turn @ angular])

    def tool_twist(self, q: np.ndarray, dq: np.ndarray) -> np.ndarray:
        """Return the tool's twist [6] in the tool frame: linear m/s, angular rad/s."""
        return self.jacobian(q) @ dq

    def smallest_singular_value(self, q: np.ndarray) -> float:
        """Return that of the Jacobian, metres and radians counting alike; 0: singular.

        Of its rows for the components that are followed: how well the joints move the tool there.
        """
        return float(np.linalg.svd(self.jacobian(q)[self.followed], compute_uv=False)[-1])

    def tool_sample(self, joints: JointSample) -> ToolSample | None:
        """Return pose and twist of the tool, stamped like the joints; None: a joint is missing."""
        found = joints.of(self.robot.joint_names)
        if found is None:
            return None
        q, dq = found
        position, rotation = self.tool_pose(q)
        twist = self.tool_twist(q, dq)
        return ToolSample(
            joints.stamp_ns, position, rotation, twist[:3], twist[3:], self.robot.base_frame
        )

    def joints_for(
        self, position: np.ndarray, rotation: np.ndarray, start: np.ndarray
    ) -> np.ndarray | None:
        """Return joints within their limits that bring the tool to a pose in the base frame.

        Of the many that do, those that iteration from `start` finds; the same every time.

        :returns: [n], to 0.1 mm and 1 mrad; None when the pose is not reached.
        """
        x, y, z, w = rotation
        task = mink.FrameTask(TOOL, 'site', position_cost=1.0, orientation_cost=1.0)
        task.set_target(
            mink.SE3.from_rotation_and_translation(
                mink.SO3(np.array([w, x, y, z])), np.asarray(position, dtype=float)
            )
        )
        inside = np.clip(start, self.low_rad, self.high_rad)
        configuration = mink.Configuration(self.model, q=inside)
        limits = [mink.ConfigurationLimit(self.model)]
        for _ in range(_MAX_ITERATIONS):
            error = task.compute_error(configuration)
            size = float(np.abs(error).max())
            if (
                np.linalg.norm(error[:3]) < POSITION_TOLERANCE_M
                and np.linalg.norm(error[3:]) < ANGLE_TOLERANCE_RAD
            ):
                return np.clip(configuration.q, self.low_rad, self.high_rad)
            task.gain = min(1.0, _MAX_STEP / size)
            step = mink.solve_ik(configuration, [task], 1.0, SOLVER, damping=1e-6, limits=limits)
            configuration.integrate_inplace(step, 1.0)
        return None

    def _place(self, q: np.ndarray) -> None:
        self._data.qpos[:] = q
        mujoco.mj_kinematics(self.model, self._data)

    def _matrix(self) -> np.ndarray:
        return self._data.site_xmat[self._site].reshape(3, 3)


def place_of(origin: OriginSpec) -> dict[str, list[float]]:
    """Return a frame as MuJoCo's specifications take it: `pos` and `quat` (w, x, y, z)."""
    x, y, z, w = quaternion_of_rpy(np.array(origin.rpy)).tolist()
    return {'pos': list(origin.xyz), 'quat': [w, x, y, z]}


def hinge_of(joint: JointSpec) -> dict[str, Any]:
    """Return a joint as MuJoCo's specifications take it."""
    return {
        'name': joint.name,
        'type': mujoco.mjtJoint.mjJNT_HINGE,
        'axis': list(joint.axis),
        'limited': mujoco.mjtLimited.mjLIMITED_TRUE,
        'range': [joint.min_rad, joint.max_rad],
    }
