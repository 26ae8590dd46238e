"""Write a policy bundle: add the metadata, verify the result, then let it appear in one step.

A reader sees the old file or the new one, never a part, and after a power cut too: the data is on
the disk before the name is.
"""

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from takeover.policy.bundle import check_contract, parse_bundle, PolicyBundle, seal
from takeover.policy.errors import BundleError
from takeover.policy.model_inputs import model_inputs
from takeover.policy.onnx_policy import OnnxPolicy, OUTPUT_NAME, start_session
from takeover.policy.parity import encode_parity, MIN_PARITY_VECTORS, Parity
from takeover.specs import canonical_json, contract_json, NamedContract, spec_hash


def write_bundle(
    model: onnx.ModelProto,
    task: NamedContract,
    provenance: Mapping[str, Any],
    parity_inputs: np.ndarray,
    path: str | Path,
    parity_outputs: np.ndarray | None = None,
) -> PolicyBundle:
    """Write a policy file that `OnnxPolicy.load` accepts.

    :param model: `observation` float32 [batch, n] SI, of images uint8 [batch, height, width,
        channels], or of both one input for each field, to `action` float32 [batch, m] SI.
    :param task: a task file, or what takeover.policy.environment_contract makes.
    :param provenance: where the policy comes from, JSON values; see takeover.policy.provenance.
    :param parity_inputs: [N, n] observations the policy meets, N >= 16; of images uint8 [N,
        height, width, channels]; of both [N] records.
    :param parity_outputs: [N, m] what the trained network gives for them, computed by the trainer
        (recommended: it proves the export); None: what the model gives here.
    :raises BundleError: anything the loader would refuse; nothing is written then.
    """
    data = build_bundle(model, task, provenance, parity_inputs, str(path), parity_outputs)
    bundle = parse_bundle(data, str(path))
    check_contract(bundle, task)
    OnnxPolicy(bundle)
    write_atomically(Path(path), data)
    return bundle


def build_bundle(
    model: onnx.ModelProto,
    task: NamedContract,
    provenance: Mapping[str, Any],
    parity_inputs: np.ndarray,
    path: str,
    parity_outputs: np.ndarray | None = None,
) -> bytes:
    """Return the bytes of the bundle, not verified; `path` is for messages. See `write_bundle`."""
    inputs = _checked_inputs(parity_inputs, task, path)
    if parity_outputs is None:
        session = start_session(model.SerializeToString(), path)
        try:
            (parity_outputs,) = session.run([OUTPUT_NAME], model_inputs(inputs, task))
        except Exception as error:  # noqa: BLE001 ONNX Runtime raises many classes without a common base
            raise BundleError(
                f'{path}: the model cannot run on the parity inputs: {error}'
            ) from None
    parity = Parity(inputs, np.ascontiguousarray(parity_outputs, np.float32))
    try:
        provenance_json = canonical_json(dict(provenance))
    except (TypeError, ValueError) as error:
        raise BundleError(f'{path}: provenance must be JSON values: {error}') from None
    sealed = onnx.ModelProto()
    sealed.CopyFrom(model)
    del sealed.metadata_props[:]
    for key, value in (
        ('takeover.contract', contract_json(task)),
        ('takeover.spec_hash', spec_hash(task)),
        ('takeover.task', task.task),
        ('takeover.provenance', provenance_json),
        ('takeover.parity', encode_parity(parity)),
    ):
        sealed.metadata_props.add(key=key, value=value)
    return seal(sealed.SerializeToString(deterministic=True))


def _checked_inputs(parity_inputs: np.ndarray, task: NamedContract, path: str) -> np.ndarray:
    found, dtype, shape = np.asarray(parity_inputs), task.observation_dtype, task.observation_shape
    if found.ndim != 1 + len(shape) or len(found) < MIN_PARITY_VECTORS:
        raise BundleError(
            f'{path}: parity inputs have shape {list(found.shape)}, need '
            f'[{", ".join(map(str, (f"at least {MIN_PARITY_VECTORS}", *shape)))}]'
        )
    if dtype.names is not None and found.dtype != dtype:
        raise BundleError(f'{path}: parity inputs are {found.dtype}, need records of {dtype}')
    if dtype == 'uint8' and found.dtype != np.uint8:
        raise BundleError(f'{path}: parity inputs are {found.dtype}, need uint8: pixels 0 to 255')
    return np.ascontiguousarray(found, dtype)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file in one step, on the disk when this returns.

    :raises BundleError: the file cannot be written; the old one, if any, is still there.
    """
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        with open(descriptor, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise BundleError(f'{path}: cannot be written: {error.strerror}') from None
    finally:
        temporary.unlink(missing_ok=True)
