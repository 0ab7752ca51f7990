"""`doctor`: every line is well, or says what to do."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk, Run
from .terms import autumn
from .test_db import poison


@pytest.fixture
def term(desk: Desk) -> Desk:
    term = autumn(desk)
    term.data("list")
    return term


def needy(desk: Desk) -> dict[str, Any]:
    """What needs attention, with what to do."""
    return {row["name"]: row["fix"] for row in desk.data("doctor")["rows"] if not row["ok"]}


def execute(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.folder / "mentorcycle.db", isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_store_that_is_well_needs_nothing(term: Desk) -> None:
    looked = term("doctor", "--exit-code", "--format", "table")
    assert (looked.exit_code, looked.stderr) == (0, "all is well\n")
    assert [line.split()[0] for line in looked.stdout.splitlines()] == ["STATE", *["ok"] * 16]
    checked = [row["name"] for row in term.data("doctor")["rows"]]
    assert checked == [
        "settings",
        "python",
        "sqlite",
        "store",
        "schema",
        "journal",
        "file",
        "disk",
        "size",
        "access",
        "read model cycles",
        "read model people",
        "read model minutes",
        "read model trail",
        "dead letters",
        "clock",
    ]


def test_looking_mends_nothing(term: Desk) -> None:
    term.done("calendar", "close", "2026-11-26")
    before = term.data("doctor")["rows"]
    assert term.data("doctor")["rows"] == before


@pytest.mark.parametrize(
    ("statement", "name", "said"),
    [
        ("DROP TRIGGER events_are_never_deleted", "file", "mentorcycle audit verify"),
        ("PRAGMA journal_mode = DELETE", "journal", "journal_mode = WAL"),
        (
            "UPDATE read_models SET state = 'failed', error = 'KeyError' WHERE name = 'minutes'",
            "read model minutes",
            "mentorcycle db rebuild minutes",
        ),
    ],
)
def test_what_needs_attention_says_what_to_do(term: Desk, statement: str, name: str, said: str) -> None:
    execute(term, statement)
    found = needy(term)
    assert list(found) == [name]
    assert said in found[name]
    assert term("doctor").exit_code == ExitCode.DONE
    assert term("doctor", "--exit-code").exit_code == ExitCode.ATTENTION


def test_a_file_that_others_may_read_is_told(term: Desk) -> None:
    (term.folder / "mentorcycle.db").chmod(0o644)
    assert needy(term) == {"access": "it holds the words of participants; run: chmod 600 mentorcycle.db"}


def test_a_clock_that_is_behind_the_log_is_told(term: Desk) -> None:
    term.now = datetime(2026, 11, 10, 6, tzinfo=UTC)
    assert list(needy(term)) == ["clock"]
    looked = term.done("doctor")
    assert "the last event was recorded 2 hours later than it is now" in looked


def test_streams_that_are_set_aside_are_told(term: Desk) -> None:
    poison(term, "okoro")
    term.data("list")
    assert needy(term) == {"dead letters": "run: mentorcycle db dead-letters list"}


def test_a_store_that_is_missing_is_told_and_nothing_is_made(run: Run, tmp_path: Path) -> None:
    ended = run("doctor")
    assert ended.returncode == ExitCode.STORE
    assert "check the path, or run: mentorcycle db init" in ended.stdout
    assert not list(tmp_path.glob("*.db"))


def test_a_password_in_a_url_is_not_shown(run: Run) -> None:
    ended = run("doctor", "--db", "postgresql://ada:secret@db.example/north")
    assert ended.returncode == ExitCode.STORE
    assert "secret" not in ended.stdout + ended.stderr
