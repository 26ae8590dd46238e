"""Whether every topic the task needs is there, can be heard, and comes often enough."""

from takeover.doctor.finding import Finding, Severity
from takeover.doctor.graph import GraphFacts, TopicFacts
from takeover.doctor.needs import GATE, MESSAGE_TYPES, Need, sensor_needs
from takeover.doctor.setting import Setting

CHECK = 'topics'
_MADE_BY_GATE = ('tool_state',)


def check(setting: Setting, graph: GraphFacts) -> list[Finding]:
    """Judge each topic on its own; of each the first thing that is wrong with it is said."""
    needs = sensor_needs(setting.task, setting.robot)
    return _absent(needs, graph) + [
        _unlike(need, facts)
        or _silent(need, facts, graph)
        or _of_another_frame(need, facts)
        or _rate(need, facts, setting, graph)
        for need in needs
        if (facts := graph.topics[need.topic]).publishers
    ]


def _absent(needs: tuple[Need, ...], graph: GraphFacts) -> list[Finding]:
    """Say once for all topics of a kind that nobody publishes them."""
    absent: dict[tuple[Severity, str, str], list[str]] = {}
    for need in needs:
        facts = graph.topics[need.topic]
        if not facts.publishers:
            absent.setdefault(_why_absent(need, graph), []).append(facts.name)
    return [
        Finding(
            CHECK, severity, f'{", ".join(names)}: needed, and nobody publishes', cause, remedy
        )
        for (severity, cause, remedy), names in absent.items()
    ]


def _why_absent(need: Need, graph: GraphFacts) -> tuple[Severity, str, str]:
    """Return how bad it is, the cause, and the remedy."""
    if need.kind in _MADE_BY_GATE and not graph.has(GATE):
        return (
            Severity.INFO,
            f'{GATE} makes it, and does not run yet',
            'look again after control.launch.xml was started',
        )
    if need.kind in _MADE_BY_GATE:
        return (
            Severity.ERROR,
            f'{GATE} makes it, and is not configured',
            f'look at the log of {GATE}; the lifecycle manager brings it up',
        )
    if need.kind == 'image':
        return (
            Severity.ERROR,
            'the camera is not started, or its topic has another name',
            'takeover launch camera.launch.xml task:=TASK cameras:=FILE, then look again',
        )
    return (
        Severity.ERROR,
        'the robot is not started, is in another namespace or domain, or its topics have other '
        'names',
        'start its driver (simulated: takeover launch robot_sim.launch.xml task:=TASK); compare '
        '--namespace and ROS_DOMAIN_ID; other names: --remap here, NAME_topic:= at the launch',
    )


def _unlike(need: Need, facts: TopicFacts) -> Finding | None:
    """Find a publisher that cannot be heard, or one too many."""
    needed = MESSAGE_TYPES[need.kind]
    for publisher in facts.publishers:
        if publisher.type != needed:
            return Finding(
                CHECK,
                Severity.ERROR,
                f'{facts.name}: {publisher.node} publishes {publisher.type}',
                f'{need.by} takes {needed}; a topic of another type is not heard',
                f'have {publisher.node} publish {needed}, or remap it to another topic',
            )
        if publisher.misfit:
            return Finding(
                CHECK,
                Severity.ERROR,
                f'{facts.name}: {need.by} does not hear {publisher.node}',
                f'quality of service: {publisher.misfit}',
                f'let {publisher.node} offer at least what is requested (ros2 topic info -v)',
            )
    if len(facts.publishers) > 1:
        nodes = ', '.join(sorted(publisher.node for publisher in facts.publishers))
        return Finding(
            CHECK,
            Severity.WARNING,
            f'{facts.name} has {len(facts.publishers)} publishers: {nodes}',
            'their messages mix; older stamps are refused',
            'end all but one of them',
        )
    return None


def _silent(need: Need, facts: TopicFacts, graph: GraphFacts) -> Finding | None:
    if facts.samples:
        return None
    (publisher,) = facts.publishers
    latched = need.max_age_s is None
    cause = (
        'nothing was published yet, or the network drops it'
        if latched
        else 'its sensor gives nothing, it is not active (lifecycle), or packets are lost'
    )
    return Finding(
        CHECK,
        Severity.ERROR,
        f'{facts.name}: {publisher.node} was silent for {graph.measured_s:.1f} s',
        cause,
        f'look at the log of {publisher.node} and at /diagnostics; then at the network',
    )


def _of_another_frame(need: Need, facts: TopicFacts) -> Finding | None:
    others = sorted({sample.frame for sample in facts.samples} - {need.frame})
    if need.frame is None or not others:
        return None
    return Finding(
        CHECK,
        Severity.ERROR,
        f'{facts.name}: frame_id is {others[0]!r}',
        f'the task needs {need.frame!r} and refuses all others',
        f'set the frame in the driver, or inputs.{need.topic}.frame in the task file',
    )


def _rate(need: Need, facts: TopicFacts, setting: Setting, graph: GraphFacts) -> Finding:
    if need.max_age_s is None:
        return Finding(CHECK, Severity.OK, f'{facts.name}: there, and heard')
    rate_hz, gap_s = facts.rate_hz, facts.longest_gap_s(graph.end_s)
    needed_hz = 1.0 / need.max_age_s
    told = f'{facts.name}: {rate_hz:.1f} Hz, longest pause {1e3 * gap_s:.0f} ms'
    allowed = f'at most {1e3 * need.max_age_s:.0f} ms (max_age_s) may pass between two'
    if rate_hz < needed_hz:
        return Finding(
            CHECK,
            Severity.ERROR,
            told,
            f'{allowed}: {needed_hz:.1f} Hz or more; ticks will have no observation',
            'raise the rate of the driver; look for lost packets (wireless, rmem_max) and load',
        )
    if gap_s > need.max_age_s:
        return Finding(
            CHECK,
            Severity.WARNING,
            told,
            f'{allowed}; ticks in such a pause have no observation',
            'a busy machine or network: take load off it, raise the rate of the driver',
        )
    if rate_hz < 0.9 * setting.task.rate_hz and need.topic in setting.task.inputs:
        return Finding(
            CHECK,
            Severity.INFO,
            told,
            f'slower than the policy ({setting.task.rate_hz:g} Hz), which sees some twice',
            'nothing has to be done; a faster sensor gives quicker reactions',
        )
    return Finding(CHECK, Severity.OK, told)
