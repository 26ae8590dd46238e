"""What an observation is made of: inputs with their greatest age, features with unit and bounds.

Two families. The inputs of a robot are ROS topics, and each feature kind takes what it needs from
them; pictures of cameras become features of the kind `image`, which stay uint8 and stand beside
the vector. A Gymnasium environment has one input, the observation that it returns: a `vector` of
floats, flattened in C order, whose runs of equal bounds are features, or one `image`, uint8
[H, W, C].
"""

import math
from typing import Any, get_args, Literal

from pydantic import Field, model_serializer, model_validator
from pydantic import SerializerFunctionWrapHandler as Handler
from takeover.config_file import StrictModel
from takeover.image_form import CHANNELS, ImageForm
from takeover.spec_types import Name, NotNegative, Positive, Topic

InputType = Literal[
    'odometry',
    'laser_scan',
    'path',
    'image',
    'joint_state',
    'tool_state',
    'pose',
    'wrench',
    'vector',
]
ROBOT_INPUTS = tuple(kind for kind in get_args(InputType) if kind != 'vector')
LATCHED_INPUTS = ('path', 'pose')
FeatureKind = Literal[
    'path.cross_track',
    'path.heading',
    'path.curvature',
    'path.lookahead',
    'odom.linear_velocity',
    'odom.angular_velocity',
    'scan.ranges',
    'joint.position',
    'joint.velocity',
    'gripper.width',
    'tool.position',
    'tool.rotation',
    'tool.relative_position',
    'tool.relative_rotation',
    'tool.linear_velocity',
    'tool.angular_velocity',
    'pose.position',
    'pose.rotation',
    'wrench.force',
    'wrench.torque',
    'vector',
    'image',
]

# Of every feature kind: the types of its inputs in order, its unit, and the components per
# look-ahead distance (None: the size is not made of distances).
FEATURE_KINDS: dict[str, tuple[tuple[str, ...], str, int | None]] = {
    'path.cross_track': (('odometry', 'path'), 'm', None),
    'path.heading': (('odometry', 'path'), '1', None),
    'path.curvature': (('odometry', 'path'), '1/m', 1),
    'path.lookahead': (('odometry', 'path'), 'm', 2),
    'odom.linear_velocity': (('odometry',), 'm/s', None),
    'odom.angular_velocity': (('odometry',), 'rad/s', None),
    'scan.ranges': (('laser_scan',), 'm', None),
    # Of the joints that the feature names, in their order.
    'joint.position': (('joint_state',), 'rad', None),
    'joint.velocity': (('joint_state',), 'rad/s', None),
    'gripper.width': (('joint_state',), 'm', None),
    # The tool in the base frame; rotations are the first two columns of the matrix.
    'tool.position': (('tool_state',), 'm', None),
    'tool.rotation': (('tool_state',), '1', None),
    # The tool in the frame of a pose, such as where the episode began; rotation vectors.
    'tool.relative_position': (('tool_state', 'pose'), 'm', None),
    'tool.relative_rotation': (('tool_state', 'pose'), 'rad', None),
    # In the frame of the tool.
    'tool.linear_velocity': (('tool_state',), 'm/s', None),
    'tool.angular_velocity': (('tool_state',), 'rad/s', None),
    # A pose, such as a target, in the frame of the tool; rotation vectors.
    'pose.position': (('tool_state', 'pose'), 'm', None),
    'pose.rotation': (('tool_state', 'pose'), 'rad', None),
    'wrench.force': (('wrench',), 'N', None),
    'wrench.torque': (('wrench',), 'N m', None),
    'vector': (('vector',), '1', None),
    'image': (('image',), '1', None),
}
_FIXED_SIZES = {
    'path.cross_track': 1,
    'path.heading': 2,
    'odom.linear_velocity': 1,
    'odom.angular_velocity': 1,
    'gripper.width': 1,
    'tool.position': 3,
    'tool.rotation': 6,
    'tool.relative_position': 3,
    'tool.relative_rotation': 3,
    'tool.linear_velocity': 3,
    'tool.angular_velocity': 3,
    'pose.position': 3,
    'pose.rotation': 3,
    'wrench.force': 3,
    'wrench.torque': 3,
}
_OF_JOINTS = ('joint.position', 'joint.velocity', 'gripper.width')
MAX_FEATURE_SIZE = 4096
# So that the 16 observations a policy bundle must hold fit its metadata.
MAX_IMAGE_SIZE = 150_000
PIXEL_BOUNDS = (0.0, 255.0)


class InputSpec(StrictModel):
    """One input of the observation; its name in the task file is its relative ROS topic."""

    type: InputType
    max_age_s: Positive | None = Field(
        description='older samples give no observation; null only for a latched path or pose'
    )
    frame: str | None = Field(
        default=None, description='the frame_id every sample must have; null: not checked'
    )

    @model_validator(mode='after')
    def _few_are_latched(self) -> 'InputSpec':
        if self.max_age_s is None and self.type not in LATCHED_INPUTS:
            raise ValueError(
                f'max_age_s may be null only for {" or ".join(LATCHED_INPUTS)}; {self.type} needs '
                'a number of seconds'
            )
        return self


