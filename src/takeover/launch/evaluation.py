"""Evaluate a launch file, and the files it includes, into a plan.

Actions take effect in document order. An include does not open a scope: what it sets stays set for
the siblings that follow; a scoped group (the default) restores configurations, environment, pushed
namespace and parameters at its end.
"""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from takeover.errors import TakeoverError
from takeover.launch.arguments import load, required_arguments
from takeover.launch.document import Element, HINT, LaunchError
from takeover.launch.node import plan_node, tty_override
from takeover.launch.plan import LaunchPlan
from takeover.launch.schema import BOOL, literal
from takeover.launch.scope import Scope
from takeover.launch.substitutions import expand, is_true
from takeover.launch.template import unescape
from takeover.launch.values import global_value

ESCALATION_S = 5.0
# Configurations that the launch system itself reads.
_SYSTEM = ('sigterm_timeout', 'sigkill_timeout', 'emulate_tty')


def evaluate(
    path: Path, arguments: Mapping[str, str], environment: Mapping[str, str]
) -> LaunchPlan:
    """Return what the launch file comes to with these arguments; raises LaunchError."""
    evaluation = _Evaluation(path, environment)
    evaluation.file(path, dict(arguments))
    evaluation.finish(arguments)
    return evaluation.plan


class _Evaluation:
    """The walk over the actions; each method `_<tag>` performs one."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.scope = Scope(dict(environment), path.absolute().parent)
        self.plan = LaunchPlan()
        self.declared: set[str] = set()
        self.open_files: list[Path] = []

    def file(self, path: Path, arguments: Mapping[str, str]) -> None:
        """Perform a launch file after setting `arguments`."""
        path = path.absolute()
        if path in self.open_files:
            raise LaunchError(f'{path}: includes itself, through {self.open_files[-1]}')
        root = load(path)
        missing = [name for name in required_arguments(root) if name not in arguments]
        if missing:
            raise LaunchError(
                f"{path}: required argument '{missing[0]}' was not given "
                f'(given: {", ".join(arguments) or "none"})'
            )
        self.scope.configurations.update(arguments)
        self.open_files.append(path)
        self.scope.directory = self.scope.jazzy_directory = path.parent
        self.actions(root)
        self.open_files.pop()
        if self.open_files:
            self.scope.directory = self.open_files[-1].parent

    def actions(self, parent: Element) -> None:
        for element in parent.children:
            try:
                if self.enabled(element):
                    getattr(self, f'_{element.tag.replace("-", "_")}')(element)
            except LaunchError as error:
                raise self.located(error, element) from None
            except TakeoverError as error:
                raise element.error(str(error)) from None

    def located(self, error: LaunchError, element: Element) -> LaunchError:
        return error if type(error) is LaunchError else element.error(str(error))

    def enabled(self, element: Element) -> bool:
        if 'if' in element.attributes:
            return is_true(self.text(element, 'if'))
        if 'unless' in element.attributes:
            return not is_true(self.text(element, 'unless'))
        return True

    def text(self, element: Element, attribute: str) -> str:
        return expand(element.attributes[attribute], self.scope)

    def _arg(self, element: Element) -> None:
        name = unescape(element.attributes['name'])
        self.declared.add(name)
        configurations = self.scope.configurations
        if name not in configurations:
            if 'default' not in element.attributes:
                raise element.error(f"required argument '{name}' was not given")
            configurations[name] = self.text(element, 'default')
        choices = [unescape(choice.attributes['value']) for choice in element.children]
        if choices and configurations[name] not in choices:
            raise element.error(
                f"{name}:='{configurations[name]}' is not one of {', '.join(choices)}"
            )

    def _let(self, element: Element) -> None:
        self.scope.configurations[self.text(element, 'name')] = self.text(element, 'value')

    def _include(self, element: Element) -> None:
        path = Path(self.text(element, 'file'))
        if not path.is_file():
            raise element.error(f"launch file '{path}' does not exist", 'file')
        self.scope.jazzy_directory = path.absolute().parent
        given: dict[str, str] = {}
        for arg in element.children:
            # Set one by one, so that each may use those before it; they stay set, as after a let.
            name = self.text(arg, 'name')
            given[name] = self.scope.configurations[name] = self.text(arg, 'value')
        self.file(path, given)

    def _group(self, element: Element) -> None:
        scoped = literal(element, 'scoped', BOOL, True)
        forwarding = literal(element, 'forwarding', BOOL, True)
        if scoped:
            self.scope.push()
        if scoped and not forwarding:
            self.scope.reset_environment()
            self.scope.reset(
                {self.text(k, 'name'): self.text(k, 'value') for k in element.select('keep')}
            )
        else:
            for keep in element.select('keep'):
                self._let(keep)
        inner = [child for child in element.children if child.tag != 'keep']
        self.actions(replace(element, children=inner))
        if scoped:
            self.scope.pop()

    def _node(self, element: Element) -> None:
        if self.scope.configurations.get('launch-prefix'):
            raise element.error(f'the configuration launch-prefix is {HINT}')
        self.plan.processes.append(plan_node(element, self.scope, len(self.plan.processes) + 1))

    def _set_env(self, element: Element) -> None:
        self.scope.environment[self.text(element, 'name')] = self.text(element, 'value')

    def _unset_env(self, element: Element) -> None:
        self.scope.environment.pop(self.text(element, 'name'), None)

    def _set_parameter(self, element: Element) -> None:
        self.scope.set_parameter(
            self.text(element, 'name'), global_value(self.text(element, 'value'))
        )

    def _push_ros_namespace(self, element: Element) -> None:
        self.scope.push_namespace(self.text(element, 'namespace'))

    def _log(self, element: Element) -> None:
        self.plan.messages.append(self.text(element, 'message'))

    def _shutdown(self, element: Element) -> None:
        reason = (
            self.text(element, 'reason') if 'reason' in element.attributes else 'reason not given'
        )
        self.plan.shutdown_reason = self.plan.shutdown_reason or reason

    def finish(self, arguments: Mapping[str, str]) -> None:
        """Fill in what the final configurations decide; warn of undeclared arguments."""
        tty = tty_override(self.scope)
        sigterm, sigkill = self.seconds('sigterm_timeout'), self.seconds('sigkill_timeout')
        self.plan.processes = [
            replace(
                process,
                emulate_tty=process.emulate_tty if tty is None else tty,
                sigterm_timeout_s=sigterm
                if process.sigterm_timeout_s is None
                else process.sigterm_timeout_s,
                sigkill_timeout_s=sigkill
                if process.sigkill_timeout_s is None
                else process.sigkill_timeout_s,
            )
            for process in self.plan.processes
        ]
        for name in arguments:
            if name not in self.declared and name not in _SYSTEM:
                close = get_close_matches(name, self.declared, n=1)
                hint = f"; did you mean '{close[0]}'?" if close else ''
                self.plan.warnings.append(
                    f"argument '{name}' is not declared by any file read{hint}"
                )

    def seconds(self, name: str) -> float:
        text = self.scope.configurations.get(name, str(ESCALATION_S))
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0.0 <= value < float('inf'):
            raise LaunchError(f"{name}:='{text}' is not a number of seconds, 0 or more")
        return value
