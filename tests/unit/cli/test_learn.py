"""`takeover learn`: the learner of a live session, on finished logs."""

import pytest

pytest.importorskip('torch')

import signal

from takeover.action import ActionContract
from takeover.agents.rlif import RlifConfig
from takeover.cli import learn as cli
from takeover.cli import main
from takeover.data.log_messages import headless_channels
from takeover.data.log_writer import LogWriter
from takeover.errors import TakeoverError
from takeover.intervention.joystick import load_joystick
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.store import PolicyStore
from takeover.specs import spec_hash
from takeover.training import compute
from takeover.training.checkpoint import checkpoints, newest_checkpoint
from takeover.training.log_training import LogTraining
from takeover.training.rlif_run import RlifRun, RlifRunConfig
from takeover.training.takeover_learner import TakeoverConfig
from tests.state_difference import difference
from tests.takeover_logs import demonstration, episode, settings_file, write_log


@pytest.fixture
def place(tmp_path, task, repository, monkeypatch):
    """Return the working folder of a user: log, demonstrations, settings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'config').symlink_to(repository / 'config')
    write_log(tmp_path / 'demonstrations', task, demonstration())
    write_log(tmp_path / 'log', task, [*episode(1), *episode(2)])
    settings_file(tmp_path / 'tiny.yaml')
    return tmp_path


ARGUMENTS = 'learn log --demonstrations demonstrations --out learner --config tiny.yaml'


def learn(*more, arguments=ARGUMENTS):
    return main.main([*arguments.split(), *more])


def test_the_end_of_the_log_becomes_a_policy(place, task, capsys):
    assert learn() == 0
    said = capsys.readouterr().out
    newest = OnnxPolicy.load(place / 'learner' / 'policy.onnx', task)
    assert f'newest: {newest.version}' in said and '50 updates in all, ' in said
    assert 'trusted: none yet' in said
    store = PolicyStore(place / 'learner' / 'policies')
    assert [policy.version for policy in store.policies()] == [newest.version]
    assert newest.bundle.provenance['command'] == (
        'takeover learn log --out learner --task rover_path '
        '--demonstrations demonstrations --config tiny.yaml'
    )
    assert checkpoints(place / 'learner' / 'checkpoints')[-1].name == 'step_000000060'


def test_the_same_command_again_has_nothing_to_do_and_with_a_longer_log_goes_on(
    place, task, capsys
):
    assert learn() == 0
    version = OnnxPolicy.load(place / 'learner' / 'policy.onnx', task).version
    capsys.readouterr()
    assert learn() == 0
    said = capsys.readouterr().out
    assert 'nothing new in log: all 60 steps have been learned from' in said
    assert f'newest: {version}' in said
    write_log(place / 'log', task, episode(3, version))
    assert learn() == 0
    said = capsys.readouterr().out
    assert 'step_000000060' in said and '80 updates in all' in said
    assert f'trusted: {version}, 1 take-overs, 0 failures and 1 goals in 1 s' in said
    assert PolicyStore(place / 'learner' / 'policies').pinned().version == version


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (ARGUMENTS.replace('learn log', 'learn nowhere'), 'nowhere: is not there'),
        (ARGUMENTS.replace('learn log', 'learn empty'), 'empty: no log in this folder'),
        (ARGUMENTS.replace('learn log', 'learn idle'), 'idle: its logs hold no step'),
        (ARGUMENTS.replace('learn log', 'learn foreign'), 'was recorded for another task'),
        (ARGUMENTS.replace('learn log', 'learn tiny.yaml'), 'is a file; give the folder'),
        (ARGUMENTS.replace('--demonstrations demonstrations', ''), 'no demonstrations given'),
        (ARGUMENTS.replace('demonstrations demonstrations', 'demonstrations nobody'), 'a person'),
        (ARGUMENTS.replace('tiny.yaml', 'none.yaml'), 'none.yaml: cannot be read'),
        (f'{ARGUMENTS} --checkpoint-s 0', 'must be more than 0 seconds'),
        (ARGUMENTS.replace('--out learner', '--out tiny.yaml/x'), 'cannot be made'),
        (f'{ARGUMENTS} --task tiny.yaml', 'tiny.yaml'),
        (f'{ARGUMENTS} --seed -1', 'seed is -1; legal: 0 or more'),
    ],
)
def test_what_cannot_be_learned_from_is_said(place, task, capsys, arguments, message):
    (place / 'empty').mkdir()
    write_log(place / 'idle', task, [])
    write_log(place / 'nobody', task, episode(1, taken_over_at=None))
    with LogWriter(place / 'foreign', headless_channels(), {}) as log:
        log.write_step(episode(1)[0], 'f' * 16)
    assert learn(arguments=arguments) == 2
    assert message in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused(place, capsys):
    assert learn() == 0
    for more, difference_ in (
        (['--critic', 'ensemble'], "learner.critic is 'dsact', not 'ensemble'"),
        (['--seed', '3'], 'seed is 0, not 3'),
    ):
        assert learn(*more) == 2
        assert difference_ in capsys.readouterr().err


def test_what_is_typed_wins_over_the_file(place):
    found = cli.settings('rover_path', place / 'tiny.yaml', 'ensemble', 7)
    assert found.learner.critic == 'ensemble' and found.seed == 7 and found.critic_from == 10
    assert cli.settings('rover_path', None, None, None) == TakeoverConfig()


def test_ctrl_c_keeps_a_checkpoint_and_says_how_to_go_on(place, capsys, monkeypatch):
    real = LogTraining.learn

    def interrupted(training, seconds, stopping):
        signal.raise_signal(signal.SIGINT)
        training.learner.take(training.events.next())
        return real(training, seconds, stopping)

    with monkeypatch.context() as patched:
        patched.setattr(LogTraining, 'learn', interrupted)
        assert learn() == 130
    said = capsys.readouterr().out
    assert 'stopped by SIGINT after 1 steps, 59 are left; continue with' in said
    command = said.strip().splitlines()[-1].strip()
    assert checkpoints(place / 'learner' / 'checkpoints')[-1].name == 'step_000000001'
    assert not (place / 'learner' / 'policy.onnx').exists()
    assert main.main(command.split()[1:]) == 0
    assert checkpoints(place / 'learner' / 'checkpoints')[-1].name == 'step_000000060'


def test_stopped_while_it_clones_there_is_nothing_to_keep(place, capsys, monkeypatch):
    real = LogTraining.start

    def interrupted(training, stopping):
        signal.raise_signal(signal.SIGTERM)
        return real(training, stopping)

    monkeypatch.setattr(LogTraining, 'start', interrupted)
    assert learn() == 128 + signal.SIGTERM
    assert 'before there was anything to keep' in capsys.readouterr().out
    assert not checkpoints(place / 'learner' / 'checkpoints')


def test_learning_that_fails_says_what_is_left(place, capsys, monkeypatch):
    def diverge(training, *_):
        raise TakeoverError('update 7: q is nan')

    monkeypatch.setattr(LogTraining, 'learn', diverge)
    assert learn() == 2
    said = capsys.readouterr().err
    assert 'after 0 steps: update 7: q is nan; the checkpoints in' in said
    assert 'begin another --out' in said


def test_the_logs_of_a_headless_run_give_its_weights_bit_for_bit(place, task, robot):
    compute.prepare()
    mapping = load_joystick(place / 'config/inputs/joystick.yaml', ActionContract(task.action))
    config = RlifRunConfig(
        steps=300,
        demonstrations=1,
        seed=3,
        learner=TakeoverConfig(
            critic_from=20, actor_from=40, learner=RlifConfig(hidden=(16,), pretraining_steps=50)
        ),
    )
    with LogWriter(place / 'driven', headless_channels(), {}) as log:
        run = RlifRun(
            task,
            robot,
            mapping,
            config,
            place / 'policies',
            'test',
            lambda step: log.write_step(step, spec_hash(task)),
        )
        shown = run.demonstrate()
        rows = list(run.drive())
    run.close()
    write_log(place / 'shown', task, shown)
    (place / 'settings.yaml').write_text(
        'critic_from: 20\nactor_from: 40\nlearner: {hidden: [16], pretraining_steps: 50}\n'
    )
    arguments = 'learn driven --demonstrations shown --out again --config settings.yaml --seed 3'
    assert learn(arguments=arguments) == 0
    state = newest_checkpoint(place / 'again' / 'checkpoints', pytest.fail)[1]['learner']
    assert state['events'] == rows[-1].steps and run.learner.learner.updates > 200
    assert difference(state, run.learner.state_dict()) is None
