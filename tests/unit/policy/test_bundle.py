"""A bundle is read back whole, and refused for each way in which it can be wrong."""

import hashlib
import json
import os
import time

import numpy as np
import onnx
from onnx import helper, numpy_helper
import pytest
from takeover.policy.bundle import (
    _TAIL_BYTES,
    MAX_FILE_BYTES,
    MAX_METADATA_BYTES,
    parse_bundle,
    read_bundle,
    seal,
)
from takeover.policy.bundle_writer import build_bundle
from takeover.policy.errors import BundleError
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import canonical_json, contract_json, spec_hash, TaskSpec


def refused(data, said):
    with pytest.raises(BundleError, match=said) as caught:
        parse_bundle(data, 'policy.onnx')
    assert 'policy.onnx' in str(caught.value)


def resealed(path, change):
    """Return the bytes of a bundle after a deliberate change, with a digest that fits again."""
    model = onnx.ModelProto.FromString(path.read_bytes()[:-_TAIL_BYTES])
    change(model)
    return seal(model.SerializeToString())


def set_metadata(key, value):
    def change(model):
        entry = next(entry for entry in model.metadata_props if entry.key == key)
        entry.value = value(entry.value) if callable(value) else value

    return change


def test_what_is_written_is_what_is_read(case):
    bundle = read_bundle(case.write(provenance={'command': 'train', 'config': {'seed': 1}}))
    assert bundle.contract == case.task.contract
    assert bundle.task == 'rover_path' and bundle.spec_hash == spec_hash(case.task)
    assert bundle.provenance == {'command': 'train', 'config': {'seed': 1}}
    assert bundle.parity.observations.tobytes() == case.observations.tobytes()
    assert bundle.digest == hashlib.sha256(case.path.read_bytes()[:-_TAIL_BYTES]).hexdigest()
    assert bundle.version == bundle.digest[:12]


def test_any_onnx_tool_opens_a_bundle(case):
    model = onnx.load(case.write())
    onnx.checker.check_model(model, full_check=True)
    assert 'takeover.sha256' in {entry.key for entry in model.metadata_props}


def test_the_same_parts_give_the_same_file(case):
    case.write()
    first = case.path.read_bytes()
    case.write()
    assert case.path.read_bytes() == first


def test_one_flipped_bit_in_any_byte_is_refused(case):
    data = case.write().read_bytes()
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << (position % 8)
        with pytest.raises(BundleError):
            parse_bundle(bytes(damaged), 'policy.onnx')


def test_a_file_cut_anywhere_is_refused(case):
    data = case.write().read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        with pytest.raises(BundleError):
            parse_bundle(data[:length], 'policy.onnx')


def test_added_bytes_are_refused(case):
    data = case.write().read_bytes()
    refused(data + b'\0', 'damaged|not an ONNX file')
    refused(data + data[-_TAIL_BYTES:], 'damaged')


def test_a_plain_onnx_file_is_named_as_such(case):
    refused(
        case.model.SerializeToString(), 'not a Takeover bundle: metadata takeover.contract missing'
    )


def test_a_bundle_saved_again_by_another_tool_is_refused(case):
    case.write()
    model = onnx.load(case.path)
    entries = [(entry.key, entry.value) for entry in model.metadata_props]
    del model.metadata_props[:]
    for key, value in reversed(entries):
        model.metadata_props.add(key=key, value=value)
    refused(model.SerializeToString(), 'damaged')


@pytest.mark.parametrize('data', [b'', b'hello, world', b'\x89PNG\r\n' * 100, b'\xff' * 4096])
def test_what_is_no_onnx_file_is_refused(data):
    refused(data, 'not an ONNX file|not a Takeover bundle')


