"""What is known of each read model: its generations, how far each has read the log, and in which state it is.

`position` is how far the log was *scanned*, matching events or not. A generation is one set of tables; one
serves, another may be built beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

BUILDING, ACTIVE, FAILED = "building", "active", "failed"

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
SELECT = "SELECT name, generation, version, state, position, updated_at, error FROM read_models"
INSERT = "INSERT INTO read_models VALUES (?, ?, ?, ?, ?, ?, ?)"
PROGRESS = "UPDATE read_models SET position = ?, updated_at = ? WHERE name = ? AND generation = ?"
STATE = "UPDATE read_models SET state = ?, error = ?, updated_at = ? WHERE name = ? AND generation = ?"
FORGET = "DELETE FROM read_models WHERE name = ? AND generation = ?"
FORGET_LETTERS = "DELETE FROM dead_letters WHERE model = ? AND generation = ?"


class Generation(NamedTuple):
    """One row of the registry; `error` is the type of what made it fail."""

    name: str
    generation: int
    version: int
    state: str
    position: int
    updated_at: int
    error: str | None


def read(connection: Connection) -> list[Generation]:
    """Every generation of every read model; none when no read model was ever made here."""
    try:
        return [Generation(*row) for row in connection.execute(SELECT)]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise


def create(connection: Connection) -> None:
    """Make the registry's tables, if they are not there."""
    for statement in TABLES:
        connection.execute(statement)


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
    def fed(self) -> list[Generation]:
        """The generations that every catch-up moves; a rebuild far behind moves by itself."""
        active, building = self.active, self.building
        fed = [active] if active else []
        if building and (self.serves_next or (active and building.position >= active.position)):
            fed.append(building)
        return fed

    @property
    def serves_next(self) -> bool:
        """The generation that is built is needed to answer: nothing of this version serves."""
        return self.building is not None and self.active is None and self.failed is None

    def ready(self, head: int) -> bool:
        """Whether there is nothing to do before a query: up to date, or beyond what a catch-up can mend."""
        if self.active is None:
            return self.newer or self.failed is not None
        return all(generation.position >= head for generation in self.fed)


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


def begin(connection: Connection, model: ReadModel, rows: Iterable[Generation], now: int) -> Generation:
    """Make the empty tables of a new generation, after removing what an older version left unfinished."""
    mine = [row for row in rows if row.name == model.name]
    for row in mine:
        if row.state == BUILDING:
            remove(connection, model, row)
    number = 1 + max((row.generation for row in mine), default=0)
    generation = Generation(model.name, number, model.version, BUILDING, 0, now, None)
    model.drop(connection, number)
    model.create(connection, number)
    connection.execute(INSERT, generation)
    return generation


def switch(
    connection: Connection, model: ReadModel, new: Generation, rows: Iterable[Generation], now: int
) -> None:
    """Let a generation serve and remove every other one of its model."""
    for row in rows:
        if row.name == model.name and row.generation != new.generation:
            remove(connection, model, row)
    connection.execute(STATE, (ACTIVE, None, now, new.name, new.generation))


def remove(connection: Connection, model: ReadModel, generation: Generation) -> None:
    """Drop a generation with its tables and its dead letters."""
    model.drop(connection, generation.generation)
    connection.execute(FORGET, (generation.name, generation.generation))
    connection.execute(FORGET_LETTERS, (generation.name, generation.generation))
