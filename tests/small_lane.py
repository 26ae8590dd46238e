"""A lane seen in tiny pictures: its task, its steps, and settings that learn from them quickly."""

import json
from typing import Any

import numpy as np
from takeover.agents.rlif import RlifConfig
from takeover.agents.visual_rlif import VisionConfig
from takeover.command import Source
from takeover.data.step import Step
from takeover.networks.encoder import EncoderConfig
from takeover.observation import ObservationBuilder, OdometrySample
from takeover.samples import ImageSample
from takeover.specs import stack_of, TaskSpec
from takeover.task import load_task
from takeover.training.replay_config import ReplayConfig
from takeover.training.takeover_learner import TakeoverConfig
from tests.conftest import REPOSITORY

LANE_FILE = REPOSITORY / 'config' / 'tasks' / 'rover_lane.yaml'
HEIGHT, WIDTH = 8, 6
PERIOD_NS = 50_000_000
SEEING = TakeoverConfig(
    critic_from=10,
    actor_from=20,
    learner=RlifConfig(hidden=(8,), batch_size=8, pretraining_steps=20),
    replay=ReplayConfig(capacity=1000, safe_s=0.2, own_from=5, cloning_rows=8, shift=1),
    vision=VisionConfig(
        EncoderConfig((4,), (3,), (2,), image_latent=4, vector_latent=4), learning_rate=1e-3
    ),
)


def small_lane(**stacks: int) -> TaskSpec:
    """Return the lane's task with a camera of so many stacked pictures for each name.

    Without any: one camera `forward`, of one picture.
    """
    fields = load_task(LANE_FILE).model_dump(mode='json')
    (topic,) = (name for name, spec in fields['inputs'].items() if spec['type'] == 'image')
    camera, feature = fields['inputs'].pop(topic), fields['features'].pop()
    for name, stack in (stacks or {'forward': 1}).items():
        fields['inputs'][name] = camera
        shape = [HEIGHT, WIDTH, 3 * stack]
        form = feature['form'] | {'stack': stack}
        changes = {'name': name, 'inputs': [name], 'shape': shape, 'form': form}
        fields['features'].append(feature | changes | {'size': HEIGHT * WIDTH * 3 * stack})
    return TaskSpec.model_validate_json(json.dumps(fields))


def pictures(task: TaskSpec, count: int, seed: int = 0) -> np.ndarray:
    """Return what so many steps see, uint8 [count, numbers in the pictures of one step]."""
    return np.random.default_rng(seed).integers(0, 256, (count, task.pixels_size), np.uint8)


def steps_of(
    task: TaskSpec,
    length: int,
    number: int = 1,
    first: int = 1,
    source: Source = Source.POLICY,
    outcome: int = 1,
    **changes: Any,
) -> list[Step]:
    """Return an episode of `length` steps; its sequences begin with `first`."""
    rng, seen = np.random.default_rng(first), pictures(task, length, first)
    low, high = zip(*((each.low, each.high) for each in task.action.components))
    steps = []
    for index in range(length):
        stamp_ns, last = PERIOD_NS * (first + index), index == length - 1
        fields = {
            'sequence': first + index,
            'stamp_ns': stamp_ns,
            'episode': number,
            'source': source,
            'observation': rng.uniform(-0.9, 0.9, task.observation_size).astype(np.float32),
            'policy_action': np.array([0.3, 0.1]),
            'commanded': rng.uniform(low, high),
            'executed': np.zeros(2),
            'reward': 0.0,
            'terminated': last,
            'outcome': outcome if last else 0,
            'pixels': seen[index],
            'image_stamps_ns': (stamp_ns,) * len(task.images),
        }
        steps.append(Step(**fields | changes))
    return steps


def changed(step: Step, **changes: Any) -> Step:
    """Return a step with other fields."""
    return Step(**vars(step) | changes)


def live(task: TaskSpec, steps: list[Step]) -> list[np.ndarray]:
    """Return what a policy saw at each step: the records of an ObservationBuilder."""
    builder, seen = ObservationBuilder(task), []
    for step in steps:
        velocities = (float(value) for value in step.observation)
        builder.update('odom', OdometrySample(step.stamp_ns, 0.0, 0.0, 0.0, *velocities))
        for image, pixels in zip(task.images, each_picture(task, step.pixels)):
            frame = task.inputs[image.inputs[0]].frame
            sample = ImageSample(step.stamp_ns, pixels, 'rgb8', frame)
            assert builder.update(image.inputs[0], sample), builder.refused
        seen.append(builder.build(step.stamp_ns).packed)
    return seen


def each_picture(task: TaskSpec, pixels: np.ndarray) -> list[np.ndarray]:
    """Return the pictures of a step, one of each camera, [height, width, 3]."""
    found, start = [], 0
    for image in task.images:
        height, width, channels = image.shape
        size = height * width * channels // stack_of(image)
        found.append(pixels[start : start + size].reshape(height, width, -1))
        start += size
    return found
