"""`takeover bc`: from logs in which a person drives to a policy that does the same."""

import pytest

pytest.importorskip('torch')

from dataclasses import replace

import numpy as np
from takeover.cli import main
from takeover.command import Source
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.specs import spec_hash
from takeover.training.takeover_learner import TakeoverLearner
from tests.small_lane import small_lane, steps_of
from tests.takeover_logs import demonstration, episode, settings_file, TINY, write_log
import yaml


@pytest.fixture
def place(tmp_path, task, repository, monkeypatch):
    """Return the working folder of a user: two logs of demonstrations, settings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config').symlink_to(repository / 'config')
    write_log(tmp_path / 'shown', task, [*demonstration(1), *demonstration(2)])
    write_log(tmp_path / 'more', task, demonstration(3))
    settings_file(tmp_path / 'tiny.yaml')
    return tmp_path


def clone(*arguments):
    return main.main(['bc', '--config', 'tiny.yaml', *arguments])


def test_the_logs_become_a_policy_as_a_learner_would_begin_with(place, task, capsys):
    assert clone('shown', 'more', '--out', 'clone.onnx') == 0
    said = capsys.readouterr().out
    policy = OnnxPolicy.load(place / 'clone.onnx', task)
    assert f'clone.onnx: version {policy.version}' in said
    driven = sum(step.intervened for number in (1, 2, 3) for step in demonstration(number))
    assert f'{driven} steps that a person drove, in 3 episodes' in said
    assert 'after 20 steps of cloning' in said and 'held out' not in said
    learner = TakeoverLearner(task, TINY)
    steps = [step for number in (1, 2, 3) for step in demonstration(number)]
    loss = learner.demonstrate(steps)
    assert f'loss {loss:.5f} after' in said
    for step in steps[:5]:
        wanted = learner.act(step.observation[None])[0]
        assert policy.act(step.observation) == pytest.approx(wanted, abs=1e-5)
    provenance = policy.bundle.provenance
    assert provenance['command'] == (
        'takeover bc shown more --out clone.onnx --task rover_path --config tiny.yaml'
    )
    assert provenance['config']['learner']['pretraining_steps'] == 20


def test_a_file_is_as_good_as_its_folder_and_the_seed_decides(place, task):
    (file,) = (place / 'more').glob('*.mcap')
    answers = []
    for log, seed in ((str(file), '0'), ('more', '0'), ('more', '1')):
        assert clone(log, '--seed', seed) == 0
        policy = OnnxPolicy.load(place / 'policy.onnx', task)
        assert policy.bundle.provenance['config']['seed'] == int(seed)
        answers.append(policy.act(demonstration(3)[0].observation))
    assert (answers[0] == answers[1]).all() and (answers[0] != answers[2]).any()


def test_what_a_person_did_is_learned_and_what_nobody_did_is_not(place, task, capsys):
    """The person turns left wherever there are steps to clone; the rest stands still."""

    def turning(step):
        values = np.array([0.5, 1.0]) if step.intervened else np.zeros(2)
        return replace(step, commanded=values)

    # Before the person takes over, and after, the robot stands for no policy drives it.
    steps = [turning(step) for step in episode(1, '', length=60, taken_over_at=20, human=20)]
    write_log(place / 'left', task, steps)
    settings_file(
        place / 'tiny.yaml',
        learner={'hidden': [32], 'batch_size': 8, 'pretraining_steps': 300},
        replay={'mirror': False},
    )
    assert clone('left') == 0
    policy = OnnxPolicy.load(place / 'policy.onnx', task)
    answers = np.array([policy.act(step.observation) for step in steps])
    assert answers[20:41].mean(axis=0) == pytest.approx([0.5, 1.0], abs=0.1)
    assert '20 steps that a person drove, in 1 episodes' in capsys.readouterr().out


def test_what_is_held_out_is_not_cloned_and_measured(place, task, capsys):
    assert clone('shown', 'more', '--held-out', '0.3') == 0
    said = capsys.readouterr().out
    assert 'in 2 episodes; 1 episodes are held out' in said
    (error,) = [line for line in said.splitlines() if line.endswith('on what was held out')]
    # Nothing in noise can be known of other noise: the squared distance of two components.
    assert 0.3 < float(error.split()[1]) < 5.0


def test_pictures_are_cloned_too(place, tmp_path, capsys):
    lane = small_lane()
    file = tmp_path / 'lane.yaml'
    file.write_text(yaml.safe_dump(lane.model_dump(mode='json')))
    (tmp_path / 'seeing.yaml').write_text(
        yaml.safe_dump(
            {
                'learner': {'hidden': [8], 'batch_size': 8, 'pretraining_steps': 20},
                'replay': {'capacity': 1000, 'cloning_rows': 8, 'shift': 1},
                'vision': {
                    'encoder': {
                        'channels': [4],
                        'kernels': [3],
                        'strides': [2],
                        'image_latent': 4,
                        'vector_latent': 4,
                    }
                },
            }
        )
    )
    with LogWriter(tmp_path / 'lane', headless_channels(), {}) as log:
        for number, first in ((1, 1), (2, 101)):
            for step in steps_of(lane, 40, number, first, Source.HUMAN):
                log.write_step(step, spec_hash(lane))
    arguments = ['lane', '--task', str(file), '--config', 'seeing.yaml', '--held-out', '0.5']
    assert main.main(['bc', *arguments]) == 0
    said = capsys.readouterr().out
    assert '40 steps that a person drove, in 1 episodes; 1 episodes are held out' in said
    policy = OnnxPolicy.load(tmp_path / 'policy.onnx', lane)
    assert policy.bundle.contract.images


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ('', 'no demonstrations given; record some first: `takeover launch teleop.launch.xml'),
        ('nowhere', 'nowhere: is not there'),
        ('nobody', 'a person drove no step'),
        ('shown --held-out 1.5', 'must be 0 or more, and less than 1'),
        ('more --held-out 0.5', '1 episodes that a person drove, and 1 of them to hold out'),
        ('shown --seed -1', 'seed is -1; legal: 0 or more'),
        ('shown --out none/there/policy.onnx', 'policy.onnx'),
    ],
)
def test_what_cannot_be_cloned_is_said(place, task, capsys, arguments, message):
    write_log(place / 'nobody', task, episode(1, taken_over_at=None))
    assert clone(*arguments.split()) == 2
    assert message in capsys.readouterr().err
