"""What a robot is: size, motion limits, time-outs, and the physics its simulation uses.

Limits are what the safety gate enforces; a task may ask for less, never for more.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from takeover.config_file import StrictModel
from takeover.spec_types import Fraction, Name, NotNegative, Positive


class GeometrySpec(StrictModel):
    """Body and wheels."""

    radius_m: Positive = Field(description='circle around base_link that contains the robot')
    wheel_radius_m: Positive
    track_m: Positive = Field(description='distance between the wheels of a differential drive')
    mass_kg: Positive


class LimitSpec(StrictModel):
    """Limits of one component; its unit is that of the component, per second per derivative."""

    min_velocity: Annotated[float, Field(le=0.0)]
    max_velocity: Annotated[float, Field(ge=0.0)]
    max_acceleration: Positive
    max_deceleration: Positive
    max_jerk: Positive


class TimeoutSpec(StrictModel):
    """The ladder of time-outs: whoever is nearer to the robot waits longer."""

    observation_s: Positive = Field(description='an input older than this gives no observation')
    policy_s: Positive = Field(description='arbiter: no policy command for this long, hold')
    input_device_s: Positive = Field(description='arbiter: silent device while a human drives')
    gate_s: Positive = Field(description='safety gate: no command for this long, decelerate')
    controller_s: Positive = Field(description='the robot itself: no command for this long, stop')

    @model_validator(mode='after')
    def _strictly_increasing(self) -> 'TimeoutSpec':
        rungs = list(self.model_dump().items())
        for (lower, a), (upper, b) in zip(rungs, rungs[1:]):
            if not a < b:
                raise ValueError(
                    f'{lower} ({a}) must be less than {upper} ({b}); the ladder is '
                    + ' < '.join(name for name, _ in rungs)
                )
        return self


class LidarSpec(StrictModel):
    """The simulated lidar."""

    rate_hz: Positive
    beams: int = Field(ge=1, le=4096)
    angle_min_rad: float = Field(description='direction of the first beam in base_link')
    angle_increment_rad: Positive
    range_min_m: NotNegative
    range_max_m: Positive
    noise_m: NotNegative = Field(description='standard deviation of a range')
    dropout: Fraction = Field(description='probability that a beam reports no return')


class OdometrySpec(StrictModel):
    """The simulated wheel odometry, which drifts."""

    rate_hz: Positive
    scale_error: NotNegative = Field(description='standard deviation of the wheel-radius error')
    heading_drift_rad_m: NotNegative = Field(description='random walk of yaw, per sqrt(metre)')
    velocity_noise_m_s: NotNegative
    angular_noise_rad_s: NotNegative


class CameraSpec(StrictModel):
    """A simulated camera."""

    rate_hz: Positive
    width: int = Field(ge=16, le=1920)
    height: int = Field(ge=16, le=1080)
    fov_y_rad: Positive


class SimulationSpec(StrictModel):
    """Physics of the simulated robot that no real driver needs."""

    timestep_s: Positive
    motor_time_constant_s: Positive = Field(description='first-order lag of the wheel speed')
    max_acceleration_m_s2: Positive = Field(description='ramp of the base controller itself')
    max_angular_acceleration_rad_s2: Positive = Field(
        description='ramp of the base controller itself'
    )
    wheel_friction: Positive = Field(description='tyre on floor, Coulomb; less slips more')
    lidar: LidarSpec
    odometry: OdometrySpec
    camera: CameraSpec


class BaseCommandSpec(StrictModel):
    """How a base takes its commands, on `cmd_vel`."""

    message: Literal['twist_stamped', 'twist'] = Field(
        description='twist has no stamp: the base cannot tell an old command from a new one'
    )


class RobotSpec(StrictModel):
    """What the robot files of all kinds have."""

    robot: Name
    kind: str
    limits: dict[Name, LimitSpec]
    timeouts: TimeoutSpec

    @property
    def axes(self) -> dict[str, LimitSpec]:
        """Limits of everything that an action may move."""
        return self.limits


class RoverSpec(RobotSpec):
    """A robot file of the kind differential_drive."""

    kind: Literal['differential_drive']
    geometry: GeometrySpec
    command: BaseCommandSpec = BaseCommandSpec(message='twist_stamped')
    simulation: SimulationSpec | None = Field(
        default=None, description='without it there is no simulation of this robot'
    )
