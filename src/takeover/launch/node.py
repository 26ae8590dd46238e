"""From a `<node>` tag to a process: command line, parameters, environment."""

import os
from pathlib import Path
import shlex
import shutil

from takeover.launch.document import Element, SubstitutionError
from takeover.launch.plan import ParameterBlock, ProcessPlan
from takeover.launch.schema import BOOL, INTEGER, literal, SECONDS
from takeover.launch.scope import (
    absolute,
    join_namespace,
    NAMESPACE,
    Scope,
    validate_namespace,
    validate_node_name,
)
from takeover.launch.substitutions import expand, is_true, to_bool
from takeover.launch.template import parse_template
from takeover.launch.values import parameter_value
from takeover.workspace import package_prefix

OUTPUTS = ('screen', 'log', 'both')


def plan_node(node: Element, scope: Scope, number: int) -> ProcessPlan:
    """Return the process of a `<node>`, the `number`-th of this launch; raises LaunchError."""
    executable = _executable(node, scope)
    name, namespace = _name(node, scope), _namespace(node, scope)
    argv: list[str | ParameterBlock] = [executable, *_words(node, 'args', scope)]
    if 'ros_args' in node.attributes:
        argv += ['--ros-args', *_words(node, 'ros_args', scope)]
    argv.append('--ros-args')
    if name is not None:
        argv += ['-r', f'__node:={name}']
    if namespace is not None:
        argv += ['-r', f'__ns:={namespace}']
    for parameter, value in scope.parameters.items:
        argv += ['-p', f'{parameter}:={value}']
    known = name is not None and namespace is not None
    key = f'{namespace.rstrip("/")}/{name}' if known else '/**'
    for param in node.select('param'):
        argv += ['--params-file', _parameters(param, scope, key)]
    for remap in node.select('remap'):
        argv += ['-r', f'{_text(remap, "from", scope)}:={_text(remap, "to", scope)}']
    return ProcessPlan(
        name=f'{os.path.basename(executable)}-{number}',
        argv=tuple(argv),
        environment=_environment(node, scope),
        cwd=_text(node, 'cwd', scope) if 'cwd' in node.attributes else None,
        output=_output(node, scope),
        respawn=_respawn(node, scope),
        respawn_delay_s=literal(node, 'respawn_delay', SECONDS, 0.0),
        respawn_max_retries=literal(node, 'respawn_max_retries', INTEGER, -1),
        required='on_exit' in node.attributes,
        sigterm_timeout_s=literal(node, 'sigterm_timeout', SECONDS),
        sigkill_timeout_s=literal(node, 'sigkill_timeout', SECONDS),
        emulate_tty=literal(node, 'emulate_tty', BOOL, False),
    )


def _text(element: Element, attribute: str, scope: Scope) -> str:
    return expand(element.attributes[attribute], scope)


def _executable(node: Element, scope: Scope) -> str:
    package, name = _text(node, 'pkg', scope), _text(node, 'exec', scope)
    folder = package_prefix(package, scope.environment) / 'lib' / package
    found = shutil.which(name, path=str(folder))
    if found is None:
        offered = sorted(file.name for file in folder.glob('*') if os.access(file, os.X_OK))
        raise node.error(
            f"no executable '{name}' in {folder}; it holds {', '.join(offered) or 'none'}", 'exec'
        )
    return found


def _name(node: Element, scope: Scope) -> str | None:
    if 'name' not in node.attributes:
        return None
    return validate_node_name(_text(node, 'name', scope))


def _namespace(node: Element, scope: Scope) -> str | None:
    own = _text(node, 'namespace', scope) if 'namespace' in node.attributes else None
    namespace = absolute(join_namespace(scope.configurations.get(NAMESPACE), own))
    return None if namespace is None else validate_namespace(namespace)


def _words(node: Element, attribute: str, scope: Scope) -> list[str]:
    """Split a command line at the spaces of its literal text, never inside a substitution.

    A space in front of a leading substitution, or between two texts that are empty, yields an
    empty word, as it does in `launch`.
    """
    if attribute not in node.attributes:
        return []
    words: list[str] = []
    current: list[str] = []

    def finish() -> None:
        words.append(''.join(current))
        current.clear()

    for piece in parse_template(node.attributes[attribute]):
        if not isinstance(piece, str):
            current.append(expand((piece,), scope))
            continue
        try:
            tokens = shlex.split(piece)
        except ValueError as error:
            raise node.error(
                f'{error} in {piece!r}: a quote cannot hold a substitution', attribute
            ) from None
        if not tokens:
            finish()
            continue
        if piece[0].isspace() and current:
            finish()
        for token in tokens[:-1]:
            current.append(token)
            finish()
        current.append(tokens[-1])
        if piece[-1].isspace():
            finish()
    if current:
        finish()
    return words


def _parameters(param: Element, scope: Scope, key: str) -> str | ParameterBlock:
    if 'from' not in param.attributes:
        return ParameterBlock(key, dict(_flatten(param, scope, '')))
    path = _text(param, 'from', scope)
    if not Path(path).is_file():
        raise param.error(
            f"parameter file '{path}' does not exist (`ros2 launch` would warn and start "
            'the node without it)',
            'from',
        )
    return path


def _flatten(param: Element, scope: Scope, prefix: str) -> list[tuple[str, object]]:
    """Return dotted names and values of a param and those nested in it."""
    name = prefix + _text(param, 'name', scope)
    if param.children:
        return [item for child in param.children for item in _flatten(child, scope, f'{name}.')]
    try:
        value = parameter_value(
            param.attributes['value'], param.attributes.get('type', 'yaml'), scope
        )
    except SubstitutionError as error:
        raise param.error(str(error), 'value') from None
    return [(name, value)]


def _environment(node: Element, scope: Scope) -> dict[str, str]:
    own = {_text(env, 'name', scope): _text(env, 'value', scope) for env in node.select('env')}
    return scope.environment | own


def _output(node: Element, scope: Scope) -> str:
    chosen = scope.environment.get('OVERRIDE_LAUNCH_PROCESS_OUTPUT') or expand(
        node.attributes.get('output', 'log'), scope
    )
    if chosen not in OUTPUTS:
        raise node.error(f"'{chosen}' is not one of {', '.join(OUTPUTS)}", 'output')
    return chosen


def _respawn(node: Element, scope: Scope) -> bool:
    return to_bool(_text(node, 'respawn', scope)) if 'respawn' in node.attributes else False


def tty_override(scope: Scope) -> bool | None:
    """Return what the configuration `emulate_tty` says for all processes, if it is set."""
    text = scope.configurations.get('emulate_tty')
    return None if text is None else is_true(text)
