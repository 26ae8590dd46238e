"""`/diagnostics` in the conventions of diagnostic_updater, whose Python API is not in the wheels.

Nodes add facts (numbers with their keys); this module never stops anything (REP-107: diagnostics
report, they do not act).
"""

from collections import deque
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from takeover_nodes import qos

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)

Status = tuple[bytes, str, dict[str, object]]


class Diagnostics:
    """Publishes one status per component once a second, on the steady clock."""

    def __init__(self, node: Node, period_s: float = 1.0) -> None:
        """Start publishing on `/diagnostics`."""
        self._node = node
        self._components: dict[str, Callable[[], Status]] = {}
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
        node.create_timer(period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def add(self, component: str, status: Callable[[], Status]) -> None:
        """Add a component; `status` returns (level, one sentence, facts) each second."""
        self._components[component] = status

    def publish(self) -> None:
        """Publish the status of every component now."""
        array = DiagnosticArray()
        array.header.stamp = self._node.get_clock().now().to_msg()
        for component, status in self._components.items():
            level, message, facts = status()
            array.status.append(
                DiagnosticStatus(
                    level=level,
                    name=f'{self._node.get_name()}: {component}',
                    message=message,
                    hardware_id='none',
                    values=[KeyValue(key=key, value=_text(value)) for key, value in facts.items()],
                )
            )
        self._publisher.publish(array)


class TickMeter:
    """Measures the period of a timer: rate, p99 deviation and missed ticks over a window."""

    def __init__(self, period_s: float, window: int = 200) -> None:
        """Measure a timer of nominal `period_s` over the last `window` ticks."""
        self._period_s = period_s
        self._periods_s: deque[float] = deque(maxlen=window)
        self._last_s: float | None = None
        self.missed = 0

    def tick(self, now_s: float) -> None:
        """Note one tick at steady time `now_s`; a gap of 1.5 periods or more is a missed one."""
        if self._last_s is not None:
            period_s = now_s - self._last_s
            self._periods_s.append(period_s)
            self.missed += max(0, round(period_s / self._period_s) - 1)
        self._last_s = now_s

    def restart(self) -> None:
        """Forget the last tick, so that a pause on purpose is not counted as missed."""
        self._last_s = None

    def facts(self) -> dict[str, object]:
        """Return rate (Hz), p99 of |period - nominal| (ms) and the count of missed ticks."""
        if not self._periods_s:
            return {'rate_hz': 0.0, 'jitter_p99_ms': 0.0, 'missed_ticks': self.missed}
        deviations = sorted(abs(period - self._period_s) for period in self._periods_s)
        p99 = deviations[min(len(deviations) - 1, int(0.99 * len(deviations)))]
        rate = len(self._periods_s) / max(sum(self._periods_s), 1e-9)
        return {'rate_hz': rate, 'jitter_p99_ms': 1e3 * p99, 'missed_ticks': self.missed}


def _text(value: object) -> str:
    return f'{value:.3f}' if isinstance(value, float) else str(value)
