"""`db copy`: a programme moves to another store, and what is said when it cannot, or has not yet."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from mentorcycle.cli.exits import ExitCode
from mentorcycle.engine import copy

from .conftest import Desk
from .terms import autumn

NORTH = "sqlite:///mentorcycle.db"
MOVED = "sqlite:///moved.db"


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def unfinished(source: str, target: str) -> None:
    """A copy of which eleven events are there: no command is cut in two."""

    def stop(done: int, _of: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        copy(source, target, copied=stop, batch=5)


def test_a_programme_is_moved_to_postgresql_and_is_there(term: Desk, database: str) -> None:
    listed = term.data("list")["rows"]
    said = term.done("db", "copy", NORTH, database)
    assert said.startswith(f"22 events of sqlite:///{term.folder}/mentorcycle.db are in postgresql://")
    assert said.endswith(", all verified")
    assert term.data("list", "--db", database)["rows"] == listed
    assert term.data("audit", "verify", "--db", database)["holds"]
    assert term.done("person", "add", "Nils Berg", "--db", database).startswith("Nils Berg is added")
    back = term.data("db", "copy", database, MOVED)
    assert (back["record"]["events"], back["as_of"], back["record"]["gained"]) == (23, 23, 0)
    assert [row["name"] for row in term.data("person", "list", "--db", MOVED)["rows"]].count("Nils Berg") == 1


def test_it_is_told_what_to_do_next_and_what_came_meanwhile(term: Desk) -> None:
    told = term("db", "copy", NORTH, MOVED, "--format", "table")
    assert (
        told.stderr
        == "next: let nobody write to the source any more, and open the copy: --db, or MENTORCYCLE_DB\n"
    )
    assert term.done("db", "copy", NORTH, MOVED).startswith("already so: all 22 events of")
    term.done("person", "add", "Nils Berg")
    assert "(those after 22 now), all verified" in term.done("db", "copy", NORTH, MOVED)


def test_a_dry_run_verifies_and_makes_nothing(term: Desk) -> None:
    said = term("db", "copy", NORTH, MOVED, "-n", "--format", "table")
    assert said.exit_code == 0
    assert f"holds 22 events, all verified; sqlite:///{term.folder}/moved.db would be made" in said.stdout
    assert said.stderr == "nothing was written\n"
    assert not (term.folder / "moved.db").exists()
    unfinished(NORTH, MOVED)
    assert "has 11 events of them" in term.done("db", "copy", NORTH, MOVED, "-n")
    assert term.data("db", "copy", NORTH, MOVED, "-n")["dry_run"] is True


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_unfinished_copy_is_of_no_use_until_it_is_finished(
    term: Desk, kind: str, request: pytest.FixtureRequest
) -> None:
    target = MOVED if kind == "sqlite" else str(request.getfixturevalue("database"))
    unfinished(NORTH, target)
    for words in ("list", "person add Nils", "db init", "db status", "audit verify", "doctor"):
        told = term(*words.split(), "--db", target, "--format", "table")
        assert told.exit_code == ExitCode.STORE, words
        said = told.stdout + told.stderr
        assert "is an unfinished copy" in said
        assert f"mentorcycle db copy sqlite:///{term.folder}/mentorcycle.db" in said
    assert "(those after 11 now), all verified" in term.done("db", "copy", NORTH, target)
    assert term.data("list", "--db", target)["rows"] == term.data("list")["rows"]


def test_what_cannot_be_copied_is_told_with_its_code(term: Desk) -> None:
    term.done("db", "init", "--db", "sqlite:///other.db")
    term.done("db", "backup", "copy.db")
    for words, code, said in (
        ((NORTH, "sqlite:///other.db"), ExitCode.REFUSED, "it is not empty: it holds 2 events"),
        ((NORTH, NORTH), ExitCode.REFUSED, "is not copied into itself"),
        (("sqlite:///nowhere.db", MOVED), ExitCode.STORE, "there is no log at nowhere.db"),
        ((NORTH, "memory://"), ExitCode.USAGE, "'memory://' cannot be copied from or to"),
        (("mentorcycle.db", MOVED), ExitCode.USAGE, "for example: mentorcycle db copy"),
        ((NORTH,), ExitCode.USAGE, "missing argument"),
        ((NORTH, MOVED, "--db", NORTH), ExitCode.USAGE, "db copy takes no --db"),
        ((NORTH, MOVED, "--tenant", "north"), ExitCode.USAGE, "copies the whole log"),
        ((NORTH, "sqlite:///no/such/folder/x.db"), ExitCode.STORE, "no log can be made"),
    ):
        assert said in term.refused(code, "db", "copy", *words)
        assert not (term.folder / "moved.db").exists()


def test_a_source_that_was_rewritten_ends_with_9_and_shows_no_word(term: Desk) -> None:
    with closing(sqlite3.connect(term.folder / "mentorcycle.db", isolation_level=None)) as connection:
        connection.execute("UPDATE words SET text = 'another text' WHERE field = 'measure'")
    for rehearsed in ((), ("-n",)):
        told = term.refused(ExitCode.VERIFICATION_FAILED, "db", "copy", NORTH, MOVED, *rehearsed)
        assert "the text is not the one that the log committed to" in told
        assert "another text" not in told
    assert term("list", "--db", MOVED).exit_code == ExitCode.STORE


def test_no_password_is_ever_told(term: Desk, server: Any, database: str) -> None:
    server.sql("CREATE ROLE mover LOGIN SUPERUSER PASSWORD 'Secr3t'")
    given = conninfo_to_dict(database)
    right = f"postgresql://mover:Secr3t@/{given['dbname']}?host={given['host']}"
    wrong = [
        "postgresql://mover:Secr3t@127.0.0.1:1/north",
        f"postgresql://mover:Secr3t@/nowhere?host={given['host']}",
        "postgresql://mover:Se@Secr3t@127.0.0.1:1/north",
        "postgresql:/mover:Secr3t@127.0.0.1/north",
    ]
    try:
        calls = [(NORTH, url) for url in wrong] + [(url, MOVED) for url in wrong]
        unfinished(NORTH, right)
        calls += [
            (MOVED, right),
            (NORTH, right),
            (NORTH, right),
            (right, MOVED),
            (right, right),
            (right, NORTH),
        ]
        codes = []
        for one, two in calls:
            for more in (("-n",), ()):
                ended = term("db", "copy", one, two, *more, "--format", "json")
                assert "Secr3t" not in ended.stdout + ended.stderr
                assert "Traceback" not in ended.stdout + ended.stderr
                codes.append(ended.exit_code)
                json.loads(ended.stdout or ended.stderr)
        assert set(codes) == {0, ExitCode.USAGE, ExitCode.REFUSED, ExitCode.STORE}
        assert term("list", "--db", right).exit_code == 0
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP OWNED BY mover CASCADE")
        server.sql("DROP ROLE mover")


def test_help_says_what_an_operator_has_to_know() -> None:
    from mentorcycle.cli.main import cli

    said = " ".join(CliRunner().invoke(cli, ["db", "copy", "--help"]).stdout.split())
    for what in ("the role that owns the schema", "goes on where it stopped", "Exits 9"):
        assert what in said
