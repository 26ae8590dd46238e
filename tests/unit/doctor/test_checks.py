"""Which checks run, and that none is left out in silence."""

import contextlib

import pytest
from takeover.doctor.checks import chosen, OF_GRAPH, run_checks
from takeover.doctor.finding import Finding, go, NAMES, Severity
from takeover.doctor.graph import GraphUnknown
from takeover.doctor.report import as_json, ordered, verdict
from takeover.errors import TakeoverError
from tests.unit.doctor.healthy import graph_of, setting_of


@contextlib.contextmanager
def no_bar():
    yield lambda share: None


def run(names, look, **setting):
    return run_checks(setting_of(**setting), names, look, no_bar)


def never():
    raise AssertionError('the graph was looked at')


def without_ros():
    raise GraphUnknown('takeover_nodes not built', 'run `make setup`')


def test_only_and_skip_choose():
    assert chosen((), ()) == list(NAMES)
    assert chosen(('cpu', 'dds'), ()) == ['dds', 'cpu']
    assert chosen(('cpu', 'dds'), ('cpu',)) == ['dds']
    with pytest.raises(TakeoverError, match='no check is left'):
        chosen(('cpu',), ('cpu',))


@pytest.mark.parametrize('name', NAMES)
def test_every_check_says_something(name, tmp_path):
    setting = setting_of(record=tmp_path)
    findings = run_checks(setting, [name], lambda: graph_of(setting), no_bar)
    assert findings and {finding.check for finding in findings} == {name}


def test_without_ros_every_check_that_needs_it_is_an_error_with_the_remedy():
    findings = run(list(OF_GRAPH), without_ros)
    lost = [finding for finding in findings if finding.found == 'not checked']
    assert [finding.check for finding in lost] == list(OF_GRAPH)
    assert {finding.severity for finding in lost} == {Severity.ERROR}
    assert all('make setup' in finding.remedy for finding in lost)
    assert not go(findings)


def test_without_ros_the_others_run():
    findings = run(['dds', 'policy', 'disk'], never)
    assert go(findings) and len(findings) >= 3


def test_the_graph_is_looked_at_once():
    looked, setting = [], setting_of()

    def look():
        looked.append(True)
        return graph_of(setting)

    assert go(run_checks(setting, list(OF_GRAPH), look, no_bar))
    assert looked == [True]


def finding(check, severity):
    return Finding(check, severity, 'found', 'cause', 'remedy')


def test_the_worst_comes_first_and_equals_in_the_order_of_the_chain():
    shuffled = [
        finding('cpu', Severity.OK),
        finding('disk', Severity.ERROR),
        finding('domain', Severity.OK),
        finding('topics', Severity.ERROR),
    ]
    assert [f.check for f in ordered(shuffled)] == ['topics', 'disk', 'domain', 'cpu']


@pytest.mark.parametrize(
    ('severities', 'text'),
    [((Severity.OK, Severity.INFO), 'go: nothing to mend'),
     ((Severity.WARNING,), 'go: 1 warning'),
     ((Severity.ERROR, Severity.ERROR, Severity.WARNING), 'no go: 2 errors, 1 warning')],
)  # fmt: skip
def test_the_verdict_counts(severities, text):
    assert verdict([finding('cpu', severity) for severity in severities]) == text


def test_json_has_everything():
    text = as_json(setting_of(), 'left', [finding('cpu', Severity.ERROR)])
    for part in ('"go": false', '"rover_path"', '"left"', '"severity": "error"', '"remedy"'):
        assert part in text
