"""Reads a policy file of SROS 2 as its tools do (sros2, package of ROS 2 Jazzy, schema 0.2.0)."""

from typing import NamedTuple
import xml.etree.ElementTree as ElementTree

# Of each element: the children it may have, and the attributes it must and may have.
STRUCTURE = {
    'policy': ({'enclaves'}, {'version'}, set()),
    'enclaves': ({'enclave'}, set(), set()),
    'enclave': ({'profiles'}, {'path'}, set()),
    'profiles': ({'profile'}, set(), {'type'}),
    'profile': ({'topics', 'services', 'actions'}, {'ns', 'node'}, set()),
    'topics': ({'topic'}, set(), {'publish', 'subscribe'}),
    'services': ({'service'}, set(), {'reply', 'request'}),
    'topic': (set(), set(), set()),
    'service': (set(), set(), set()),
}


class Grant(NamedTuple):
    """One thing that one node may do."""

    node: str
    right: str
    name: str


def assert_is_policy(root: ElementTree.Element) -> None:
    """Fail where the document is not one that the schema allows."""
    assert root.tag == 'policy'
    assert root.get('version') == '0.2.0'
    for element in root.iter():
        children, required, optional = STRUCTURE[element.tag]
        assert {child.tag for child in element} <= children, element.tag
        assert required <= set(element.attrib) <= required | optional, element.attrib
        assert children == set() or len(element), f'{element.tag} is empty'
        if element.tag in ('topics', 'services'):
            assert set(element.attrib.values()) == {'ALLOW'}
        if not children:
            assert element.text.strip(), element.tag


def grants(root: ElementTree.Element) -> set[Grant]:
    """Return everything that is allowed, with full names."""
    return {
        Grant(node, right, full_name(entry.text, profile.get('ns'), profile.get('node')))
        for profile in root.iter('profile')
        for node in [full_name(profile.get('node'), profile.get('ns'), '')]
        for group in profile
        for right in group.attrib
        for entry in group
    }


def full_name(name: str, namespace: str, node: str) -> str:
    """Return a name as ROS resolves it."""
    prefix = namespace.rstrip('/')
    if name.startswith('/'):
        return name
    if name.startswith('~/'):
        return f'{prefix}/{node}/{name[2:]}'
    return f'{prefix}/{name}'
