"""What `/diagnostics` says of a camera: a level and one sentence."""

from collections.abc import Mapping

from takeover.camera.capture_status import CaptureState, CaptureStatus
from takeover_nodes.diagnostics import ERROR, OK, WARN

# Below this share of the rate asked for, a camera is slow.
SLOW_SHARE = 0.8


def verdict(
    status: CaptureStatus, reported: Mapping[str, int], rate_hz: float
) -> tuple[bytes, str]:
    """Return level and sentence; a fault counts until it was reported, however short it was.

    :param reported: faults by name at the last report.
    :param rate_hz: the rate asked for.
    """
    if status.state is not CaptureState.STREAMING:
        text = f'{status.state.value} after {status.attempts} attempts: {status.reason}'
        return (WARN if status.state is CaptureState.OPENING else ERROR), text
    faults = []
    if status.fault is not None:
        faults.append(f'{status.fault.name}: {status.fault.text}')
    for name, count in status.faults.items():
        news = count - reported.get(name, 0)
        if news > 0 and (status.fault is None or status.fault.name != name):
            faults.append(f'{name}: {news} since the last report')
    rate = f'{status.rate_hz:.1f} of {rate_hz:g} Hz'
    # Of one frame no rate is known yet: 0.
    if 0.0 < status.rate_hz < SLOW_SHARE * rate_hz:
        faults, rate = [*faults, f'slow: {rate}'], ''
        return (ERROR if len(faults) > 1 else WARN), '; '.join(faults)
    return (ERROR, '; '.join(faults)) if faults else (OK, rate)
