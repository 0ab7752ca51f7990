"""Pairs from a CSV file: who mentors whom, in groups and reciprocally too."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from .files import opened_csv
from .form import Column, Form, FormRow
from .model import Pair, Pairs, Problem
from .text import Readable

PAIR_COLUMNS = (
    Column("mentee", "external id, user name, e-mail address or name of the mentee", True, True),
    Column("mentor", "the same of the mentor", True, True),
    Column("group", "a word of your own that joins rows to one group", one_line=True),
    Column("reciprocal", "yes when they swap roles"),
    Column("start", "the day on which it starts, as YYYY-MM-DD"),
)
_YES = frozenset(("yes", "y", "true", "1"))
_NO = frozenset(("", "no", "n", "false", "0"))
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


def pairs_template() -> str:
    """The header of the CSV form for pairs; `PAIR_COLUMNS` says what each column means."""
    return ",".join(column.name for column in PAIR_COLUMNS) + "\r\n"


def read_pairs(path: Path) -> Pairs:
    """The pairs in a CSV file; whom the references name is for the caller to find."""
    with opened_csv(path) as stream:
        return read_pairs_stream(stream, path.name)


def read_pairs_stream(stream: Readable, file: str) -> Pairs:
    """As `read_pairs`, from open bytes."""
    form = Form(stream, file, PAIR_COLUMNS, aliases={"pair": "group"})
    good: list[Pair] = []
    seen: dict[tuple[str, str], int] = {}
    groups: dict[str, Pair] = {}
    any_row = False
    for row in form.rows():
        any_row = True
        pair = _pair(form, row)
        found = row.found
        first = seen.setdefault((pair.mentee_ref, pair.mentor_ref), row.line)
        if first != row.line and not found:
            what = f"line {first} has the same two people"
            found.append(form.problem(row.line, "mentee", pair.mentee_ref, what, "keep one of the lines"))
        if pair.group and not found:
            found += _other_than_group(form, pair, groups.setdefault(pair.group, pair))
        if found:
            form.refuse(row.line, row.cells, found)
        else:
            good.append(pair)
    if not any_row and not form.problems:
        what = "no pair stands under the header"
        form.problems.append(form.problem(form.table.line, "", "", what, "write a line for each pair"))
    return Pairs(tuple(good) if form.complete else (), form.in_order(), (), form.bad)


def _pair(form: Form, row: FormRow) -> Pair:
    mentee, mentor, group, reciprocal, start = row.values
    if reciprocal.casefold() not in _YES | _NO:
        what = "it is neither yes nor no"
        row.found.append(form.problem(row.line, "reciprocal", reciprocal, what, "write yes or no"))
    day, wrong = _day(form, row.line, start)
    row.found.extend(wrong)
    both = reciprocal.casefold() in _YES
    return Pair(mentee, mentor, group, both, day, form.file, row.line, tuple(row.cells))


def _day(form: Form, line: int, text: str) -> tuple[date | None, list[Problem]]:
    if not text:
        return None, []
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return date.fromisoformat(text), []
        except ValueError:
            return None, [form.problem(line, "start", text, "there is no such day", "look at the month")]
    suggestion = "write YYYY-MM-DD"
    if slashed := _SLASHED.fullmatch(text):
        first, second, year = slashed.groups()
        readings = [f"{year}-{m:>02}-{d:>02}" for d, m in ((first, second), (second, first)) if int(m) <= 12]
        suggestion = f"write {' or '.join(dict.fromkeys(readings)) or 'YYYY-MM-DD'}"
    return None, [form.problem(line, "start", text, "the day is not written as YYYY-MM-DD", suggestion)]


def _other_than_group(form: Form, pair: Pair, first: Pair) -> list[Problem]:
    found = []
    for column, here, there in (
        ("reciprocal", pair.reciprocal, first.reciprocal),
        ("start", pair.start, first.start),
    ):
        if here != there:
            what = f"line {first.line} of the same group says otherwise"
            found.append(form.problem(pair.line, column, "", what, "say the same in each line of a group"))
    return found
