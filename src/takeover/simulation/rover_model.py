"""The MuJoCo model of a rover on its course, as XML.

A drum of a body on a free joint, two driven wheels on hinges, one ball caster behind. The wheels
are velocity servos behind a first-order lag; tyre and floor meet in a Coulomb contact, so that the
wheels slip when asked for more than it holds. Obstacles are fixed cylinders. The path is no part
of the physics: the camera draws it.

Collision pairs: everything of the rover touches the floor and the obstacles, nothing of itself.
"""

import mujoco
from takeover.robot import RoverSpec, SimulationSpec
from takeover.simulation.course import Course
from takeover.simulation.ticks import SimulationError

OBSTACLE_GROUP = 1  # geom group the lidar sees
OBSTACLE_HEIGHT_M = 0.5
LIDAR_HEIGHT_M = 0.22
BODY_HEIGHT_M = 0.12
BODY_CLEARANCE_M = 0.03
CENTRE_BEHIND_AXLE_M = 0.03  # of mass, so that the caster stays on the floor when braking
SERVO_GAIN_N_M_S = 1.2  # stiff against the robot's inertia, soft enough to be stable
WHEEL_TORQUE_N_M = 2.0
WHEEL_MASS_KG = 0.3
_COLOURS = ('.90 .45 .13', '.20 .55 .80', '.75 .25 .30', '.35 .65 .35', '.60 .40 .70')

_XML = """
<mujoco model="rover">
  <compiler angle="radian"/>
  <option timestep="{timestep}" integrator="implicitfast" cone="elliptic" impratio="10"/>
  <visual>
    <global offwidth="{width}" offheight="{height}"/>
    <quality shadowsize="0" offsamples="0"/>
    <headlight ambient=".45 .45 .45" diffuse=".5 .5 .5" specular="0 0 0"/>
    <map znear=".02" zfar="60" fogstart="12" fogend="40"/>
    <rgba fog=".80 .87 .93 1"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".45 .62 .80" rgb2=".88 .93 .96"
      width="64" height="384"/>
    <texture name="floor" type="2d" builtin="checker" mark="edge" width="256" height="256"
      rgb1=".66 .67 .66" rgb2=".60 .61 .60" markrgb=".52 .53 .52"/>
    <material name="floor" texture="floor" texrepeat="1 1" texuniform="true" reflectance="0"/>
    <material name="body" rgba=".16 .18 .22 1" reflectance="0"/>
    <material name="tyre" rgba=".08 .08 .08 1" reflectance="0"/>
  </asset>
  <worldbody>
    <light pos="0 0 8" dir=".2 .1 -1" directional="true" castshadow="false"
      diffuse=".45 .45 .42" specular=".05 .05 .05"/>
    <geom name="floor" type="plane" size="30 30 1" material="floor" contype="1" conaffinity="2"
      friction="{friction} 0.005 0.0001"/>
    {obstacles}
    <body name="base_link" pos="{x} {y} {wheel_radius}" euler="0 0 {yaw}">
      <freejoint/>
      <inertial pos="-{behind} 0 {mass_height}" mass="{mass}"
        diaginertia="{inertia_x} {inertia_x} {inertia_z}"/>
      <geom name="body" type="cylinder" size="{radius} {half_height}" pos="0 0 {body_height}"
        contype="2" conaffinity="1" friction="0.3 0.005 0.0001" material="body"/>
      <geom name="caster" type="sphere" size="{caster_radius}"
        pos="-{caster_back} 0 {caster_height}" contype="2" conaffinity="1" condim="1" priority="1"
        material="tyre"/>
      <geom name="deck" type="cylinder" size=".05 .03" pos="0 0 {deck_height}" contype="0"
        conaffinity="0" rgba=".85 .85 .88 1"/>
      <site name="lidar" pos="0 0 {lidar_height}"/>
      <camera name="forward" pos="{camera_x} 0 {camera_height}" fovy="{fov_deg}"
        xyaxes="0 -1 0 .30 0 1"/>
      <body name="left_wheel" pos="0 {half_track} 0">{wheel_left}</body>
      <body name="right_wheel" pos="0 -{half_track} 0">{wheel_right}</body>
    </body>
  </worldbody>
  <actuator>
    {servo_left}
    {servo_right}
  </actuator>
</mujoco>
"""
_OBSTACLE = """<geom name="obstacle_{i}" type="cylinder" size="{radius} {half}"
      pos="{x} {y} {half}" group="{group}" contype="1" conaffinity="2" rgba="{colour} 1"/>"""
