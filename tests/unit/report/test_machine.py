from takeover import __version__
from takeover.report.machine import describe_machine, git_commit


def test_the_machine_is_described_in_words():
    facts = describe_machine()
    assert facts['takeover'] == __version__
    assert int(facts['cores']) >= 1
    assert all(isinstance(value, str) and value for value in facts.values())


def test_outside_of_a_repository_there_is_no_commit(tmp_path):
    assert git_commit(tmp_path) == ''
