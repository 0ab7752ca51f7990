"""What is known of each read model: its generations, how far each has read the log, and in which state it is.

`position` is how far the log was *scanned*, matching events or not. A generation is one set of tables; one
serves, another may be built beside it. On PostgreSQL, where several processes may feed one read model, every part
of it has a position of its own, and each version of a model has two sets of tables, made by the owner of the
database: which is filled and which serves changes, and no table is made for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.projections.connection import Connection, Dialect, Sql
from mentorcycle.projections.projection import ReadModel, part_of

from ..stores.sifting import Wanted

BUILDING, ACTIVE, FAILED = "building", "active", "failed"

LETTER_TABLES = (
    """CREATE TABLE IF NOT EXISTS dead_letters (
         model TEXT NOT NULL,
         generation INTEGER NOT NULL,
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         position INTEGER NOT NULL,
         error TEXT NOT NULL,
         since INTEGER NOT NULL,
         PRIMARY KEY (model, generation, tenant, stream)
       ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS discarded_events (
         model TEXT NOT NULL,
         position INTEGER NOT NULL,
         tenant TEXT NOT NULL,
         stream TEXT NOT NULL,
         error TEXT NOT NULL,
         since INTEGER NOT NULL,
         PRIMARY KEY (model, position)
       ) WITHOUT ROWID""",
)
TABLES = (
    """CREATE TABLE IF NOT EXISTS read_models (
         name TEXT NOT NULL,
         generation INTEGER NOT NULL,
         version INTEGER NOT NULL,
         state TEXT NOT NULL,
         position INTEGER NOT NULL,
         updated_at INTEGER NOT NULL,
         error TEXT,
         PRIMARY KEY (name, generation)
       ) WITHOUT ROWID""",
    *LETTER_TABLES,
)
POSTGRES_TABLES = (
    """CREATE TABLE read_models (
         name TEXT NOT NULL,
         generation INTEGER NOT NULL,
         version INTEGER NOT NULL,
         state TEXT NOT NULL,
         error TEXT,
         PRIMARY KEY (name, generation)
       )""",
    """CREATE TABLE progress (
         name TEXT NOT NULL,
         generation INTEGER NOT NULL,
         part INTEGER NOT NULL,
         position INTEGER NOT NULL,
         updated_at INTEGER NOT NULL,
         PRIMARY KEY (name, generation, part)
       )""",
    *(table.replace("IF NOT EXISTS ", "") for table in LETTER_TABLES),
    # Which versions of which read models have tables here.
    "CREATE TABLE made (model TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (model, version))",
    # Locked by those who read while they do, and by whoever empties tables that do not serve, so that nobody who still
    # sees them serve finds them empty: TRUNCATE takes no notice of what others see. It has no rows.
    "CREATE TABLE gate (nothing INTEGER)",
)

SERVER_CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
SELECT = Sql(
    "SELECT name, generation, version, state, error, updated_at, position FROM read_models ORDER BY 1, 2",
    "SELECT r.name, r.generation, r.version, r.state, r.error, p.updated_at, p.position FROM read_models r"
    " JOIN progress p ON p.name = r.name AND p.generation = r.generation"
    " WHERE EXISTS (SELECT FROM log l WHERE l.origin = to_regclass(l.place)) ORDER BY r.name, r.generation, p.part",
)
INSERT = "INSERT INTO read_models (name, generation, version, state, position, updated_at) VALUES (?, ?, ?, ?, 0, ?)"
FORGET = "DELETE FROM read_models WHERE name = ? AND generation = ?"
FORGET_PROGRESS = "DELETE FROM progress WHERE name = ? AND generation = ?"
FORGET_LETTERS = "DELETE FROM dead_letters WHERE model = ? AND generation = ?"
SAME_LOG = "SELECT EXISTS (SELECT FROM log l WHERE l.origin = to_regclass(l.place))"
# Not NOWAIT: among many who read there may always be one. Not for long: they wait behind it.
SHUT = ("SET LOCAL lock_timeout = '100ms'", "LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")


Key: TypeAlias = tuple[str, int, int]
"""Name, generation and part."""


class Generation(NamedTuple):
    """What the registry says of one set of tables; `error` is the type of what made it fail.

    `positions` is how far each of its parts has read; without parts it has one.
    """

    name: str
    generation: int
    version: int
    state: str
    error: str | None
    updated_at: int
    positions: tuple[int, ...]

    @property
    def position(self) -> int:
        """Up to where all of it has read."""
        return min(self.positions)


class Fed(NamedTuple):
    """A part of a generation, which takes the events of its streams. `beside`: another one serves meanwhile."""

    model: ReadModel
    row: Generation
    part: int
    beside: bool = False

    @property
    def position(self) -> int:
        """Up to where it has read."""
        return self.row.positions[self.part]

    @property
    def key(self) -> Key:
        """What it is, wherever it stands."""
        return self.row.name, self.row.generation, self.part

    def reads(self, tenant: str, stream: str) -> bool:
        """Whether the events of a stream are its own, if its model reads that kind."""
        return len(self.row.positions) == 1 or part_of(tenant, stream) == self.part


def wanted_by(group: Collection[Fed]) -> Wanted:
    """What those who stand at one position read together."""
    kinds = {kind for one in group for kind in one.model.kinds}
    parts = {one.part for one in group}
    return Wanted(
        frozenset(kinds if all(one.model.kinds for one in group) else ()),
        frozenset(parts if all(len(one.row.positions) > len(parts) for one in group) else ()),
    )


class Lineup(NamedTuple):
    """The generations of one read model that this program can use: of its own version.

    `outdated` serves programs of an older version; `newer` says that a newer program made the present one.
    """

    model: ReadModel
    active: Generation | None
    building: Generation | None
    failed: Generation | None
    outdated: Generation | None
    newer: bool

    @property
    def to_create(self) -> bool:
        """Nothing of this version exists yet, so that it has to be built."""
        return not (self.active or self.building or self.failed or self.newer)

    @property
    def fed(self) -> list[Fed]:
        """What every catch-up moves; a rebuild far behind moves by itself."""
        active, building = self.active, self.building
        fed = [Fed(self.model, active, part) for part in range(len(active.positions))] if active else []
        if building and self.serves_next:
            fed += [Fed(self.model, building, part) for part in range(len(building.positions))]
        elif building and active:
            parts = range(min(len(active.positions), len(building.positions)))
            level = (part for part in parts if building.positions[part] >= active.positions[part])
            fed += [Fed(self.model, building, part, beside=True) for part in level]
        return fed

    @property
    def serves_next(self) -> bool:
        """The generation that is built is needed to answer: nothing of this version serves."""
        return self.building is not None and self.active is None and self.failed is None

    def ready(self, head: int) -> bool:
        """Whether there is nothing to do before a query: up to date, or beyond what a catch-up can mend."""
        if self.active is None:
            return self.newer or self.failed is not None
        return all(one.position >= head for one in self.fed)


def lineup(model: ReadModel, rows: Iterable[Generation]) -> Lineup:
    """Sort the generations of one model by what they are for."""
    mine = sorted((row for row in rows if row.name == model.name), key=lambda row: row.generation)

    def latest(state: str) -> Generation | None:
        found = [row for row in mine if row.state == state and row.version == model.version]
        return found[-1] if found else None

    outdated = [row for row in mine if row.version < model.version and row.state != BUILDING]
    return Lineup(
        model,
        latest(ACTIVE),
        latest(BUILDING),
        latest(FAILED),
        outdated[-1] if outdated else None,
        any(row.version > model.version and row.state == ACTIVE for row in mine),
    )


def read(connection: Connection) -> list[Generation]:
    """Every generation of every read model; none when no read model was ever made here."""
    try:
        rows = connection.execute(SELECT.on(connection.dialect)).fetchall()
    except sqlite3.OperationalError as caught:
        if "no such table" in str(caught):
            return []
        raise
    found = []
    for (name, generation, version, state, error), parts in groupby(rows, lambda row: row[:5]):
        told = [(row[5], row[6]) for row in parts]
        updated_at, positions = max(at for at, _ in told), tuple(position for _, position in told)
        found.append(Generation(name, generation, version, state, error, updated_at, positions))
    return found


def now(connection: Connection, clock: Callable[[], int]) -> int:
    """What time it is for read models: by the server's clock where there is one, since those of hosts differ."""
    if connection.dialect is Dialect.SQLITE:
        return clock()
    found: int = connection.execute(f"SELECT {SERVER_CLOCK}").fetchone()[0]
    return found


def create(connection: Connection) -> None:
    """Make the registry's tables, if they are not there; in PostgreSQL their owner has done so."""
    if connection.dialect is Dialect.SQLITE:
        for statement in TABLES:
            connection.execute(statement)


def begin(connection: Connection, model: ReadModel, rows: Iterable[Generation], now: int) -> None:
    """Have empty tables for a new generation, after removing what was left unfinished."""
    mine = [row for row in rows if row.name == model.name]
    for row in mine:
        if row.state == BUILDING:
            remove(connection, model, row)
    if connection.dialect is Dialect.POSTGRES:
        _begin_in_place(connection, model, [row for row in mine if row.state != BUILDING])
        return
    number = 1 + max((row.generation for row in mine), default=0)
    model.drop(connection, number)
    model.create(connection, number)
    connection.execute(INSERT, (model.name, number, model.version, BUILDING, now))


def slots(version: int) -> tuple[int, int]:
    """The two generations that have tables for a version of a read model in PostgreSQL."""
    return 2 * version - 1, 2 * version


def _begin_in_place(connection: Connection, model: ReadModel, rows: Sequence[Generation]) -> None:
    if not connection.execute(SAME_LOG).fetchone()[0]:
        raise of_another_log()
    made = connection.execute("SELECT version FROM made WHERE model = ?", (model.name,)).fetchall()
    if (model.version,) not in made:
        raise _without_tables(model, [version for (version,) in made])
    kept = lineup(model, rows)
    serving = kept.active or kept.failed
    for row in rows:
        if row.version == model.version and row is not serving:
            remove(connection, model, row)
    number = next(slot for slot in slots(model.version) if serving is None or slot != serving.generation)
    empty(connection, model, number)
    connection.execute(
        "INSERT INTO read_models (name, generation, version, state) VALUES (?, ?, ?, ?)",
        (model.name, number, model.version, BUILDING),
    )
    connection.executemany(
        f"INSERT INTO progress VALUES (?, ?, ?, 0, {SERVER_CLOCK})",
        [(model.name, number, part) for part in range(model.parts)],
    )


def empty(connection: Connection, model: ReadModel, generation: int) -> None:
    """Empty tables in PostgreSQL that do not serve, unless they are; an error when somebody reads just now."""
    some = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in model.table_names(generation))
    if connection.execute(f"SELECT {some}").fetchone()[0]:
        for statement in SHUT:
            connection.execute(statement)
        model.empty(connection, generation)


