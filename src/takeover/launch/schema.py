"""The tags and attributes that are read; anything else in a launch file is refused.

The whole file is checked before any of it is evaluated, so a misspelt attribute in a branch that
is switched off is found too.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches

from takeover.launch.document import Element, HINT, SubstitutionError
from takeover.launch.substitutions import check
from takeover.launch.template import parse_template
from takeover.launch.values import check_value

# How an attribute is read: with substitutions, as it stands, or as a literal of that type.
TEMPLATE, TEXT, BOOL, INTEGER, SECONDS, SHUTDOWN = (
    'template text bool integer seconds shutdown'.split()
)


@dataclass(frozen=True)
class Tag:
    """The attributes of a tag (name to kind), the required ones, and its children's schemas."""

    attributes: dict[str, str]
    required: tuple[str, ...] = ()
    children: dict[str, 'Tag'] = field(default_factory=dict)
    conditional: bool = True

    def kinds(self) -> dict[str, str]:
        conditions = {'if': TEMPLATE, 'unless': TEMPLATE} if self.conditional else {}
        return self.attributes | conditions


def _pair(first: str, second: str, kind: str = TEMPLATE) -> Tag:
    return Tag({first: kind, second: kind}, (first, second), conditional=False)


_PARAM_CHILDREN: dict[str, Tag] = {}
_NESTED_PARAM = Tag(
    {'name': TEMPLATE, 'value': TEXT, 'type': TEXT}, ('name',), _PARAM_CHILDREN, False
)
_PARAM_CHILDREN['param'] = _NESTED_PARAM

NODE = Tag(
    {
        'pkg': TEMPLATE,
        'exec': TEMPLATE,
        'name': TEMPLATE,
        'namespace': TEMPLATE,
        'args': TEMPLATE,
        'ros_args': TEMPLATE,
        'output': TEMPLATE,
        'cwd': TEMPLATE,
        'respawn': TEMPLATE,
        'respawn_delay': SECONDS,
        'respawn_max_retries': INTEGER,
        'on_exit': SHUTDOWN,
        'sigterm_timeout': SECONDS,
        'sigkill_timeout': SECONDS,
        'emulate_tty': BOOL,
    },
    ('pkg', 'exec'),
    {
        'param': Tag(
            {'name': TEMPLATE, 'value': TEXT, 'type': TEXT, 'from': TEMPLATE},
            (),
            _PARAM_CHILDREN,
            False,
        ),
        'remap': _pair('from', 'to'),
        'env': _pair('name', 'value'),
    },
)

ACTIONS: dict[str, Tag] = {
    'arg': Tag(
        {'name': TEXT, 'default': TEMPLATE, 'description': TEXT},
        ('name',),
        {'choice': Tag({'value': TEXT}, ('value',), conditional=False)},
    ),
    'let': Tag({'name': TEMPLATE, 'value': TEMPLATE}, ('name', 'value')),
    'include': Tag({'file': TEMPLATE}, ('file',), {'arg': _pair('name', 'value')}),
    'node': NODE,
    'set_env': Tag({'name': TEMPLATE, 'value': TEMPLATE}, ('name', 'value')),
    'unset_env': Tag({'name': TEMPLATE}, ('name',)),
    'set_parameter': Tag({'name': TEMPLATE, 'value': TEMPLATE}, ('name', 'value')),
    'push_ros_namespace': Tag({'namespace': TEMPLATE}, ('namespace',)),
    'push-ros-namespace': Tag({'namespace': TEMPLATE}, ('namespace',)),
    'log': Tag({'message': TEMPLATE}, ('message',)),
    'shutdown': Tag({'reason': TEMPLATE}),
}
ACTIONS['group'] = Tag(
    {'scoped': BOOL, 'forwarding': BOOL}, (), ACTIONS | {'keep': _pair('name', 'value')}
)
ACTIONS['group'].children['group'] = ACTIONS['group']
LAUNCH = Tag({}, (), ACTIONS, conditional=False)

_CONVERSIONS = {
    BOOL: {'true': True, '1': True, 'false': False, '0': False}.__getitem__,
    INTEGER: int,
    SECONDS: float,
}
_LEGAL = {
    BOOL: 'true or false',
    INTEGER: 'a whole number',
    SECONDS: 'a number of seconds, 0 or more',
}


def literal(element: Element, attribute: str, kind: str, default: object = None) -> object:
    """Return the value of an attribute that takes no substitutions."""
    if attribute not in element.attributes:
        return default
    text = element.attributes[attribute]
    try:
        value = _CONVERSIONS[kind](text.lower() if kind == BOOL else text)
    except (ValueError, KeyError):
        value = None
    if value is None or (kind == SECONDS and not 0.0 <= value < float('inf')):
        raise element.error(f"'{text}' is not {_LEGAL[kind]} (no substitutions here)", attribute)
    return value


def validate(element: Element, tag: Tag = LAUNCH) -> None:
    """Raise LaunchError for the first thing in `element` that is not in the schema `tag`."""
    kinds = tag.kinds()
    for name, text in element.attributes.items():
        if name not in kinds:
            raise element.error(f'attribute is {HINT}{_nearest(name, kinds)}', name)
        _validate_attribute(element, name, text, kinds[name])
    for name in tag.required:
        if name not in element.attributes:
            raise element.error(f"attribute '{name}' is missing")
    if 'if' in element.attributes and 'unless' in element.attributes:
        raise element.error('has both if and unless; use one')
    if element.tag == 'param':
        _validate_param(element)
    for child in element.children:
        if child.tag not in tag.children:
            raise child.error(
                f'this tag inside <{element.tag}> is {HINT}{_nearest(child.tag, tag.children)}'
            )
        validate(child, tag.children[child.tag])


def _validate_attribute(element: Element, name: str, text: str, kind: str) -> None:
    if kind == TEMPLATE:
        try:
            check(parse_template(text))
        except SubstitutionError as error:
            raise element.error(str(error), name) from None
    elif kind == SHUTDOWN:
        if text != 'shutdown':
            raise element.error(f"'{text}' is not 'shutdown', the only value there is", name)
    elif kind != TEXT:
        literal(element, name, kind)


def _validate_param(param: Element) -> None:
    given = {'from', 'name'} & set(param.attributes)
    if len(given) != 1:
        raise param.error('needs either name or from')
    if 'from' in given:
        if len(param.attributes) > 1 or param.children:
            raise param.error('from stands alone: no value, type or nested param')
    elif 'value' in param.attributes:
        if param.children:
            raise param.error('has both a value and nested params; use one')
        try:
            check_value(param.attributes['value'], param.attributes.get('type', 'yaml'))
        except SubstitutionError as error:
            raise param.error(str(error), 'value') from None
    elif not param.children or 'type' in param.attributes:
        raise param.error('needs a value, or nested params without a type')


def _nearest(name: str, known: dict) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ''
