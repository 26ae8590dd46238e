"""Whether pictures are fresh when they arrive, and whether they are pictures of now."""

import itertools

import numpy as np
from takeover.camera.frame_check import FROZEN_FRAMES
from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts, TopicFacts
from takeover.doctor.needs import Need, sensor_needs
from takeover.doctor.setting import Setting

CHECK = 'images'
# Up to a tick passes between arrival and use; beyond this share of max_age_s is too near. Chosen.
NEAR = 0.8


def check(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge the age and the content of each picture topic of the task."""
    needs = [need for need in sensor_needs(setting.task, setting.robot) if need.kind == 'image']
    if not needs:
        return [Finding(CHECK, Severity.OK, f'the task {setting.task.task} sees no pictures')]
    findings = []
    for need in needs:
        facts = graph.topics[need.topic]
        if not facts.samples:
            cause = 'its topic is not there or silent: see topics'
            found = f'{facts.name}: no picture was heard'
            remedy = 'start the camera, then look again'
            findings.append(Finding(CHECK, Severity.ERROR, found, cause, remedy))
            continue
        findings.append(_frozen(facts, graph) or _age(need, facts))
    return findings


def _frozen(facts: TopicFacts, graph: GraphFacts) -> Finding | None:
    digests = [sample.digest for sample in facts.samples]
    longest = max(len(list(run)) for _, run in itertools.groupby(digests))
    if longest < FROZEN_FRAMES:
        return None
    found = f'{facts.name}: {longest} pictures in a row are the same to the last bit'
    if graph.simulated:
        cause = 'a simulated world that stands still looks the same; so does a stalled camera'
        remedy = 'nothing, while the simulated robot stands; else restart the camera node'
        return Finding(CHECK, Severity.INFO, found, cause, remedy)
    return Finding(
        CHECK,
        Severity.ERROR,
        found,
        'a sensor has noise, so the same picture is sent again and again: the camera has stalled',
        'plug the camera in again (another USB port, a shorter cable), restart its node',
    )


def _age(need: Need, facts: TopicFacts) -> Finding:
    middle_s, late_s = np.percentile(facts.ages_s, [50.0, 95.0])
    told = (
        f'{facts.name}: {1e3 * middle_s:.0f} ms old on arrival, 1 in 20 older than '
        f'{1e3 * late_s:.0f} ms; allowed {1e3 * need.max_age_s:.0f} ms'
    )
    remedy = (
        'resize where the camera is (camera.launch.xml task:=TASK), fewer pixels, a queue of 1, '
        'a cable; compare clocks'
    )
    if middle_s > need.max_age_s:
        cause = 'exposure, driver and network take longer than the task allows'
        return Finding(CHECK, Severity.ERROR, told, cause, remedy)
    if late_s > NEAR * need.max_age_s:
        cause = 'some will be too old by the tick that uses them'
        return Finding(CHECK, Severity.WARNING, told, cause, remedy)
    return Finding(CHECK, Severity.OK, told)