_WHEEL = """
        <joint name="{side}_wheel" type="hinge" axis="0 1 0" damping="0.002" armature="0.002"/>
        <geom name="{side}_tyre" type="ellipsoid" size="{radius} {radius} .02" euler="1.570796 0 0"
          mass="{mass}" contype="2" conaffinity="1" priority="1"
          friction="{friction} 0.005 0.0001" material="tyre"/>
      """
_SERVO = """<general name="{side}_motor" joint="{side}_wheel" dyntype="filterexact"
      dynprm="{lag}" gainprm="{gain}" biastype="affine" biasprm="0 0 -{gain}"
      forcerange="-{torque} {torque}"/>"""


def physics_of(robot: RoverSpec) -> SimulationSpec:
    """Return the physics of a robot file.

    :raises SimulationError: it has none.
    """
    if robot.simulation is None:
        raise SimulationError(f'simulation: the robot file of {robot.robot} has none')
    return robot.simulation


def build_model(robot: RoverSpec, course: Course) -> mujoco.MjModel:
    """Compile the model of a robot standing at the start of a course.

    :raises SimulationError: the robot file has no simulation.
    """
    geometry, physics = robot.geometry, physics_of(robot)
    wheel, mass = geometry.wheel_radius_m, geometry.mass_kg - 2.0 * WHEEL_MASS_KG
    x, y, yaw = course.start
    body_height = BODY_CLEARANCE_M + 0.5 * BODY_HEIGHT_M - wheel
    caster_radius = 0.5 * wheel
    text = _XML.format(
        timestep=physics.timestep_s,
        width=physics.camera.width,
        height=physics.camera.height,
        friction=physics.wheel_friction,
        x=x,
        y=y,
        yaw=yaw,
        wheel_radius=wheel,
        mass=mass,
        obstacles='\n    '.join(_obstacles(course)),
        behind=CENTRE_BEHIND_AXLE_M,
        mass_height=body_height,
        radius=geometry.radius_m,
        half_height=0.5 * BODY_HEIGHT_M,
        inertia_x=mass * (3.0 * geometry.radius_m**2 + BODY_HEIGHT_M**2) / 12.0,
        inertia_z=0.5 * mass * geometry.radius_m**2,
        body_height=body_height,
        caster_radius=caster_radius,
        caster_back=0.75 * geometry.radius_m,
        caster_height=caster_radius - wheel,
        lidar_height=LIDAR_HEIGHT_M - wheel,
        deck_height=body_height + 0.5 * BODY_HEIGHT_M + 0.03,
        camera_x=0.9 * geometry.radius_m,
        camera_height=0.24 - wheel,
        fov_deg=physics.camera.fov_y_rad * 57.29577951308232,
        half_track=0.5 * geometry.track_m,
        **{
            f'wheel_{side}': _WHEEL.format(
                side=side, radius=wheel, mass=WHEEL_MASS_KG, friction=physics.wheel_friction
            )
            for side in ('left', 'right')
        },
        **{
            f'servo_{side}': _SERVO.format(
                side=side,
                lag=physics.motor_time_constant_s,
                gain=SERVO_GAIN_N_M_S,
                torque=WHEEL_TORQUE_N_M,
            )
            for side in ('left', 'right')
        },
    )
    model = mujoco.MjModel.from_xml_string(text)
    if course.look is not None:
        course.look.light_up(model)
    return model


def _obstacles(course: Course) -> list[str]:
    return [
        _OBSTACLE.format(
            i=i,
            radius=obstacle.radius_m,
            half=0.5 * OBSTACLE_HEIGHT_M,
            x=obstacle.x_m,
            y=obstacle.y_m,
            group=OBSTACLE_GROUP,
            colour=_COLOURS[i % len(_COLOURS)],
        )
        for i, obstacle in enumerate(course.obstacles)
    ]
