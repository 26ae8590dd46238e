"""Findings for people, worst first with a verdict as the last line; or as JSON."""

import json
from typing import TYPE_CHECKING

from takeover.doctor.finding import Finding, go, NAMES, Severity
from takeover.doctor.setting import Setting

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 'takeover.doctor/1'
_STYLES = {
    Severity.ERROR: 'bold red',
    Severity.WARNING: 'yellow',
    Severity.INFO: 'cyan',
    Severity.OK: 'green',
}


def ordered(findings: list[Finding]) -> list[Finding]:
    """Return the worst first; of equal ones in the order of the chain."""
    return sorted(findings, key=lambda each: (-each.severity, NAMES.index(each.check)))


def as_json(setting: Setting, namespace: str, findings: list[Finding]) -> str:
    """Return one JSON object of everything."""
    return json.dumps(
        {
            'format': FORMAT,
            'go': go(findings),
            'task': setting.task.task,
            'robot': setting.robot.robot,
            'namespace': namespace,
            'findings': [finding.plain() for finding in ordered(findings)],
        },
        indent=2,
    )


def verdict(findings: list[Finding]) -> str:
    """Return the last line."""
    counts = [
        f'{count} {severity.word}{"s" if count != 1 else ""}'
        for severity in (Severity.ERROR, Severity.WARNING)
        if (count := sum(finding.severity is severity for finding in findings))
    ]
    return f'{"go" if go(findings) else "no go"}: {", ".join(counts) or "nothing to mend"}'


def show(console: 'Console', setting: Setting, findings: list[Finding]) -> None:
    """Print the table and the verdict."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f'{setting.task.task} on {setting.robot.robot}', title_justify='left')
    table.add_column('')
    table.add_column('check', no_wrap=True)
    table.add_column('found', overflow='fold')
    for finding in ordered(findings):
        told = Text(finding.found)
        for name, text in (('cause', finding.cause), ('remedy', finding.remedy)):
            if text:
                told.append(f'\n{name}: ', style='dim').append(text)
        style = _STYLES[finding.severity]
        table.add_row(Text(finding.severity.word, style=style), finding.check, told)
    console.print(table)
    style = 'bold green' if go(findings) else 'bold red'
    console.print(Text(verdict(findings), style=style), soft_wrap=True)
