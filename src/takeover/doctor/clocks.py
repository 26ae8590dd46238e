"""Whether the clocks of all hosts agree, as far as stamps tell.

A message cannot arrive before it was stamped. The least age that was seen is that of the message
that was quickest, so it is the offset of the two clocks plus a delay that is never negative: below
zero the other clock is ahead; constant and large it is behind, or the stamps are made too early.
Pictures are old when they come, so of them only the future is judged here.
"""

import statistics

from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts, TopicFacts
from takeover.doctor.needs import Need, sensor_needs
from takeover.doctor.setting import Setting

CHECK = 'clocks'
# What two clocks that are kept by NTP in one building may differ by. Chosen.
SLACK_S = 0.005
# Longer than any delay: stamps of another kind of time.
ANOTHER_TIME_S = 86400.0
# Ages that scatter by less than this share of the least one are an offset. Chosen.
CONSTANT = 0.5
_SYNCHRONISE = 'run chrony on both hosts, one as the server of the other; see `chronyc tracking`'


def check(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge the stamps of every topic that has a greatest age."""
    findings, well = [], []
    for need in sensor_needs(setting.task, setting.robot):
        facts = graph.topics[need.topic]
        if need.max_age_s is None or not facts.samples:
            continue
        problem = _judge(need, facts)
        if problem is None:
            well.append(f'{need.topic} {1e3 * min(facts.ages_s):.1f} ms')
        else:
            findings.append(problem)
    if well:
        findings.append(Finding(CHECK, Severity.OK, f'least ages: {", ".join(well)}'))
    if not findings:
        cause = 'nothing with a stamp was heard'
        remedy = 'start the robot, then look again'
        return [Finding(CHECK, Severity.INFO, 'clocks were not compared', cause, remedy)]
    return findings


def _judge(need: Need, facts: TopicFacts) -> Finding | None:
    return _stamps(facts) or _ahead(need, facts) or _behind(need, facts)


def _who(facts: TopicFacts) -> str:
    return ', '.join(sorted({publisher.node for publisher in facts.publishers})) or 'its publisher'


def _stamps(facts: TopicFacts) -> Finding | None:
    """Find stamps that say nothing."""
    stamps = {sample.stamp_ns for sample in facts.samples}
    if stamps == {0}:
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{facts.name}: every stamp is 0',
            f'{_who(facts)} does not stamp its messages; they count as endlessly old',
            'let the driver stamp each message with the time of the measurement',
        )
    if len(stamps) == 1 and len(facts.samples) > 2:
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{facts.name}: {len(facts.samples)} messages have the same stamp',
            f'{_who(facts)} repeats one measurement: a stalled driver',
            f'restart {_who(facts)}, look at its sensor',
        )
    middle_s = statistics.median(facts.ages_s)
    if abs(middle_s) > ANOTHER_TIME_S:
        return Finding(
            CHECK,
            Severity.ERROR,
            f'{facts.name}: stamps are {abs(middle_s) / ANOTHER_TIME_S:.0f} days off',
            'one side takes its time from /clock, the other from its own clock; or a clock was '
            'never set',
            'use_sim_time:=true for all nodes or for none (here: --use-sim-time); set the clock',
        )
    return None


def _ahead(need: Need, facts: TopicFacts) -> Finding | None:
    least_s, middle_s = min(facts.ages_s), statistics.median(facts.ages_s)
    if least_s >= -SLACK_S:
        return None
    refused = middle_s < -need.max_age_s
    return Finding(
        CHECK,
        Severity.ERROR if refused else Severity.WARNING,
        f'{facts.name}: stamped up to {-1e3 * least_s:.0f} ms in the future',
        f'the clock of the host of {_who(facts)} is ahead of ours by that at least'
        + ('; such messages are refused' if refused else ', which hides the age of its messages'),
        _SYNCHRONISE,
    )


def _behind(need: Need, facts: TopicFacts) -> Finding | None:
    least_s, middle_s = min(facts.ages_s), statistics.median(facts.ages_s)
    if need.kind == 'image' or least_s <= 0.5 * need.max_age_s:
        return None
    constant = middle_s - least_s < CONSTANT * least_s
    return Finding(
        CHECK,
        Severity.ERROR if middle_s > need.max_age_s else Severity.WARNING,
        f'{facts.name}: never younger than {1e3 * least_s:.0f} ms on arrival, of at most '
        f'{1e3 * need.max_age_s:.0f} ms',
        f'the clock of the host of {_who(facts)} is behind ours, or it stamps long before it sends'
        if constant
        else 'messages wait on their way: a slow link, or a queue in the driver',
        _SYNCHRONISE if constant else 'look at the link (ping); let the driver keep a queue of 1',
    )
