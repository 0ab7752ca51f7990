"""What an event costs in a PostgreSQL database: bytes measured here, speeds as the benchmarks measured them.

`docs/scale.toml` holds both, and says where they were measured. Not for how much is asked; that is in `load`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.simulation import SimulatedClock, run, term
from mentorcycle.engine.url import init_store

FILE = Path(__file__).parents[3] / "docs" / "scale.toml"
SIZE = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
          WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(%s)"""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes an event takes, with all that belongs to it: in the log, in read models, in the write-ahead log."""

    log: float
    models: float
    wal: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """Of one server and its clients on the same machine: single commands, and events in bulk and into read models."""

    cores: int
    commands: float
    bulk_events: float
    read_model_events: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What everything is reckoned from."""

    bytes: Bytes
    speeds: Speeds


def known(path: Path = FILE) -> Costs:
    """The costs that were measured before."""
    given = tomllib.loads(path.read_text())
    return Costs(Bytes(**given["bytes"]), Speeds(**given["speeds"]))


def measured(url: str, schools: int = 8) -> Bytes:
    """Live the year of some schools, a tenant each, in an empty database, and weigh it."""
    import psycopg

    init_store(url)
    with psycopg.connect(url, autocommit=True) as connection:
        before = _weighed(connection)
        events = sum(_lived(url, seed) for seed in range(schools))
        after = _weighed(connection)
    log, models, wal = ((now - then) / events for then, now in zip(before, after, strict=True))
    return Bytes(log, models, wal)


def _lived(url: str, seed: int) -> int:
    clock = SimulatedClock(term.local(term.START, 8 * 60))
    with Engine.open(url, tenant=f"district-{seed}", settings=Settings(clock=clock)) as engine:
        start = engine.store.head()
        office = Actor.coordinator()
        engine.ensure_programme(office, name=term.PROGRAMME, zone=term.ZONE)
        engine.execute(c.CloseSchool(term.closures()), office).or_raise()
        run(engine, clock, seed)
        with engine.queries.readers.view():
            return engine.store.head() - start


def _weighed(connection: object) -> tuple[int, int, int]:
    """Bytes of the log, of the read models, and written ahead so far."""
    import psycopg

    assert isinstance(connection, psycopg.Connection)

    def number(query: str, *values: str) -> int:
        row = connection.execute(query, values).fetchone()
        assert row is not None
        return int(row[0])

    return (
        number(SIZE, "mentorcycle"),
        number(SIZE, "mentorcycle_models"),
        number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
    )
