"""The tick of simulated robots, and what does not fit it."""

from takeover.errors import TakeoverError

# Simulated time passes in ticks of the robot's own controller.
TICK_S = 0.01
TICK_NS = 10_000_000


class SimulationError(TakeoverError):
    """The robot or task file asks for something the simulation cannot do."""


def physics_steps(timestep_s: float) -> int:
    """Return how many steps of the physics a tick has.

    :raises SimulationError: not a whole number.
    """
    ratio = TICK_S / timestep_s
    if ratio < 1.0 - 1e-9 or abs(ratio - round(ratio)) > 1e-6:
        raise SimulationError(
            f"simulation.timestep_s: the base controller's tick of {TICK_S} s must be a whole "
            f'multiple of it, is {ratio:.4g} times'
        )
    return round(ratio)


def sensor_ticks(sensor: str, rate_hz: float) -> int:
    """Return how many ticks pass from one measurement of a sensor to the next.

    :raises SimulationError: not a whole number.
    """
    ticks = 1.0 / (rate_hz * TICK_S)
    if ticks < 1.0 - 1e-9 or abs(ticks - round(ticks)) > 1e-6:
        raise SimulationError(
            f'simulation.{sensor}.rate_hz is {rate_hz}; the period must be a '
            f'whole multiple of {TICK_S} s: 100, 50, 33.33, 25, 20, ... Hz'
        )
    return round(ticks)
