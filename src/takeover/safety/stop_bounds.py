"""How long a robot may go on after each loss: the ladder of time-outs as one sum per cause."""

from collections.abc import Sequence

from takeover.robot import TimeoutSpec
from takeover.safety.limiter import worst_stopping_time_s
from takeover.safety.limits import AxisLimits


def stop_bounds_s(
    timeouts: TimeoutSpec,
    limits: Sequence[AxisLimits],
    gate_period_s: float,
    arbiter_period_s: float,
    base_stop_s: float,
) -> dict[str, float]:
    """Return seconds from each loss until the command to the robot is zero, at the latest.

    Time on the wire is not included. The losses:

    * 'sensor': the last sample is used until `observation_s` old, then the policy is silent;
    * 'policy': the arbiter notices after `policy_s`, at its next step, and commands zero;
    * 'input device', while a person drives: likewise after `input_device_s`;
    * 'arbiter': the gate notices after `gate_s` and begins to stop at that very moment;
    * 'gate': the robot's own controller notices after `controller_s` and stands `base_stop_s`
      later; here the bound is of the robot, not of the command.

    :param gate_period_s: of the gate's tick, at which the last zero is sent.
    :param arbiter_period_s: longest distance of two steps of the arbiter.
    :param base_stop_s: time in which the robot's own controller stops it from full speed.
    """
    stop_s = max(worst_stopping_time_s(axis) for axis in limits) + gate_period_s
    policy_s = timeouts.policy_s + arbiter_period_s + stop_s
    return {
        'sensor': timeouts.observation_s + policy_s,
        'policy': policy_s,
        'input device': timeouts.input_device_s + arbiter_period_s + stop_s,
        'arbiter': timeouts.gate_s + stop_s,
        'gate': timeouts.controller_s + base_stop_s,
    }
