"""`takeover policy`: look at policy files, prove that one may drive, go back to an older one."""

from pathlib import Path

from takeover.cli.policy_distill import distill
from takeover.cli.policy_list import list_store
from takeover.cli.policy_rollback import rollback
from takeover.errors import TakeoverError


def inspect(file: Path, /) -> None:
    """Show what a policy file is made for and where it comes from, without running it.

    Args:
        file: The policy bundle (.onnx).
    """
    from rich.console import Console
    from takeover.cli.policy_tables import action_table, feature_table, summary_table
    from takeover.policy.bundle import read_bundle

    bundle = read_bundle(file)
    console = Console()
    for table in (
        summary_table(bundle),
        feature_table(bundle.contract),
        action_table(bundle.contract),
    ):
        console.print(table)


def verify(file: Path, /, task: Path | None = None) -> int:
    """Run every check the policy node runs before a policy may drive; exit 1 when one fails.

    Args:
        file: The policy bundle (.onnx).
        task: The task file that will run; without it the contract is not compared.
    """
    from rich.console import Console
    from takeover.policy.verification import verify as run_checks

    console = Console(highlight=False)
    try:
        for check, detail in run_checks(file, task):
            console.print(f'[green]ok[/]      {check:<10}', end='')
            console.print(detail, markup=False, soft_wrap=True)
    except TakeoverError as error:
        console.print('[red]REFUSED[/] ', end='')
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    return 0


commands = {
    'distill': distill,
    'inspect': inspect,
    'list': list_store,
    'rollback': rollback,
    'verify': verify,
}
