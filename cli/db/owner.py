"""Whose `db` is: it works on the file itself, past every rule of who may read or write, as its owner can anyway."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Never, ParamSpec

import click

from ..session import Command, Session, command

P = ParamSpec("P")
NOTE = "db belongs to whoever owns the file: --as a participant or auditor is refused (exit 7)."


def owner_command(
    **attributes: Any,
) -> Callable[[Callable[Concatenate[Session, P], object]], Command]:
    """A `session.command` that is refused for everybody but the coordinator who sits at the machine."""

    def decorate(function: Callable[Concatenate[Session, P], object]) -> Command:
        @functools.wraps(function)
        def checked(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> object:
            if session.settings.actor not in (None, "coordinator"):
                _refuse()
            return function(session, *args, **kwargs)

        return command(epilog=NOTE, **attributes)(checked)

    return decorate


def _refuse() -> Never:
    from mentorcycle.domain.refusal import Refusal, Refused

    name = click.get_current_context().command_path.partition(" ")[2]
    refusal = Refusal(
        "db-of-the-owner",
        f"{name} is not done for a participant or auditor",
        "db works on the file itself, words and all, and belongs to whoever owns the file",
        "leave out --as, or ask whoever owns the file",
        permission=True,
    )
    Refused((refusal,)).or_raise()
