"""SQLAlchemy: a table of ours in the database of the log, and a function that writes in both, or in neither.

`sessions(url)` takes the URL that the engine was opened with. On SQLite make the log first, then `metadata.create_all`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import CheckConstraint, create_engine, event
from sqlalchemy import Engine as Database
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import Engine, Pending, Unit


class Base(DeclarativeBase):
    pass


class Visit(Base):
    """A meeting of a pair in a room; `command` is the id of the command that logged it in their cycle."""

    __tablename__ = "visit"
    __table_args__ = (CheckConstraint("minutes <= 120", "two_hours_at_most"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle: Mapped[str]
    room: Mapped[str]
    minutes: Mapped[int]
    command: Mapped[str] = mapped_column(unique=True)


def sessions(url: str) -> sessionmaker[Session]:
    """Sessions in the database of a log."""
    database = _sqlite(url) if url.startswith("sqlite:") else _postgres(url)
    Base.metadata.create_all(database)
    return sessionmaker(database)


@contextmanager
def joined(engine: Engine, session: Session) -> Iterator[Unit]:
    """Commands that are part of the transaction of a session."""
    with engine.join(session.connection().connection.driver_connection) as unit:
        # It is also called when a savepoint ends; then nothing is in the log yet, and `committed` does nothing.
        event.listen(session, "after_commit", lambda session: unit.committed())
        yield unit


def book(
    engine: Engine, session: Session, actor: Actor, cycle: str, minutes: int, room: str
) -> Pending | Refused:
    """Log a contact and book the room it was in, in the transaction of the session."""
    with joined(engine, session) as unit:
        answer = unit.execute(c.LogContact(cycle, minutes), actor)
        if isinstance(answer, Pending):
            session.add(Visit(cycle=cycle, room=room, minutes=minutes, command=answer.command_id))
            session.flush()
        return answer


def _postgres(url: str) -> Database:
    import psycopg

    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))


def _sqlite(url: str) -> Database:
    """Python's own module begins no transaction before a savepoint, so we say BEGIN; and at once for writing."""
    database = create_engine(url)

    @event.listens_for(database, "connect")
    def begin_nothing(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(database, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return database
