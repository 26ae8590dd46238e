"""The stack's quality-of-service profiles, one per kind of data, and nowhere else.

Compatibility is request <= offer: a reliable subscriber hears nothing from a best-effort
publisher, a transient-local one nothing from a volatile publisher, so both ends of a topic must
take the profile from here.
"""

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# Images, odometry, scans: the newest sample matters, a queue is latency.
SENSOR = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)

# Modes, states, versions, paths: whoever joins late must know the last value.
LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)

# What is recorded step by step: 10 s at 50 Hz may queue before anything is lost.
RECORD = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=500,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)

# Operators' devices and the e-stop heartbeat.
INPUT = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)

DIAGNOSTICS = INPUT


def command(period_s: float | None = None) -> QoSProfile:
    """Return the profile of motion commands: reliable, depth 1, worthless after two periods.

    Args:
        period_s: period of the producer in seconds; None (for subscribers) sets no lifespan.
    """
    profile = QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )
    if period_s is not None:
        profile.lifespan = Duration(seconds=2.0 * period_s)
    return profile
