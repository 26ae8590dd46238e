"""Whether DDS on this machine carries whole pictures: profile, shared memory, receive buffer."""

from pathlib import Path

from takeover.dds_check import check_dds, FAST_DDS, PROFILE_VARIABLE
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.setting import Setting
from takeover.shipped import shipped_folder

CHECK = 'dds'
# A full picture of a usual camera, 640 x 480 in colour: what cameras publish before the task's.
FRAME_BYTES = 640 * 480 * 3
_OURS = 'fastdds_profile.xml'


def check(
    setting: Setting,
    shared_memory: Path = Path('/dev/shm'),
    receive_buffer: Path = Path('/proc/sys/net/core/rmem_max'),
) -> list[Finding]:
    """Judge the environment that nodes are started in here."""
    rmw = setting.env.get('RMW_IMPLEMENTATION', '')
    if rmw not in FAST_DDS:
        found = f'RMW_IMPLEMENTATION is {rmw}'
        cause = 'the stack is measured with rmw_fastrtps_cpp; what another needs is not known here'
        remedy = 'the same one on all hosts; test a camera with `ros2 topic hz`'
        return [Finding(CHECK, Severity.INFO, found, cause, remedy)]
    env, findings = dict(setting.env), []
    if not env.get(PROFILE_VARIABLE):
        findings.append(_no_profile(setting))
        env[PROFILE_VARIABLE] = str(shipped_folder() / 'config' / _OURS)
    for problem in check_dds(FRAME_BYTES, env, shared_memory, receive_buffer):
        severity = Severity.INFO if not problem.warn else _severity(setting)
        findings.append(Finding(CHECK, severity, problem.text, '', problem.remedy))
    if all(finding.severity is Severity.OK for finding in findings):
        profile = Path(env[PROFILE_VARIABLE]).name
        findings.append(Finding(CHECK, Severity.OK, f'{profile}: full pictures fit'))
    return findings


def _severity(setting: Setting) -> Severity:
    """Return how much lost pictures matter."""
    return Severity.WARNING if setting.task.images else Severity.INFO


def _no_profile(setting: Setting) -> Finding:
    """Tell that only nodes of our launch files have a profile."""
    ours = shipped_folder() / 'config' / _OURS
    if not setting.task.images:
        return Finding(CHECK, Severity.OK, f'{PROFILE_VARIABLE} is left to the launch files')
    return Finding(
        CHECK,
        Severity.INFO,
        f'{PROFILE_VARIABLE} is not set in this terminal',
        'our launch files set it for their own nodes; a camera driver started by hand does '
        'without and loses full pictures',
        f'export {PROFILE_VARIABLE}={ours} where the driver is started',
    )
