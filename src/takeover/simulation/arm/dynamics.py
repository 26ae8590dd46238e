"""What an arm weighs and how its servos hold it: numbers that a robot file does not have.

Those of the Panda: masses spread over the links so that the arm weighs 18 kg with its base, as the
data sheet says; torques from the data sheet; stiffness of the order of libfranka's examples of
joint impedance, harder so that it follows closely. Other arms are estimated from their lengths.
"""

from dataclasses import dataclass

import numpy as np
from takeover.arm_spec import ArmSpec

ARMATURE_KG_M2 = 0.1  # rotors, seen through their gears
_KG_PER_M, _LEAST_KG = 8.0, 0.5
_N_M_PER_M, _LEAST_N_M, _STIFFNESS_PER_RAD = 100.0, 10.0, 10.0


@dataclass(frozen=True)
class JointDynamics:
    """Of one joint, and the link it moves."""

    mass_kg: float
    torque_n_m: float
    """The servo gives no more."""
    stiffness_n_m_rad: float


_PANDA = (
    JointDynamics(2.7, 87.0, 800.0),
    JointDynamics(2.7, 87.0, 800.0),
    JointDynamics(2.0, 87.0, 800.0),
    JointDynamics(2.1, 87.0, 800.0),
    JointDynamics(3.0, 12.0, 300.0),
    JointDynamics(1.3, 12.0, 250.0),
    JointDynamics(0.2, 12.0, 120.0),
)


def joint_dynamics(robot: ArmSpec) -> tuple[JointDynamics, ...]:
    """Return the dynamics of each joint, from the base on."""
    if robot.simulation.meshes == 'panda':
        return _PANDA
    ends = [joint.xyz for joint in robot.joints[1:]] + [robot.tool.xyz]
    lengths = [float(np.linalg.norm(end)) for end in ends]
    found = []
    for i, length in enumerate(lengths):
        torque = max(_LEAST_N_M, _N_M_PER_M * sum(lengths[i:]))
        mass = max(_LEAST_KG, _KG_PER_M * length)
        found.append(JointDynamics(mass, torque, _STIFFNESS_PER_RAD * torque))
    return tuple(found)
