"""The contract: what is legal, what is part of it, and that its hash tells."""

import json
from pathlib import Path

from pydantic import ValidationError
import pytest
from takeover.specs import canonical_json, Contract, contract_json, spec_hash, TaskSpec
from takeover.task import load_task

TASK_FILE = Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml'


@pytest.fixture
def fields():
    return load_task(TASK_FILE).model_dump(mode='json')


def make(fields):
    return TaskSpec.model_validate_json(json.dumps(fields))


def feature(fields, name):
    return next(f for f in fields['features'] if f['name'] == name)


def test_the_shipped_task_is_the_size_it_says():
    task = load_task(TASK_FILE)
    assert task.observation_size == sum(f.size for f in task.features) == 48
    assert [c.name for c in task.action.components] == ['linear.x', 'angular.z']


def test_the_hash_covers_the_contract_and_nothing_else(fields):
    first = spec_hash(make(fields))
    fields['episode']['time_limit_s'] += 1.0
    fields['task'] = 'other'
    assert spec_hash(make(fields)) == first == spec_hash(make(fields).contract)


@pytest.mark.parametrize(
    'change',
    [
        lambda f: f.update(rate_hz=f['rate_hz'] + 0.5),
        lambda f: f['inputs']['odom'].update(max_age_s=0.1),
        lambda f: f['inputs']['odom'].update(frame='map'),
        lambda f: f['features'].reverse(),
        lambda f: f['features'][0].update(low=-1.5),
        lambda f: f['features'][0].update(name='other'),
        lambda f: feature(f, 'curvature').update(ahead_m=[0.3, 0.8, 1.6]),
        lambda f: f['action']['components'].reverse(),
        lambda f: f['action'].update(frame='other'),
        lambda f: f['action']['components'][0].update(high=0.55),
    ],
)
def test_the_hash_changes_with_every_part_of_the_contract(fields, change):
    first = spec_hash(make(fields))
    change(fields)
    assert spec_hash(make(fields)) != first


def test_the_hash_does_not_depend_on_how_the_file_is_written(fields):
    first = spec_hash(make(fields))
    fields['inputs'] = dict(reversed(list(fields['inputs'].items())))
    fields['rate_hz'] = int(fields['rate_hz'])
    fields['action']['components'][0]['low'] = -0.0
    assert spec_hash(make(fields)) == first


def test_the_contract_survives_its_json(fields):
    task = make(fields)
    text = json.loads(contract_json(task))
    del text['format']
    again = Contract.model_validate_json(json.dumps(text))
    assert again == task.contract
    assert contract_json(again) == contract_json(task)


def test_canonical_json_is_one_form():
    assert canonical_json({'b': -0.0, 'a': (1, 'ü')}) == '{"a":[1,"\\u00fc"],"b":0.0}'
    with pytest.raises(ValueError, match='Out of range'):
        canonical_json(float('nan'))


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (
            lambda f: f['inputs'].update({'ground_truth/odom': f['inputs'].pop('odom')}),
            'must not see what only a simulator knows',
        ),
        (lambda f: f['inputs']['odom'].update(max_age_s=None), 'may be null only for a path'),
        (
            lambda f: f['inputs'].update(extra={'type': 'path', 'max_age_s': None}),
            'used by no feature',
        ),
        (
            lambda f: f['features'].append(f['features'][0]),
            "the name 'cross_track' is used 2 times",
        ),
        (lambda f: f['features'].clear(), 'at least 1 item'),
        (lambda f: f['features'][0].update(size=2), 'size of path.cross_track must be 1, got 2'),
        (lambda f: f['features'][0].update(unit='cm'), "unit of path.cross_track must be 'm'"),
        (lambda f: f['features'][0].update(low=2.0), 'must be less than high'),
        (lambda f: f['features'][0].update(inputs=['path', 'odom']), 'needs inputs of type'),
        (lambda f: f['features'][0].update(inputs=['odom', 'nothing']), "no input 'nothing'"),
        (lambda f: f['features'][0].update(ahead_m=[0.1]), 'ahead_m is not used by'),
        (lambda f: feature(f, 'curvature').update(ahead_m=[]), 'ahead_m is needed by'),
        (lambda f: feature(f, 'curvature').update(size=4), 'must be 3, got 4'),
        (lambda f: feature(f, 'ranges').update(angle_min_rad=None), 'needs angle_min_rad'),
        (lambda f: feature(f, 'ranges').update(size=100), 'more than a full turn'),
        (lambda f: f['features'][0].update(angle_min_rad=0.0), 'not used by path.cross_track'),
        (lambda f: f['action']['components'][0].update(low=0.1), 'must contain 0'),
        (
            lambda f: f['action']['components'][0].update(unit='km/h'),
            "unit of linear.x must be 'm/s'",
        ),
        (lambda f: f['action']['components'][0].update(name='linear.w'), 'is not of a twist'),
        (lambda f: f['action']['components'][0].update(low=0.7), 'must be less than high'),
        (
            lambda f: f['action'].update(components=f['action']['components'][:1] * 2),
            'used 2 times',
        ),
        (lambda f: f.update(rate_hz=0.0), 'greater than or equal to 1'),
    ],
)
def test_what_does_not_fit_is_refused(fields, change, said):
    change(fields)
    with pytest.raises(ValidationError, match=said):
        make(fields)