def of_another_log() -> StoreUnavailable:
    """The error for read models in PostgreSQL beside which another log was restored."""
    return StoreUnavailable(
        "the read models in the database tell of another log",
        "a log was restored beside them that they do not follow",
        "run: mentorcycle db upgrade; they are made anew then",
    )


def _without_tables(model: ReadModel, made: Sequence[int]) -> StoreNeedsUpgrade:
    newer = any(version > model.version for version in made)
    return StoreNeedsUpgrade(
        f"there are no tables for version {model.version} of the read model {model.name}",
        f"the database has those of version {', '.join(map(str, sorted(made)))}" if made else "it is new",
        "install a newer mentorcycle" if newer else "run: mentorcycle db upgrade",
    )


def advance(connection: Connection, fed: Sequence[Fed], scanned: int, now: int) -> bool:
    """Set how far these have read, all of them having stood at one position; False when one has moved meanwhile."""
    if connection.dialect is Dialect.SQLITE:
        for one in fed:
            connection.execute(
                "UPDATE read_models SET position = ?, updated_at = ? WHERE name = ? AND generation = ?",
                (scanned, now, one.row.name, one.row.generation),
            )
        return True
    places = ", ".join(["(?::text, ?::bigint, ?::bigint)"] * len(fed))
    moved = connection.execute(
        f"UPDATE progress p SET position = ?, updated_at = {SERVER_CLOCK}"
        f" FROM (VALUES {places}) f(name, generation, part)"
        " WHERE p.name = f.name AND p.generation = f.generation AND p.part = f.part AND p.position = ? RETURNING 1",
        (
            scanned,
            *(value for one in fed for value in (one.row.name, one.row.generation, one.part)),
            fed[0].position,
        ),
    )
    return len(moved.fetchall()) == len(fed)


