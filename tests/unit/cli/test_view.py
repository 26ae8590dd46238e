"""`takeover view`: what it refuses, what it shows of a log, and the node it starts."""

import sys

import pytest
from takeover.cli import view
from takeover.cli.main import main
from takeover.report import viewer
from tests.pictured_logs import pictured_steps, TASK_FILE, write_pictured_log

STEPS = pictured_steps(2)


class Shown:
    """A viewer that keeps what it is given, and writes a file when it has one."""

    where = 'nowhere'

    def __init__(self, layout, target):
        self.layout, self.target, self.entries, self.closed = layout, target, [], False

    def show(self, entries):
        """Keep them."""
        self.entries += entries

    def close(self):
        """Write the file."""
        self.closed = True
        if self.target.save:
            with open(self.target.save, 'w') as file:
                file.write('whole')


@pytest.fixture
def opened(monkeypatch):
    """Return the viewers that were opened."""
    found = []

    def open_viewer(layout, target):
        found.append(Shown(layout, target))
        return found[-1]

    monkeypatch.setattr(viewer, 'open_viewer', open_viewer)
    return found


@pytest.fixture
def folder(tmp_path):
    return write_pictured_log(tmp_path / 'logs', STEPS)


def test_a_log_is_shown_whole_with_the_names_of_its_task(folder, opened, capsys):
    assert main(['view', '--log', str(folder)]) == 0
    (shown,) = opened
    assert shown.closed and shown.target == viewer.Target()
    rewards = [entry for entry in shown.entries if entry.path == 'reward']
    assert [entry.time_ns for entry in rewards] == [step.stamp_ns for step in STEPS]
    assert {entry.path for entry in shown.entries} >= {'sees/forward', 'command/linear.x/robot'}
    assert f'{len(STEPS)} steps, nowhere' in capsys.readouterr().out


def test_a_saved_log_is_whole_under_its_name_or_not_there(folder, opened, tmp_path, monkeypatch):
    out = tmp_path / 'a.rrd'
    assert main(['view', '--log', str(folder), '--save', str(out)]) == 0
    assert out.read_text() == 'whole'
    out.write_text('before')

    def interrupted(self, entries):
        raise KeyboardInterrupt

    monkeypatch.setattr(Shown, 'show', interrupted)
    assert main(['view', '--log', str(folder), '--save', str(out)]) == 130
    assert out.read_text() == 'before'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.rrd', 'logs']


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--save', 'a.mp4'], 'ends in .rrd'),
        (['--web', '--connect', 'rerun+http://a:1/proxy'], 'exclude each other'),
        (['--domain', '233'], 'must be 0 to 232'),
        (['--log', 'nothing', '--domain', '3'], 'leave it out with --log'),
        (['--log', 'nothing'], 'nothing: is not there'),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(words, said, capsys):
    assert main(['view', *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize('live', [True, False])
def test_without_rerun_a_sentence_says_how_to_install_it(folder, live, monkeypatch, capsys):
    monkeypatch.setattr(viewer.importlib.util, 'find_spec', lambda name: None)
    assert main(['view'] if live else ['view', '--log', str(folder)]) == 2
    said = capsys.readouterr().err
    assert 'pip install -r requirements/view.in' in said and said.count('\n') == 1


def test_live_a_node_is_started_in_the_domain_and_namespace_of_the_robot(tmp_path, monkeypatch):
    program = tmp_path / 'node'
    program.write_text(
        f'#!{sys.executable}\nimport os, sys\n'
        f'open({str(tmp_path / "heard")!r}, "w").write('
        'repr([sys.argv[1:], os.environ["ROS_DOMAIN_ID"]]))\nsys.exit(3)\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(viewer, 'require_rerun', lambda: None)
    prefix = tmp_path / 'prefix' / 'lib' / 'takeover_nodes'
    prefix.mkdir(parents=True)
    program.rename(prefix / view.PROGRAM)
    monkeypatch.setattr('takeover.workspace.package_prefix', lambda *_: tmp_path / 'prefix')
    words = [
        '--namespace',
        '/left/',
        '--domain',
        '42',
        '--task',
        str(TASK_FILE),
        '--save',
        'a.rrd',
    ]
    monkeypatch.chdir(tmp_path)
    assert main(['view', *words]) == 3
    task = f"task_file:='{TASK_FILE}'"
    save = f"save:='{tmp_path / 'a.rrd'}'"
    assert (tmp_path / 'heard').read_text() == repr(
        [['--ros-args', '-p', task, '-p', save, '-r', '__ns:=/left'], '42']
    )


def test_a_task_may_be_given_by_its_name(monkeypatch):
    started = []
    monkeypatch.setattr(view, 'watch', lambda *given: started.append(given) or 0)
    assert main(['view', '--task', 'rover_lane']) == 0
    ((parameters, namespace, domain),) = started
    assert parameters['task_file'].samefile(TASK_FILE)
    assert (list(parameters), namespace, domain) == (['task_file'], '', None)
