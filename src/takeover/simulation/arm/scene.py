"""What stands around a simulated arm: floor, table, board with a round hole, target, lights.

The base frame is the world; its origin stands on the table. The board is four boxes around a ring
of smaller ones, which is the wall of the hole; it goes down to the table. Nothing of the scene
moves: only the target is put elsewhere.
"""

import math

import mujoco
import numpy as np
from takeover.arm.pose import quaternion_of_matrix
from takeover.arm_spec import ArmSpec
from takeover.episode_spec import PegEpisodeSpec
from takeover.simulation.ticks import SimulationError

# Geom groups: what every camera sees, what the one at the wrist does not, what none does.
SCENE_GROUP, LINK_GROUP, HIDDEN_GROUP = 0, 1, 3
FRONT_CAMERA = 'front'
TARGET = 'target'
TABLE_DOWN_M = 0.75
BOARD_HALF_M = 0.10
# The wall of the hole: so many boxes, at least so thick.
_SEGMENTS, _RING_M, _OVERLAP = 24, 0.016, 0.98
PLATE_M = 0.0006  # what gives the top of the board its colour; no more than looks
HOLE_RGBA = (0.03, 0.03, 0.04, 1.0)
_TARGET_AXIS_M = 0.06
_EYE_M, _LOOKS_AT_M = np.array([1.25, -0.85, 0.75]), np.array([0.35, 0.0, 0.22])

_XML = """
<mujoco model="arm">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="{timestep}" integrator="implicitfast" cone="pyramidal"/>
  <statistic extent="1" center=".4 0 .2"/>
  <visual>
    <global offwidth="{width}" offheight="{height}"/>
    <quality shadowsize="0" offsamples="0"/>
    <headlight ambient=".35 .35 .35" diffuse=".3 .3 .3" specular="0 0 0"/>
    <map znear=".01" zfar="12"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".62 .68 .74" rgb2=".85 .87 .88"
      width="32" height="192"/>
    <material name="floor" rgba=".50 .50 .48 1" reflectance="0"/>
    <material name="table" rgba=".55 .45 .35 1" reflectance="0" specular=".1"/>
    <material name="board" rgba=".85 .82 .75 1" reflectance="0" specular=".1"/>
    <material name="link" rgba=".92 .93 .93 1" reflectance="0" specular=".2"/>
    <material name="hand" rgba=".80 .81 .82 1" reflectance="0" specular=".2"/>
    <material name="finger" rgba=".32 .33 .35 1" reflectance="0" specular=".2"/>
    <material name="peg" rgba=".85 .35 .12 1" reflectance="0" specular=".1"/>
  </asset>
  <worldbody>
    <light pos=".4 0 2.5" dir="-.25 .35 -1" directional="true" castshadow="false"
      diffuse=".42 .42 .40" specular=".05 .05 .05"/>
    <geom name="floor" type="plane" pos="0 0 -{table_down}" size="5 5 1" material="floor"
      contype="0" conaffinity="1"/>
    <geom name="table" type="box" pos=".35 0 -{table_half}" size=".65 .6 {table_half}"
      material="table" contype="0" conaffinity="1"/>
  </worldbody>
</mujoco>
"""


def build_scene(robot: ArmSpec) -> mujoco.MjSpec:
    """Return table, floor and lights."""
    cameras = robot.simulation.wrist_camera, robot.simulation.front_camera
    scene = mujoco.MjSpec.from_string(
        _XML.format(
            timestep=robot.simulation.timestep_s,
            width=max(camera.width for camera in cameras),
            height=max(camera.height for camera in cameras),
            table_down=TABLE_DOWN_M,
            table_half=0.5 * TABLE_DOWN_M,
        )
    )
    scene.worldbody.add_camera(
        name=FRONT_CAMERA,
        pos=_EYE_M,
        quat=looking(_LOOKS_AT_M - _EYE_M, np.array([0.0, 0.0, 1.0])),
        fovy=math.degrees(robot.simulation.front_camera.fov_y_rad),
    )
    return scene


