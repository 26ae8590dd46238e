"""The MuJoCo model of an arm at its task: links, hand, servos, cameras, in a scene.

The chain is that of the robot file, so poses of the tool are those of `takeover.arm.kinematics`.
Motors carry the weight of the arm, as real controllers do. Each joint has a servo: stiffness times
the error of the position and damping times the error of the velocity, both references behind a
first-order filter, together no more than the torque of the joint. The damping is critical at home.

Collision pairs: hand, fingers and peg touch table, board and floor; nothing touches itself, and
the links above the hand touch nothing. Meshes are looks alone.
"""

import mujoco
import numpy as np
from takeover.arm.kinematics import hinge_of, place_of
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec, ReachEpisodeSpec
from takeover.simulation.arm.dynamics import ARMATURE_KG_M2, joint_dynamics, JointDynamics
from takeover.simulation.arm.hand import add_hand, add_mesh_geom, HAND
from takeover.simulation.arm.meshes import ArmMeshes, find_meshes
from takeover.simulation.arm.scene import (
    add_board,
    add_target,
    build_scene,
    HIDDEN_GROUP,
    LINK_GROUP,
)
from takeover.simulation.ticks import SimulationError

SERVO_LAG_S = 0.02
POSITION, VELOCITY = 'position', 'velocity'  # the two references of the servo of each joint
_LINK_RADIUS_M = 0.05
_NO_LENGTH_M = 1e-3


def build_model(robot: ArmSpec, episode: ReachEpisodeSpec | PegEpisodeSpec) -> mujoco.MjModel:
    """Compile the model of an arm at a task.

    Controls: positions of the joints, velocities of the joints, positions of the gripper joints.

    :raises SimulationError: the robot file has no simulation, or task or meshes do not fit.
    """
    physics = robot.simulation
    if physics is None:
        raise SimulationError(f'simulation: the robot file of {robot.robot} has none')
    scene = build_scene(robot)
    if isinstance(episode, PegEpisodeSpec):
        add_board(scene, episode)
    else:
        add_target(scene)
    meshes = find_meshes(physics.meshes, len(robot.joints)) if physics.meshes else None
    dynamics = joint_dynamics(robot)
    last = _add_links(scene, robot, meshes, dynamics)
    _add_servos(scene, robot, dynamics)
    hand = last.add_body(name=HAND, gravcomp=1.0, **place_of(robot.tool))
    add_hand(scene, hand, robot, episode, meshes)
    model = scene.compile()
    _damp_critically(model, robot, dynamics)
    return model


def _add_links(
    scene: mujoco.MjSpec,
    robot: ArmSpec,
    meshes: ArmMeshes | None,
    dynamics: tuple[JointDynamics, ...],
) -> mujoco.MjsBody:
    """Add the chain; return the body of the last joint."""
    body = scene.worldbody
    ends = [joint.xyz for joint in robot.joints] + [robot.tool.xyz]
    names = ['base', *robot.joint_names]
    for i, (name, end) in enumerate(zip(names, ends)):
        if i > 0:
            body = _add_joint(body, robot, i - 1, dynamics[i - 1])
        mass = dynamics[i - 1].mass_kg if i > 0 else 0.0
        _add_link(body, end, mass, HIDDEN_GROUP if meshes else LINK_GROUP)
        if meshes:
            scene.add_mesh(name=name, file=str(meshes.links[i]))
            add_mesh_geom(body, name, LINK_GROUP, 'link')
    return body


def _add_joint(
    parent: mujoco.MjsBody, robot: ArmSpec, index: int, dynamics: JointDynamics
) -> mujoco.MjsBody:
    joint = robot.joints[index]
    body = parent.add_body(name=joint.name, gravcomp=1.0, **place_of(joint))
    body.add_joint(
        **hinge_of(joint),
        armature=ARMATURE_KG_M2,
        actfrclimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        actfrcrange=[-dynamics.torque_n_m, dynamics.torque_n_m],
    )
    return body


def _add_link(
    body: mujoco.MjsBody, end: tuple[float, float, float], mass_kg: float, group: int
) -> None:
    """Add the weight of a link: a capsule to the next joint, a ball where that is no way."""
    look = {'group': group, 'material': 'link', 'contype': 0, 'conaffinity': 0, 'mass': mass_kg}
    if np.linalg.norm(end) < _NO_LENGTH_M:
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[_LINK_RADIUS_M, 0.0, 0.0], **look)
        return
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0.0, 0.0, 0.0, *end],
        size=[_LINK_RADIUS_M, 0.0, 0.0],
        **look,
    )


def _add_servos(scene: mujoco.MjSpec, robot: ArmSpec, dynamics: tuple[JointDynamics, ...]) -> None:
    """Add the two halves of each servo; the damping is set once the model is compiled."""
    for reference in (POSITION, VELOCITY):
        for name, joint in zip(robot.joint_names, dynamics):
            servo = scene.add_actuator(
                name=f'{name}_{reference}',
                target=name,
                trntype=mujoco.mjtTrn.mjTRN_JOINT,
                dyntype=mujoco.mjtDyn.mjDYN_FILTEREXACT,
                biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            )
            servo.dynprm[0] = SERVO_LAG_S
            if reference == POSITION:
                servo.gainprm[0] = joint.stiffness_n_m_rad
                servo.biasprm[1] = -joint.stiffness_n_m_rad


def _damp_critically(
    model: mujoco.MjModel, robot: ArmSpec, dynamics: tuple[JointDynamics, ...]
) -> None:
    """Set the damping of each joint from the inertia it sees at home."""
    data = mujoco.MjData(model)
    data.qpos[: len(robot.joints)] = robot.home_rad
    mujoco.mj_forward(model, data)
    inertia = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, inertia, data.qM)
    for name, joint in zip(robot.joint_names, dynamics):
        dof = model.joint(name).dofadr[0]
        damping = 2.0 * np.sqrt(joint.stiffness_n_m_rad * inertia[dof, dof])
        servo = model.actuator(f'{name}_{VELOCITY}')
        servo.gainprm[0] = damping
        servo.biasprm[2] = -damping
