"""Options that take one of a closed list, by the words under which history keeps it. Not for the lists themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, TypeVar

import click

E = TypeVar("E", bound=Enum)
F = TypeVar("F", bound=Callable[..., Any])

_ALSO = {"%": "percent"}


class OneOf(click.Choice[E]):
    """A member of an enum by its value; case does not matter, and `_` is as good as `-`."""

    def __init__(self, kind: Iterable[E]) -> None:
        super().__init__(list(kind))

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        text = str(choice.value if isinstance(choice, Enum) else choice)
        return _ALSO.get(text) or folded(text)


def folded(text: str) -> str:
    """A word of a closed list, however it was typed."""
    return text.casefold().replace("_", "-")


def meant(typed: str, known: Iterable[str]) -> str | None:
    """The word of a list that is meant: exactly that one, or else the only one that folds alike."""
    words = list(known)
    if typed in words:
        return typed
    alike = [word for word in words if folded(word) == folded(typed)]
    return alike[0] if len(alike) == 1 else None


def choice(*names: str, of: type[E], help: str, **attributes: Any) -> Callable[[F], F]:
    """An option whose help lists what it takes."""
    values = ", ".join(str(member.value) for member in of)
    default = attributes.get("default")
    usual = f" [default: {default.value}]" if isinstance(default, Enum) else ""
    metavar = next(name for name in names if name.startswith("--"))[2:].rpartition("-")[2].upper()
    text = f"{help}: {values}.{usual}"
    return click.option(*names, type=OneOf(of), metavar=metavar, help=text, **attributes)
