"""What an arm is: joints from base to tool, limits of each, workspace, gripper, controller.

The chain is that of the maker's URDF: the frame of a joint stands at `xyz` and `rpy` in the frame
of the joint before (the first: of the base), and turns about `axis`. All kinematics come from it.
"""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator
from takeover.config_file import StrictModel
from takeover.robot import CameraSpec, LimitSpec, RobotSpec
from takeover.spec_types import Name, NotNegative, Positive, refuse_repeats, Topic, Vector
from takeover.specs import GRIPPER, TWIST


class OriginSpec(StrictModel):
    """A frame in the one before: metres, then roll, pitch, yaw about fixed axes, as in URDF."""

    xyz: Vector = (0.0, 0.0, 0.0)
    rpy: Vector = (0.0, 0.0, 0.0)


class JointSpec(OriginSpec):
    """A revolute joint: where it is, and what it may do."""

    name: Name
    axis: Vector = (0.0, 0.0, 1.0)
    min_rad: float
    max_rad: float
    max_velocity_rad_s: Positive
    max_acceleration_rad_s2: Positive
    max_jerk_rad_s3: Positive

    @model_validator(mode='after')
    def _can_move(self) -> 'JointSpec':
        if not self.min_rad < self.max_rad:
            raise ValueError(f'min_rad {self.min_rad} must be less than max_rad {self.max_rad}')
        if abs(math.hypot(*self.axis) - 1.0) > 1e-6:
            raise ValueError(f'axis {list(self.axis)} must have length 1')
        return self

    @property
    def limit(self) -> LimitSpec:
        """The limits of its velocity."""
        return LimitSpec(
            min_velocity=-self.max_velocity_rad_s,
            max_velocity=self.max_velocity_rad_s,
            max_acceleration=self.max_acceleration_rad_s2,
            max_deceleration=self.max_acceleration_rad_s2,
            max_jerk=self.max_jerk_rad_s3,
        )


class WorkspaceSpec(StrictModel):
    """The box that the origin of the tool frame never leaves, in the base frame."""

    low_m: Vector
    high_m: Vector
    margin_m: NotNegative = Field(
        description='how far the tool of the arm is from where it is commanded, at most: so much '
        'inside the box the command ends'
    )
    soft_m: Positive = Field(description='nearer to a wall, motion towards it becomes slower')

    @model_validator(mode='after')
    def _has_a_size(self) -> 'WorkspaceSpec':
        least_m = 2.0 * self.margin_m
        if not all(high - low > least_m for low, high in zip(self.low_m, self.high_m)):
            raise ValueError(
                f'high_m {list(self.high_m)} must be more than low_m {list(self.low_m)} and twice '
                f'margin_m, {self.margin_m}'
            )
        return self


class SingularitySpec(StrictModel):
    """Smallest singular value of the Jacobian (metres, radians) at which motion slows, stops."""

    slow_below: Positive
    stop_below: Positive

    @model_validator(mode='after')
    def _slow_before_stop(self) -> 'SingularitySpec':
        if not self.stop_below < self.slow_below:
            raise ValueError(f'stop_below {self.stop_below} must be less than {self.slow_below}')
        return self


class WrenchLimitSpec(StrictModel):
    """What the wrist may feel; more latches a protective stop."""

    topic: Topic = Field(description='WrenchStamped, at the wrist, gravity and tool compensated')
    max_force_n: Positive
    max_torque_n_m: Positive
    max_age_s: Positive = Field(description='without a measurement for this long: stop')


class GripperSpec(StrictModel):
    """A gripper of two fingers; its velocity limits are limits.gripper, in m/s of the width."""

    joints: tuple[Name, ...] = Field(
        min_length=1, description='in joint_states; their positions together are the width'
    )
    min_width_m: NotNegative
    max_width_m: Positive
    max_force_n: Positive = Field(description='of the drive itself')
    squeeze_m: Positive = Field(
        description='how much narrower than measured the width may be commanded: times the '
        'stiffness of the servo, this is what the gate lets the fingers press with'
    )


class ControllerSpec(StrictModel):
    """How the robot takes its commands; see the README for what each controller must be set to."""

    interface: Literal['joint_trajectory', 'forward_position', 'servo_twist']
    topic: Topic
    gripper_topic: Topic | None = Field(
        default=None, description='Float64MultiArray with the position of each gripper joint'
    )


class ArmSimulationSpec(StrictModel):
    """Physics of the simulated arm that no real driver needs."""

    timestep_s: Positive
    joint_state_rate_hz: Positive
    meshes: Literal['panda'] | None = Field(description='null: links are drawn as capsules')
    wrist_camera: CameraSpec
    front_camera: CameraSpec


class ArmSpec(RobotSpec):
    """A robot file of the kind arm."""

    kind: Literal['arm']
    source: Annotated[str, Field(min_length=1)] = Field(
        description='data sheet and description that the numbers come from'
    )
    base_frame: Name
    tool_frame: Name
    joints: tuple[JointSpec, ...] = Field(min_length=1, max_length=16)
    tool: OriginSpec = Field(description='the tool frame in the frame of the last joint')
    home_rad: tuple[float, ...]
    free: tuple[Name, ...] = Field(
        default=(),
        description='twist components in the tool frame that nothing follows, so that fewer than '
        'six joints follow the others wholly: what they come to, they come to',
    )
    workspace: WorkspaceSpec
    singularity: SingularitySpec
    tracking_tolerance_rad: Positive = Field(
        description='a joint farther from its command than this is not followed: stop'
    )
    slack_rad: NotNegative = Field(
        description='how far a joint stands from its command by weight and lag alone; nearer, the '
        'command stays where it is when the arm is held or handed over'
    )
    wrench: WrenchLimitSpec | None = None
    gripper: GripperSpec | None = None
    controller: ControllerSpec
    simulation: ArmSimulationSpec | None = None

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints, from the base on."""
        return tuple(joint.name for joint in self.joints)

    @property
    def axes(self) -> dict[str, LimitSpec]:
        """Limits of everything that an action may move: twist, gripper, single joints."""
        return self.limits | {joint.name: joint.limit for joint in self.joints}

    @model_validator(mode='after')
    def _consistent(self) -> 'ArmSpec':
        refuse_repeats('joints', list(self.joint_names))
        if len(self.home_rad) != len(self.joints):
            raise ValueError(
                f'home_rad has {len(self.home_rad)} values, there are {len(self.joints)} joints'
            )
        for joint, angle in zip(self.joints, self.home_rad):
            if not joint.min_rad <= angle <= joint.max_rad:
                raise ValueError(f'home_rad of {joint.name}, {angle}, is outside its limits')
        if self.slack_rad >= self.tracking_tolerance_rad:
            raise ValueError(
                f'slack_rad is {self.slack_rad}; legal: less than tracking_tolerance_rad, '
                f'{self.tracking_tolerance_rad}'
            )
        self._check_free()
        legal = TWIST + ((GRIPPER,) if self.gripper else ())
        if set(self.limits) != set(legal):
            raise ValueError(f'limits must be those of {", ".join(legal)}')
        return self

    def _check_free(self) -> None:
        refuse_repeats('free', list(self.free))
        unknown = [name for name in self.free if name not in TWIST]
        if unknown:
            raise ValueError(f'free: {unknown[0]} is none of {", ".join(TWIST)}')
        missing = max(0, len(TWIST) - len(self.joints))
        if len(self.free) > missing:
            raise ValueError(
                f'free names {len(self.free)} components, at most {missing} with '
                f'{len(self.joints)} joints: one for each joint fewer than {len(TWIST)}'
            )
