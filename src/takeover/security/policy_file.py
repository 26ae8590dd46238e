"""The policy file of SROS 2, schema 0.2.0: an enclave for each node, or one for all of them."""

from collections.abc import Mapping
from pathlib import Path
import re
from xml.etree import ElementTree

from takeover.errors import TakeoverError
from takeover.security.node_rights import NodeRights

VERSION = '0.2.0'
NAME = r'[A-Za-z_]\w*'
# What each set of rights becomes: the element of the list, of its entries, and the attribute.
KINDS = {
    'publishes': ('topics', 'topic', 'publish'),
    'subscribes': ('topics', 'topic', 'subscribe'),
    'serves': ('services', 'service', 'reply'),
    'calls': ('services', 'service', 'request'),
}


class SecurityError(TakeoverError):
    """A name that ROS does not take, or a file that cannot be written."""


def full_name(text: str, what: str) -> str:
    """Return `text` with one slash in front; '/' for an empty one.

    :raises SecurityError: it is not made of names that ROS takes.
    """
    parts = [part for part in text.split('/') if part]
    if not all(re.fullmatch(NAME, part, re.ASCII) for part in parts):
        raise SecurityError(
            f'{what} {text!r}: legal are letters, digits and underscores between slashes, '
            'no part beginning with a digit'
        )
    return '/' + '/'.join(parts)


def policy_document(
    nodes: Mapping[str, NodeRights], namespace: str = '', enclave: str = ''
) -> ElementTree.Element:
    """Return the policy element for nodes of one namespace.

    :param enclave: one for all nodes, as ROS_SECURITY_ENCLAVE_OVERRIDE names it; empty: one for
        each node, with its full name.
    :raises SecurityError: namespace or enclave is no legal name.
    """
    namespace = full_name(namespace, 'namespace')
    policy = ElementTree.Element('policy', version=VERSION)
    enclaves = ElementTree.SubElement(policy, 'enclaves')
    shared = _profiles(enclaves, full_name(enclave, 'enclave')) if enclave else None
    for name, rights in nodes.items():
        own = f'{namespace.rstrip("/")}/{name}'
        profiles = _profiles(enclaves, own) if shared is None else shared
        _add_profile(profiles, namespace, name, rights)
    ElementTree.indent(policy)
    return policy


def _profiles(enclaves: ElementTree.Element, path: str) -> ElementTree.Element:
    enclave = ElementTree.SubElement(enclaves, 'enclave', path=path)
    return ElementTree.SubElement(enclave, 'profiles')


def _add_profile(
    profiles: ElementTree.Element, namespace: str, name: str, rights: NodeRights
) -> None:
    profile = ElementTree.SubElement(profiles, 'profile', ns=namespace, node=name)
    for kind, (group, entry, qualifier) in KINDS.items():
        names = sorted(getattr(rights, kind))
        if names:
            listed = ElementTree.SubElement(profile, group, {qualifier: 'ALLOW'})
            for each in names:
                ElementTree.SubElement(listed, entry).text = each


def write_policy(policy: ElementTree.Element, path: Path) -> None:
    """Write the policy as XML.

    :raises SecurityError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(policy).write(path, encoding='UTF-8', xml_declaration=True)
    except OSError as error:
        raise SecurityError(f'{path} cannot be written: {error.strerror}') from error
