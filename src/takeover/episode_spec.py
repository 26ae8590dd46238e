"""What an episode of a task is and when it ends; never part of the contract.

`kind` tells the courses of a rover (`path`) from the tasks of an arm (`reach`, `peg`).
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from takeover.config_file import StrictModel
from takeover.spec_types import NotNegative, Positive, Vector

Angle = Annotated[float, Field(ge=0.0, le=3.1416)]


class EpisodeSpec(StrictModel):
    """What the episodes of all tasks have."""

    kind: str
    time_limit_s: Positive = Field(description='truncated after this')


class PathEpisodeSpec(EpisodeSpec):
    """The course an episode is driven on."""

    kind: Literal['path']
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
    lane_half_width_m: Positive | None = Field(
        default=None,
        description='the path is a lane, marked on the floor with lines this far from its middle; '
        'who drives follows it by sight, not where odometry puts it',
    )


class StartSpec(StrictModel):
    """Where the tool stands at the start: a pose, and how far around it."""

    position_m: Vector = Field(description='middle of the starts, in the base frame')
    position_range_m: Vector = Field(description='largest distance from the middle, either way')
    roll_range_rad: Angle = Field(default=0.0, description='about the x axis of the tool')
    pitch_range_rad: Angle = Field(default=0.0, description='about the y axis of the tool')
    yaw_range_rad: Angle = Field(description='about the z axis of the tool')

    @model_validator(mode='after')
    def _ranges_have_a_size(self) -> 'StartSpec':
        if min(self.position_range_m) < 0.0:
            raise ValueError(
                f'position_range_m is {list(self.position_range_m)}; legal: 0 or more'
            )
        return self


class ReachEpisodeSpec(EpisodeSpec):
    """Move the tool, which starts pointing down, to a target pose and close the gripper there."""

    kind: Literal['reach']
    start: StartSpec
    target: StartSpec = Field(description='where the target is')
    position_tolerance_m: Positive
    angle_tolerance_rad: Positive
    closed_m: NotNegative = Field(description='the gripper counts as closed at this width')


class PegEpisodeSpec(EpisodeSpec):
    """Put the round peg that the gripper holds into a round hole of a board."""

    kind: Literal['peg']
    start: StartSpec
    hole_position_m: Vector = Field(description='middle of the rim of the hole, base frame')
    peg_diameter_m: Positive
    peg_length_m: Positive = Field(description='from the tool frame to the tip')
    clearance_m: Positive = Field(description='the hole is this much wider than the peg')
    chamfer_m: NotNegative = Field(description='cut off the edges of the tip, at 45 degrees')
    inserted_m: Positive = Field(description='the goal is reached with the tip this deep')
    max_force_n: Positive = Field(
        description='harder contact ends the episode: something would break'
    )

    @model_validator(mode='after')
    def _has_a_tip(self) -> 'PegEpisodeSpec':
        if 2.0 * self.chamfer_m >= self.peg_diameter_m:
            raise ValueError(
                f'chamfer_m {self.chamfer_m} leaves nothing of peg_diameter_m '
                f'{self.peg_diameter_m}'
            )
        return self
