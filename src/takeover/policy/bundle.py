"""The policy bundle: one .onnx file that carries its contract, provenance and parity vectors.

Layout of the file, `body ++ tail`, both serialised ModelProto messages. The body is the model with
its metadata; the tail holds one metadata entry, `takeover.sha256`, the digest of every byte of the
body. Protobuf merges concatenated messages, so any ONNX tool opens the file as usual. The tail has
a fixed length and only one legal content, so one changed, lost or added byte anywhere is refused.
The digest finds damage; it is no signature, so the content is still treated as foreign.

Metadata: `takeover.contract` (canonical JSON of takeover.specs.Contract), `takeover.spec_hash`,
`takeover.task`, `takeover.provenance` (JSON) and `takeover.parity` (see takeover.policy.parity).
"""

from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
import onnx
from pydantic import ValidationError
from takeover.contract_comparison import compare_contracts
from takeover.policy.errors import BundleError
from takeover.policy.parity import decode_parity, Parity
from takeover.specs import Contract, CONTRACT_FORMAT, contract_json, spec_hash

MAX_FILE_BYTES = 64 << 20
MAX_METADATA_BYTES = 4 << 20
VERSION_DIGITS = 12

_DIGEST_KEY = b'takeover.sha256'
_DIGEST_DIGITS = 64
# ModelProto.metadata_props (field 14) holding {key (1), value (2)}, every length known.
_TAIL_START = (
    bytes([0x72, 4 + len(_DIGEST_KEY) + _DIGEST_DIGITS, 0x0A, len(_DIGEST_KEY)])
    + _DIGEST_KEY
    + bytes([0x12, _DIGEST_DIGITS])
)
_TAIL_BYTES = len(_TAIL_START) + _DIGEST_DIGITS
_KEYS = (
    'takeover.contract',
    'takeover.spec_hash',
    'takeover.task',
    'takeover.provenance',
    'takeover.parity',
)


@dataclass(frozen=True, eq=False)
class PolicyBundle:
    """A policy file whose bytes, metadata and graph were checked, not yet run."""

    path: str
    task: str
    contract: Contract
    spec_hash: str
    provenance: dict[str, Any]
    parity: Parity
    digest: str
    model_bytes: bytes

    @property
    def version(self) -> str:
        """Short name of exactly this file: the first digits of its digest."""
        return self.digest[:VERSION_DIGITS]


def seal(body: bytes) -> bytes:
    """Return the bytes of a bundle file: the serialised model and its digest."""
    return body + _TAIL_START + hashlib.sha256(body).hexdigest().encode('ascii')


def read_bundle(path: str | Path) -> PolicyBundle:
    """Read and check a policy file without running it.

    :raises BundleError: not readable, not a bundle, damaged, too large, or contents that do not
        fit together.
    """
    try:
        with open(path, 'rb') as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BundleError(f'{path}: cannot be read: {error.strerror}') from None
    return parse_bundle(data, str(path))


def parse_bundle(data: bytes, path: str) -> PolicyBundle:
    """Check the bytes of a policy file; `path` is only for messages. See `read_bundle`."""
    if len(data) > MAX_FILE_BYTES:
        raise BundleError(
            f'{path}: larger than {MAX_FILE_BYTES >> 20} MiB, the limit of a policy file'
        )
    digest = _checked_digest(data, path)
    model = _parse_model(data, path)
    metadata = _metadata(model, path)
    _check_graph(model, path)
    contract = _contract(metadata['takeover.contract'], path)
    computed = spec_hash(contract)
    if metadata['takeover.spec_hash'] != computed:
        raise BundleError(
            f'{path}: takeover.spec_hash is {metadata["takeover.spec_hash"]!r}, the '
            f'contract in the file has {computed}'
        )
    provenance = _json(metadata, 'takeover.provenance', path)
    return PolicyBundle(
        path,
        metadata['takeover.task'],
        contract,
        computed,
        provenance,
        decode_parity(_json(metadata, 'takeover.parity', path), contract, path),
        digest,
        data,
    )


