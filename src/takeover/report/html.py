"""From a template and what is to be said in it to a page: one file, pictures inside."""

import base64
from collections.abc import Mapping
import importlib.resources
import os
from pathlib import Path
from typing import Any

PAGE = 'report.html'
# Word and class of each way an episode can end.
OUTCOMES = {
    'goal': ('goal', 'good'),
    'collision': ('collision', 'bad'),
    'off_path': ('left the corridor', 'bad'),
    'time_limit': ('time limit', 'fair'),
    'aborted': ('aborted', 'fair'),
    'running': ('running', 'fair'),
}


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a page; templates are those of this package, a name that is not given is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(values)


def write_page(folder: Path, page: str) -> Path:
    """Write report.html into a folder that is there; what was there stays until it is whole.

    :return: the path of report.html.
    :raises OSError: the disk says no.
    """
    path = folder / PAGE
    unfinished = path.with_name(path.name + '.tmp')
    unfinished.write_text(page, encoding='utf-8')
    os.replace(unfinished, path)
    return path


def image(png: bytes) -> str:
    """Return a PNG as the address of an <img>."""
    return 'data:image/png;base64,' + base64.b64encode(png).decode('ascii')


def _read(name: str) -> str:
    return (importlib.resources.files(__package__) / name).read_text(encoding='utf-8')
