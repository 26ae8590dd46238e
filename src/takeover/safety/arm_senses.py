"""What the gate of an arm feels: joints and wrench, how old they are, and what is too much."""

import numpy as np
from takeover.arm_samples import JointSample, WrenchSample
from takeover.arm_spec import ArmSpec
from takeover.safety.acceptance import CLOCK_TOLERANCE_NS
from takeover.safety.watchdog import Watchdog


class ArmSenses:
    """The newest measurements of one arm. `joints` is None until there is one."""

    def __init__(self, robot: ArmSpec):
        """Begin without having felt anything."""
        self.joints: JointSample | None = None
        self.excess: str | None = None  # of the newest wrench over its limits
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

    def on_joints(self, sample: JointSample, now_s: float) -> str | None:
        """Take a sample of the joints, or say why not; the time-out then keeps running."""
        fault = sample.fault()
        if fault is not None:
            return f'joint state: {fault}'
        missing = sorted(set(self._robot.joint_names) - set(sample.names))
        if missing:
            return f'joint state: {missing[0]} is missing'
        if self.joints is not None:
            newer_ns = sample.stamp_ns - self.joints.stamp_ns
            # Far back is a clock that was set; a little is a sample that came late or twice.
            if -CLOCK_TOLERANCE_NS <= newer_ns <= 0:
                return 'joint state: not newer than the last one'
        self.joints = sample
        self._joints_watch.feed(now_s)
        return None

    def on_wrench(self, sample: WrenchSample, now_s: float) -> str | None:
        """Take a sample of the wrench; return what is too much of it, with the numbers."""
        limits = self._robot.wrench
        if limits is None or sample.fault() is not None:
            return None
        self._wrench_watch.feed(now_s)
        force, torque = (
            float(np.linalg.norm(vector)) for vector in (sample.force_n, sample.torque_n_m)
        )
        self.excess = None
        if force > limits.max_force_n:
            self.excess = f'force is {force:.1f} N, at most {limits.max_force_n:g} N'
        elif torque > limits.max_torque_n_m:
            self.excess = f'torque is {torque:.1f} N m, at most {limits.max_torque_n_m:g} N m'
        return self.excess

    def silence(self, now_s: float) -> str | None:
        """Say what has not been felt for too long, or None."""
        return self.joints_silence(now_s) or self.wrench_silence(now_s)

    def joints_silence(self, now_s: float) -> str | None:
        """Say that the joints have not been felt for too long, or None."""
        return self._joints_watch.reason() if self._joints_watch.expired(now_s) else None

    def wrench_silence(self, now_s: float) -> str | None:
        """Say that the wrench has not been felt for too long, or None."""
        if self._wrench_watch is not None and self._wrench_watch.expired(now_s):
            return self._wrench_watch.reason()
        return None