def test_a_file_too_large_is_refused_before_it_is_read_whole(tmp_path):
    path = tmp_path / 'huge.onnx'
    with open(path, 'wb') as file:
        file.truncate(MAX_FILE_BYTES * 16)
    with pytest.raises(BundleError, match='larger than 64 MiB'):
        read_bundle(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r'none.onnx: cannot be read: No such file'):
        read_bundle(tmp_path / 'none.onnx')


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (set_metadata('takeover.spec_hash', '0' * 16), "takeover.spec_hash is '0000000000000000'"),
        (
            set_metadata('takeover.contract', lambda t: t.replace('20.0', '25.0')),
            'the contract in',
        ),
        (
            set_metadata('takeover.contract', lambda t: t.replace(',', ', ')),
            'not in canonical form',
        ),
        (
            set_metadata('takeover.contract', lambda t: t.replace('"m/s"', '"km/h"')),
            'takeover.contract: features.4: unit of',
        ),
        (set_metadata('takeover.contract', '{}'), "must have the format 'takeover.contract/1'"),
        (set_metadata('takeover.contract', '[' * 100_000), 'takeover.contract is not JSON'),
        (set_metadata('takeover.provenance', '[]'), 'takeover.provenance must be a JSON object'),
        (set_metadata('takeover.parity', '{}'), 'takeover.parity: observations cannot be read'),
        (
            set_metadata('takeover.parity', lambda t: t.replace('[16,48]', '[8,96]')),
            r'shape \[8, 96\]',
        ),
        (
            set_metadata('takeover.parity', lambda t: t.replace('[16,', '[99999999999,')),
            'cannot be read',
        ),
        (
            lambda m: m.metadata_props.pop(0),
            'takeover.contract must be there once, found 0|missing',
        ),
        (
            lambda m: m.metadata_props.add(key='takeover.task', value='x'),
            'takeover.task must be there once, found 2',
        ),
        (
            lambda m: m.metadata_props.add(key='x', value='x' * MAX_METADATA_BYTES),
            'bytes of metadata',
        ),
        (lambda m: m.functions.add(name='f'), 'functions are not allowed'),
        (
            lambda m: m.graph.node.add(op_type='Print', domain='com.evil'),
            'com.evil.Print is not of',
        ),
    ],
)
def test_contents_that_do_not_fit_are_refused_even_with_a_good_digest(case, change, said):
    refused(resealed(case.write(), change), said)


def test_parity_vectors_must_be_finite(case):
    def poison(text):
        fields = json.loads(text)
        fields['actions']['float32'] = 'AADAfwAAwH8' + fields['actions']['float32'][11:]
        return canonical_json(fields)

    refused(resealed(case.write(), set_metadata('takeover.parity', poison)), 'are not finite')


def test_data_in_another_file_is_refused(case):
    def move_out(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField('raw_data')
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key='location', value='/etc/passwd')

    refused(resealed(case.write(), move_out), 'keeps its data in another file')


def test_a_constant_with_data_in_another_file_is_refused(case):
    def add_constant(model):
        tensor = numpy_helper.from_array(np.zeros(1, np.float32))
        tensor.external_data.add(key='location', value='secret')
        model.graph.node.append(helper.make_node('Constant', [], ['c'], value=tensor))

    refused(resealed(case.write(), add_constant), 'keeps its data in another file')


def test_control_flow_is_refused(case):
    def loop(model):
        body = helper.make_graph([], 'body', [], [])
        model.graph.node.append(helper.make_node('Loop', [], [], body=body))

    refused(resealed(case.write(), loop), 'Loop has control flow')


def task_with(case, change):
    fields = case.task.model_dump(mode='json')
    change(fields)
    return TaskSpec.model_validate_json(json.dumps(fields))