def fail(connection: Connection, row: Generation, error: str, now: int) -> None:
    """Let a generation serve no more, and say why."""
    _set_state(connection, row, FAILED, error, now)


def switch(
    connection: Connection, model: ReadModel, new: Generation, rows: Iterable[Generation], now: int
) -> None:
    """Let a generation serve and remove every other one of its model."""
    for row in rows:
        if row.name == model.name and row.generation != new.generation:
            remove(connection, model, row)
    _set_state(connection, new, ACTIVE, None, now)


def remove(connection: Connection, model: ReadModel, generation: Generation) -> None:
    """Forget a generation with its dead letters and its tables; in PostgreSQL these stay, and are emptied later."""
    key = (generation.name, generation.generation)
    if connection.dialect is Dialect.SQLITE:
        model.drop(connection, generation.generation)
    else:
        connection.execute(FORGET_PROGRESS, key)
    connection.execute(FORGET, key)
    connection.execute(FORGET_LETTERS, key)


def _set_state(connection: Connection, row: Generation, state: str, error: str | None, now: int) -> None:
    changed = "state = ?, error = ?"
    values: list[object] = [state, error]
    if connection.dialect is Dialect.SQLITE:
        changed, values = f"{changed}, updated_at = ?", [*values, now]
    connection.execute(
        f"UPDATE read_models SET {changed} WHERE name = ? AND generation = ?",
        (*values, row.name, row.generation),
    )
