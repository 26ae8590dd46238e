"""`takeover demo` without its nodes: what is refused, and how a session is framed."""

import json
import os
import signal

import pytest

pytest.importorskip('torch')

from takeover.cli.child_processes import Signals
from takeover.cli.demo import command, Demo, Options
from takeover.cli.demo_session import DemoSession, EVALUATION_COURSES
from takeover.data.log_follower import LogFollower
from takeover.data.log_messages import EpisodeEnd, PolicyChange
from takeover.errors import TakeoverError
from takeover.report.learning_evaluation import read_evaluations
from takeover.specs import spec_hash
from takeover.training.rlif_run import TRAINING_COURSES
from tests.learning_folders import evaluated
from tests.takeover_logs import episode, write_log
import yaml

EVALUATIONS = 'evaluations.json'


@pytest.mark.parametrize(
    'given',
    [
        {'minutes': 0.0},
        {'skill': 0.05},
        {'demonstrations': 0},
        {'exploration': 1.5},
        {'seed': -1},
        {'episodes': 0},
    ],
)
def test_numbers_that_make_no_sense_are_refused_by_name(given):
    with pytest.raises(TakeoverError, match=f'--{next(iter(given))} is .*; it must be'):
        command(**given)


@pytest.fixture
def session(repository, tmp_path, monkeypatch):
    """Return a session that clones quickly and badly."""
    monkeypatch.setattr('takeover.cli.demo_session.CONFIG', tmp_path / 'quick.yaml')
    quick = {'learner': {'pretraining_steps': 20, 'hidden': [16, 16]}}
    (tmp_path / 'quick.yaml').write_text(yaml.safe_dump(quick))
    folder = tmp_path / 'session'
    folder.mkdir()
    session = DemoSession(repository, folder, 1, 3, 'takeover demo')
    yield session
    session.env.close()


def test_a_session_begins_with_a_clone_that_its_learner_node_goes_on_from(session):
    shown, cloned = [], []
    session.demonstrate(shown.append)
    start = session.clone(cloned.append)
    assert shown == [1] and cloned[-1] == 20
    steps = LogFollower(session.demonstrations_dir, spec_hash(session.task)).poll()
    assert len(steps) > 100 and steps[-1].terminated
    assert list((session.learner_dir / 'checkpoints').glob('step_*'))
    settings = json.loads((session.learner_dir / 'config.json').read_text())
    assert settings['config'] == yaml.safe_load(session.config_file.read_text())
    assert settings['config']['seed'] == 3
    assert start.version == session._training.store.current().version


def test_a_policy_that_never_drove_is_deployed_only_for_want_of_another(session):
    session.demonstrate(lambda _: None)
    start = session.clone(lambda _: None)
    session.log_dir.mkdir()
    assert session.deployed().version == start.version
    assert session.evidence.driven_s == 0.0
    assert session.deployed_file.is_file()


def test_evaluation_courses_are_none_of_those_driven(session):
    found = []
    session.demonstrate(lambda _: None)
    evaluated = session.evaluate('start', session.clone(lambda _: None), 2, found.append)
    assert found == [1, 2]
    assert [course.seed for course in evaluated.courses] == [
        EVALUATION_COURSES,
        EVALUATION_COURSES + 1,
    ]
    assert session.first_course > TRAINING_COURSES > EVALUATION_COURSES + 1000


class FakePolicy:
    def __init__(self, version):
        self.version = version


class FakeSession:
    """Frames nothing; calls what it was told to call in each of its phases."""

    cloning_steps, failure_reward, evidence = 1, 0.0, 'no evidence'

    def __init__(self, folder, task, goals, during=()):
        self.folder, self.task, self.goals, self.during = folder, task, goals, dict(during)
        self.log_dir, self.learner_dir = folder / 'log', folder / 'learner'
        self.demonstrations_dir, self.config_file = folder / 'demonstrations', folder / 'x.yaml'
        self.start_file, self.deployed_file = folder / 'start.onnx', folder / 'deployed.onnx'
        self.first_course = 7
        self.phases = []

    def go_through(self, phase):
        self.phases.append(phase)
        self.during.get(phase, lambda: None)()

    def demonstrate(self, advance):
        self.go_through('demonstrate')
        advance(1)

    def clone(self, advance):
        self.go_through('clone')
        advance(1)
        return FakePolicy('a' * 12)

    def evaluate(self, name, policy, episodes, advance):
        self.go_through(name)
        advance(1)
        reached = self.goals[name]
        outcomes = ('GOAL',) * reached + ('COLLISION',) * (3 - reached)
        return evaluated(name, policy.version, outcomes)

    def deployed(self):
        self.go_through('choose')
        return FakePolicy('b' * 12)


