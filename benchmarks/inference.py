"""The demo policy through ONNX Runtime, as policy_node runs it, beside torch eager.

Both compute the same network on one thread, batch 1, in alternating blocks of one process. The
torch module is rebuilt from the bundle's own weights; the largest difference is printed.

    python -m benchmarks.inference [--calls 20000]
"""

import argparse
from collections.abc import Callable
import sys
import time

from benchmarks.machine import machine, verdict
import numpy as np
import onnx
from onnx import numpy_helper
from takeover.policy.onnx_policy import OnnxPolicy
from tests.conftest import REPOSITORY
import torch

BUNDLE = REPOSITORY / 'models' / 'demo' / 'rover_path.onnx'
BLOCKS = 20
P99_TARGET_MS, RATIO_TARGET = 0.2, 3.0
ACTIVATIONS = {'Relu': torch.nn.ReLU, 'Gelu': torch.nn.GELU, 'Tanh': torch.nn.Tanh}


class TorchPolicy(torch.nn.Module):
    """The network of an exported MLP policy as an ordinary torch module."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take weights and activations from the graph."""
        super().__init__()
        constants = {
            tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
            for tensor in model.graph.initializer
        }
        for name in ('mean', 'inverse_scale', 'middle', 'half_range'):
            self.register_buffer(name, constants[name])
        layers: list[torch.nn.Module] = []
        for node in model.graph.node[:-3]:
            if node.op_type == 'Gemm':
                weight, bias = constants[node.input[1]], constants[node.input[2]]
                linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
                linear.weight.data, linear.bias.data = weight, bias
                layers.append(linear)
            elif node.op_type in ACTIVATIONS:
                layers.append(ACTIVATIONS[node.op_type]())
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Return the action [batch, m] in SI."""
        hidden = self.layers((observation - self.mean) * self.inverse_scale)
        return torch.tanh(hidden) * self.half_range + self.middle


def milliseconds(call: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> list[float]:
    """Time one call per input."""
    times = []
    for observation in inputs:
        start_s = time.perf_counter()
        call(observation)
        times.append(1e3 * (time.perf_counter() - start_s))
    return times


def main() -> int:
    """Measure, print, return 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--calls', type=int, default=20_000, help='calls of each')
    calls = parser.parse_args().calls
    torch.set_num_threads(1)
    policy = OnnxPolicy.load(BUNDLE)
    eager = TorchPolicy(onnx.load_from_string(policy.bundle.model_bytes)).eval()

    def act_torch(observation: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return eager(torch.from_numpy(observation)[None]).numpy()[0]

    recorded = policy.bundle.parity.observations
    difference = max(np.abs(policy.act(row) - act_torch(row)).max() for row in recorded)
    inputs = recorded.copy()[np.arange(calls // BLOCKS) % len(recorded)]
    runtime_ms, torch_ms = [], []
    for _ in range(BLOCKS):
        runtime_ms += milliseconds(policy.act, inputs)
        torch_ms += milliseconds(act_torch, inputs)
    ratio = np.median(torch_ms) / np.median(runtime_ms)
    p99 = np.percentile(runtime_ms, 99)
    passed = p99 < P99_TARGET_MS and ratio >= RATIO_TARGET
    print(f'inference, {len(runtime_ms)} calls, batch 1, one thread, {machine()}')
    for name, times in (('ONNX Runtime', runtime_ms), ('torch eager', torch_ms)):
        print(f'  {name}: median {np.median(times):.4f} ms, p99 {np.percentile(times, 99):.4f} ms')
    print(
        f'demo policy: ONNX Runtime p99 {p99:.4f} ms (target {P99_TARGET_MS:g}), {ratio:.2f} '
        f'times as fast as torch eager (target {RATIO_TARGET:g}), largest difference '
        f'{difference:.1e}: {verdict(passed)}'
    )
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
