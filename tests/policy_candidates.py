"""Candidates for a running policy: good ones of distinct versions, and each kind of bad one.

All are made from the shipped bundle, as a learner would write them; what the writer would refuse
is written around it.
"""

from collections.abc import Callable
import os
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from takeover.policy.acceptance import Candidate
from takeover.policy.bundle import PolicyBundle, read_bundle
from takeover.policy.bundle_writer import build_bundle
from takeover.specs import NamedContract
from takeover.task import load_task

REPOSITORY = Path(__file__).resolve().parents[1]
TASK_FILE = REPOSITORY / 'config' / 'tasks' / 'rover_path.yaml'
BUNDLE_FILE = REPOSITORY / 'models' / 'demo' / 'rover_path.onnx'
Change = Callable[[onnx.GraphProto], None]


def base() -> PolicyBundle:
    """Return the shipped bundle."""
    return read_bundle(BUNDLE_FILE)


def tensor(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Return a change of one tensor of the network."""

    def apply(graph: onnx.GraphProto) -> None:
        found = next(entry for entry in graph.initializer if entry.name == name)
        value = change(numpy_helper.to_array(found).copy())
        found.CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))

    return apply


def write(
    path: Path,
    change: Change | None = None,
    number: int = 0,
    task: NamedContract | None = None,
    outputs: np.ndarray | None = None,
) -> Candidate:
    """Write a bundle that differs in the network or the number, and return its announcement.

    :param outputs: recorded actions; None: what the network gives.
    """
    bundle = base()
    model = onnx.load_from_string(bundle.model_bytes)
    if change is not None:
        change(model.graph)
    data = build_bundle(
        model,
        load_task(TASK_FILE) if task is None else task,
        {'number': number},
        bundle.parity.observations,
        str(path),
        outputs,
    )
    path.write_bytes(data)
    return announced(path)


def announced(path: Path) -> Candidate:
    """Return the true announcement of a file."""
    bundle = read_bundle(path)
    return Candidate(bundle.version, bundle.spec_hash, str(path))


def good(folder: Path, number: int) -> Candidate:
    """Turn a little more to one side, a different one for every number."""
    nudge = tensor('bias_3', lambda bias: bias + [0.0, 1e-3 * (1 + number % 7)])
    return write(folder / f'good_{number}.onnx', nudge, number)


def constant(linear: float, angular: float) -> Change:
    """Return a change to the same action for every observation, from what tanh is given."""

    def apply(graph: onnx.GraphProto) -> None:
        tensor('weight_3', np.zeros_like)(graph)
        tensor('bias_3', lambda bias: np.array([linear, angular]))(graph)

    return apply


def slow_graph(graph: onnx.GraphProto) -> None:
    """Go through one wide layer again and again: little to load, much to compute."""
    width, times = 1024, 400
    wide = np.zeros((width, width), np.float32)
    for name, value in (
        ('into', np.zeros((128, width), np.float32)),
        ('wide', wide),
        ('back', np.zeros((width, 128), np.float32)),
    ):
        graph.initializer.append(numpy_helper.from_array(value, name))
    last = next(node for node in graph.node if 'weight_3' in node.input)
    source, nodes = last.input[0], []
    for step, weight in enumerate(['into', *['wide'] * times, 'back']):
        nodes.append(helper.make_node('MatMul', [source, weight], [f'slow_{step}']))
        source = f'slow_{step}'
    nodes.append(helper.make_node('Add', [source, last.input[0]], ['slow_sum']))
    last.input[0] = 'slow_sum'
    place = list(graph.node).index(last)
    rest = [*graph.node][place:]
    del graph.node[place:]
    graph.node.extend([*nodes, *rest])


def wrong_spec(folder: Path, number: int) -> Candidate:
    """Made for a task with another rate."""
    task = load_task(TASK_FILE).model_copy(update={'rate_hz': 10.0 + number})
    return write(folder / f'wrong_spec_{number}.onnx', task=task)


def not_a_number(folder: Path, number: int) -> Candidate:
    """One weight that is NaN."""

    def spoil(weight: np.ndarray) -> np.ndarray:
        weight[number, 0] = np.nan
        return weight

    outputs = base().parity.actions
    return write(folder / f'nan_{number}.onnx', tensor('weight_1', spoil), outputs=outputs)


def saturated(folder: Path, number: int) -> Candidate:
    """Full speed and full turn, whatever it sees; left and right in turn."""
    change = constant(20.0, 20.0 * (-1) ** number)
    return write(folder / f'saturated_{number}.onnx', change, number)


def jumping(folder: Path, number: int) -> Candidate:
    """Stands and turns hard, but not at the bounds."""
    return write(folder / f'jump_{number}.onnx', constant(-2.0, 2.0 * (-1) ** number), number)


def truncated(folder: Path, number: int) -> Candidate:
    """A copy that was interrupted."""
    candidate = good(folder, 1000 + number)
    path = Path(candidate.file)
    path.write_bytes(path.read_bytes()[: -1 - 30000 * number])
    return candidate


def flipped(folder: Path, number: int) -> Candidate:
    """One bit of one byte changed."""
    candidate = good(folder, 2000 + number)
    content = bytearray(Path(candidate.file).read_bytes())
    content[len(content) * (number + 1) // 7] ^= 1
    Path(candidate.file).write_bytes(content)
    return candidate


def slow(folder: Path, number: int) -> Candidate:
    """A network that takes most of a period."""
    return write(folder / f'slow_{number}.onnx', slow_graph, number)


def wrong_version(folder: Path, number: int) -> Candidate:
    """Another file than the one that was announced."""
    candidate = good(folder, 3000 + number)
    return Candidate(f'{number:012x}', candidate.spec_hash, candidate.file)


def no_onnx(folder: Path, number: int) -> Candidate:
    """Bytes of something else."""
    path = folder / f'no_onnx_{number}.onnx'
    path.write_bytes(os.urandom(1000 * number))
    return Candidate(f'{0xA0 + number:012x}', base().spec_hash, str(path))


def missing(folder: Path, number: int) -> Candidate:
    """A file that is not there."""
    path = folder / f'missing_{number}.onnx'
    return Candidate(f'{0xB0 + number:012x}', base().spec_hash, str(path))


# Each kind with a word that its refusal must say.
BAD: dict[str, tuple[Callable[[Path, int], Candidate], str]] = {
    'wrong spec': (wrong_spec, 'rate_hz'),
    'NaN weights': (not_a_number, 'parity vector'),
    'saturated': (saturated, 'saturated'),
    'huge jump': (jumping, 'jump: '),
    'truncated': (truncated, 'damaged|cut one'),
    'byte flipped': (flipped, 'damaged|not an ONNX file'),
    'slow': (slow, 'slow: p99'),
    'wrong version': (wrong_version, 'announced with version'),
    'not ONNX': (no_onnx, 'not an ONNX file|not a Takeover bundle'),
    'missing': (missing, 'cannot be read'),
}
