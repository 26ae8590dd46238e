"""How long the simulated base still moves after a process on the command path was lost.

Round after round: drive, lose one thing at a random moment, and time until the true pose of the
base stands (under 1 cm/s and 0.02 rad/s). Lost are, in turn, by SIGKILL: policy_node,
intervention_node, safety_node; and the sensors the policy lives on (sim_node publishes no more).

The bound of each loss is read from the shipped YAML: the rungs of the time-out ladder that have
to pass, the longest stop the limits allow, the wheels' own lag, plus one control period.

    python -m benchmarks.stop_after_loss [--rounds 50] [--of policy_node ...]
"""

import argparse
import math
from pathlib import Path
import random
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
from nav_msgs.msg import Odometry
import numpy as np
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from takeover.safety.limits import limits_for_action
from takeover.safety.stop_bounds import stop_bounds_s
from takeover.task import load_task_and_robot
from takeover_msgs.srv import ResetEpisode
from takeover_nodes import qos
from tests.stack import Launch, new_domain, Observer, REPOSITORY, wait_until

TASK = REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'
# What is lost here -> its name in the ladder of time-outs.
LOSSES = {
    'policy_node': 'policy',
    'intervention_node': 'arbiter',
    'sensors': 'sensor',
    'safety_node': 'gate',
}
GATE_PERIOD_S = 0.02
STANDS_M_S, STANDS_RAD_S = 0.01, 0.02
DRIVES_M_S = 0.25
# Longer than every bound, so that what still moves then has broken one.
OBSERVED_S = 1.7
TRUTH = 'ground_truth/odom'


def bounds_s() -> dict[str, float]:
    """Return, per loss, the seconds after which the base must stand."""
    task, robot = load_task_and_robot(TASK)
    period_s = 1.0 / task.rate_hz
    physics, lag = robot.simulation, robot.simulation.motor_time_constant_s
    limits = limits_for_action(task.action, robot)
    ramps = (physics.max_acceleration_m_s2, physics.max_angular_acceleration_rad_s2)
    ramp_s = max(axis.fastest() / ramp for axis, ramp in zip(limits, ramps))
    ladder = stop_bounds_s(
        robot.timeouts,
        limits,
        gate_period_s=GATE_PERIOD_S,
        arbiter_period_s=period_s,
        base_stop_s=ramp_s,
    )
    # A first-order lag of time constant T trails a ramp of slope a by a*T and decays from there.
    lag_s = lag * max(
        math.log(ramp * lag / stands) for ramp, stands in zip(ramps, (STANDS_M_S, STANDS_RAD_S))
    )
    return {loss: ladder[cause] + lag_s + period_s for loss, cause in LOSSES.items()}


class Rounds:
    """The base in one launch, the control stack in another, so that either can be lost."""

    def __init__(self, folder: Path) -> None:
        """Start both."""
        self.domain, self.folder = new_domain(), folder
        self.observer = Observer(self.domain)
        self.observer.hear(Odometry, TRUTH, qos.SENSOR)
        self.base = Launch(
            'robot_sim.launch.xml', 'camera:=false', domain=self.domain, log=folder / 'base.log'
        )
        self.control = self.start_control()

    def start_control(self) -> Launch:
        """Start the control stack."""
        return Launch('control.launch.xml', domain=self.domain, log=self.folder / 'control.log')

    def close(self) -> None:
        """Stop both."""
        self.control.stop()
        self.base.stop()
        self.observer.close()

    def speed(self) -> tuple[float, float]:
        """Return the newest true forward and turning speed."""
        twist = self.observer.last(TRUTH).twist.twist
        return abs(twist.linear.x), abs(twist.angular.z)

    def drive(self, seed: int) -> None:
        """Begin an episode and wait until the base drives."""
        answer = self.observer.call(
            ResetEpisode, 'sim_node/reset', ResetEpisode.Request(seed=seed)
        )
        assert answer.success, answer.message
        began_s = time.monotonic()
        wait_until(
            lambda: self.observer.since(TRUTH, began_s) and self.speed()[0] > DRIVES_M_S, 'driving'
        )
        time.sleep(random.uniform(0.2, 1.0))

    def lose(self, what: str) -> float:
        """Lose one thing; return the seconds until the base stands for good."""
        lost_s = time.monotonic()
        if what == 'sensors':
            self.silence_sensors(True)
        else:
            self.lost_argv = self.control.kill(what)
        time.sleep(OBSERVED_S)
        moving = [
            at
            for at, truth in self.observer.since(TRUTH, lost_s)
            if abs(truth.twist.twist.linear.x) > STANDS_M_S
            or abs(truth.twist.twist.angular.z) > STANDS_RAD_S
        ]
        self.observer.heard.clear()
        return moving[-1] - lost_s if moving else 0.0

    def recover(self, what: str) -> None:
        """Bring back what was lost."""
        if what == 'sensors':
            self.silence_sensors(False)
        elif what == 'safety_node':
            self.control.stop()
            self.control = self.start_control()
        else:
            self.control.revive(self.lost_argv)
            wait_until(lambda: self.observer.startup().success, 'motion nodes up again')

    def silence_sensors(self, silent: bool) -> None:
        """Tell the base to publish no odom and no scan, or to publish again."""
        value = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=silent)
        request = SetParameters.Request(
            parameters=[Parameter(name='silence_sensors', value=value)]
        )
        assert (
            self.observer.call(SetParameters, 'sim_node/set_parameters', request)
            .results[0]
            .successful
        )


def main() -> int:
    """Measure, print one line per loss, return 1 when a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=50, help='losses of each kind')
    parser.add_argument('--of', nargs='+', choices=LOSSES, default=list(LOSSES), help='kinds')
    given = parser.parse_args()
    rounds = given.rounds
    print(f'stop after loss, {rounds} rounds each, {machine()}')
    violations = 0
    with tempfile.TemporaryDirectory() as folder:
        stage = Rounds(Path(folder))
        try:
            for what in given.of:
                bound_s = bounds_s()[what]
                times_s = []
                for number in range(rounds):
                    stage.drive(seed=number)
                    times_s.append(stage.lose(what))
                    stage.recover(what)
                over = sum(time_s > bound_s for time_s in times_s)
                violations += over
                print(
                    f'{what} lost -> base stands: median {np.median(times_s):.2f} s, '
                    f'max {max(times_s):.2f} s, bound {bound_s:.2f} s, '
                    f'violations {over} of {rounds}: {verdict(over == 0)}',
                    flush=True,
                )
        finally:
            stage.close()
    return 1 if violations else 0


if __name__ == '__main__':
    sys.exit(main())
