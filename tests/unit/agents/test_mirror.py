"""Mirroring: twice is nothing, and it is what the robot would see in a mirrored world."""

import numpy as np
import pytest
from takeover.agents.mirror import mirror_of, MirrorError
from takeover.observation import LaserScanSample, ObservationBuilder, OdometrySample, PathSample
from takeover.task import load_task
from tests.small_lane import small_lane


def observe(task, side):
    """Observation in a world of which y is multiplied by `side`."""
    s = np.linspace(0.0, 6.0, 121)
    points = np.stack([s, side * 0.4 * np.sin(s)], axis=1)
    spec = next(f for f in task.features if f.kind == 'scan.ranges')
    ranges = np.linspace(0.5, 3.5, spec.size, dtype=np.float32)[:: round(side)]
    builder = ObservationBuilder(task)
    builder.update('path', PathSample(0, points))
    builder.update('odom', OdometrySample(0, 1.0, side * 0.5, side * 0.2, 0.3, side * 0.7))
    builder.update(
        'scan', LaserScanSample(0, spec.angle_min_rad, spec.angle_increment_rad, 0.05, 4.0, ranges)
    )
    return builder.build(0).vector


def test_it_is_what_the_robot_sees_in_the_mirrored_world(task):
    mirror = mirror_of(task)
    assert mirror.observations(observe(task, 1.0)) == pytest.approx(observe(task, -1.0), abs=1e-5)


def test_twice_is_nothing(task):
    mirror, rng = mirror_of(task), np.random.default_rng(0)
    observations = rng.normal(size=(10, task.observation_size)).astype(np.float32)
    actions = rng.normal(size=(10, 2)).astype(np.float32)
    assert (mirror.observations(mirror.observations(observations)) == observations).all()
    assert (mirror.actions(mirror.actions(actions)) == actions).all()
    assert mirror.observations(observations).dtype == np.float32


def test_forward_stays_and_turning_changes_sign(task):
    assert mirror_of(task).actions(np.array([0.3, 0.8])) == pytest.approx([0.3, -0.8])


def test_a_lidar_that_looks_more_to_one_side_is_refused(task):
    features = tuple(
        f.model_copy(update={'angle_min_rad': -1.0}) if f.kind == 'scan.ranges' else f
        for f in task.features
    )
    with pytest.raises(MirrorError, match='looks from -1.0'):
        mirror_of(task.model_copy(update={'features': features}))


def test_unequal_turning_bounds_are_refused(task):
    linear, angular = task.action.components
    action = task.action.model_copy(
        update={'components': (linear, angular.model_copy(update={'low': -1.0}))}
    )
    with pytest.raises(MirrorError, match='angular.z is bounded by'):
        mirror_of(task.model_copy(update={'action': action}))


def test_a_picture_is_mirrored_left_to_right_in_place_of_its_colours():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 6), np.uint8)
    found = mirror_of(small_lane()).images(pictures)
    assert (found[:, :, 0] == pictures[:, :, 4]).all() and (
        found[:, :, 2] == pictures[:, :, 2]
    ).all()
    assert (mirror_of(small_lane()).images(found) == pictures).all()


def test_a_mirror_of_a_task_with_a_camera_is_of_its_numbers():
    mirror = mirror_of(small_lane())
    assert mirror.observations(np.array([[0.3, 0.8]])).tolist() == [[0.3, -0.8]]


def test_two_cameras_are_refused():
    with pytest.raises(MirrorError, match='2 cameras: left, right; a mirrored task has one'):
        mirror_of(small_lane(left=1, right=1))


def test_an_arm_is_refused_by_name(repository):
    arm = load_task(repository / 'config' / 'tasks' / 'arm_reach.yaml')
    with pytest.raises(MirrorError, match=r"feature 'target_position' \(pose.position\) has no"):
        mirror_of(arm)
