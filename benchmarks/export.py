"""From the weights of a trained policy to a policy file, as a trainer does at the end of a run.

Three exports, each with the graph, the digest and the atomic write: an MLP with the fewest parity
vectors a file may have and without verification; the same with 64 vectors and the verification
that a robot's loader makes; a CNN of 84 x 84 x 3 pixels with 16 images and verification. What
torch computes for the parity vectors is not timed: it is the trainer's. The median is compared
with the target.

    python -m benchmarks.export [--runs 20]
"""

import argparse
from collections.abc import Callable
from pathlib import Path
import sys
import tempfile
import time

from benchmarks.machine import machine, verdict
import gymnasium
from gymnasium.spaces import Box
import numpy as np
from takeover.policy.bundle_writer import build_bundle, write_atomically, write_bundle
from takeover.policy.cnn_export import CnnWeights, Convolution, export_cnn
from takeover.policy.environment_contract import environment_contract
from takeover.policy.onnx_export import export_mlp, MlpWeights
from takeover.policy.parity import MIN_PARITY_VECTORS
import torch

OBSERVATIONS, ACTIONS = 17, 6
HIDDEN = (256, 256, 256)
IMAGE = (84, 84, 3)
VECTORS = 64
PLAIN_TARGET_MS, VERIFIED_TARGET_MS, CNN_TARGET_MS = 50.0, 200.0, 500.0
PROVENANCE = {'command': 'python -m benchmarks.export'}


class Spaces(gymnasium.Env):
    """An environment of which only the spaces are asked for."""

    def __init__(self, observation_space: Box) -> None:
        """Take the observation space; the action has `ACTIONS` components in [-1, 1]."""
        self.observation_space = observation_space
        self.action_space = Box(-1.0, 1.0, (ACTIONS,))


def linear_layers(sizes: tuple[int, ...]) -> MlpWeights:
    """Return a fresh GELU network of the given sizes."""
    layers = [torch.nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])]
    return MlpWeights(
        weights=tuple(layer.weight.detach().numpy() for layer in layers),
        biases=tuple(layer.bias.detach().numpy() for layer in layers),
        observation_mean=np.zeros(sizes[0]),
        observation_scale=np.ones(sizes[0]),
        action_low=np.full(sizes[-1], -1.0),
        action_high=np.full(sizes[-1], 1.0),
        activation='gelu',
    )


def cnn() -> CnnWeights:
    """Return a fresh network: kernels 8, 4, 3, strides 4, 2, 1, then 512 and 256 units."""
    layers = [
        torch.nn.Conv2d(before, after, kernel, stride)
        for before, after, kernel, stride in ((3, 32, 8, 4), (32, 64, 4, 2), (64, 64, 3, 1))
    ]
    convolutions = tuple(
        Convolution(layer.weight.detach().numpy(), layer.bias.detach().numpy(), layer.stride[0])
        for layer in layers
    )
    return CnnWeights(IMAGE, convolutions, linear_layers((64 * 7 * 7, 512, 256, ACTIONS)))


def torch_actions(network: CnnWeights, images: np.ndarray) -> np.ndarray:
    """Return what torch computes for images [N, height, width, channels], float32 [N, m].

    The action's middle is 0 and half its range is 1.
    """
    values = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0
    for layer in network.convolutions:
        weight, bias = torch.from_numpy(layer.weight), torch.from_numpy(layer.bias)
        values = torch.relu(torch.nn.functional.conv2d(values, weight, bias, layer.stride))
    values = values.flatten(1)
    for index, (weight, bias) in enumerate(zip(network.head.weights, network.head.biases)):
        values = torch.nn.functional.gelu(values) if index else values
        values = values @ torch.from_numpy(weight).T + torch.from_numpy(bias)
    return torch.tanh(values).numpy()


def milliseconds(call: Callable[[], object], runs: int) -> np.ndarray:
    """Time `runs` calls after one that is not counted."""
    times = []
    for _ in range(runs + 1):
        start_s = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start_s))
    return np.array(times[1:])


def exports(folder: Path) -> list[tuple[str, float, Callable[[], object]]]:
    """Return each export with its name and its target in ms."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    vector_task = environment_contract(Spaces(Box(-np.inf, np.inf, (OBSERVATIONS,))))
    image_task = environment_contract(Spaces(Box(0, 255, IMAGE, np.uint8)))
    mlp, images_network = linear_layers((OBSERVATIONS, *HIDDEN, ACTIONS)), cnn()
    vectors = rng.normal(size=(VECTORS, OBSERVATIONS)).astype(np.float32)
    images = rng.integers(0, 256, (MIN_PARITY_VECTORS, *IMAGE), np.uint8)
    vector_actions, image_actions = mlp.forward(vectors), torch_actions(images_network, images)
    path = folder / 'policy.onnx'
    few = slice(MIN_PARITY_VECTORS)

    def plain() -> None:
        data = build_bundle(
            export_mlp(mlp), vector_task, PROVENANCE, vectors[few], str(path), vector_actions[few]
        )
        write_atomically(path, data)

    def verified() -> None:
        write_bundle(export_mlp(mlp), vector_task, PROVENANCE, vectors, path, vector_actions)

    def verified_cnn() -> None:
        model = export_cnn(images_network)
        write_bundle(model, image_task, PROVENANCE, images, path, image_actions)

    return [
        (
            f'MLP 17-256-256-256-6, {MIN_PARITY_VECTORS} parity vectors, not verified',
            PLAIN_TARGET_MS,
            plain,
        ),
        (
            f'MLP 17-256-256-256-6, {VECTORS} parity vectors, verified',
            VERIFIED_TARGET_MS,
            verified,
        ),
        (
            f'CNN, {MIN_PARITY_VECTORS} parity images, verified',
            CNN_TARGET_MS,
            verified_cnn,
        ),
    ]


def main() -> int:
    """Measure, print, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--runs', type=int, default=20, help='of each export')
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    print(f'export of policy files, {runs} runs of each, {machine()}')
    all_passed = True
    with tempfile.TemporaryDirectory() as folder:
        for name, target_ms, call in exports(Path(folder)):
            times_ms = milliseconds(call, runs)
            passed = bool(np.median(times_ms) < target_ms)
            all_passed = all_passed and passed
            print(
                f'  {name}: median {np.median(times_ms):.1f} ms, max {times_ms.max():.1f} ms '
                f'(target {target_ms:g}): {verdict(passed)}'
            )
    return 0 if all_passed else 1


if __name__ == '__main__':
    sys.exit(main())
