"""The port to a log through a connection that belongs to a host: what it writes is part of the host's transaction.

A borrowed connection is never committed, rolled back or closed here, and has the settings it had when it is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from mentorcycle.domain.errors import CannotJoin, CommandReused, Conflict

from .port import Log, Slice, StoredRow, Streams

Mark: TypeAlias = Hashable
"""What tells one append from every other, also from one of the same command."""

SAVEPOINT = "mentorcycle"


@dataclass(frozen=True, slots=True)
class Written:
    """A slice that was written, and lasts as long as the host lets it; `repeated`: it was there already."""

    mark: Mark
    repeated: bool = False


class Recalled(NamedTuple):
    """A command that was taken before, maybe in this very transaction; its rows have no positions."""

    content_hash: bytes
    rows: list[StoredRow]


class Borrowed(Streams, Protocol):
    """A log as the transaction of a host's connection sees it."""

    def check(self) -> None:
        """Raise `CannotJoin` unless the connection leads to the log of the store."""

    def step(self, *, writing: bool) -> AbstractContextManager[None]:
        """A savepoint: whatever the block did is undone when it ends by an error, and nothing but that.

        Raises `CannotJoin` when the host's transaction cannot be written in.
        """

    def recall(self, tenant: str, command_id: str) -> Recalled | None:
        """What became of a command id."""

    def append(self, slices: Sequence[Slice]) -> list[Written | Conflict | CommandReused]:
        """Write slices, within a step; each alone is taken or answered with its error."""

    def is_durable(self, tenant: str, command_id: str, mark: Mark) -> bool:
        """Whether this append, and no other of the same command, is in the log for good. Not asked of the host."""

    def assure(self) -> None:
        """Return when all that is durable is so on the standby too that commits wait for; raise `StoreUnavailable`
        when that is not sure. Not asked of the host."""

    def whole(self) -> Log | None:
        """Itself as a log in its order, for read models; None when that is not known before the commit."""


@runtime_checkable
class Joinable(Protocol):
    """A store whose tables a host's connection may lead to."""

    def borrow(self, connection: object) -> Borrowed:
        """Its log through that connection; raise `CannotJoin` for one that is not of its driver."""

    def wake(self) -> None:
        """Let those who wait for events look again."""


def not_a_connection(given: object, wanted: str, of: str) -> CannotJoin:
    """The error for something that is not the driver's own connection."""
    kind = type(given)
    return CannotJoin(
        f"a {kind.__module__}.{kind.__qualname__} cannot be joined",
        f"the log is in {of}, so this wants {wanted}",
        "give the driver's own connection: of Django connection.connection (after connection.ensure_connection()),"
        " of SQLAlchemy session.connection().connection.driver_connection",
    )
