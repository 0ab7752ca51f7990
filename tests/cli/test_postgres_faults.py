"""What a person reads when the PostgreSQL server does not do as it is told: why, what to do, and exit code 10."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from .conftest import Desk

WORDS = ("list", "person add Ann", "doctor", "audit verify")


@pytest.fixture
def desk(on_postgres: Desk) -> Desk:
    on_postgres.done("db", "init", "--name", "North")
    return on_postgres


def all_refused(desk: Desk, *reasons: str, url: str | None = None) -> None:
    """Every kind of command ends with 10 and these words."""
    for words in WORDS:
        result = desk(*words.split(), "--format", "table", *(("--db", url) if url else ()))
        said = result.stdout + result.stderr
        assert result.exit_code == 10, said
        assert all(reason in said for reason in reasons), said
        assert "Traceback" not in said
        assert "Secr3t" not in said


def test_a_wrong_password_ends_with_10_and_the_right_one_works(desk: Desk, server: Any) -> None:
    given = conninfo_to_dict(desk.url)
    hba = server.directory / "pg_hba.conf"
    before = hba.read_text()
    server.sql("CREATE ROLE bea SUPERUSER LOGIN PASSWORD 'Secr3t-right'")
    hba.write_text(f"local all bea scram-sha-256\n{before}")
    server.sql("SELECT pg_reload_conf()")
    url = f"postgresql://bea:%s@/{given['dbname']}?host={given['host']}"
    try:
        all_refused(desk, "the password is wrong", "PGPASSWORD", url=url % "Secr3t-wrong")
        desk.done("list", "--db", url % "Secr3t-right")
    finally:
        hba.write_text(before)
        server.sql("SELECT pg_reload_conf()", "DROP ROLE bea")


def test_a_server_that_takes_no_more_connections_ends_with_10(desk: Desk, server: Any) -> None:
    given = conninfo_to_dict(desk.url)
    server.sql(f"ALTER DATABASE {given['dbname']} CONNECTION LIMIT 0", "CREATE ROLE cy LOGIN")
    url = f"postgresql://cy@/{given['dbname']}?host={given['host']}"
    try:
        all_refused(desk, "takes no more connections", "smaller pool", url=url)
    finally:
        server.sql(f"ALTER DATABASE {given['dbname']} CONNECTION LIMIT -1", "DROP ROLE cy")
    desk.done("list")


def test_a_statement_timeout_ends_with_10_and_nothing_is_there_twice(desk: Desk) -> None:
    with psycopg.connect(desk.url) as busy:
        name = busy.info.dbname
        busy.execute(f"ALTER DATABASE {name} SET statement_timeout = '100ms'")
        busy.commit()
        busy.execute("LOCK TABLE mentorcycle.positions, mentorcycle.meta")  # as a VACUUM FULL does
        all_refused(desk, "statement_timeout", "same id")
        busy.rollback()
        busy.execute(f"ALTER DATABASE {name} RESET statement_timeout")
    desk.done("person", "add", "Ann")
    assert [row["name"] for row in desk.data("person", "list")["rows"]] == ["Ann"]
    assert desk.data("audit", "verify")["holds"]
