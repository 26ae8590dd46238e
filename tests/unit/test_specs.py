"""The contract: what is legal, what is part of it, and that its hash tells."""

import json
from pathlib import Path

from pydantic import ValidationError
import pytest
from takeover.policy.bundle import read_bundle
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import (
    ActionComponent,
    ActionSpec,
    canonical_json,
    Contract,
    contract_json,
    NamedContract,
    spec_hash,
    stack_of,
    TaskSpec,
)
from takeover.task import load_task

TASK_FILE = Path(__file__).parents[2] / 'config' / 'tasks' / 'rover_path.yaml'


DEMO_BUNDLE = Path(__file__).parents[2] / 'models' / 'demo' / 'rover_path.onnx'


@pytest.fixture
def fields():
    return load_task(TASK_FILE).model_dump(mode='json')


STATE = {'type': 'vector', 'max_age_s': 0.05}
CAMERA = {'type': 'image', 'max_age_s': 0.05}
NUMBERS = {
    'name': 'numbers',
    'kind': 'vector',
    'inputs': ['state'],
    'size': 3,
    'unit': '1',
    'low': -1.0,
    'high': 1.0,
}
PICTURE = NUMBERS | {
    'name': 'picture',
    'kind': 'image',
    'inputs': ['camera'],
    'size': 24,
    'low': 0.0,
    'high': 255.0,
    'shape': [2, 4, 3],
}
SEEN = PICTURE | {'form': {'encoding': 'rgb8'}}
VECTOR_ACTION = {
    'kind': 'vector',
    'frame': None,
    'components': [{'name': 'action.0', 'unit': '1', 'low': -2.0, 'high': 2.0}],
}


def environment(inputs, features):
    """Return the contract of an environment that takes one number."""
    fields = {
        'task': 'gymnasium.test',
        'rate_hz': 20.0,
        'inputs': inputs,
        'features': features,
        'action': VECTOR_ACTION,
    }
    return NamedContract.model_validate_json(json.dumps(fields))


def make(fields):
    return TaskSpec.model_validate_json(json.dumps(fields))


def feature(fields, name):
    return next(f for f in fields['features'] if f['name'] == name)


def test_the_shipped_task_is_the_size_it_says():
    task = load_task(TASK_FILE)
    assert task.observation_size == sum(f.size for f in task.features) == 48
    assert [c.name for c in task.action.components] == ['linear.x', 'angular.z']


def test_the_shipped_contract_keeps_its_hash_and_its_policy():
    task = load_task(TASK_FILE)
    assert spec_hash(task) == '772a7df2f043af35' == read_bundle(DEMO_BUNDLE).spec_hash
    assert OnnxPolicy.load(DEMO_BUNDLE, task).task == 'rover_path'


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
        (
            lambda f: f['inputs']['odom'].update(max_age_s=None),
            'may be null only for path or pose',
        ),
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
        (lambda f: f['action'].update(frame=None), 'frame is needed by twist'),
        (lambda f: f['action'].pop('frame'), 'Field required'),
        (
            lambda f: f.update(inputs={'camera': CAMERA}, features=[PICTURE]),
            "feature 'picture': form is needed: how the picture of the camera becomes",
        ),
        (
            lambda f: f.update(inputs={'camera': CAMERA}, features=[SEEN]),
            'a robot needs at least one number beside its images',
        ),
        (
            lambda f: (
                f['inputs'].update(camera=CAMERA),
                f['features'].append(SEEN | {'inputs': ['odom']}),
            ),
            r"feature 'picture' \(image\) needs inputs of type \[image\], got \[odometry\]",
        ),
        (
            lambda f: f.update(inputs={'state': STATE}, features=[NUMBERS]),
            "input 'state': the type vector is for Gymnasium environments; legal in a task file: "
            'odometry, laser_scan, path, image',
        ),
        (
            lambda f: f.update(action=VECTOR_ACTION),
            'the kind vector is for Gymnasium environments; legal in a task file: twist',
        ),
    ],
)
def test_what_does_not_fit_is_refused(fields, change, said):
    change(fields)
    with pytest.raises(ValidationError, match=said):
        make(fields)


def test_a_vector_is_observed_as_floats():
    contract = environment({'state': STATE}, [NUMBERS, NUMBERS | {'name': 'more', 'size': 2}])
    assert contract.observation_shape == (5,) and contract.observation_dtype == 'float32'


def test_an_image_is_observed_as_bytes():
    contract = environment({'camera': CAMERA}, [PICTURE])
    assert contract.observation_shape == (2, 4, 3) and contract.observation_size == 0
    assert contract.observation_dtype == 'uint8' and contract.pixels_size == 24


