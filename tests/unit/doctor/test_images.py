"""Pictures: fresh, and of now."""

import pytest
from takeover.doctor.finding import Severity
from takeover.doctor.images import check
from tests.unit.doctor.healthy import changed, graph_of, REAL_NODES, samples, setting_of, topics_of

TOPIC = 'camera/resize/image_raw'


def judged(said, nodes=REAL_NODES):
    setting = setting_of('rover_lane')
    facts = changed(topics_of(setting)[TOPIC], samples=said)
    (finding,) = check(setting, graph_of(setting, topics={TOPIC: facts}, nodes=nodes))
    return finding


def test_fresh_pictures_are_well():
    assert judged(samples(age_s=0.04)).severity is Severity.OK


@pytest.mark.parametrize(('age_s', 'severity'), [(0.14, Severity.WARNING), (0.2, Severity.ERROR)])
def test_old_pictures_are_told_with_what_is_allowed(age_s, severity):
    finding = judged(samples(age_s=age_s))
    assert finding.severity is severity
    assert f'{1e3 * age_s:.0f} ms' in finding.found and 'allowed 150 ms' in finding.found


def frozen():
    return tuple(s.model_copy(update={'digest': 'same'}) for s in samples())


def test_the_same_picture_again_and_again_is_a_stalled_camera():
    finding = judged(frozen())
    assert finding.severity is Severity.ERROR and 'stalled' in finding.cause


def test_a_picture_sent_twice_is_not_yet_a_stalled_camera():
    said = samples()
    twice = (said[0], said[1].model_copy(update={'digest': said[0].digest}), *said[2:])
    assert judged(twice).severity is Severity.OK


def test_a_simulated_world_may_stand_still():
    assert judged(frozen(), ('/sim_node',)).severity is Severity.INFO


def test_no_picture_is_an_error():
    assert judged(()).severity is Severity.ERROR


def test_a_task_without_pictures_has_none_to_judge():
    setting = setting_of()
    (finding,) = check(setting, graph_of(setting))
    assert finding.severity is Severity.OK and 'no pictures' in finding.found
