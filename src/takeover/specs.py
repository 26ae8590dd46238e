"""What a task and a robot are: names, shapes, units, order, bounds, rate and time-outs.

A task file fixes the observation and the action a policy is made for. That part is the *contract*
(`Contract`): the simulator, the robot, the recorder and every policy file carry it, and its hash
tells in one comparison whether they agree. Numbers of an episode (how long, how wide) are not part
of it: the same policy may drive a longer course.

Units are SI and ASCII ('m/s', 'rad', '1/m', '1' for a pure number). Axes follow REP 103:
x forward, y left, angles anticlockwise.
"""

import hashlib
import json
import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from takeover.config_file import StrictModel

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$', max_length=64)]
Topic = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]*(/[a-z0-9_]+)*$', max_length=128)]

InputType = Literal['odometry', 'laser_scan', 'path']
FeatureKind = Literal[
    'path.cross_track',
    'path.heading',
    'path.curvature',
    'path.lookahead',
    'odom.linear_velocity',
    'odom.angular_velocity',
    'scan.ranges',
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
}
_FIXED_SIZES = {
    'path.cross_track': 1,
    'path.heading': 2,
    'odom.linear_velocity': 1,
    'odom.angular_velocity': 1,
}
CONTRACT_FORMAT = 'takeover.contract/1'


class InputSpec(StrictModel):
    """One input of the observation; its name in the task file is its relative ROS topic."""

    type: InputType
    max_age_s: Positive | None = Field(
        description='older samples give no observation; null only for a latched path'
    )
    frame: str | None = Field(
        default=None, description='the frame_id every sample must have; null: not checked'
    )

    @model_validator(mode='after')
    def _only_a_path_is_latched(self) -> 'InputSpec':
        if self.max_age_s is None and self.type != 'path':
            raise ValueError(
                f'max_age_s may be null only for a path; {self.type} needs a number of seconds'
            )
        return self


class FeatureSpec(StrictModel):
    """A run of components of the observation vector; values are clipped to [low, high]."""

    name: Name
    kind: FeatureKind
    inputs: tuple[Topic, ...]
    size: int = Field(ge=1, le=4096)
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
        size = _FIXED_SIZES.get(self.kind, self.size)
        if per_distance is not None:
            size = per_distance * len(self.ahead_m)
        if self.size != size:
            raise ValueError(f'size of {self.kind} must be {size}, got {self.size}')
        self._check_sectors()
        return self

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


class ActionComponent(StrictModel):
    """One number of the action."""

    name: Name
    unit: str
    low: float
    high: float

    @model_validator(mode='after')
    def _ordered(self) -> 'ActionComponent':
        if not self.low < self.high:
            raise ValueError(f'low {self.low} must be less than high {self.high}')
        if not self.low <= 0.0 <= self.high:
            raise ValueError(
                f'bounds [{self.low}, {self.high}] must contain 0: standing still '
                'must always be a legal action'
            )
        return self


class ActionSpec(StrictModel):
    """What the policy commands: components in order, in the frame they are meant in."""

    kind: Literal['twist']
    frame: str
    components: tuple[ActionComponent, ...] = Field(min_length=1, max_length=64)

    @model_validator(mode='after')
    def _is_a_twist(self) -> 'ActionSpec':
        units = {
            f'{part}.{axis}': unit
            for part, unit in (('linear', 'm/s'), ('angular', 'rad/s'))
            for axis in 'xyz'
        }
        _refuse_repeats('components', [component.name for component in self.components])
        for component in self.components:
            if units.get(component.name) is None:
                raise ValueError(
                    f'component {component.name!r} is not of a twist; legal: {", ".join(units)}'
                )
            if component.unit != units[component.name]:
                raise ValueError(
                    f'unit of {component.name} must be {units[component.name]!r}, '
                    f'got {component.unit!r}'
                )
        return self


class Contract(StrictModel):
    """What a policy and the robot it drives must agree on, to the last digit."""

    rate_hz: Annotated[float, Field(ge=1.0, le=200.0)]
    inputs: dict[Topic, InputSpec]
    features: tuple[FeatureSpec, ...] = Field(min_length=1)
    action: ActionSpec

    @property
    def observation_size(self) -> int:
        """Length of the observation vector."""
        return sum(feature.size for feature in self.features)

    @model_validator(mode='after')
    def _consistent(self) -> 'Contract':
        _refuse_repeats('features', [feature.name for feature in self.features])
        for topic in self.inputs:
            if 'ground_truth' in topic:
                raise ValueError(
                    f'input {topic!r}: a policy must not see what only a simulator knows'
                )
        for feature in self.features:
            types = tuple(
                self.inputs[name].type if name in self.inputs else f'no input {name!r}'
                for name in feature.inputs
            )
            needed = FEATURE_KINDS[feature.kind][0]
            if types != needed:
                raise ValueError(
                    f'feature {feature.name!r} ({feature.kind}) needs inputs of type '
                    f'[{", ".join(needed)}], got [{", ".join(types)}]'
                )
        unused = set(self.inputs) - {name for feature in self.features for name in feature.inputs}
        if unused:
            raise ValueError(f'input {sorted(unused)[0]!r} is used by no feature; remove it')
        return self


class EpisodeSpec(StrictModel):
    """The course an episode is driven on and when it ends; not part of the contract."""

    time_limit_s: Positive = Field(description='truncated after this')
    corridor_half_width_m: Positive = Field(description='terminated farther from the path')
    goal_tolerance_m: Positive = Field(description='reached when this near to the end of the path')
    target_speed_m_s: Positive
    path_length_m: Positive
    path_max_curvature_1_m: Positive
    obstacle_count: int = Field(ge=0, le=64)
    obstacle_radius_m: tuple[Positive, Positive] = Field(description='smallest, largest')
    obstacle_offset_m: tuple[Positive, Positive] = Field(
        description='smallest, largest distance of a centre from the path, either side'
    )


class TaskSpec(Contract):
    """A task file: the contract plus the robot and the course."""

    task: Name
    robot: Name
    episode: EpisodeSpec

    @property
    def contract(self) -> Contract:
        """The part that policy and robot must agree on."""
        return Contract(
            rate_hz=self.rate_hz, inputs=self.inputs, features=self.features, action=self.action
        )


def canonical_json(value: Any) -> str:
    """Return the one text form of a JSON value: sorted keys, no spaces, no -0.0, ASCII."""
    return json.dumps(
        _without_negative_zero(value),
        sort_keys=True,
        separators=(',', ':'),
        allow_nan=False,
        ensure_ascii=True,
    )


def contract_json(contract: Contract) -> str:
    """Return the canonical JSON of a contract (of a task: of its contract part)."""
    if isinstance(contract, TaskSpec):
        contract = contract.contract
    return canonical_json({'format': CONTRACT_FORMAT, **contract.model_dump(mode='json')})


def spec_hash(contract: Contract) -> str:
    """Return 16 hex digits that differ whenever two contracts differ."""
    return hashlib.sha256(contract_json(contract).encode('ascii')).hexdigest()[:16]


def _without_negative_zero(value: Any) -> Any:
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, dict):
        return {key: _without_negative_zero(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_negative_zero(item) for item in value]
    return value


def _refuse_repeats(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'{what}: the name {name!r} is used {names.count(name)} times')
