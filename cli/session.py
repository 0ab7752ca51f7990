"""What every command is given, and the decorator that gives it: options, settings, output, clock.

Not for opening a store: a session knows where it is and never touches it. Loaded by `--help`, so
everything beyond click is imported on first use.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from datetime import date, datetime

    from .dates import Calendar, When
    from .render import Output
    from .settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

FORMATS = ("table", "plain", "json", "jsonl", "csv")
_FORMAT_HELP = "table, plain, json, jsonl or csv; else table on a terminal and plain off it."


class Session:
    """One invocation of the program.

    `flags` holds the common options that were typed, those nearest to the command winning; `labels` maps
    full ids to the short ones shown to people, and errors speak with them. `recorded` is what was recorded, in
    a sentence: to be told when the output cannot be written.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.flags: dict[str, str] = {}
        self.quiet = False
        self.no_color = False
        self.dry_run = False
        self.labels: dict[str, str] = {}
        self.recorded = ""
        self.given_clock = now

    @cached_property
    def settings(self) -> Settings:
        """Flag, environment, config files and defaults, merged."""
        from pathlib import Path

        from .settings import load

        return load(self.flags, self.environ, Path.cwd())

    @cached_property
    def out(self) -> Output:
        """Where rows, records and talk go, in the format that was asked for."""
        from .render import output_for

        return output_for(
            self.settings.format,
            self.environ,
            quiet=self.quiet,
            no_color=self.no_color,
            completed=self.completed,
        )

    def talk(self, text: str) -> None:
        """Say something to the person on stderr, unless `--quiet` or a JSON format."""
        self.out.talk(text)

    def completed(self, text: str) -> str:
        """The text with the store that was typed in every command that it names."""
        if not self.flags:
            return text
        from .completed import completed

        return completed(text, self.flags)

    def now(self) -> datetime:
        """The present instant, with its time zone."""
        from datetime import UTC, datetime

        return self.given_clock() if self.given_clock else datetime.now(UTC)

    def today(self, zone: str) -> date:
        """The present day where the programme is."""
        from mentorcycle.domain.zones import local_date

        return local_date(self.now(), zone)

    def when(self, text: str, zone: str, calendar: Calendar | None = None) -> When:
        """Read the value of `--on` and its like, and echo the resolved date with its weekday."""
        from .dates import parse

        when = parse(text, self.today(zone), calendar, zone)
        self.talk(when.echo)
        return when

    @property
    def last(self) -> str | None:
        """The id that `@last` stands for, for `refs.resolve`."""
        from .last import recall

        return recall(self.settings.db, self.settings.tenant, self.environ)

    def remember(self, id_: str) -> None:
        """Make `@last` mean this id in the next command; a dry run leaves it."""
        from .last import remember

        if self.dry_run:
            return
        remember(id_, self.settings.db, self.settings.tenant, self.environ)


class CommonOption(click.Option):
    """An option that every command has; help lists it apart."""


@contextmanager
def told_where(ctx: click.Context) -> Iterator[None]:
    """Click's parser does not say in which command an option lacked its argument; the error needs to know."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or ctx
        raise


class Command(click.Command):
    """A command whose help shows its own options first and the common ones after them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with told_where(ctx):
            return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and not isinstance(param, click.Argument):
                (common if isinstance(param, CommonOption) else own).append(record)
        for title, records in (("Options", own), ("Options of every command", common)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def common_options(*, hidden: bool = False) -> list[click.Parameter]:
    """The options that every command and group accepts; the one nearest to the command wins."""

    def value(*names: str, **attributes: Any) -> CommonOption:
        return CommonOption(names, callback=_keep, expose_value=False, hidden=hidden, **attributes)

    def flag(*names: str, **attributes: Any) -> CommonOption:
        return CommonOption(
            names, is_flag=True, callback=_switch, expose_value=False, hidden=hidden, **attributes
        )

    return [
        value("--db", metavar="URL", help="The store, e.g. sqlite:///north.db or postgresql://host/north."),
        value("--as", "actor", metavar="PERSON", help="Act as this person, not as the local coordinator."),
        value("--tenant", metavar="NAME", help="The tenant within the store."),
        value("--program", metavar="NAME", help="The programme, where there is more than one."),
        value("--format", type=click.Choice(FORMATS), metavar="FORMAT", help=_FORMAT_HELP),
        flag("--quiet", "-q", help="No talk on stderr; errors remain."),
        flag("--no-color", help="No colour; NO_COLOR does the same."),
    ]


def common(function: Callable[P, R]) -> Callable[P, R]:
    """Add the common options to a function that becomes a click command."""
    params: list[click.Parameter] = function.__dict__.setdefault("__click_params__", [])
    params[:0] = reversed(common_options())  # click reads the list backwards, as decorators stack
    return function


def command(
    **attributes: Any,
) -> Callable[[Callable[Concatenate[Session, P], object]], Command]:
    """A command with the common options, called with the session and then its own parameters.

    What it returns is its exit code; None is 0.
    """

    def decorate(function: Callable[Concatenate[Session, P], object]) -> Command:
        with_session = click.make_pass_decorator(Session, ensure=True)(function)
        return click.command(cls=Command, **attributes)(common(with_session))

    return decorate


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None and param.name:
        ctx.ensure_object(Session).flags[param.name] = value


def _switch(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and param.name:
        setattr(ctx.ensure_object(Session), param.name, True)
