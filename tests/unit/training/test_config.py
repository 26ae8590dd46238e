"""The settings of a run: refused when wrong, kept as JSON, read from files."""

from dataclasses import fields
import json
from pathlib import Path

import pytest
from takeover.agents.dsact import DsactConfig
from takeover.agents.learner_config import LearnerError
from takeover.agents.rlpd import RlpdConfig
from takeover.agents.sac import SacConfig
from takeover.config_file import ConfigError
from takeover.training.config import (
    config_from_file,
    config_from_values,
    config_values,
    LEARNERS,
    MAY_CHANGE,
    TrainConfig,
    TrainingError,
)


@pytest.mark.parametrize(
    'config',
    [
        TrainConfig(),
        TrainConfig(agent='sac', prior=Path('a/b'), sac=SacConfig(hidden=(8, 4), discount=0.5)),
        TrainConfig(dsact=DsactConfig(target_entropy=-3.0, twin_distributions=False)),
    ],
)
def test_settings_survive_json_without_those_of_other_agents(config):
    values = json.loads(json.dumps(config_values(config)))
    assert config_from_values(values, 'x') == config
    assert [name for name in LEARNERS if name in values] == [config.agent]


@pytest.mark.parametrize(
    'values, sentence',
    [
        ({'agent': 'ppo'}, "agent is 'ppo'; legal: dsact, rlpd, sac"),
        ({'steps': 0}, 'steps is 0; legal: 1 or more'),
        ({'seed': -1}, 'seed is -1; legal: 0 or more'),
        ({'replay_capacity': 1}, 'replay_capacity is 1; legal: 2 or more'),
        ({'updates_per_step': 0.0}, 'updates_per_step is 0.0; legal: positive'),
        ({'reward_scale': float('inf')}, 'reward_scale is inf; legal: positive'),
    ],
)
def test_what_cannot_be_run_is_refused(values, sentence):
    with pytest.raises(TrainingError, match=sentence):
        TrainConfig(**values)


@pytest.mark.parametrize(
    'values, sentence',
    [
        ({'stepz': 1}, "f: stepz: unknown key; did you mean 'steps'?"),
        ({'zzz': 1}, 'f: zzz: unknown key; legal: env, agent, steps'),
        ({'dsact': {'dealy': 1}}, "f: dsact.dealy: unknown key; did you mean 'delay'?"),
        ({'steps': 'many'}, 'f: steps: Input should be a valid integer'),
        ({'agent': 'ppo'}, "f: agent: Input should be 'dsact', 'rlpd' or 'sac'"),
        ({'sac': {'hidden': 3}}, 'f: sac.hidden: Input should be a valid tuple'),
        ({'steps': 0}, 'f: steps is 0; legal: 1 or more'),
        ({'sac': {'discount': 2}}, 'f: discount is 2.0; legal: from 0 to 1'),
    ],
)
def test_wrong_values_are_named_with_their_file(values, sentence):
    with pytest.raises(TrainingError) as error:
        config_from_values(values, 'f')
    assert str(error.value).startswith(sentence)


def test_the_settings_of_a_learner_are_checked_too():
    with pytest.raises(LearnerError, match='discount is 2'):
        TrainConfig(sac=SacConfig(discount=2.0))


def test_the_chosen_agent_has_its_settings():
    sac = SacConfig(batch_size=7)
    assert TrainConfig(agent='sac', sac=sac).agent_config is sac


def test_what_may_change_is_a_setting():
    assert set(MAY_CHANGE) <= {field.name for field in fields(TrainConfig)}


@pytest.mark.parametrize(
    'name, text',
    [
        (
            'a.yaml',
            'agent: sac\nsteps: 70\nsac:\n  hidden: [8, 4]\n  critic_learning_rate: 1e-3\n',
        ),
        (
            'a.json',
            '{"agent": "sac", "steps": 70, "sac": {"hidden": [8, 4], '
            '"critic_learning_rate": 1e-3}}',
        ),
    ],
)
def test_a_file_gives_settings_and_leaves_the_others(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    sac = SacConfig(hidden=(8, 4), critic_learning_rate=1e-3)
    assert config_from_file(tmp_path / name) == TrainConfig(agent='sac', steps=70, sac=sac)


@pytest.mark.parametrize(
    'text, sentence',
    [
        (None, 'cannot be read: No such file'),
        ('[1, 2]', 'must be a YAML mapping'),
        ('steps: 1\nsteps: 2', 'steps: given twice'),
        ('steps: {', 'not valid YAML'),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(text, sentence, tmp_path):
    path = tmp_path / 'a.yaml'
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        config_from_file(path)


def test_the_shipped_files_of_published_settings_hold_them(repository):
    folder = repository / 'config' / 'training'
    # Those of learners of take-overs are of another kind: test_takeover_settings.py.
    files = [file for file in folder.glob('*.yaml') if not file.stem.startswith('rlif')]
    published = {file.stem: config_from_file(file) for file in files}
    assert sorted(published) == ['dsact_100k', 'dsact_published', 'rlpd_published']
    dsact, rlpd = published['dsact_published'], published['rlpd_published']
    assert (dsact.agent, dsact.dsact) == ('dsact', DsactConfig(entropy_in_action_units=True))
    assert dsact.steps * dsact.updates_per_step == 1_500_000
    assert (dsact.warm_up_steps, dsact.replay_capacity) == (10_000, 1_000_000)
    assert dsact.evaluation_interval * dsact.updates_per_step == 2500
    assert (rlpd.agent, rlpd.rlpd, rlpd.updates_per_step) == ('rlpd', RlpdConfig(), 1.0)
    assert (rlpd.steps, rlpd.warm_up_steps) == (250_000, 5_000)
