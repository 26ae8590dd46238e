"""From the position of one axis of a stick to one component of the action."""

from pydantic import Field
from takeover.config_file import StrictModel


class StickShape(StrictModel):
    """How a position from -1 to 1 moves one component of the action."""

    invert: bool = False
    scale: float = Field(
        default=1.0,
        gt=0.0,
        le=1.0,
        description='full stick is this share of the bound of the action',
    )
    turbo_scale: float | None = Field(
        default=None, gt=0.0, le=1.0, description='the same while turbo_button is held'
    )
    dead_zone: float = Field(
        default=0.05,
        ge=0.0,
        lt=1.0,
        description='share of the travel around the middle that is zero',
    )
    expo: float = Field(
        default=0.0, ge=0.0, le=1.0, description='0: straight; 1: cubic, fine near the middle'
    )

    def deflection(self, position: float) -> float:
        """Return the share, 0 to 1, of the travel outside the dead zone."""
        travel = min(abs(position), 1.0)
        if travel <= self.dead_zone:
            return 0.0
        return (travel - self.dead_zone) / (1.0 - self.dead_zone)

    def to_si(self, position: float, low: float, high: float, turbo: bool = False) -> float:
        """Map a position to [low, high]; where low is 0, pulling back is 0."""
        share = self.deflection(position)
        if not share:
            return 0.0
        scale = self.turbo_scale if turbo and self.turbo_scale is not None else self.scale
        share = scale * min((1.0 - self.expo) * share + self.expo * share**3, 1.0)
        forward = (position > 0.0) != self.invert
        return share * (high if forward else low) + 0.0
