"""The hand of a simulated arm: gripper, the peg it holds, the camera beside it, force sensor.

All in the axes of the tool frame: z points out of the hand, the fingers move along y. The peg is
one piece with the hand, as if held so firmly that it cannot slip; it gives way as the arm does.
"""

import math

import mujoco
import numpy as np
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec, ReachEpisodeSpec
from takeover.simulation.arm.meshes import ArmMeshes
from takeover.simulation.arm.scene import HIDDEN_GROUP, LINK_GROUP, looking, SCENE_GROUP
from takeover.simulation.ticks import SimulationError

HAND, TOOL = 'hand', 'tool'
WRIST_CAMERA = 'wrist'
FORCE, TORQUE = 'wrist_force', 'wrist_torque'
_HAND_KG, _FINGER_KG, _PEG_KG = 0.8, 0.09, 0.08
_HAND_Z_M, _HAND_HALF_M = -0.083, (0.032, 0.102, 0.046)
_FLANGE_Z_M, _FLANGE_HALF_M = -0.02, (0.03, 0.03, 0.02)  # of an arm without a gripper
_PAD_HALF_M, _PAD_Z_M = (0.0105, 0.007, 0.027), -0.018
_PEG_SIDES = 32
_HELD_M = 0.018  # so far behind the tool frame the peg begins
_FINGER_STIFFNESS_N_M, _FINGER_DAMPING_N_S_M, _FINGER_ARMATURE_KG = 4000.0, 60.0, 0.2
# Low enough to see under the peg: from 3 cm above the fingertips it would hide the hole at every
# third start.
_EYE_M, _LOOKS_AT_M = np.array([0.09, 0.0, -0.01]), np.array([-0.005, 0.0, 0.065])
# Dry plastic and metal. Contacts are as stiff as the time step of 2 ms allows.
CONTACT = {'friction': [0.3, 0.005, 0.0001], 'solref': [0.005, 1.0], 'contype': 1}
CONTACT |= {'conaffinity': 0, 'condim': 3, 'priority': 1}


def add_hand(
    scene: mujoco.MjSpec,
    hand: mujoco.MjsBody,
    robot: ArmSpec,
    episode: ReachEpisodeSpec | PegEpisodeSpec,
    meshes: ArmMeshes | None,
) -> None:
    """Furnish the body of the hand, which stands in the tool frame.

    :raises SimulationError: the gripper cannot hold the peg.
    """
    hidden = HIDDEN_GROUP if meshes else LINK_GROUP
    gripper = robot.gripper
    hand.add_geom(
        name='palm',
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0.0, 0.0, _HAND_Z_M if gripper else _FLANGE_Z_M],
        size=_HAND_HALF_M if gripper else _FLANGE_HALF_M,
        mass=_HAND_KG,
        group=hidden,
        material='hand',
        **CONTACT,
    )
    if meshes:
        scene.add_mesh(name='hand', file=str(meshes.hand))
        scene.add_mesh(name='finger', file=str(meshes.finger))
        add_mesh_geom(hand, 'hand', LINK_GROUP, 'hand', pos=[0.0, 0.0, meshes.hand_z_m])
    narrowest_m = 0.0
    if isinstance(episode, PegEpisodeSpec):
        narrowest_m = episode.peg_diameter_m
        if gripper is not None and narrowest_m >= gripper.max_width_m:
            raise SimulationError(
                f'episode.peg_diameter_m is {narrowest_m}; the gripper opens '
                f'{gripper.max_width_m} m'
            )
        _add_peg(scene, hand, episode)
    if gripper is not None:
        _add_fingers(scene, hand, robot, narrowest_m, meshes)
    _add_senses(scene, hand, robot)


def add_mesh_geom(
    body: mujoco.MjsBody, mesh: str, group: int, material: str, **place: object
) -> None:
    """Show a mesh on a body; it weighs and touches nothing."""
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=mesh,
        group=group,
        material=material,
        contype=0,
        conaffinity=0,
        mass=0.0,
        **place,
    )


def _add_peg(scene: mujoco.MjSpec, hand: mujoco.MjsBody, episode: PegEpisodeSpec) -> None:
    """Add the peg, a round bar whose tip is chamfered."""
    radius, cut, end = 0.5 * episode.peg_diameter_m, episode.chamfer_m, episode.peg_length_m
    turns = 2.0 * np.pi * np.arange(_PEG_SIDES) / _PEG_SIDES
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    sections = [(-_HELD_M, radius), (end - cut, radius), (end, radius - cut)]
    corners = [(*(size * point), z) for z, size in sections for point in circle]
    scene.add_mesh(name='peg', uservert=np.ravel(corners))
    hand.add_geom(
        name='peg',
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname='peg',
        mass=_PEG_KG,
        group=SCENE_GROUP,
        material='peg',
        **CONTACT,
    )


def _add_fingers(
    scene: mujoco.MjSpec,
    hand: mujoco.MjsBody,
    robot: ArmSpec,
    narrowest_m: float,
    meshes: ArmMeshes | None,
) -> None:
    """Add one finger for each gripper joint, on alternate sides; each moves its share."""
    gripper, count = robot.gripper, len(robot.gripper.joints)
    low, high = max(gripper.min_width_m, narrowest_m) / count, gripper.max_width_m / count
    for i, name in enumerate(gripper.joints):
        side = 1.0 if i % 2 == 0 else -1.0
        finger = hand.add_body(name=name, gravcomp=1.0)
        finger.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[0.0, side, 0.0],
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            range=[low, high],
            armature=_FINGER_ARMATURE_KG,
            solref_limit=CONTACT['solref'],
        )
        finger.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[0.0, side * _PAD_HALF_M[1], _PAD_Z_M],
            size=_PAD_HALF_M,
            mass=_FINGER_KG,
            group=HIDDEN_GROUP if meshes else SCENE_GROUP,
            material='finger',
            **CONTACT,
        )
        if meshes:
            turned = [1.0, 0.0, 0.0, 0.0] if side > 0.0 else [0.0, 0.0, 0.0, 1.0]
            place = {'pos': [0.0, 0.0, meshes.finger_z_m], 'quat': turned}
            add_mesh_geom(finger, 'finger', SCENE_GROUP, 'finger', **place)
        servo = scene.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=_FINGER_STIFFNESS_N_M, kv=_FINGER_DAMPING_N_S_M)
        servo.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        servo.forcerange = [-gripper.max_force_n, gripper.max_force_n]


def _add_senses(scene: mujoco.MjSpec, hand: mujoco.MjsBody, robot: ArmSpec) -> None:
    hand.add_site(name=TOOL)
    for name, kind in (
        (FORCE, mujoco.mjtSensor.mjSENS_FORCE),
        (TORQUE, mujoco.mjtSensor.mjSENS_TORQUE),
    ):
        scene.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=TOOL)
    hand.add_camera(
        name=WRIST_CAMERA,
        pos=_EYE_M,
        quat=looking(_LOOKS_AT_M - _EYE_M, np.array([1.0, 0.0, 0.0])),
        fovy=math.degrees(robot.simulation.wrist_camera.fov_y_rad),
    )
