"""What the gate of an arm feels: joints and wrench, how old they are, and what is too much."""

import numpy as np
from takeover.arm_samples import JointSample, WrenchSample
from takeover.arm_spec import ArmSpec
from takeover.safety.acceptance import is_repeated
from takeover.safety.watchdog import Watchdog


class ArmSenses:
    """The newest measurements of one arm. `joints` is None until there is one."""

    def __init__(self, robot: ArmSpec):
        """Begin without having felt anything."""
        self.joints: JointSample | None = None
        self.excess: str | None = None  # of the newest wrench over its limits
        self._wrench_fault: str | None = None  # why the newest sample was not used
        self._wrench_ns: int | None = None
        self._robot = robot
        self._joints_watch = Watchdog('joint state', robot.timeouts.observation_s)
        self._wrench_watch = (
            Watchdog('wrench', robot.wrench.max_age_s) if robot.wrench is not None else None
        )

    @property
    def positions(self) -> np.ndarray | None:
        """Measured positions of the joints [n], rad."""
        found = self.joints and self.joints.of(self._robot.joint_names)
        return found[0] if found else None

    @property
    def width_m(self) -> float | None:
        """Measured width of the gripper; None when its joints are not in the sample."""
        gripper = self._robot.gripper
        found = self.joints and gripper and self.joints.of(gripper.joints)
        return float(found[0].sum()) if found else None

    def forget_joints(self) -> None:
        """Behave as if the joints had never been felt."""
        self.joints = None
        self._joints_watch.forget()

    def on_joints(self, sample: JointSample, now_ns: int, now_s: float) -> str | None:
        """Take a sample of the joints, or say why not; the time-out then keeps running.

        :param now_ns: the time now on the clock of the stamps.
        """
        age_s = 1e-9 * (now_ns - sample.stamp_ns)
        fault = sample.fault() or _age_fault(age_s, self._joints_watch.timeout_s)
        if fault is not None:
            return f'joint state: {fault}'
        missing = sorted(set(self._robot.joint_names) - set(sample.names))
        if missing:
            return f'joint state: {missing[0]} is missing'
        if self.joints is not None:
            if is_repeated(sample.stamp_ns, self.joints.stamp_ns):
                return 'joint state: not newer than the last one'
        self.joints = sample
        self._joints_watch.feed(now_s, age_s)
        return None

    def on_wrench(self, sample: WrenchSample, now_ns: int, now_s: float) -> str | None:
        """Take a sample of the wrench; return what is too much of it, with the numbers.

        Too much counts whenever it was felt, and infinite is too much. Otherwise a sample that is
        no number, repeated, or old lets the time-out run.

        :param now_ns: the time now on the clock of the stamps.
        """
        if self._robot.wrench is None:
            return None
        excess = self._excess(sample)
        if excess is not None:
            self.excess = excess
            return excess
        age_s = 1e-9 * (now_ns - sample.stamp_ns)
        self._wrench_fault = sample.fault() or _age_fault(age_s, self._robot.wrench.max_age_s)
        repeated = self._wrench_ns is not None and is_repeated(sample.stamp_ns, self._wrench_ns)
        if self._wrench_fault is None and repeated:
            self._wrench_fault = 'not newer than the last one'
        if self._wrench_fault is None:
            self.excess, self._wrench_ns = None, sample.stamp_ns
            self._wrench_watch.feed(now_s, age_s)
        return None

    def _excess(self, sample: WrenchSample) -> str | None:
        limits = self._robot.wrench
        force, torque = (
            float(np.linalg.norm(vector)) for vector in (sample.force_n, sample.torque_n_m)
        )
        if force > limits.max_force_n:
            return f'force is {force:.1f} N, at most {limits.max_force_n:g} N'
        if torque > limits.max_torque_n_m:
            return f'torque is {torque:.1f} N m, at most {limits.max_torque_n_m:g} N m'
        return None

    def silence(self, now_s: float) -> str | None:
        """Say what has not been felt for too long, or None."""
        return self.joints_silence(now_s) or self.wrench_silence(now_s)

    def joints_silence(self, now_s: float) -> str | None:
        """Say that the joints have not been felt for too long, or None."""
        return self._joints_watch.reason() if self._joints_watch.expired(now_s) else None

    def wrench_silence(self, now_s: float) -> str | None:
        """Say that the wrench has not been felt for too long, or None."""
        if self._wrench_watch is not None and self._wrench_watch.expired(now_s):
            unused = f' that can be used: {self._wrench_fault}' if self._wrench_fault else ''
            return self._wrench_watch.reason() + unused
        return None


def _age_fault(age_s: float, limit_s: float) -> str | None:
    if abs(age_s) <= limit_s:
        return None
    when = f'{age_s:.3f} s ago' if age_s > 0.0 else f'{-age_s:.3f} s in the future'
    return f'stamped {when}, at most {limit_s:g} s; do both clocks agree?'
