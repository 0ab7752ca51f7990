"""The program: one entry, every exit. Not for commands: each noun has a file and `registry` lists them.

How a command is written, say `cli/cycle.py` (imports that cost something stand inside the function, for
help and completion import this module too):

    import click
    from . import options
    from .session import Session, command

    @command()
    @click.argument("cycle")
    @options.on
    @options.dry_run
    def pause(session: Session, cycle: str, on: str | None, dry_run: bool) -> None:
        \"""Stop a cycle's clocks.

        The first line is the one in the registry; the rest is what `--help` adds.
        \"""
        from mentorcycle.engine import Engine
        from .render import Column

        ...  # resolve with `refs`, one call of the engine; raise its errors, or `refused.or_raise()`
        session.labels[row.id] = label  # errors then speak of c-7f3k
        session.out.record("pause/1", [Column("id"), Column("status")], row, sentence=f"{label} is paused")

and a line in `registry`: `"pause": Leaf("mentorcycle.cli.cycle:pause", "Stop a cycle's clocks.")`.
Errors are raised, never printed: this file turns them into words and an exit code. What the function returns
is the exit code (`exits.ExitCode`), None is 0. Data goes to `session.out`, everything else to `session.talk`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn, TextIO

import click

from .lazy import LazyGroup
from .registry import TREE
from .session import FORMATS, Session, common_options

PROGRAM = "mentorcycle"
COMPLETE = "_MENTORCYCLE_COMPLETE"
"""The variable in which a completion script puts its question."""
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Program(LazyGroup):
    """The top of the tree; every way of ending passes through `main`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [_readable(word, ctx) for word in args])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        *,
        obj: Session | None = None,
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        session = obj or Session()
        if instruction := os.environ.get(COMPLETE):
            _complete(self, instruction)
        if not standalone_mode:
            return super().main(words, PROGRAM, standalone_mode=False, obj=session, **extra)
        sys.exit(self._run(words, session, extra))

    def _run(self, words: list[str], session: Session, extra: dict[str, Any]) -> int:
        """The exit code, after everything was said and written."""
        code = 1
        try:
            code = self._attempt(words, session, extra)
            _flush()
        except BrokenPipeError:
            from .exits import ExitCode

            code = ExitCode.OUTPUT_CLOSED
            if session.recorded:
                with suppress(OSError):
                    _explain_closed(words, session)
            _abandon(sys.stdout, sys.stderr)
        except OSError:  # told already
            _abandon(sys.stdout, sys.stderr)
        return code

    def _attempt(self, words: list[str], session: Session, extra: dict[str, Any]) -> int:
        try:
            try:
                with self.make_context(PROGRAM, words.copy(), obj=session, **extra) as context:
                    code = self.invoke(context)
            except click.exceptions.Exit as done:
                code = done.exit_code
            _flush()
        except BrokenPipeError:
            raise
        except (Exception, KeyboardInterrupt) as error:
            from .exits import ending

            code = ending(error, recorded=bool(session.recorded))
            try:
                _explain(error, code, words, session)
            except OSError:  # stderr is closed or full: the code still tells
                _abandon(sys.stderr)
            return code
        return code if isinstance(code, int) else 0


def _readable(word: str, ctx: click.Context) -> str:
    """The text of an argument: half a character would fail wherever it is first written, and look like a bug."""
    if word.isascii():
        return word
    from .words import utf8

    try:
        return utf8(word)
    except UnicodeError:
        raise click.UsageError(f"{word!a} is not UTF-8 text.", ctx) from None


def _explain(error: BaseException, code: int, words: list[str], session: Session) -> None:
    """Say on stderr what was recorded, if anything was, and what went wrong then."""
    from . import errors
    from .text import colour_wanted

    if session.environ.get("MENTORCYCLE_DEBUG") and not isinstance(error, click.ClickException | click.Abort):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    elif isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("\ninterrupted", err=True)
        _tell_recorded(session)
    else:
        report = errors.after(errors.report(error), code, session.completed(session.recorded))
        told = errors.completed(report, session.completed)
        if _format(words, session) in {"json", "jsonl"}:
            click.echo(errors.json_line(told), err=True)
        elif sys.stderr is not None:
            _tell_recorded(session)
            colour = colour_wanted(sys.stderr, session.environ, no_color=session.no_color)
            for line in errors.lines(told, labels=session.labels, colour=colour):
                click.echo(line, err=True, color=colour)


def _explain_closed(words: list[str], session: Session) -> None:
    """Nobody reads the output any more: what was recorded is still told."""
    from . import errors
    from .exits import ExitCode

    if _format(words, session) in {"json", "jsonl"}:
        closed = errors.Report("output-closed", ExitCode.OUTPUT_CLOSED, "nobody reads the output any more")
        told = errors.after(closed, ExitCode.OUTPUT_CLOSED, session.completed(session.recorded))
        click.echo(errors.json_line(told), err=True)
    else:
        _tell_recorded(session)


def _tell_recorded(session: Session) -> None:
    from .text import harmless

    if session.recorded:
        click.echo(f"recorded all the same: {harmless(session.completed(session.recorded))}", err=True)


def _format(words: Sequence[str], session: Session) -> str | None:
    """The format that was asked for, even where the command line or the config cannot be read."""
    from mentorcycle.domain.errors import MentorcycleError

    try:
        typed = session.flags.get("format") or _typed_format(words)
        return typed or session.settings.format
    except (MentorcycleError, OSError):
        return session.environ.get("MENTORCYCLE_FORMAT")


def _typed_format(words: Sequence[str]) -> str | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        if name == "--format" and (value or following) in FORMATS:
            return value or following
    return None


def _complete(program: click.Command, instruction: str) -> NoReturn:
    from click.shell_completion import shell_complete

    sys.exit(shell_complete(program, {}, PROGRAM, COMPLETE, instruction))


def _flush() -> None:
    """Write out what is buffered while an error can still be told."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _abandon(*streams: TextIO | None) -> None:
    """Make the interpreter's own flush at its end silent: there is nobody to read, or no room."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(AttributeError, OSError, ValueError):
            os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]


def _show_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"{PROGRAM} {version(PROGRAM)}")
        ctx.exit()


_VERSION = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)

cli = Program(
    PROGRAM,
    TREE,
    help="Peer-mentorship cycles of teachers: run them, see what is due, and prove what happened.",
    params=[*common_options(), _VERSION],
)
cli.context_settings = _CONTEXT


def run(program: Program = cli) -> NoReturn:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name never breaks an output of narrow encoding
    program.main()
    raise AssertionError("`main` ends the program")
