"""No sequence of commands leads the simulated arm itself, not just its command, out of its limits.

In free air: what touches something is stopped by the wrench, and may be pushed.
"""

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from takeover.arm.kinematics import ArmKinematics
from takeover.simulation.arm.environment import ArmEnv
from takeover.specs import ActionSpec
from takeover.task import load_task_and_robot

STEPS = 40
TOUCHES_N = 15.0  # more than what the hand weighs as it brakes
TASK, ROBOT = load_task_and_robot('arm_reach')
KINEMATICS = ArmKinematics(ROBOT)
FASTEST = np.array([joint.max_velocity_rad_s for joint in ROBOT.joints])


def action(kind, frame, bounds):
    """Return an action with these bounds, by the name of the component."""
    components = tuple(
        {'name': name, 'unit': unit, 'low': -bound, 'high': bound}
        for name, (unit, bound) in bounds.items()
    )
    return ActionSpec(kind=kind, frame=frame, components=components)


def twist(frame):
    """Return a twist as fast as the robot file allows."""
    units = {'linear': 'm/s', 'angular': 'rad/s'}
    bounds = {
        name: (units[name.split('.')[0]], limit.max_velocity)
        for name, limit in ROBOT.limits.items()
        if '.' in name
    }
    return action('twist', frame, bounds)


ACTIONS = {
    'of the task': TASK.action,
    'tool': twist(ROBOT.tool_frame),
    'base': twist(ROBOT.base_frame),
    'joints': action('joint_velocity', None, {name: ('rad/s', 2.0) for name in ROBOT.joint_names}),
}


@pytest.mark.parametrize('kind', ACTIONS)
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 9), data=st.data())
def test_joints_their_velocities_and_the_tool_stay_inside(kind, seed, data):
    env = ArmEnv(TASK.model_copy(update={'action': ACTIONS[kind]}), ROBOT)
    env.reset(seed=seed)
    watched = Watched(env.simulation)
    high = np.array([component.high for component in ACTIONS[kind].components])
    signs = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=len(high), max_size=len(high))
    done, left = False, STEPS
    while left > 0 and not done and not watched.touched:
        command = high * data.draw(signs)
        for _ in range(data.draw(st.integers(1, 25))):
            done = any(env.step(command)[2:4])
            left -= 1
            if done or watched.touched:
                break
    env.close()


class Watched:
    """Checks a simulation after each of its ticks, until it touches something."""

    def __init__(self, simulation):
        self.simulation, self.touched, self._step = simulation, False, simulation.step
        simulation.step = self.step

    def step(self, ticks=1):
        """Go on tick by tick."""
        for _ in range(ticks):
            outcome = self._step(1)
            self.touched |= self.simulation.contact_force_n > TOUCHES_N
            if not self.touched:
                self.check()
        return outcome

    def check(self):
        """Compare with the robot file."""
        joints = self.simulation.joints()
        positions, velocities = joints.of(ROBOT.joint_names)
        assert (positions >= KINEMATICS.low_rad).all() and (positions <= KINEMATICS.high_rad).all()
        assert (np.abs(velocities) <= FASTEST).all()
        tool = self.simulation.true_tool().position
        assert (tool >= ROBOT.workspace.low_m).all() and (tool <= ROBOT.workspace.high_m).all()
