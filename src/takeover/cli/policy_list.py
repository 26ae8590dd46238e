"""`takeover policy list`: what a policy store holds."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from takeover.errors import TakeoverError

if TYPE_CHECKING:
    from rich.table import Table
    from takeover.policy.store import PolicyStore, StoredPolicy

# The provenance entries that say why a policy is there, the first one found.
WHY = ('evidence', 'reason', 'data')


def list_store(folder: Path, /) -> None:
    """Show the policies of a store, oldest first: version, when, updates, and why it is there.

    Args:
        folder: The store, a folder of policy bundles.
    """
    if not folder.is_dir():
        raise TakeoverError(f'{folder}: no such folder')
    from rich.console import Console
    from takeover.policy.store import PolicyStore

    Console().print(store_table(PolicyStore(folder)))


def store_table(store: 'PolicyStore') -> 'Table':
    """Return one row per policy; the texts in the files are foreign, so never markup."""
    from rich.markup import escape
    from rich.table import Table
    from takeover.cli.policy_tables import printable

    table = Table(title=f'policies in {escape(str(store.folder))}', title_justify='left')
    table.add_column('', no_wrap=True)
    for heading in ('number', 'version', 'when', 'updates'):
        justify = 'right' if heading in ('number', 'updates') else 'left'
        table.add_column(heading, justify=justify, no_wrap=True)
    table.add_column('why', overflow='fold')
    current, pinned = store.current(), store.pinned()
    for policy in store.policies():
        marks = [
            name for name, marked in (('current', current), ('pinned', pinned)) if policy == marked
        ]
        when, updates, why = (escape(printable(text)) for text in facts(policy))
        table.add_row(' '.join(marks), str(policy.counter), policy.version, when, updates, why)
    return table


def facts(policy: 'StoredPolicy') -> tuple[str, str, str]:
    """Return when a policy was made, after how many updates, and why, as its provenance says."""
    try:
        provenance = policy.bundle().provenance
    except TakeoverError as error:
        return '', '', str(error)
    why = next((provenance[key] for key in WHY if key in provenance), '')
    return (
        # To the second, UTC as all dates of a provenance; a narrow terminal needs the room.
        str(provenance.get('date', '')).removesuffix('+00:00'),
        str(provenance.get('updates', '')),
        why if isinstance(why, str) else json.dumps(why),
    )
