"""The rules of the observation builder for the inputs of an arm."""

import math
from pathlib import Path

import numpy as np
import pytest
from takeover.observation import Missing, Observation, ObservationBuilder, ObservationError
from takeover.task import load_task
from tests import arm_samples

TASKS = Path(__file__).parents[2] / 'config' / 'tasks'
TASK = load_task(TASKS / 'arm_reach.yaml')
MS = 1_000_000
NOW = 1_000_000 * MS
NAN = math.nan
HALF = np.array([0.5, 0.5, 0.5, 0.4])


def new_builder(task=TASK):
    """Return a builder with a good sample of every input, stamped NOW, received at 0 s."""
    builder = ObservationBuilder(task)
    assert builder.update('joint_states', arm_samples.joints(NOW), 0.0)
    assert builder.update('tool_state', arm_samples.tool(NOW), 0.0)
    assert builder.update('target', arm_samples.pose(NOW, (0.6, 0.1, 0.3)), 0.0)
    return builder


@pytest.fixture
def builder():
    return new_builder()


def part(builder, observation, kind):
    """Return what the vector has of one kind of feature."""
    place = next(place for feature, place in builder.layout if feature.kind == kind)
    return observation.vector[place]


def test_the_vector_has_what_each_feature_is_of(builder):
    found = builder.build(NOW, 0.0)
    assert isinstance(found, Observation) and found.vector.shape == (TASK.observation_size,)
    assert part(builder, found, 'pose.position') == pytest.approx([0.1, 0.1, 0.0], abs=1e-6)
    assert part(builder, found, 'pose.rotation').tolist() == [0.0, 0.0, 0.0]
    # The fingers are farther apart than the feature may say.
    assert part(builder, found, 'gripper.width') == pytest.approx([0.08])


@pytest.mark.parametrize('name', ['arm_reach', 'arm_peg'])
def test_the_shipped_tasks_of_arms_can_be_built(name):
    task = load_task(TASKS / f'{name}.yaml')
    layout = ObservationBuilder(task).layout
    assert layout[-1][1].stop == task.observation_size


@pytest.mark.parametrize(
    ('name', 'sample', 'refusal'),
    [
        (
            'joint_states',
            arm_samples.joints(NOW + 1, arm_samples.JOINTS),
            "has no joint 'panda_finger_joint1'",
        ),
        (
            'joint_states',
            arm_samples.joints(NOW + 1, (*arm_samples.JOINTS, 'panda_finger_joint1')),
            "has no joint 'panda_finger_joint2'",
        ),
        (
            'joint_states',
            arm_samples.joints(NOW + 1, arm_samples.FINGERS, [0.0, NAN]),
            'not finite',
        ),
        (
            'joint_states',
            arm_samples.joints(NOW + 1, arm_samples.FINGERS, velocities=[]),
            'needs a position and a velocity for each name',
        ),
        (
            'joint_states',
            arm_samples.joints(NOW + 1, arm_samples.FINGERS * 2),
            'names are missing or repeated',
        ),
        ('tool_state', arm_samples.tool(NOW + 1, (0.5, NAN, 0.3)), 'not finite'),
        ('tool_state', arm_samples.tool(NOW + 1, twist=(0.0,) * 5 + (math.inf,)), 'not finite'),
        ('tool_state', arm_samples.tool(NOW + 1, rotation=HALF), 'quaternion has not length 1'),
        ('tool_state', arm_samples.tool(NOW + 1, (2e6, 0.0, 0.0)), 'out of range'),
        (
            'tool_state',
            arm_samples.tool(NOW + 1, frame='world'),
            "frame_id is 'world', the task needs 'panda_link0'",
        ),
        (
            'target',
            arm_samples.pose(NOW + 1, frame=''),
            "frame_id is '', the task needs 'panda_link0'",
        ),
        ('target', arm_samples.pose(NOW + 1, rotation=np.zeros(4)), 'quaternion has not length 1'),
    ],
)
def test_a_sample_that_cannot_be_used_is_refused_by_name(builder, name, sample, refusal):
    assert not builder.update(name, sample)
    assert builder.refused == {f'{name}: {refusal}': 1}


def test_a_timed_sample_that_is_refused_leaves_the_one_before(builder):
    builder.update('tool_state', arm_samples.tool(NOW + 1, (NAN, 0.0, 0.0)))
    builder.update('joint_states', arm_samples.joints(NOW + 1, ('elbow',)))
    assert isinstance(builder.build(NOW + 1), Observation)


def test_a_latched_pose_that_cannot_be_used_drops_the_one_held(builder):
    """Whoever said it meant the old one no longer."""
    builder.update('target', arm_samples.pose(NOW + 1, (NAN, 0.0, 0.0)))
    assert builder.build(NOW + 1) == Missing('no target yet', 'target')


def test_a_timed_pose_that_cannot_be_used_leaves_the_one_before():
    target = TASK.inputs['target'].model_copy(update={'max_age_s': 0.2})
    builder = new_builder(TASK.model_copy(update={'inputs': {**TASK.inputs, 'target': target}}))
    builder.update('target', arm_samples.pose(NOW + 1, (NAN, 0.0, 0.0)))
    assert isinstance(builder.build(NOW + 1), Observation)
    assert builder.build(NOW + 201 * MS).input == 'joint_states'


def test_a_latched_pose_never_ages_and_the_newest_counts(builder):
    later = NOW + 3_600_000 * MS
    builder.update('joint_states', arm_samples.joints(later))
    builder.update('tool_state', arm_samples.tool(later))
    found = builder.build(later)
    assert part(builder, found, 'pose.position') == pytest.approx([0.1, 0.1, 0.0], abs=1e-6)
    assert (found.oldest_stamp_ns, found.newest_stamp_ns) == (later, later)
    assert builder.update('target', arm_samples.pose(NOW + 1, (0.5, 0.0, 0.2)))
    found = part(builder, builder.build(later), 'pose.position')
    assert found == pytest.approx([0.0, 0.0, -0.1], abs=1e-6)


def test_a_latched_pose_of_the_new_time_may_come_before_the_clock_goes_back():
    """It is a moment newer than the first sample that shows that the clock went back."""
    builder, back = ObservationBuilder(TASK), NOW - 5_000 * MS
    for stamp_ns in (NOW, back):
        builder.update('joint_states', arm_samples.joints(stamp_ns))
        builder.update('tool_state', arm_samples.tool(stamp_ns))
        if stamp_ns == NOW:
            builder.update('target', arm_samples.pose(back + 5 * MS))
    assert isinstance(builder.build(back + MS), Observation)


@pytest.mark.parametrize('late', ['joint_states', 'tool_state'])
def test_an_input_that_is_too_old_gives_no_observation(builder, late):
    later = NOW + 151 * MS
    for name, sample in (
        ('joint_states', arm_samples.joints(later)),
        ('tool_state', arm_samples.tool(later)),
    ):
        if name != late:
            builder.update(name, sample)
    assert builder.build(later) == Missing(f'{late} is 0.151 s old, allowed 0.15 s', late)


def test_an_input_takes_samples_of_its_type_alone(builder):
    with pytest.raises(ObservationError, match='takes tool_state samples, got PoseSample'):
        builder.update('tool_state', arm_samples.pose(NOW + 1))