class FakeStack:
    """Starts nothing."""

    def __init__(self, session, died='', complete=True):
        self.session, self.died, self.complete = session, died, complete
        self.signals = Signals()

    def launch_command(self, *_):
        return []

    monitor_command = launch_command

    def drive(self, launch, monitor, log):
        log.write_text('policy_node: no such policy\n')
        self.session.log_dir.mkdir()
        self.session.go_through('drive')
        return self.died


OPTIONS = Options(1.0, 0.4, 1, 0.15, 0, 3)
PHASES = ('demonstrate', 'clone', 'start', 'drive', 'choose', 'deployed')


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def demo(task, tmp_path):
    def make(deployed=3, during=(), **stack):
        session = FakeSession(tmp_path, task, {'start': 1, 'deployed': deployed}, during)
        return Demo(FakeStack(session, **stack), session, OPTIONS)

    return make


def about(demo):
    return json.loads((demo.folder / 'session.json').read_text())


@pytest.mark.parametrize(('deployed', 'code'), [(3, 0), (2, 1)])
def test_it_succeeds_when_the_deployed_policy_reaches_the_goal_often_enough(demo, deployed, code):
    whole = demo(deployed)
    assert whole.run() == code
    assert whole.session.phases == [*PHASES]
    names = [(each.name, each.successes) for each in read_evaluations(whole.folder / EVALUATIONS)]
    assert names == [('start', 1), ('deployed', deployed)]
    assert (whole.folder / 'report.html').is_file()
    assert about(whole)['start'] == 'a' * 12 and about(whole)['deployed'] == 'b' * 12


@pytest.mark.parametrize('phase', [phase for phase in PHASES if phase != 'choose'])
def test_a_signal_ends_each_phase_and_what_was_driven_is_reported(demo, phase):
    stopped = demo(during={phase: stop})
    assert stopped.run() == 128 + signal.SIGTERM
    assert stopped.session.phases[-1] == phase
    assert about(stopped)['ended_because'] == 'stopped by SIGTERM'
    driven = phase in ('drive', 'deployed')
    assert (stopped.folder / 'report.html').is_file() is driven
    evaluations = stopped.folder / EVALUATIONS
    kept = [each.name for each in read_evaluations(evaluations)] if evaluations.exists() else []
    assert kept == (['start'] if driven else [])


def test_signals_act_again_once_it_is_over(demo):
    before = signal.getsignal(signal.SIGTERM)
    demo(during={'drive': stop}).run()
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ('stack', 'words'),
    [
        ({'died': 'the launch ended by itself', 'complete': False}, 'the launch ended by itself'),
        ({'complete': False}, 'cut short'),
    ],
)
def test_a_drive_that_ends_early_is_reported_and_no_success(demo, stack, words, capsys):
    early = demo(**stack)
    with pytest.raises(TakeoverError, match=f'{words}.*launch.log'):
        early.run()
    assert 'no such policy' in capsys.readouterr().err
    assert words in about(early)['ended_because']
    assert (early.folder / 'report.html').is_file()
    assert early.session.phases[-1] == 'drive'


def test_what_else_a_live_log_tells_does_not_hinder_the_choice(session):
    session.demonstrate(lambda _: None)
    start = session.clone(lambda _: None)
    steps = episode(1, start.version, taken_over_at=None)
    change = PolicyChange(steps[0].stamp_ns, start.version, 'start.onnx')
    end = EpisodeEnd(steps[-1].stamp_ns, 1, 0, 1, True, False, 1.5, 1.0)
    write_log(session.log_dir, session.task, [change, *steps, end])
    assert session.deployed().version == start.version
    assert session.evidence.driven_s == pytest.approx(1.5)
    assert session.evidence.goals == 1