def check_contract(bundle: PolicyBundle, task: Contract) -> None:
    """Refuse a bundle made for another contract than that of `task`.

    :raises BundleError: naming every field that differs.
    """
    if bundle.spec_hash == spec_hash(task):
        return
    problems = compare_contracts(task, bundle.contract)
    raise BundleError(
        '\n  '.join([f'{bundle.path}: made for another task specification:', *problems])
    )


def _checked_digest(data: bytes, path: str) -> str:
    body, tail = data[:-_TAIL_BYTES], data[-_TAIL_BYTES:]
    if not tail.startswith(_TAIL_START):
        model = _parse_model(data, path)
        if not any(entry.key == 'takeover.contract' for entry in model.metadata_props):
            raise BundleError(f'{path}: not a Takeover bundle: metadata takeover.contract missing')
        raise BundleError(
            f'{path}: damaged: does not end with takeover.sha256; bytes were lost, '
            'added or changed at the end'
        )
    digest = hashlib.sha256(body).hexdigest()
    if tail[len(_TAIL_START) :] != digest.encode('ascii'):
        raise BundleError(
            f'{path}: damaged: the bytes do not have the digest takeover.sha256 states'
        )
    return digest


def _parse_model(data: bytes, path: str) -> onnx.ModelProto:
    try:
        return onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise BundleError(f'{path}: not an ONNX file, or a cut one: {error}') from None


def _metadata(model: onnx.ModelProto, path: str) -> dict[str, str]:
    entries = [(entry.key, entry.value) for entry in model.metadata_props]
    size = sum(len(key) + len(value) for key, value in entries)
    if size > MAX_METADATA_BYTES:
        raise BundleError(f'{path}: {size} bytes of metadata, the limit is {MAX_METADATA_BYTES}')
    keys = [key for key, _ in entries]
    for key in _KEYS:
        if keys.count(key) != 1:
            raise BundleError(
                f'{path}: metadata {key} must be there once, found {keys.count(key)} times'
            )
    return dict(entries)


def _check_graph(model: onnx.ModelProto, path: str) -> None:
    """Refuse what a feed-forward policy in one file has no use for."""
    if model.functions:
        raise BundleError(f'{path}: model functions are not allowed in a policy')
    for tensor in model.graph.initializer:
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise BundleError(
                f'{path}: tensor {tensor.name!r} keeps its data in another file; a '
                'bundle is one file'
            )
    for node in model.graph.node:
        if node.domain not in ('', 'ai.onnx'):
            raise BundleError(
                f'{path}: operator {node.domain}.{node.op_type} is not of standard ONNX'
            )
        for attribute in node.attribute:
            if attribute.HasField('g') or attribute.graphs:
                raise BundleError(
                    f'{path}: operator {node.op_type} has control flow, which has no bounded time'
                )
            if attribute.t.external_data or any(t.external_data for t in attribute.tensors):
                raise BundleError(
                    f'{path}: a constant of {node.op_type} keeps its data in '
                    'another file; a bundle is one file'
                )


def _contract(text: str, path: str) -> Contract:
    fields = _json({'takeover.contract': text}, 'takeover.contract', path)
    if fields.pop('format', None) != CONTRACT_FORMAT:
        raise BundleError(f'{path}: takeover.contract must have the format {CONTRACT_FORMAT!r}')
    try:
        contract = Contract.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = '.'.join(str(step) for step in first['loc'])
        raise BundleError(
            f'{path}: takeover.contract: {where}: ' + first['msg'].removeprefix('Value error, ')
        ) from None
    if contract_json(contract) != text:
        raise BundleError(f'{path}: takeover.contract is not in canonical form')
    return contract


def _json(metadata: dict[str, str], key: str, path: str) -> dict[str, Any]:
    try:
        value = json.loads(metadata[key])
    except (ValueError, RecursionError):
        raise BundleError(f'{path}: metadata {key} is not JSON') from None
    if not isinstance(value, dict):
        raise BundleError(f'{path}: metadata {key} must be a JSON object')
    return value
