"""The learner with eyes is a function of what it was given, and its file drives as it does."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import pytest
from safetensors.numpy import save_file
from takeover.command import Source
from takeover.data.log_messages import UndoEpisode
from takeover.errors import TakeoverError
from takeover.networks.pretrained import FeatureEncoderConfig
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.training.takeover_learner import TakeoverLearner, TakeoverLearnerError
from tests.small_lane import changed, live, SEEING, small_lane, steps_of
from tests.state_difference import difference
from tests.vision_policies import random_records

TASK = small_lane()
FROZEN = replace(
    SEEING,
    replay=replace(SEEING.replay, mirror=False),
    vision=replace(SEEING.vision, head=FeatureEncoderConfig(image_latent=4, vector_latent=4)),
)
CUTS = (15, 45)


def demonstrations(task=TASK):
    return steps_of(task, 40, source=Source.HUMAN)


def events(task=TASK):
    """Return an episode, one with a take-over and a pause, and the undoing of that."""
    first = steps_of(task, 25, 1, 1001)
    second = steps_of(task, 25, 2, 2001)
    second[7] = changed(second[7], onset=True, reward=-1.0)
    for index in range(8, 25):
        source = Source.HUMAN if index < 14 else Source.HOLD if index < 17 else Source.POLICY
        second[index] = changed(second[index], source=source)
    return [*first, *second, UndoEpisode(0, 2, 2001, 2025), *steps_of(task, 8, 3, 3001)]


def learned(events, config=SEEING, task=TASK):
    learner = TakeoverLearner(task, config)
    learner.demonstrate(demonstrations(task))
    for event in events:
        learner.take(event)
    return learner


def kernel_file(path):
    """Write a frozen encoder of one convolution; return its path."""
    kernel = np.random.default_rng(0).normal(0.0, 0.2, (5, 3, 3, 3)).astype(np.float32)
    if path.suffix == '.safetensors':
        save_file(
            {'conv.0.weight': kernel, 'conv.0.bias': np.zeros(5, np.float32)},
            path,
            {'stride': '2', 'activation': 'relu'},
        )
        return str(path)
    graph = helper.make_graph(
        [helper.make_node('Conv', ['pixels', 'kernel'], ['map'], strides=[2, 2])],
        'user',
        [helper.make_tensor_value_info('pixels', TensorProto.FLOAT, ['N', 3, 'h', 'w'])],
        [helper.make_tensor_value_info('map', TensorProto.FLOAT, ['N', 'c', 'h', 'w'])],
        [numpy_helper.from_array(kernel, 'kernel')],
    )
    opsets = [helper.make_opsetid('', 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return str(path)


@pytest.mark.parametrize('stacks', [{'forward': 1}, {'forward': 2}])
def test_a_resumed_learner_equals_one_that_was_left_alone(stacks):
    task = small_lane(**stacks)
    log = events(task)
    whole = learned(log, task=task)
    for cut in CUTS:
        state = learned(log[:cut], task=task).state_dict()
        resumed = TakeoverLearner(task, SEEING)
        resumed.resume(state, demonstrations(task), log)
        for event in log[cut:]:
            resumed.take(event)
        assert difference(resumed.state_dict(), whole.state_dict()) is None


def test_other_pictures_are_another_log():
    log = events()
    state = learned(log[:20]).state_dict()
    pixels = log[3].pixels.copy()
    pixels[7] ^= 1
    other = [*log[:3], changed(log[3], pixels=pixels), *log[4:]]
    with pytest.raises(TakeoverLearnerError, match='differ'):
        TakeoverLearner(TASK, SEEING).resume(state, demonstrations(), other)


def test_what_it_sees_makes_a_difference():
    log = events()
    blind = [
        event if isinstance(event, UndoEpisode) else changed(event, pixels=event.pixels * 0)
        for event in log
    ]
    one, other = learned(log), learned(blind)
    assert difference(one.state_dict()['learner'], other.state_dict()['learner']) is not None


def test_stacks_reach_back_over_what_is_not_learned_from():
    task = small_lane(forward=3)
    log, shown = steps_of(task, 16, 1, 1001), demonstrations(task)
    for steps in (log, shown):
        steps[4:8] = [changed(step, source=Source.HOLD) for step in steps[4:8]]
    learner = TakeoverLearner(task, replace(SEEING, critic_from=1000))
    learner._remember_demonstrations(shown)
    for step in log:
        learner.take(step)
    replay = learner.replay
    for steps, frames in ((shown, replay.prior_frames), (log, replay.frames)):
        for step, seen in list(zip(steps, live(task, steps), strict=True))[8:]:
            found = frames.shown(frames.numbers(step)[None])['forward'][0]
            assert (found == seen['forward']).all(), step.sequence


def check_export(learner, path):
    """Export, load, and compare what the file does with what the learner does."""
    exported = learner.export(path, {'command': 'test'})
    policy = OnnxPolicy.load(path, learner.task)
    assert policy.version == exported.version
    records = random_records(learner.task, 20, seed=3)
    expected = learner.act(records)
    assert expected.shape == (20, 2) and np.ptp(expected, axis=0).min() > 1e-3
    for record, action in zip(records, expected, strict=True):
        assert policy.act(record) == pytest.approx(action, abs=1e-5)
    return policy


@pytest.mark.parametrize('stacks', [{'forward': 2}, {'left': 1, 'right': 1}])
def test_the_exported_policy_does_what_the_averages_do(tmp_path, stacks):
    task = small_lane(**stacks)
    config = replace(SEEING, replay=replace(SEEING.replay, mirror=False))
    policy = check_export(learned(events(task)[:25], config, task), tmp_path / 'policy.onnx')
    seen = {each.tobytes() for each in live(task, demonstrations(task))}
    seen |= {each.tobytes() for each in live(task, events(task)[:25])}
    assert {each.tobytes() for each in policy.bundle.parity.observations} <= seen


def test_large_pictures_leave_room_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(
        'takeover.training.takeover_learner.PARITY_BYTES', 20 * TASK.observation_dtype.itemsize
    )
    policy = learned([]).export(tmp_path / 'policy.onnx', {})
    assert len(policy.bundle.parity.observations) == 20
    monkeypatch.setattr('takeover.training.takeover_learner.PARITY_BYTES', 1)
    policy = learned([]).export(tmp_path / 'policy.onnx', {})
    assert len(policy.bundle.parity.observations) == 16


@pytest.mark.parametrize('suffix', ['.onnx', '.safetensors'])
def test_a_frozen_encoder_learns_resumes_and_drives(tmp_path, suffix):
    file = kernel_file(tmp_path / f'encoder{suffix}')
    config = replace(FROZEN, vision=replace(FROZEN.vision, frozen=file))
    log = events()
    whole = learned(log, config)
    resumed = TakeoverLearner(TASK, config)
    resumed.resume(learned(log[:30], config).state_dict(), demonstrations(), log)
    for event in log[30:]:
        resumed.take(event)
    assert difference(resumed.state_dict(), whole.state_dict()) is None
    policy = check_export(whole, tmp_path / 'policy.onnx')
    shown = {each.tobytes() for each in policy.bundle.parity.observations}
    assert shown <= {each.tobytes() for each in live(TASK, demonstrations())}


def test_a_frozen_encoder_that_is_not_there_is_named(tmp_path):
    missing = str(tmp_path / 'none.onnx')
    config = replace(FROZEN, vision=replace(FROZEN.vision, frozen=missing))
    with pytest.raises(TakeoverError, match='none.onnx'):
        TakeoverLearner(TASK, config)


def test_a_frozen_encoder_and_a_mirror_do_not_go_together(tmp_path):
    file = kernel_file(tmp_path / 'encoder.onnx')
    config = replace(SEEING, vision=replace(SEEING.vision, frozen=file))
    with pytest.raises(TakeoverError, match='mirror is on'):
        TakeoverLearner(TASK, config)
