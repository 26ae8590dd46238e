"""What is wrong with the parts of a stack, as they say it themselves in `/diagnostics`."""

MAX_PROBLEMS = 4


class Troubles:
    """The problems there are now, and since when there are errors among them."""

    def __init__(self) -> None:
        """Begin with a stack that is well."""
        self.problems: dict[str, str] = {}
        self.errors: dict[str, float] = {}

    def on_problem(self, component: str, problem: str, error: bool, now_s: float) -> None:
        """Take what is wrong with a component in words; '' when it is well again."""
        if problem and error:
            self.errors.setdefault(component, now_s)
        else:
            self.errors.pop(component, None)
        if problem:
            self.problems[component] = problem
        else:
            self.problems.pop(component, None)

    def lines(self) -> list[str]:
        """Return one line for each problem, errors first, a few at most."""
        worst_first = sorted(self.problems, key=lambda component: component not in self.errors)
        return [f'{component}: {self.problems[component]}' for component in worst_first][
            :MAX_PROBLEMS
        ]

    def failing_s(self, now_s: float) -> float:
        """Return for how long there has been an error; 0.0 when there is none."""
        return now_s - min(self.errors.values()) if self.errors else 0.0

    def why_still(self, otherwise: str) -> str:
        """Return in words what is known about why nothing moves; `otherwise` without problems."""
        return '; '.join(self.lines()) or otherwise


def standing(mode: str, mode_reason: str, gate: str, gate_reason: str) -> str:
    """Return in words how arbiter and gate stand."""
    return (
        f'mode {mode} ({mode_reason or "no reason given"}), '
        f'gate {gate} ({gate_reason or "no reason given"})'
    )
