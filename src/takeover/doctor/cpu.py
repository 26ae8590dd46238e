"""Whether this machine has time for the ticks: a trial at the task's rate with the real policy."""

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import time

import numpy as np
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.setting import Setting
from takeover.errors import TakeoverError
from takeover.policy.onnx_policy import OnnxPolicy

CHECK = 'cpu'
# Of all ticks; more than the first is worth a word, more than the second too many. Chosen.
FEW, MANY = 0.0, 0.01
# Lateness of a tick, p99, as a share of the period. Chosen.
JITTER = 0.2
GOVERNORS = Path('/sys/devices/system/cpu/cpufreq')
# With these drivers the processor itself chooses its speed, whatever the governor is called.
_SELF_PACED = ('intel_pstate', 'amd-pstate-epp')


@dataclass(frozen=True)
class Trial:
    """Ticks as they came; arrays [n] in seconds."""

    period_s: float
    late_s: np.ndarray
    """Start of each tick after it was due."""
    work_s: np.ndarray
    missed: int
    """Ticks that could not start before the next one was due."""


@dataclass(frozen=True)
class Machine:
    """What the machine says about itself."""

    cores: int
    load: float
    """Processes that want to run, mean of a minute."""
    governor: str
    """'' when it is unknown or does not matter."""


def check(setting: Setting, progress: Callable[[float], None]) -> list[Finding]:
    """Tick for `setting.seconds` and judge; `progress` hears the share that is done."""
    findings = [_machine(look_at_machine())]
    try:
        act = acting(setting)
    except TakeoverError as error:
        cause, remedy = 'no policy to tick with', 'see the check policy'
        return [Finding(CHECK, Severity.INFO, f'no trial: {error}', cause, remedy), *findings]
    return [judge(trial(act, setting.period_s, setting.seconds, progress)), *findings]


def acting(setting: Setting) -> Callable[[int], object]:
    """Return what a tick does: the policy acts on what it was proved with.

    :raises TakeoverError: the policy cannot be loaded.
    """
    if setting.policy is None:
        return lambda tick: None
    policy = OnnxPolicy.load(setting.policy, setting.task)
    recorded = policy.bundle.parity.observations
    return lambda tick: policy.act(recorded[tick % len(recorded)])


def trial(
    act: Callable[[int], object],
    period_s: float,
    seconds: float,
    progress: Callable[[float], None],
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Trial:
    """Tick every `period_s` as a timer of ROS does: one that comes too late is left out."""
    late_s, work_s, missed, due = [], [], 0, 0
    start_s, count = clock(), max(1, round(seconds / period_s))
    while due < count:
        wait_s = start_s + due * period_s - clock()
        if wait_s > 0.0:
            sleep(wait_s)
        begin_s = clock()
        late_s.append(max(0.0, begin_s - start_s - due * period_s))
        act(due)
        end_s = clock()
        work_s.append(end_s - begin_s)
        following = max(due + 1, int((end_s - start_s) / period_s))
        missed += min(following, count) - due - 1
        due = following
        progress(min(1.0, due / count))
    return Trial(period_s, np.array(late_s), np.array(work_s), missed)


def judge(found: Trial) -> Finding:
    """Judge missed ticks and lateness."""
    ticks = len(found.late_s) + found.missed
    jitter_s = float(np.percentile(found.late_s, 99.0))
    told = (
        f'{found.missed} of {ticks} ticks missed at {1.0 / found.period_s:g} Hz, start p99 '
        f'{1e3 * jitter_s:.1f} ms late, work p99 {1e3 * np.percentile(found.work_s, 99.0):.1f} ms'
    )
    remedy = (
        'end what else runs (top); the learner on another machine or with nice 19; governor '
        'performance; a smaller network'
    )
    if found.missed > MANY * ticks:
        cause = 'the machine has no time for this policy at this rate beside what runs now'
        return Finding(CHECK, Severity.ERROR, told, cause, remedy)
    if found.missed > FEW * ticks or jitter_s > JITTER * found.period_s:
        cause = 'the machine is busy at times: commands come late then'
        return Finding(CHECK, Severity.WARNING, told, cause, remedy)
    return Finding(CHECK, Severity.OK, told)


def look_at_machine(governors: Path = GOVERNORS) -> Machine:
    """Ask for cores, load and the governor of the first core."""
    policy = governors / 'policy0'
    governor = ''
    try:
        if (policy / 'scaling_driver').read_text().strip() not in _SELF_PACED:
            governor = (policy / 'scaling_governor').read_text().strip()
    except OSError:
        pass
    return Machine(len(os.sched_getaffinity(0)), os.getloadavg()[0], governor)


def _machine(machine: Machine) -> Finding:
    """Judge what the machine says about itself."""
    told = f'load {machine.load:.1f} on {machine.cores} cores'
    if machine.governor:
        told += f', governor {machine.governor}'
    if machine.load > machine.cores:
        cause = 'more wants to run than there are cores'
        return Finding(CHECK, Severity.WARNING, told, cause, 'end what else runs (top)')
    if machine.governor == 'powersave':
        remedy = 'sudo cpupower frequency-set -g performance'
        return Finding(CHECK, Severity.WARNING, told, 'the processor stays slow', remedy)
    return Finding(CHECK, Severity.OK, told)
