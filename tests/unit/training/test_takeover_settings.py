"""The file of a learner's settings: the same names as in the code, and nothing else."""

from dataclasses import replace

import pytest
from takeover.agents.rlif import RlifConfig
from takeover.errors import TakeoverError
from takeover.networks.encoder import EncoderConfig
from takeover.networks.pretrained import FeatureEncoderConfig
from takeover.training.takeover_learner import TakeoverConfig
from takeover.training.takeover_settings import (
    config_from_file,
    config_values,
    first_difference,
)
from tests.takeover_logs import settings_file, TINY


@pytest.fixture
def read(tmp_path):
    """Return a function that reads settings from a text."""

    def from_text(text):
        file = tmp_path / 'settings.yaml'
        file.write_text(text)
        return config_from_file(file)

    return from_text


def test_the_shipped_file_has_the_defaults_of_the_code(repository):
    assert config_from_file(repository / 'config/training/rlif.yaml') == TakeoverConfig()


def test_the_file_for_a_good_start_holds_its_actor_more(repository):
    found = config_from_file(repository / 'config/training/rlif_good_start.yaml')
    plain = TakeoverConfig()
    assert found.actor_from > plain.actor_from
    assert found.learner.actor_learning_rate < plain.learner.actor_learning_rate
    assert found.learner.cloning_weight > plain.learner.cloning_weight


def test_what_a_file_does_not_say_has_its_default(read, tmp_path):
    found = read('updates_per_transition: 2\nlearner: {critic: ensemble, hidden: [16, 16]}')
    assert found == TakeoverConfig(
        updates_per_transition=2.0, learner=RlifConfig(critic='ensemble', hidden=(16, 16))
    )
    assert config_from_file(settings_file(tmp_path / 'tiny.yaml')) == TINY


def test_what_is_seen_has_a_section_of_its_own(read):
    found = read(
        'vision:\n'
        '  encoder: {channels: [8, 8], kernels: [4, 3], strides: [2, 1], image_latent: 16}\n'
        '  frozen: encoder.onnx\n'
        '  pixel_mean: [0.5, 0.4, 0.3]\n'
        '  head: {vector_latent: 8}\n'
        '  learning_rate: 3.0e-4\n'
        'replay: {shift: 2}'
    )
    vision = found.vision
    assert vision.encoder == EncoderConfig((8, 8), (4, 3), (2, 1), image_latent=16)
    assert vision.frozen == 'encoder.onnx' and vision.pixel_mean == (0.5, 0.4, 0.3)
    assert vision.head == FeatureEncoderConfig(vector_latent=8)
    assert vision.learning_rate == 3e-4 and found.replay.shift == 2
    assert config_values(found)['vision']['encoder']['channels'] == [8, 8]
    plain = config_values(TakeoverConfig())
    assert first_difference(plain, plain | {'vision': config_values(found)['vision']}) == (
        'vision.encoder.channels is [16, 32, 32], not [8, 8]'
    )


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('vision: {encodr: {}}', r"vision\.encodr: unknown key; did you mean 'encoder'\?"),
        ('vision: {encoder: {channels: []}}', r'channels is \(\); legal: one number of 1 or more'),
        ('vision: {encoder: {channels: 16}}', r'vision\.encoder\.channels: '),
        ('vision: {learning_rate: -1.0}', 'learning_rate is -1.0; legal: 0 or more'),
        ('replay: {shift: -1}', 'shift is -1; legal: 0 or more'),
        ('replay: {shift: 1.5}', r'replay\.shift: .*is 1.5'),
        ('learner: {critc: dsact}', r"learner\.critc: unknown key; did you mean 'critic'\?"),
        ('replay: {xyz: 1}', r'replay\.xyz: unknown key; legal: capacity, n_step'),
        ('rate: 1', 'rate: unknown key; legal: updates_per_transition, critic_from'),
        ('learner: {critic: sac}', r"learner\.critic: Input should be .*, is 'sac'"),
        ('learner: {critic: dsact, critic: dsact}', 'learner.critic: given twice'),
        ('learner: 3', r'learner: .*, is 3'),
        ('critic_from: -1', 'critic_from is -1; legal: 0 or more'),
        ('learner: {cloning_weight: -1.0}', 'cloning_weight'),
        ('replay: {n_step: 0}', 'n_step is 0; legal: 1 or more'),
        ('seed: x', 'seed: .*is .x.'),
        ('- 1', 'must be a YAML mapping'),
    ],
)
def test_what_cannot_be_used_is_named(read, text, message):
    with pytest.raises(TakeoverError, match=message) as caught:
        read(text)
    assert 'settings.yaml' in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TakeoverError, match='cannot be read'):
        config_from_file(tmp_path / 'none.yaml')


def test_the_first_difference_has_its_full_name():
    one = config_values(TINY)
    assert first_difference(one, one) == ''
    other = config_values(replace(TINY, learner=replace(TINY.learner, critic='ensemble')))
    assert first_difference(other, one) == "learner.critic is 'ensemble', not 'dsact'"
    assert first_difference({}, {'seed': 0}) == 'seed is None, not 0'
    assert first_difference({'old': 1}, {}) == 'old is 1, not None'
