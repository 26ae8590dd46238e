"""The kinds of numbers and names that task and robot files are made of."""

from typing import Annotated

from pydantic import Field

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Vector = tuple[float, float, float]
Name = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$', max_length=64)]
Topic = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]*(/[a-z0-9_]+)*$', max_length=128)]


def refuse_repeats(what: str, names: list[str]) -> None:
    """:raises ValueError: a name is used more than once; `what` says for what."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'{what}: the name {name!r} is used {names.count(name)} times')