def swap(parts):
    parts[0], parts[1] = parts[1], parts[0]


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda f: swap(f['features']), "features: order differs: number 1 is 'cross_track'"),
        (
            lambda f: swap(f['action']['components']),
            'action.components: order differs: number 1 is',
        ),
        (
            lambda f: f['features'][-1].update(size=35),
            'features.ranges.size: 36, the task needs 35',
        ),
        (lambda f: f['features'][0].update(high=3.0), 'features.cross_track.high: 2.0'),
        (
            lambda f: f['action']['components'][0].update(high=0.5),
            'action.components.linear.x.high: 0.6',
        ),
        (lambda f: f.update(rate_hz=10.0), 'rate_hz: 20.0 Hz, the task needs 10.0 Hz'),
        (lambda f: f['features'][0].update(name='offset'), 'features.offset: missing'),
        (lambda f: f['action'].update(frame='chassis'), "action.frame: 'base_link'"),
    ],
)
def test_a_bundle_made_for_another_contract_is_refused_by_field(case, change, said):
    case.write()
    with pytest.raises(BundleError, match=said):
        OnnxPolicy.load(case.path, task_with(case, change))


def test_a_bundle_in_another_unit_is_refused_by_field(case):
    # No legal task has this unit, so the difference is made behind the validation.
    lying = case.task.features[0].model_copy(update={'unit': 'cm'})
    other = case.task.contract.model_copy(update={'features': (lying, *case.task.features[1:])})
    case.write()
    with pytest.raises(BundleError, match="features.cross_track.unit: 'm', the task needs 'cm'"):
        OnnxPolicy.load(case.path, other)
    for old, new, said in (
        ('"unit":"rad/s"', '"unit":"deg/s"', 'features.5: unit of odom'),
        ('"unit":"1/m"', '"unit":"1/cm"', 'features.2: unit of path'),
    ):
        refused(
            resealed(
                case.path,
                set_metadata('takeover.contract', lambda t, o=old, n=new: t.replace(o, n)),
            ),
            said,
        )


def test_another_course_is_no_other_contract(case):
    case.write()
    OnnxPolicy.load(case.path, task_with(case, lambda f: f['episode'].update(time_limit_s=5.0)))


def test_a_refused_bundle_leaves_the_old_file(case):
    old = case.write().read_bytes()
    with pytest.raises(BundleError, match='parity vector'):
        case.write(parity_outputs=case.mlp.forward(case.observations) + 1e-3)
    assert case.path.read_bytes() == old
    assert os.listdir(case.path.parent) == ['policy.onnx']


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'parity_inputs': np.zeros((15, 48)), 'parity_outputs': None}, r'at least 16, 48'),
        (
            {'parity_inputs': np.zeros((16, 47)), 'parity_outputs': None},
            'cannot run on the parity',
        ),
        ({'parity_outputs': np.zeros((16, 3))}, r'actions has shape \[16, 3\]'),
        ({'parity_outputs': np.zeros((17, 2))}, 'as many actions as observations'),
        ({'provenance': {'path': object()}}, 'provenance must be JSON'),
        ({'provenance': {'loss': float('nan')}}, 'provenance must be JSON'),
    ],
)
def test_a_bundle_the_loader_would_refuse_is_not_written(case, changes, said):
    with pytest.raises(BundleError, match=said):
        case.write(**changes)
    assert not case.path.exists()


def test_a_folder_that_is_not_there_is_named(case, tmp_path):
    with pytest.raises(BundleError, match='cannot be written: No such file'):
        case.write(path=tmp_path / 'none' / 'policy.onnx')


def test_the_contract_of_the_file_is_the_canonical_one(case):
    model = onnx.load(case.write())
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert texts['takeover.contract'] == contract_json(case.task)


def test_a_bundle_without_given_actions_records_its_own(case):
    data = build_bundle(case.model, case.task, {}, case.observations, 'policy.onnx')
    bundle = parse_bundle(data, 'policy.onnx')
    assert bundle.parity.actions == pytest.approx(case.mlp.forward(case.observations), abs=1e-5)


def test_loading_is_quick_enough_to_swap_while_driving(case):
    case.write()
    OnnxPolicy.load(case.path, case.task)
    best_s = min(_timed(lambda: OnnxPolicy.load(case.path, case.task)) for _ in range(5))
    assert best_s < 0.5


def _timed(action):
    start_s = time.perf_counter()
    action()
    return time.perf_counter() - start_s
