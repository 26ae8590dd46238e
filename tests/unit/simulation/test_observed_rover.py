"""Whoever is told of the rover sees what the simulation is, and only of the course that is on."""

from dataclasses import replace
import math

import numpy as np
import pytest
from takeover.action import ActionContract
from takeover.intervention.joystick import load_joystick
from takeover.policy.exploration import ExplorationNoise
from takeover.samples import OdometrySample, PathSample
from takeover.simulation.environment import RoverPathEnv
from takeover.simulation.hand import JoystickHand
from takeover.simulation.observed_rover import ObservedObstacle, ObservedRover, SIGHT_S
from takeover.simulation.operator import OperatorConfig
from takeover.simulation.rover_operator import rover_operator
from takeover.simulation.takeover_loop import TakeoverLoop

PERIOD_S = 0.05
PATH = PathSample(1000, np.stack([np.arange(0.0, 8.0, 0.1), np.zeros(80)], axis=1))
POSE = OdometrySample(2000, 1.0, 0.1, 0.0, 0.4, 0.0)


class Straight:
    version = 'straight'

    def act(self, observation):
        return np.array([0.4, 0.0])


class Twins:
    """Two persons of the same seed: one sees the simulation, the other is told of it."""

    def __init__(self, make):
        self.sees, self.hears = make(), make()
        self.rover, self.now_s, self.seed = ObservedRover(), 0.0, None
        self.pressed = self.asked = 0

    def reset(self):
        """Begin an episode."""
        self.sees.reset()
        self.hears.reset()
        self.seed = None

    def joy(self, simulation):
        """Return the message of the one after it was compared with that of the other."""
        self.now_s += PERIOD_S
        self.tell(simulation)
        assert self.rover.look(self.now_s) is None
        told = self.hears.joy(self.rover)
        message = self.sees.joy(simulation)
        assert told == message
        self.asked, self.pressed = self.asked + 1, self.pressed + sum(message[1])
        return message

    def tell(self, simulation):
        """Tell what a simulation publishes; stamps go on from one episode to the next."""
        stamp_ns = round(1e9 * self.now_s)
        if simulation.seed != self.seed:
            self.seed = simulation.seed
            self.rover.hear_path(replace(simulation.path(), stamp_ns=stamp_ns - 1))
            self.rover.hear_obstacles(
                [
                    ObservedObstacle(one.x_m, one.y_m, one.radius_m)
                    for one in simulation.course.obstacles
                ]
            )
        pose = simulation.true_pose
        truth = OdometrySample(
            stamp_ns,
            pose.x_m,
            pose.y_m,
            pose.yaw_rad,
            pose.linear_m_s,
            pose.angular_rad_s,
        )
        self.rover.hear_true_pose(truth, self.now_s)
        self.rover.hear_odometry(replace(simulation.odometry(), stamp_ns=stamp_ns), self.now_s)


@pytest.mark.parametrize(('skill', 'std'), [(0.4, 0.0), (0.4, 0.7), (1.0, 0.7)])
def test_who_is_told_of_the_rover_acts_as_who_sees_it(repository, task, robot, skill, std):
    action = ActionContract(task.action)
    mapping = load_joystick(repository / 'config' / 'inputs' / 'joystick.yaml', action)
    env = RoverPathEnv(task, robot, latency_s=0.05, gated=True)

    def make():
        hand = JoystickHand(mapping, action)
        return rover_operator(robot, task.episode, hand, PERIOD_S, OperatorConfig(skill), seed=7)

    twins = Twins(make)
    # The one who is told has a clock of its own, as a live one has.
    twins.now_s = 1234.5
    loop = TakeoverLoop(env, mapping, twins, ExplorationNoise(action, std, PERIOD_S, seed=1))
    for seed in (3, 4):
        steps = list(loop.drive(seed, Straight()))
        assert steps[-1].terminated or steps[-1].truncated
    env.close()
    assert twins.asked > 200 and twins.pressed > 20


@pytest.fixture
def rover():
    """Return a rover of which everything is known at 10 s."""
    rover = ObservedRover()
    assert rover.hear_path(PATH) is None
    assert rover.hear_obstacles([ObservedObstacle(3.0, 0.0, 0.2)]) is None
    assert rover.hear_true_pose(POSE, 10.0) is None
    assert rover.hear_odometry(POSE, 10.0) is None
    return rover


def test_it_is_seen_once_everything_was_told():
    rover = ObservedRover()
    assert rover.look(0.0) == 'path'
    rover.hear_true_pose(POSE, 0.0)
    rover.hear_path(PATH)
    assert rover.look(0.0) == 'obstacles'
    rover.hear_obstacles([])
    assert rover.look(0.0) == 'true pose', 'told before the path: of another course'
    rover.hear_true_pose(POSE, 0.0)
    assert rover.look(0.0) == 'odometry'
    rover.hear_odometry(POSE, 0.0)
    assert rover.look(0.0) is None


@pytest.mark.parametrize('silent', ['true pose', 'odometry'])
def test_what_is_old_is_not_seen(rover, silent):
    assert rover.look(10.0 + 0.99 * SIGHT_S) is None
    tell = {'true pose': rover.hear_odometry, 'odometry': rover.hear_true_pose}[silent]
    tell(POSE, 10.5)
    assert rover.look(10.5) == f'{silent} for 0.50 s'


def test_poses_of_the_course_before_are_not_of_this_one(rover):
    rover.hear_path(replace(PATH, stamp_ns=5000))
    for old in (POSE, replace(POSE, stamp_ns=5000)):
        rover.hear_true_pose(old, 10.0)
        rover.hear_odometry(old, 10.0)
    assert rover.look(10.0) == 'true pose'
    assert rover.path_progress_m == 0.0
    new = replace(POSE, stamp_ns=5001, x_m=0.5)
    rover.hear_true_pose(new, 10.0)
    rover.hear_odometry(new, 10.0)
    assert rover.look(10.0) is None
    assert rover.path_progress_m == pytest.approx(0.5)
    assert rover.true_pose.x_m == rover.odometry().x_m == 0.5


def test_a_course_is_the_same_object_until_it_changes(rover):
    course = rover.course
    rover.hear_true_pose(replace(POSE, stamp_ns=3000), 10.1)
    assert rover.course is course
    rover.hear_obstacles([])
    assert rover.course is not course and rover.course.obstacles == ()


def test_what_cannot_be_used_changes_nothing(rover):
    bad = replace(POSE, stamp_ns=9000, x_m=math.nan)
    assert rover.hear_true_pose(bad, 20.0) == 'true pose not finite'
    assert rover.hear_odometry(bad, 20.0) == 'odometry not finite'
    assert rover.hear_path(PathSample(9000, np.zeros((5, 2)))).startswith('path all points')
    assert rover.hear_obstacles([ObservedObstacle(1.0, 1.0, math.inf)]) is not None
    assert rover.look(10.0) is None
    assert rover.true_pose.x_m == 1.0 and len(rover.course.obstacles) == 1
    assert rover.look(20.0) == 'true pose for 10.00 s'
