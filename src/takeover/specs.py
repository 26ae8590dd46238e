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

import numpy as np
from pydantic import Field, model_validator
from takeover.config_file import StrictModel
from takeover.episode_spec import PathEpisodeSpec, PegEpisodeSpec, ReachEpisodeSpec
from takeover.observation_spec import (
    FEATURE_KINDS,
    FeatureSpec,
    InputSpec,
    MAX_IMAGE_SIZE,
    ROBOT_INPUTS,
)
from takeover.spec_types import Name, refuse_repeats, Topic

CONTRACT_FORMAT = 'takeover.contract/1'
VECTOR_FIELD = 'observation'
GRIPPER = 'gripper'
_TWIST_UNITS = {
    f'{part}.{axis}': unit
    for part, unit in (('linear', 'm/s'), ('angular', 'rad/s'))
    for axis in 'xyz'
}
TWIST = tuple(_TWIST_UNITS)
"""Its components: linear x, y, z, then angular x, y, z."""


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
    """What the policy commands: components in order, in the frame they are meant in.

    A `twist` is that of a robot's body or of an arm's tool, in the axes of `frame`; the gripper of
    an arm may stand beside it, positive opens. `joint_velocity` moves joints one by one, each
    component named after its joint. A `vector` is the action of a Gymnasium environment, flattened
    in C order: components action.0, action.1, ..., pure numbers without a frame.
    """

    kind: Literal['twist', 'joint_velocity', 'vector']
    frame: str | None = Field(description='the frame of a twist; else null')
    components: tuple[ActionComponent, ...] = Field(min_length=1, max_length=64)

    @model_validator(mode='after')
    def _fits_its_kind(self) -> 'ActionSpec':
        if (self.kind == 'twist') != (self.frame is not None):
            raise ValueError(
                f'frame is {"needed" if self.kind == "twist" else "not used"} by {self.kind}'
            )
        if self.kind == 'vector':
            self._check_vector()
        else:
            self._check_motion()
        return self

    def _check_motion(self) -> None:
        refuse_repeats('components', [component.name for component in self.components])
        for component in self.components:
            unit = _TWIST_UNITS.get(component.name)
            if component.name == GRIPPER:
                unit = 'm/s'
            elif self.kind == 'joint_velocity':
                unit = 'rad/s'
            if unit is None:
                raise ValueError(
                    f'component {component.name!r} is not of a twist; legal: '
                    f'{", ".join(_TWIST_UNITS)}, {GRIPPER}'
                )
            if component.unit != unit:
                raise ValueError(
                    f'unit of {component.name} must be {unit!r}, got {component.unit!r}'
                )

    def _check_vector(self) -> None:
        for index, component in enumerate(self.components):
            if (component.name, component.unit) != (f'action.{index}', '1'):
                raise ValueError(
                    f"component {index} of a vector must be 'action.{index}' in unit '1', got "
                    f'{component.name!r} in {component.unit!r}'
                )


class Contract(StrictModel):
    """What a policy and the robot it drives must agree on, to the last digit."""

    rate_hz: Annotated[float, Field(ge=1.0, le=200.0)]
    inputs: dict[Topic, InputSpec]
    features: tuple[FeatureSpec, ...] = Field(min_length=1)
    action: ActionSpec

    @property
    def images(self) -> tuple[FeatureSpec, ...]:
        """The features that are pixels, in order."""
        return tuple(feature for feature in self.features if feature.shape is not None)

    @property
    def vector_features(self) -> tuple[FeatureSpec, ...]:
        """The features that are numbers of the vector, in order."""
        return tuple(feature for feature in self.features if feature.shape is None)

    @property
    def observation_size(self) -> int:
        """Length of the vector; 0 when there is none."""
        return sum(feature.size for feature in self.vector_features)

    @property
    def pixels_size(self) -> int:
        """Numbers in one picture of each image feature, together."""
        return sum(math.prod(image.shape) // stack_of(image) for image in self.images)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """Shape of one observation as `observation_dtype` counts it.

        (n,) of a vector alone, (height, width, channels) of an image alone, () of both.
        """
        if not self.images:
            return (self.observation_size,)
        return self.images[0].shape if len(self.features) == 1 else ()

    @property
    def observation_dtype(self) -> np.dtype:
        """Type of an observation's elements: float32, uint8, or a record of vector and images.

        The record has the field `observation`, float32 [n], when there is a vector, and one field
        uint8 [height, width, channels] for each image, named after its feature.
        """
        if not self.images:
            return np.dtype('<f4')
        if len(self.features) == 1:
            return np.dtype('u1')
        size = self.observation_size
        vector = [(VECTOR_FIELD, '<f4', (size,))] if size else []
        return np.dtype(vector + [(image.name, 'u1', image.shape) for image in self.images])

    @model_validator(mode='after')
    def _consistent(self) -> 'Contract':
        refuse_repeats('features', [feature.name for feature in self.features])
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
            if feature.name == VECTOR_FIELD and feature.shape and len(self.features) > 1:
                raise ValueError(
                    f'feature {VECTOR_FIELD!r}: this name is that of the vector, an image beside '
                    'it needs another'
                )
        pixels = sum(math.prod(image.shape) for image in self.images)
        if pixels > MAX_IMAGE_SIZE:
            raise ValueError(
                f'all images together have {pixels} numbers, must be {MAX_IMAGE_SIZE} or fewer'
            )
        unused = set(self.inputs) - {name for feature in self.features for name in feature.inputs}
        if unused:
            raise ValueError(f'input {sorted(unused)[0]!r} is used by no feature; remove it')
        return self


def stack_of(image: FeatureSpec) -> int:
    """Return how many pictures an image feature shows at once."""
    return 1 if image.form is None else image.form.stack


class NamedContract(Contract):
    """A contract and the name of the task it is made for, which is not part of it."""

    task: Name

    @property
    def contract(self) -> Contract:
        """The part that policy and robot must agree on."""
        return Contract(
            rate_hz=self.rate_hz, inputs=self.inputs, features=self.features, action=self.action
        )


class TaskSpec(NamedContract):
    """A task file: the contract plus the robot and its episodes."""

    robot: Name
    episode: PathEpisodeSpec | ReachEpisodeSpec | PegEpisodeSpec = Field(discriminator='kind')

    @model_validator(mode='after')
    def _is_of_a_robot(self) -> 'TaskSpec':
        for name, spec in self.inputs.items():
            if spec.type == 'vector':
                raise ValueError(
                    f'input {name!r}: the type vector is for Gymnasium environments; legal in a '
                    f'task file: {", ".join(ROBOT_INPUTS)}'
                )
        for image in self.images:
            if image.form is None:
                raise ValueError(
                    f'feature {image.name!r}: form is needed: how the picture of the camera '
                    'becomes these pixels, for example {encoding: rgb8}'
                )
        if not self.vector_features:
            raise ValueError(
                'features: a robot needs at least one number beside its images, such as '
                'odom.linear_velocity'
            )
        if self.action.kind == 'vector':
            raise ValueError(
                'action: the kind vector is for Gymnasium environments; legal in a task file: '
                'twist, joint_velocity'
            )
        return self


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
    """Return the canonical JSON of a contract (of a named one: without the name)."""
    if isinstance(contract, NamedContract):
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
