"""What a check has to say: how bad it is, what was found, why, and what helps."""

from dataclasses import dataclass
import enum
from typing import get_args, Literal

CheckName = Literal[
    'domain',
    'topics',
    'clocks',
    'images',
    'dds',
    'input',
    'policy',
    'controller',
    'disk',
    'cpu',
]
NAMES: tuple[str, ...] = get_args(CheckName)


class Severity(enum.IntEnum):
    """How much it matters; an error means: do not drive."""

    OK = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """Its name in small letters."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    """Name of the check, as in --only."""
    severity: Severity
    found: str
    cause: str = ''
    remedy: str = ''

    def plain(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {
            'check': self.check,
            'severity': self.severity.word,
            'found': self.found,
            'cause': self.cause,
            'remedy': self.remedy,
        }


def go(findings: list[Finding]) -> bool:
    """Whether nothing speaks against driving."""
    return all(finding.severity < Severity.ERROR for finding in findings)
