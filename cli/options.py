"""Options that mean the same on every command that has them. Those of all commands are in `session`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .session import Session

F = TypeVar("F", bound=Callable[..., Any])
MOST = 2**31 - 1
"""Rows that can be asked for at once: beyond any list, and every store can still count one more."""
LAST_POSITION = 2**63 - 1
Decorator = Callable[[F], F]


def dry_run(function: F) -> F:
    """`dry_run: bool`, and `Session.dry_run` for whatever would write by the way"""
    return click.option(
        "--dry-run",
        "-n",
        is_flag=True,
        callback=_rehearse,
        help="Decide and show the same, and write nothing.",
    )(function)


def yes(function: F) -> F:
    """`yes: bool`, for `confirm`"""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(function)


def on(function: F) -> F:
    """`on: str | None`, for `Session.when`"""
    return click.option("--on", metavar="DATE", help="When it happened: 2026-11-27, yesterday, -3d.")(
        function
    )


def as_of(function: F) -> F:
    """`as_of: str | None`, for `Session.as_of`"""
    return click.option(
        "--as-of", metavar="DATE", help="As known at the end of that day, at an instant, or at event @N."
    )(function)


def limit(function: F) -> F:
    """`limit: int`, of the rows of a page"""
    return click.option(
        "--limit", type=click.IntRange(1, MOST), default=50, metavar="N", help="How many. [default: 50]"
    )(function)


def with_notes(function: F) -> F:
    """`with_notes: bool`"""
    return click.option("--with-notes", is_flag=True, help="Show the words too, if you may read them.")(
        function
    )


def exit_code(function: F) -> F:
    """`exit_code: bool`; the command then returns `ExitCode.ATTENTION` when something needs a person"""
    return click.option("--exit-code", is_flag=True, help="Exit 8 when something needs attention.")(function)


def _rehearse(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    ctx.ensure_object(Session).dry_run = value
    return value
