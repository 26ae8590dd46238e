"""All checks by name, in the order of the chain, and what becomes of those that need ROS."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from takeover.doctor import (
    bundle,
    clocks,
    controller,
    cpu,
    dds,
    disk,
    domain,
    images,
    input_device,
    topics,
)
from takeover.doctor.finding import Finding, NAMES, Severity
from takeover.doctor.graph import GraphFacts, GraphUnknown
from takeover.doctor.setting import Setting
from takeover.errors import TakeoverError

OF_GRAPH: Mapping[str, Callable[[Setting, GraphFacts], list[Finding]]] = {
    'domain': domain.check,
    'topics': topics.check,
    'clocks': clocks.check,
    'images': images.check,
    'input': input_device.check,
    'controller': controller.check,
}


def chosen(only: Sequence[str], skip: Sequence[str]) -> list[str]:
    """Return the names of the checks to run.

    :raises TakeoverError: none is left.
    """
    names = [name for name in NAMES if (not only or name in only) and name not in skip]
    if not names:
        raise TakeoverError(f'no check is left; --only and --skip choose from {", ".join(NAMES)}')
    return names


def run_checks(
    setting: Setting,
    names: Sequence[str],
    look: Callable[[], GraphFacts],
    show_progress: Callable[[], AbstractContextManager[Callable[[float], None]]],
) -> list[Finding]:
    """Run the checks of these names.

    :param look: measures the ROS graph; called once, and only when a check needs it. When it
        raises GraphUnknown, each check that needs the graph is a finding.
    :param show_progress: entered for the trial of the ticks; gives what hears the share done.
    """
    findings: list[Finding] = []
    if 'domain' in names:
        findings += domain.check_environment(setting)
    graph = None
    needing = [name for name in names if name in OF_GRAPH]
    if needing:
        try:
            graph = look()
        except GraphUnknown as unknown:
            findings += [
                Finding(name, Severity.ERROR, 'not checked', str(unknown), unknown.remedy)
                for name in needing
            ]
    for name in needing if graph is not None else ():
        findings += OF_GRAPH[name](setting, graph)
    if 'dds' in names:
        findings += dds.check(setting)
    if 'policy' in names:
        findings += bundle.check(setting)
    if 'disk' in names:
        findings += disk.check(setting, graph)
    if 'cpu' in names:
        with show_progress() as progress:
            findings += cpu.check(setting, progress)
    return findings
