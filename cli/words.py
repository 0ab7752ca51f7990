"""Options that carry text: names, and words of a participant, typed or read from standard input with `-`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

STDIN = "-"
_TAKEN = "mentorcycle.cli.words:stdin"
"""Where a context remembers which option has read standard input: it can be read once."""


class Text(click.ParamType[str]):
    """Text that can be stored: a shell hands over any bytes."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return utf8(str(value))
        except UnicodeError:
            self.fail("it is not UTF-8 text", param, ctx)


class Words(Text):
    """Text of a participant; `-` reads all of standard input."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        given = str(value) == STDIN and not (ctx and ctx.resilient_parsing)
        return super().convert(self._read(param, ctx) if given else value, param, ctx)

    def _read(self, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if ctx is not None:
            if _TAKEN in ctx.meta:
                self.fail(f"standard input was read for {ctx.meta[_TAKEN]} already", param, ctx)
            ctx.meta[_TAKEN] = "/".join(param.opts) if param else STDIN
        if sys.stdin and sys.stdin.isatty():
            click.echo("write, and end with Ctrl-D on a line of its own", err=True)
        text = stdin_text().strip()
        if not text:
            self.fail("standard input held no text", param, ctx)
        return text


TEXT = Text()


def stdin_text() -> str:
    """All of standard input; raise `WrongValue` for what is not UTF-8."""
    from .exits import WrongValue

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig") if sys.stdin else ""
    except UnicodeDecodeError as error:
        why = f"byte {error.start + 1} belongs to another encoding"
        fix = "convert it first, for example: iconv -f latin1 -t utf-8"
        raise WrongValue("standard input is not UTF-8 text", why, fix) from None


def utf8(text: str) -> str:
    """The text that an argument or a variable is; raise UnicodeError for bytes that are none.

    In a locale that knows ASCII alone, Python hands over half characters; their bytes are UTF-8 all the same.
    """
    import os

    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text).decode()
    return text


def words(*names: str, help: str, **attributes: Any) -> Callable[[F], F]:
    """An option for words that only the pair may read."""
    return click.option(*names, type=Words(), metavar="TEXT", help=f"{help} (- reads stdin).", **attributes)
