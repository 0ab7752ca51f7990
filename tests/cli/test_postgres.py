"""The program on a PostgreSQL database: a programme from its first day on, and what is said when it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from mentorcycle.engine.stores.postgres_schema import grants

from .conftest import Desk, Run

ROSTER = """external_id,given_name,family_name,school
t1,Aylin,Ünal,North
t2,Bo,Karlsson,North
t3,Tom,Okoro,South
"""
GOAL = ("--area", "engagement", "--measure", "hands up", "--target", "80", "--unit", "%")
NO_FILE = [
    "db backup copy.db",
    "db restore copy.db",
    "demo",
]


@pytest.fixture
def desk(on_postgres: Desk, tmp_path: Path) -> Desk:
    """The program, with a programme of three people, two of them paired."""
    (tmp_path / "teachers.csv").write_text(ROSTER, "utf-8")
    on_postgres.done("db", "init", "--name", "North", "--zone", "Europe/Stockholm")
    on_postgres.done("import", "teachers.csv")
    on_postgres.done("pair", "publish", "ünal", "karlsson")
    return on_postgres


def test_a_programme_runs_from_its_roster_to_the_next_stage(desk: Desk, run: Run, tmp_path: Path) -> None:
    desk.done("cycle", "open", "ünal")
    opened, then = desk.head(), desk.now
    desk.now += timedelta(days=2)
    desk.done("cycle", "goal", "@last", *GOAL, by="ünal")
    assert "has no baseline" in desk.refused(3, "advance", "@last")
    desk.done("cycle", "baseline", "@last", "--value", "50", "--source", "observation")
    for person in ("ünal", "karlsson"):
        desk.done("cycle", "agree", "@last", by=person)
    assert "mentorcycle advance" in desk.done("next", "@last")
    said = desk.done("advance", "@last", "--dry-run")
    head = desk.head()
    assert "observe" in said
    desk.done("advance", "@last")
    assert desk.head() == head + 1

    assert "observe" in desk.done("list")
    assert "goal-set" in desk.done("list", "--as-of", str(opened))
    assert "goal-set" in desk.done("list", "--as-of", f"{then:%Y-%m-%d}")
    assert "OBSERVE" in desk.done("show", "@last")
    assert "hands up" in desk.done("show", "@last", "--with-notes", by="karlsson")
    assert "hands up" not in desk.done("show", "@last")
    assert "postgresql://" in (verified := desk.done("audit", "verify"))
    assert "4 read models equal their replay" in verified
    assert "file is sound" not in verified
    assert "CycleAdvanced" in desk.done("audit", "log")

    other = run("list", "--format", "json", env={"MENTORCYCLE_DB": desk.url})  # a process of its own
    assert [row["stage"] for row in json.loads(other.stdout)["rows"]] == ["observe"], other.stderr
    done = run("person", "add", "Mira Nasser", env={"MENTORCYCLE_DB": desk.url})
    assert done.returncode == 0, done.stderr
    assert "Mira Nasser" in desk.done("person", "list")
    assert desk.data("audit", "verify")["holds"]


def test_what_there_is_is_told_and_init_is_done_once(desk: Desk) -> None:
    before = desk.head()
    assert "is ready for North" in desk.done("db", "init")
    assert desk.head() == before
    status = desk.data("db", "status")["record"]
    assert status["path"].startswith("postgresql://")
    assert (status["store_schema"], status["events"], status["kept"]) == (2, before, True)
    assert status["bytes"] > 0
    assert "no worker runs" in desk.done("doctor")
    assert desk.data("db", "dead-letters", "list")["rows"] == []


def test_what_needs_a_file_says_what_to_do_instead(desk: Desk) -> None:
    for words in NO_FILE:
        said = desk.refused(2, *words.split())
        assert "fix: " in said
        assert ("pg_dump" in said and "pg_restore" in said) == ("copy.db" in words)
    assert not Path("copy.db").exists()


def test_a_dry_run_makes_nothing_in_an_empty_database(on_postgres: Desk) -> None:
    on_postgres.done("db", "init", "--dry-run")
    with psycopg.connect(on_postgres.url) as connection:
        found = connection.execute("SELECT to_regnamespace('mentorcycle')").fetchone()
    assert found == (None,)


def test_a_database_without_a_log_ends_with_10_and_what_to_run(on_postgres: Desk, tmp_path: Path) -> None:
    (tmp_path / "teachers.csv").write_text(ROSTER, "utf-8")
    for words in ("list", "import teachers.csv", "import teachers.csv --dry-run", "person add Ann"):
        result = on_postgres(*words.split(), "--format", "table")
        assert result.exit_code == 10, result.output
        assert "mentorcycle db init" in result.stderr
    result = on_postgres("doctor", "--format", "table")
    assert result.exit_code == 10
    assert "mentorcycle db init" in result.stdout


@pytest.fixture
def wrong(server: Any, on_postgres: Desk) -> Iterator[dict[str, str]]:
    """URLs that lead nowhere, all with one password."""
    server.sql("CREATE ROLE someone LOGIN PASSWORD 'Secr3t'")
    given = conninfo_to_dict(on_postgres.url)
    here = f"?host={given['host']}"
    yield {
        "cannot be reached": "postgresql://someone:Secr3t@127.0.0.1:1/north",
        "no such database": f"postgresql://someone:Secr3t@/nowhere{here}",
        "rights": f"postgresql://someone:Secr3t@/{given['dbname']}{here}",
        "cannot be read": "postgresql://someone:Se@Secr3t@127.0.0.1:1/north",
        "as libpq wants": "postgresql://someone@127.0.0.1/north?passwrd=Secr3t",
        "names no store": "postgresql:/someone:Secr3t@127.0.0.1/north",
        "reached": "postgresql://someone@127.0.0.1/north?port=1&password=Secr3t",
        "names no store: its port is not one": "postgresql://someone:Secr3t@127.0.0.1:99999/north",
        "no store: its port is not one": "postgresql://someone:Secr3t/north",  # the host was forgotten
        "store: its port is not one": "postgresql://someone@127.0.0.1,::1/north?port=1,x&password=Secr3t",
    }
    server.sql("DROP ROLE someone")


def test_errors_of_the_server_have_their_exit_code_and_no_password(desk: Desk, wrong: dict[str, str]) -> None:
    for why, url in wrong.items():
        code = 2 if "store" in why else 10
        for words in ("list", "person add Ann", "db init", "db status", "db backup x.db", "doctor"):
            result = desk(*words.split(), "--db", url, "--format", "table")
            said = result.stdout + result.stderr
            assert "Secr3t" not in said
            assert "Traceback" not in said
            if words == "db init" and why == "rights":
                continue  # it is there already, and may not be looked at
            if "backup" in words:
                assert result.exit_code == 2
            elif words == "doctor":
                assert result.exit_code in (2, 10)
            else:
                assert (why in said, result.exit_code) == (True, code), said


def test_a_worker_that_would_keep_nothing_is_told_so(desk: Desk, log_url: str) -> None:
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE sees_the_log LOGIN")
        try:
            for right in grants("sees_the_log"):
                if "mentorcycle_models" not in right:
                    connection.execute(right)
            url = log_url.replace("postgres:@", "sees_the_log:@", 1)
            assert "no rights to those in the database" in desk.refused(2, "worker", "--once", "--db", url)
        finally:
            connection.execute("DROP OWNED BY sees_the_log")
            connection.execute("DROP ROLE sees_the_log")
