"""The table of `takeover log info`."""

import numpy as np
from rich.markup import escape
from rich.table import Table
from takeover.data.log_summary import LogSummary, together

SHOWN_VERSIONS = 3


def info_table(summaries: list[LogSummary]) -> Table:
    """Return a section for each file, and one for all when there are several."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow='fold')
    for summary in [*summaries, *([together(summaries)] if len(summaries) > 1 else [])]:
        for name, text in facts(summary).items():
            # Text from the file is never markup.
            table.add_row(name, escape(text), style='bold' if name == 'log' else None)
        table.add_section()
    return table


def facts(summary: LogSummary) -> dict[str, str]:
    """Return what there is to say about a log, in words."""
    undone = sum(episode.undone for episode in summary.driven_episodes)
    found = {
        'log': f'{summary.name}, {size(summary.size_bytes)}',
        'episodes': endings(summary) + (f'; {undone} taken back' if undone else ''),
        'steps': f'{len(summary.steps)} in {duration(summary.duration_s)}; {summary.gaps} gaps',
        'person': f'{summary.person_share:.0%} of driven steps; {summary.takeovers} take-overs',
        'labels': f'{summary.penalised} penalised steps',
        'policies': versions(summary),
    }
    if summary.pictured:
        found['pictures'] = pictures(summary)
    if summary.remarks:
        found['remarks'] = '; '.join(summary.remarks)
    return found


def endings(summary: LogSummary) -> str:
    """Return how many episodes there are, and how they ended."""
    outcomes = summary.outcomes
    words = [f'{count} {name.replace("_", " ")}' for name, count in outcomes.most_common()]
    total = sum(outcomes.values())
    return f'{total}: {", ".join(words)}' if total else '0'


def pictures(summary: LogSummary) -> str:
    """Return how many steps have pictures, and how old these were."""
    ages_ms, found = summary.frame_ages_ms, f'in {summary.pictured} of {len(summary.steps)} steps'
    if not len(ages_ms):
        return found
    p50, p99 = np.percentile(ages_ms, (50, 99))
    return f'{found}; age of the frame p50 {p50:.0f} ms, p99 {p99:.0f} ms'


def versions(summary: LogSummary) -> str:
    """Return the policies that drove; of many the first and the last."""
    found = [version or 'none' for version in summary.versions]
    if len(found) <= SHOWN_VERSIONS:
        return ', '.join(found)
    return f'{len(found)}: {found[0]} ... {found[-1]}'


def duration(seconds: float) -> str:
    """Return minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes}:{rest:02d} min'


def size(count: int) -> str:
    """Return bytes in a unit that fits."""
    for unit, one in (('GB', 1e9), ('MB', 1e6), ('kB', 1e3)):
        if count >= one:
            return f'{count / one:.1f} {unit}'
    return f'{count} B'
