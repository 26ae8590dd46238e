"""Whether policy, task and robot fit together: contract, proof, limits, time-outs, latency."""

import time

import numpy as np
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.setting import Setting
from takeover.errors import TakeoverError
from takeover.policy.bundle import check_contract, read_bundle
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.task import mismatches

CHECK = 'policy'
TIMED_RUNS = 300
# The share of a period that policy_node allows a new policy (swap_max_latency_ms).
SHARE = 0.1


def check(setting: Setting) -> list[Finding]:
    """Judge the files; the policy is loaded and proves itself as in policy_node."""
    return _limits(setting) + _bundle(setting)


def _limits(setting: Setting) -> list[Finding]:
    problems = mismatches(setting.task, setting.robot)
    if problems:
        cause = f'{setting.task_file} asks for what {setting.robot_file} does not allow'
        remedy = 'use the task of this robot, or change the bounds of the task'
        return [Finding(CHECK, Severity.ERROR, text, cause, remedy) for text in problems]
    rungs = setting.robot.timeouts.model_dump().items()
    ladder = ' < '.join(f'{name.removesuffix("_s")} {value:g}' for name, value in rungs)
    found = f'{setting.task.task} is within the limits of {setting.robot.robot}; seconds: {ladder}'
    return [Finding(CHECK, Severity.OK, found)]


def _bundle(setting: Setting) -> list[Finding]:
    if setting.policy is None:
        cause = '--policy is none, or left out where none comes with the task'
        return [Finding(CHECK, Severity.INFO, 'no policy: a person drives alone', cause)]
    try:
        bundle = read_bundle(setting.policy)
        check_contract(bundle, setting.task)
        policy = OnnxPolicy(bundle)
    except TakeoverError as error:
        return [
            Finding(
                CHECK,
                Severity.ERROR,
                str(error),
                'policy_node will refuse it in the same words',
                'another bundle: takeover policy list, takeover policy verify FILE --task TASK',
            )
        ]
    return [_latency(policy, setting.period_s)]


def _latency(policy: OnnxPolicy, period_s: float) -> Finding:
    recorded = policy.bundle.parity.observations
    times_s = []
    for run in range(TIMED_RUNS):
        start_ns = time.thread_time_ns()
        policy.act(recorded[run % len(recorded)])
        times_s.append(1e-9 * (time.thread_time_ns() - start_ns))
        if sum(times_s) > TIMED_RUNS * period_s:
            break
    middle_s, late_s = np.percentile(times_s, [50.0, 99.0])
    return judge_latency(f'policy {policy.version} proves itself', middle_s, late_s, period_s)


def judge_latency(who: str, middle_s: float, late_s: float, period_s: float) -> Finding:
    """Judge median and p99 of one action, processor time, against the period."""
    found = (
        f'{who}; an action costs {1e3 * middle_s:.2f} ms, p99 {1e3 * late_s:.2f} ms, of a period '
        f'of {1e3 * period_s:g} ms'
    )
    remedy = 'a smaller network, a faster machine, or less beside it'
    if middle_s > 0.5 * period_s:
        cause = 'commands would come late, tick after tick'
        return Finding(CHECK, Severity.ERROR, found, cause, remedy)
    if late_s > SHARE * period_s:
        cause = f'a policy should take no more than {SHARE:.0%} of the period'
        return Finding(CHECK, Severity.WARNING, found, cause, remedy)
    return Finding(CHECK, Severity.OK, found)
