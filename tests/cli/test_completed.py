"""A command that is named in a fix or a hint is about the store that was typed, so that it can be pasted."""

import json
import shlex
from typing import Any

import pytest

from mentorcycle.cli.completed import completed

from .conftest import Desk

DB = {"db": "sqlite:///north.db"}


@pytest.mark.parametrize(
    ("flags", "text", "said"),
    [
        ({}, "run: mentorcycle db init", "run: mentorcycle db init"),
        ({"actor": "ann", "format": "json"}, "mentorcycle list", "mentorcycle list"),
        (DB, "run: mentorcycle db init", "run: mentorcycle db init --db sqlite:///north.db"),
        (
            DB,
            "mentorcycle cycle focus c-1 --as bo && mentorcycle cycle observe c-1 --minutes 45",
            "mentorcycle cycle focus --db sqlite:///north.db c-1 --as bo"
            " && mentorcycle cycle observe --db sqlite:///north.db c-1 --minutes 45",
        ),
        (
            {**DB, "tenant": "the south"},
            "go on: mentorcycle db rebuild cycles; then look",
            "go on: mentorcycle db rebuild --db sqlite:///north.db --tenant 'the south' cycles; then look",
        ),
        (
            {**DB, "program": "west"},
            "there is north; mentorcycle db init --program west",
            "there is north; mentorcycle db init --db sqlite:///north.db --program west",
        ),
        ({"db": "sqlite:///it's.db"}, "mentorcycle list", "mentorcycle list --db 'sqlite:///it'\"'\"'s.db'"),
        ({"db": "sqlite:///a@b:c.db"}, "mentorcycle list", "mentorcycle list --db sqlite:///a@b:c.db"),
        (DB, "mentorcycle list --help", "mentorcycle list --help"),
        (DB, "mentorcycle db copy a b", "mentorcycle db copy a b"),
        (DB, "install a newer mentorcycle", "install a newer mentorcycle"),
    ],
)
def test_every_command_in_a_text_is_given_where(flags: dict[str, str], text: str, said: str) -> None:
    assert completed(text, flags) == said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("postgresql://ada@db.example/north", "postgresql://ada@db.example/north"),
        ("postgresql://ada:Secr3t@db.example/north", "postgresql://ada@db.example/north"),
        ("postgresql://:Secr3t@db.example:5433/north", "postgresql://@db.example:5433/north"),
        ("postgresql://h/n?password=Secr3t", "postgresql://h/n"),
        ("postgresql://h/n?port=1&password=Secr3t&user=b", "postgresql://h/n?port=1&user=b"),
        ("postgresql://h/n?sslpassword=Secr3t&port=1", "postgresql://h/n?port=1"),
        ("postgresql://ada:Se@Secr3t@h/n", "postgresql://ada:…@h/n"),  # libpq cannot read it either
        ("postgresql://ada:S?cr3t@h/n", "postgresql://ada:…@h/n"),
        ("postgresql://h/n?passwrd=Secr3t", "postgresql://h/n?passwrd=…"),
    ],
)
def test_a_password_is_not_typed_for_anybody(typed: str, said: str) -> None:
    assert shlex.split(completed("mentorcycle list", {"db": typed}))[-1] == said


def test_what_to_do_makes_the_store_that_was_named(desk: Desk) -> None:
    told = desk("list", "--db", "sqlite:///west.db", "--format", "table").stderr
    desk.done(*shlex.split(told.partition("run: mentorcycle ")[2]))
    assert desk.data("list", "--db", "sqlite:///west.db")["total"] == 0
    (fix,) = json.loads(desk("list", "--db", "sqlite:///no.db", "--format", "json").stderr)["fix"]
    assert fix.endswith("db init --db sqlite:///no.db")
    rows = desk.data("doctor", "--db", "sqlite:///no.db", code=10)["rows"]
    assert [row["fix"] for row in rows if not row["ok"]] == [fix]


def test_hints_and_moves_are_about_the_store_that_was_named(desk: Desk) -> None:
    where = ("--db", desk.url)
    desk.at_observe("unal")
    (row,) = {row["fix"] for row in desk.data("next", "unal", *where)["rows"]} & {
        row["fix"] for row in desk.data("show", "unal", *where)["record"]["missing"]
    }
    assert f"--db {desk.url}" in row
    made = desk("db", "init", "--db", "sqlite:///west.db", "--format", "table").stderr
    assert made.startswith(
        "next: mentorcycle import --db sqlite:///west.db FILE, or mentorcycle person add --db"
    )


def test_a_database_without_a_log_is_made_by_what_is_said(on_postgres: Desk) -> None:
    """By the flag alone: the environment names none."""
    url, desk = on_postgres.url, on_postgres
    desk.environ = {name: value for name, value in desk.environ.items() if name != "MENTORCYCLE_DB"}
    told: Any = desk("list", "--db", url, "--format", "table").stderr
    desk.done(*shlex.split(told.partition("run: mentorcycle ")[2]))
    assert desk.data("list", "--db", url)["total"] == 0
