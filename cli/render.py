"""Where everything a command says goes: data to stdout in one of five formats, talk to stderr.

Not for the looks of a format (see `table` and `formats`) and not for errors (see `errors`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from . import formats
from .columns import Column, Row, values
from .table import table
from .text import colour_wanted, harmless, harmless_lines, pad, width

__all__ = ["Column", "Output", "output_for"]


class Output:
    """The streams of one invocation.

    `room` is the width that a table may take, None without a terminal: then nothing is cut. `completed` is done to
    whatever is talk.
    """

    def __init__(
        self,
        format: str,
        stdout: TextIO,
        stderr: TextIO,
        *,
        room: int | None = None,
        colour: bool = False,
        quiet: bool = False,
        completed: Callable[[str], str] = str,
    ) -> None:
        self.format = format
        self.stdout = stdout
        self.stderr = stderr
        self.room = room
        self.colour = colour
        self.quiet = quiet
        self._completed = completed

    def rows(
        self,
        schema: str,
        columns: Sequence[Column],
        rows: Iterable[Row],
        *,
        title: str = "",
        footer: str = "",
        empty: str = "",
        as_of: object = None,
        facts: Mapping[str, Any] | None = None,
    ) -> int:
        """Write a list and return its length; `schema` is like `list/1`.

        The title stands above a table and is talk otherwise; footer, and `empty` in place of no rows, are talk.
        `facts` (totals, versions) stand beside the rows in JSON.
        """
        counted = _Counted(rows)
        self._head(title)
        match self.format:
            case "table":
                self._write(table(columns, counted, room=self.room, colour=self.colour))
            case "csv":
                self._write(formats.csv_rows(columns, counted))
            case "json":
                self._write(formats.json_rows(schema, columns, counted, as_of, facts or {}))
            case "jsonl":
                self._write(formats.jsonl_rows(schema, columns, counted, as_of))
            case _:
                self._write(formats.plain_rows(columns, counted))
        if not counted.count:
            self.talk(empty)
        self.talk(footer)
        return counted.count

    def record(
        self,
        schema: str,
        columns: Sequence[Column],
        row: Row,
        *,
        title: str = "",
        footer: str = "",
        sentence: str = "",
        as_of: object = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one thing; a `sentence` is what a person reads in place of names and values."""
        self._head(title)
        match self.format:
            case "table":
                self._write([harmless(sentence)] if sentence else _record(columns, row))
            case "csv":
                self._write(formats.csv_rows(columns, [row]))
            case "json":
                self._write(formats.json_record(schema, columns, row, as_of, facts or {}))
            case "jsonl":
                self._write(formats.jsonl_rows(schema, columns, [row], as_of))
            case _:
                self._write(formats.plain_record(columns, row))
        self.talk(footer)

    def text(self, text: str) -> None:
        """Write lines that are the data themselves (a diagram, a script), whatever the format."""
        self._write([harmless_lines(text)])

    def talk(self, text: str) -> None:
        """Say something to the person; silent with `--quiet`, and in JSON, where stderr holds only errors."""
        if text and not self.quiet and self.format not in {"json", "jsonl"}:
            self.stdout.flush()  # on a terminal both streams are one: keep their order
            print(harmless_lines(self._completed(text)), file=self.stderr, flush=True)

    def _head(self, title: str) -> None:
        if self.format != "table":
            self.talk(title)
        elif title:
            self._write([harmless(title)])

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(f"{line}\n")


def output_for(
    format: str | None,
    environ: Mapping[str, str],
    *,
    quiet: bool = False,
    no_color: bool = False,
    completed: Callable[[str], str] = str,
) -> Output:
    """The process's own streams; without a format a terminal gets a table and anything else plain."""
    import os
    import shutil

    # a stream closed by the shell (`>&-`) is None
    stdout, stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    terminal = stdout.isatty()
    return Output(
        format or ("table" if terminal else "plain"),
        stdout,
        stderr,
        room=shutil.get_terminal_size().columns if terminal else None,
        colour=colour_wanted(stdout, environ, no_color=no_color),
        quiet=quiet,
        completed=completed,
    )


class _Counted:
    """An iterable that knows how many it gave."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _record(columns: Sequence[Column], row: Row) -> Iterator[str]:
    """`name  value`, further lines of a value below its first."""
    shown = [(c, value) for c, value in zip(columns, values(columns, row), strict=True) if c.in_table]
    names = [harmless(column.name) for column, _ in shown]
    margin = max(map(width, names), default=0)
    for name, (column, value) in zip(names, shown, strict=True):
        for line in harmless_lines(column.shown(value)).split("\n"):
            yield f"{pad(name, margin)}  {line}".rstrip()
            name = ""
