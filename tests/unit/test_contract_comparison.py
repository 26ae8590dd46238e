"""Every difference between two contracts is named."""

import json
from pathlib import Path

import pytest
from takeover.contract_comparison import compare_contracts
from takeover.specs import Contract
from takeover.task import load_task

TASK = load_task(Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml')


def changed(change):
    fields = TASK.contract.model_dump(mode='json')
    change(fields)
    return Contract.model_validate_json(json.dumps(fields))


def swap(parts, i, j):
    parts[i], parts[j] = parts[j], parts[i]


def test_equal_contracts_have_no_difference():
    assert compare_contracts(TASK, TASK.contract) == []


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (
            lambda f: swap(f['features'], 0, 1),
            "features: order differs: number 1 is 'heading', the task needs 'cross_track'",
        ),
        (
            lambda f: swap(f['action']['components'], 0, 1),
            "action.components: order differs: number 1 is 'angular.z', the task needs 'linear.x'",
        ),
        (lambda f: f.update(rate_hz=10.0), 'rate_hz: 10.0 Hz, the task needs 20.0 Hz'),
        (
            lambda f: f['features'][0].update(low=-1.0),
            'features.cross_track.low: -1.0, the task needs -2.0',
        ),
        (
            lambda f: f['features'][-1].update(size=35),
            'features.ranges.size: 35, the task needs 36',
        ),
        (
            lambda f: f['features'][0].update(name='offset'),
            'features.cross_track: missing, the task needs it',
        ),
        (lambda f: f['features'].pop(0), 'features.cross_track: missing, the task needs it'),
        (
            lambda f: f['action']['components'][1].update(high=2.0),
            'action.components.angular.z.high: 2.0, the task needs 1.5',
        ),
        (
            lambda f: f['action'].update(frame='odom'),
            "action.frame: 'odom', the task needs 'base_link'",
        ),
        (
            lambda f: f['inputs']['scan'].update(max_age_s=0.1),
            'inputs.scan.max_age_s: 0.1, the task needs 0.15',
        ),
    ],
)
def test_a_difference_is_named(change, said):
    assert said in compare_contracts(TASK, changed(change))


def test_a_unit_is_compared():
    lying = TASK.features[0].model_copy(update={'unit': 'cm'})
    found = TASK.contract.model_copy(update={'features': (lying, *TASK.features[1:])})
    assert compare_contracts(TASK, found) == [
        "features.cross_track.unit: 'cm', the task needs 'm'"
    ]


@pytest.mark.parametrize(
    ('form', 'said'),
    [
        (
            {'crop': [0.4, 0.0, 1.0, 1.0]},
            'crop: (0.4, 0.0, 1.0, 1.0), the task needs (0.3, 0.0, 1.0, 1.0)',
        ),
        ({'encoding': 'bgr8'}, "encoding: 'bgr8', the task needs 'rgb8'"),
    ],
)
def test_another_form_of_a_picture_is_named(repository, form, said):
    lane = load_task(repository / 'config' / 'tasks' / 'rover_lane.yaml')
    fields = lane.contract.model_dump(mode='json')
    fields['features'][-1]['form'] |= form
    (found,) = compare_contracts(lane, Contract.model_validate_json(json.dumps(fields)))
    assert found == f'features.forward.form.{said}'