def test_the_name_is_not_part_of_a_contract():
    contract = environment({'camera': CAMERA}, [PICTURE])
    other = contract.model_copy(update={'task': 'gymnasium.other'})
    assert contract_json(other) == contract_json(contract) == contract_json(contract.contract)
    assert 'gymnasium' not in contract_json(contract) and '"shape":[2,4,3]' in contract_json(other)


@pytest.mark.parametrize('features', [[PICTURE, NUMBERS], [NUMBERS, PICTURE]])
def test_an_image_beside_numbers_makes_a_record_with_the_vector_first(features):
    contract = environment({'camera': CAMERA, 'state': STATE}, features)
    assert contract.observation_size == 3 and contract.observation_shape == ()
    assert contract.observation_dtype == [
        ('observation', '<f4', (3,)),
        ('picture', 'u1', (2, 4, 3)),
    ]


def test_two_images_make_a_record_in_their_order_with_or_without_numbers():
    second = PICTURE | {'name': 'again', 'shape': [3, 4, 2]}
    contract = environment({'camera': CAMERA}, [second, PICTURE])
    assert contract.observation_dtype == [('again', 'u1', (3, 4, 2)), ('picture', 'u1', (2, 4, 3))]
    more = environment({'camera': CAMERA, 'state': STATE}, [second, NUMBERS, PICTURE])
    assert more.observation_dtype.names == ('observation', 'again', 'picture')
    assert more.observation_dtype.itemsize == 12 + 24 + 24


def test_pixels_are_counted_once_for_a_stack():
    stacked = SEEN | {'size': 72, 'shape': [2, 4, 9], 'form': {'stack': 3}}
    contract = environment({'camera': CAMERA}, [stacked, PICTURE | {'name': 'again'}])
    assert contract.pixels_size == 24 + 24
    assert [stack_of(image) for image in contract.images] == [3, 1]


def test_the_name_of_the_vector_is_not_that_of_an_image_beside_it():
    alone = PICTURE | {'name': 'observation'}
    assert environment({'camera': CAMERA}, [alone]).observation_dtype == 'uint8'
    for other in (NUMBERS, PICTURE):
        with pytest.raises(ValidationError, match='this name is that of the vector'):
            environment({'camera': CAMERA, 'state': STATE}, [alone, other])


def test_all_images_together_are_bounded():
    large = PICTURE | {'size': 75_000, 'shape': [250, 100, 3]}
    other = large | {'name': 'other'}
    assert len(environment({'camera': CAMERA}, [large, other]).images) == 2
    with pytest.raises(ValidationError, match='have 150024 numbers, must be 150000 or fewer'):
        environment({'camera': CAMERA}, [large, other, PICTURE | {'name': 'more'}])


def test_the_lane_is_seen_through_a_camera(repository):
    task = load_task(repository / 'config' / 'tasks' / 'rover_lane.yaml')
    assert task.observation_size == 2 and task.pixels_size == 64 * 64 * 3
    assert [feature.kind for feature in task.vector_features] == [
        'odom.linear_velocity',
        'odom.angular_velocity',
    ]
    assert task.observation_dtype.names == ('observation', 'forward')
    assert task.episode.lane_half_width_m is not None
    text = contract_json(task)
    assert '"form":{"crop":[0.3,0.0,1.0,1.0],"encoding":"rgb8","stack":1}' in text


@pytest.mark.parametrize(
    'form', [{'crop': [0.4, 0.0, 1.0, 1.0]}, {'encoding': 'bgr8'}, {'crop': [0.3, 0.0, 1.0, 0.9]}]
)
def test_the_hash_changes_with_every_part_of_a_form(repository, form):
    fields = load_task(repository / 'config' / 'tasks' / 'rover_lane.yaml').model_dump(mode='json')
    first = spec_hash(make(fields))
    fields['features'][-1]['form'] |= form
    assert spec_hash(make(fields)) != first


def test_a_feature_of_an_environment_needs_its_own_type_of_input():
    with pytest.raises(ValidationError, match=r'needs inputs of type \[vector\], got \[image\]'):
        environment({'state': CAMERA}, [NUMBERS])


@pytest.mark.parametrize(
    ('names', 'unit', 'frame', 'said'),
    [
        (['action.1'], '1', None, "component 0 of a vector must be 'action.0' in unit '1'"),
        (['action.0', 'action.0'], '1', None, "component 1 of a vector must be 'action.1'"),
        (['action.0'], 'N', None, "got 'action.0' in 'N'"),
        (['action.0'], '1', 'base_link', 'frame is not used by vector'),
    ],
)
def test_the_components_of_a_vector_are_numbered(names, unit, frame, said):
    components = tuple(ActionComponent(name=n, unit=unit, low=-1.0, high=1.0) for n in names)
    with pytest.raises(ValidationError, match=said):
        ActionSpec(kind='vector', frame=frame, components=components)