class FeatureSpec(StrictModel):
    """A run of components of the observation vector; values are clipped to [low, high].

    Of an environment (kinds vector, image) nothing is clipped: what it returns is the observation.
    """

    name: Name
    kind: FeatureKind
    inputs: tuple[Topic, ...]
    size: int = Field(ge=1)
    unit: str
    low: float
    high: float
    ahead_m: tuple[NotNegative, ...] = Field(
        default=(), description='path.curvature, path.lookahead: distances along the path'
    )
    angle_min_rad: float | None = Field(
        default=None, description='scan.ranges: direction of the middle of the first sector'
    )
    angle_increment_rad: Positive | None = Field(
        default=None, description='scan.ranges: width of a sector'
    )
    joints: tuple[Name, ...] | None = Field(
        default=None, description='joint.position, joint.velocity, gripper.width: of which joints'
    )
    shape: tuple[int, int, int] | None = Field(
        default=None, description='image: height, width, channels (times those of the stack)'
    )
    form: ImageForm | None = Field(
        default=None, description="image: how a camera's picture becomes these pixels"
    )

    @model_serializer(mode='wrap')
    def _without_what_few_have(self, handler: Handler) -> dict[str, Any]:
        # Contracts hashed before there were images and joints must keep their hash.
        fields = handler(self)
        for name in ('joints', 'shape', 'form'):
            if fields[name] is None:
                del fields[name]
        return fields

    @model_validator(mode='after')
    def _fits_its_kind(self) -> 'FeatureSpec':
        _, unit, per_distance = FEATURE_KINDS[self.kind]
        if self.unit != unit:
            raise ValueError(f'unit of {self.kind} must be {unit!r}, got {self.unit!r}')
        if not self.low < self.high:
            raise ValueError(f'low {self.low} must be less than high {self.high}')
        if (per_distance is None) != (not self.ahead_m):
            raise ValueError(
                f'ahead_m is {"not used by" if self.ahead_m else "needed by"} {self.kind}'
            )
        self._check_image()
        self._check_joints()
        self._check_size(per_distance)
        self._check_sectors()
        return self

    def _check_image(self) -> None:
        if (self.kind == 'image') != (self.shape is not None):
            raise ValueError(
                f'shape is {"needed" if self.kind == "image" else "not used"} by {self.kind}'
            )
        if self.shape is None:
            if self.form is not None:
                raise ValueError(f'form is not used by {self.kind}')
            return
        if min(self.shape) < 1:
            raise ValueError(
                f'shape {list(self.shape)} must be [height, width, channels], each 1 or more'
            )
        if (self.low, self.high) != PIXEL_BOUNDS:
            raise ValueError(
                f'bounds of an image must be [0, 255], those of uint8, got [{self.low}, '
                f'{self.high}]'
            )
        if self.form is not None and self.shape[2] != self.form.channels:
            raise ValueError(
                f'shape {list(self.shape)} has {self.shape[2]} channels; {self.form.encoding} has '
                f'{CHANNELS[self.form.encoding]}, times a stack of {self.form.stack}: '
                f'{self.form.channels}'
            )

    def _check_joints(self) -> None:
        if (self.kind in _OF_JOINTS) != bool(self.joints):
            raise ValueError(
                f'joints is {"needed" if self.kind in _OF_JOINTS else "not used"} by {self.kind}'
            )

    def _check_size(self, per_distance: int | None) -> None:
        size = _FIXED_SIZES.get(self.kind, self.size)
        if per_distance is not None:
            size = per_distance * len(self.ahead_m)
        if self.shape is not None:
            size = math.prod(self.shape)
        if self.joints and self.kind != 'gripper.width':
            size = len(self.joints)
        if self.size != size:
            raise ValueError(f'size of {self.kind} must be {size}, got {self.size}')
        largest = MAX_FEATURE_SIZE if self.shape is None else MAX_IMAGE_SIZE
        if size > largest:
            raise ValueError(f'size of {self.kind} is {size}, must be {largest} or less')

    def _check_sectors(self) -> None:
        given = (self.angle_min_rad is not None, self.angle_increment_rad is not None)
        if self.kind != 'scan.ranges':
            if any(given):
                raise ValueError(
                    f'angle_min_rad and angle_increment_rad are not used by {self.kind}'
                )
            return
        if not all(given):
            raise ValueError('scan.ranges needs angle_min_rad and angle_increment_rad')
        if self.size * self.angle_increment_rad > 2.0 * math.pi + 1e-6:
            raise ValueError(
                f'{self.size} sectors of {self.angle_increment_rad} rad are more than a full turn'
            )
