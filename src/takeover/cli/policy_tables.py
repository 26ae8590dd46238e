"""Tables of `takeover policy inspect`."""

import json

from rich.markup import escape
from rich.table import Table
from takeover.policy.bundle import PolicyBundle
from takeover.specs import Contract


def summary_table(bundle: PolicyBundle) -> Table:
    """Return what the file is and where it comes from; its text is foreign, so never markup."""
    table = Table(title=f'policy {bundle.version}', title_justify='left', show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow='fold')
    rows = {
        'file': f'{bundle.path} ({len(bundle.model_bytes)} bytes)',
        'sha256': bundle.digest,
        'task': bundle.task,
        'rate': f'{bundle.contract.rate_hz:g} Hz',
        'spec hash': bundle.spec_hash,
        'parity vectors': str(len(bundle.parity.actions)),
    }
    for name, text in rows.items():
        table.add_row(name, escape(printable(text)))
    table.add_section()
    for name, value in bundle.provenance.items():
        text = value if isinstance(value, str) else json.dumps(value)
        table.add_row(escape(printable(name)), escape(printable(text)))
    return table


def feature_table(contract: Contract) -> Table:
    """Return the observation: each feature with its place in the vector, unit and bounds."""
    table = Table(title=f'observation, {contract.observation_size} numbers', title_justify='left')
    for heading in ('index', 'feature', 'kind', 'unit', 'low', 'high'):
        table.add_column(heading, justify='right' if heading in ('low', 'high') else 'left')
    start = 0
    for feature in contract.features:
        end = start + feature.size - 1
        table.add_row(
            f'{start}' if end == start else f'{start}-{end}',
            feature.name,
            feature.kind if feature.shape is None else f'{feature.kind} {list(feature.shape)}',
            feature.unit,
            f'{feature.low:g}',
            f'{feature.high:g}',
        )
        start = end + 1
    table.caption = 'from ' + ', '.join(
        f'{name}: {"latched" if spec.max_age_s is None else f"at most {spec.max_age_s:g} s old"}'
        for name, spec in contract.inputs.items()
    )
    return table


def action_table(contract: Contract) -> Table:
    """Return the action: each component with its unit and bounds."""
    frame = contract.action.frame
    table = Table(
        title=f'action, {contract.action.kind}' + (f' in {escape(frame)}' if frame else ''),
        title_justify='left',
    )
    for heading in ('component', 'unit', 'low', 'high'):
        table.add_column(heading, justify='right' if heading in ('low', 'high') else 'left')
    for component in contract.action.components:
        table.add_row(component.name, component.unit, f'{component.low:g}', f'{component.high:g}')
    return table


def printable(text: str) -> str:
    """Return the text without control characters, which could rewrite the terminal."""
    return ''.join(
        letter if letter.isprintable() else '\N{REPLACEMENT CHARACTER}' for letter in text
    )