def looking(direction: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return the rotation (w, x, y, z) of a camera that looks along `direction` [3].

    :param up: [3], what is up in the picture, as far as it can be.
    """
    back = -direction / np.linalg.norm(direction)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    x, y, z, w = quaternion_of_matrix(np.stack([right, np.cross(back, right), back], axis=1))
    return np.array([w, x, y, z])


def add_board(scene: mujoco.MjSpec, episode: PegEpisodeSpec) -> None:
    """Put the board with the hole on the table.

    :raises SimulationError: the hole is wider than the board or less deep than the goal.
    """
    x, y, top = episode.hole_position_m
    hole = 0.5 * (episode.peg_diameter_m + episode.clearance_m)
    ring = max(_RING_M, 0.5 * hole)
    inner = _OVERLAP * (hole + ring) / math.sqrt(2.0)  # its corners are within the ring
    if inner >= BOARD_HALF_M:
        raise SimulationError(
            f'episode.peg_diameter_m is {episode.peg_diameter_m}; the board is '
            f'{2 * BOARD_HALF_M} m wide'
        )
    if top <= episode.inserted_m:
        raise SimulationError(
            f'episode.hole_position_m: the rim is {top} m above the table and the hole no deeper; '
            f'legal: more than inserted_m, {episode.inserted_m}'
        )
    board = scene.worldbody.add_body(name='board', pos=[x, y, 0.0])
    rest = 0.5 * (BOARD_HALF_M - inner)
    sides = [(sign * (inner + rest), 0.0, rest, BOARD_HALF_M, 0.0) for sign in (1.0, -1.0)]
    sides += [(0.0, sign * (inner + rest), inner, rest, 0.0) for sign in (1.0, -1.0)]
    for i, (side_x, side_y, half_x, half_y, turn) in enumerate(sides + _ring(hole, ring)):
        place = {'quat': [math.cos(0.5 * turn), 0.0, 0.0, math.sin(0.5 * turn)]}
        board.add_geom(
            name=f'board_{i}',
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[side_x, side_y, 0.5 * top],
            size=[half_x, half_y, 0.5 * top],
            contype=0,
            conaffinity=1,
            rgba=HOLE_RGBA,
            **place,
        )
        look = (half_x, half_y, PLATE_M)
        _add_look(board, (side_x, side_y, top), look, material='board', **place)
    _add_look(board, (0.0, 0.0, 0.0), (inner, inner, PLATE_M), rgba=HOLE_RGBA)


def _ring(radius: float, thickness: float) -> list[tuple[float, float, float, float, float]]:
    """Return x, y, half sizes and turn of the boxes that make the wall of a hole."""
    half = 0.5 * thickness
    wide = (radius + thickness) * math.tan(math.pi / _SEGMENTS)
    turns = [2.0 * math.pi * i / _SEGMENTS for i in range(_SEGMENTS)]
    out = radius + half
    return [(out * math.cos(turn), out * math.sin(turn), half, wide, turn) for turn in turns]


def add_target(scene: mujoco.MjSpec) -> None:
    """Add the target, a frame of three coloured sticks; it is moved as a mocap body."""
    target = scene.worldbody.add_body(name=TARGET, mocap=True)
    for axis in range(3):
        end = [0.0] * 3
        end[axis] = _TARGET_AXIS_M
        colour = [0.1, 0.1, 0.1, 1.0]
        colour[axis] = 0.9
        target.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0.0] * 3 + end,
            size=[0.004, 0.0, 0.0],
            contype=0,
            conaffinity=0,
            rgba=colour,
        )


def _add_look(body: mujoco.MjsBody, pos: tuple, size: tuple, **look: object) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, pos=pos, size=size, contype=0, conaffinity=0, **look
    )
