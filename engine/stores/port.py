"""The port to a log: what every store promises, and the values that cross it.

No event is decoded here and no rule of the domain is known: states are bytes, streams are text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from mentorcycle.domain.errors import CommandReused, Conflict


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to append. `version` is its place in its stream, from 1; `topic` is `Name.schema-version`."""

    stream: str
    version: int
    topic: str
    state: bytes


@dataclass(frozen=True, slots=True)
class NewWords:
    """One text that stays out of the log: it belongs to field `field` of event `version` of `stream`.

    The event carries `commitment` (32 bytes); `salt` opens it.
    """

    stream: str
    version: int
    field: str
    commitment: bytes
    salt: bytes
    text: str = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """What one command appends: all of it or nothing.

    `expected` gives the version (0 = does not exist) that every stream read for the decision must
    still have, also streams that get no event. `content_hash` is the digest of the command's content.
    `after` names slices of the same call whose effects this one was decided on: unless each of them is taken
    now, it is a conflict, whatever the versions say. `incarnation` is that of the log it was decided on (None: of
    any): versions of another log prove nothing.
    """

    tenant: str
    command_id: str
    content_hash: bytes
    expected: Mapping[str, int]
    events: Sequence[NewEvent]
    words: Sequence[NewWords] = ()
    after: Sequence[str] = ()
    incarnation: str | None = None


class Appended(NamedTuple):
    """A durable slice: its events have the positions `first`..`last` (`last < first`: it had none).

    `repeated` says that the command id was known with the same content hash and nothing was written now.
    """

    first: int
    last: int
    recorded_at: int
    repeated: bool = False


class StoredRow(NamedTuple):
    """One event as stored. `recorded_at` is UTC microseconds since 1970, never falling along positions."""

    position: int
    tenant: str
    stream: str
    version: int
    topic: str
    recorded_at: int
    state: bytes


class KnownCommand(NamedTuple):
    """What the store keeps of a command that was accepted."""

    content_hash: bytes
    first: int
    last: int
    recorded_at: int


class Streams(Protocol):
    """What a decision reads: the events of streams, and the words beside them.

    Every method raises `StoreUnavailable` (or a subclass) when the medium fails.
    """

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order."""

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""

    def incarnation(self) -> str:
        """Which log this is: another text, never used before, once a backup has taken its place."""


class Log(Streams, Protocol):
    """A log of events in one dense order, with its command ids and, beside it, the words: for readers."""

    def read_log(
        self, after: int, limit: int, *, upto: int | None = None, tenant: str | None = None
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position."""

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""

    def wait_unless(self, after: int, timeout: float, stopped: Callable[[], bool]) -> int:
        """`wait`, which also ends when `stopped()` is true after `wake()`."""

    def wake(self) -> None:
        """Let those who wait look again."""

    def close(self) -> None:
        """Give back every connection this store opened; a second call does nothing."""


class Store(Log, Protocol):
    """A log that also takes events."""

    def append(self, slice_: Slice) -> Appended:
        """Append atomically and durably; raise `Conflict` or `CommandReused` with nothing written.

        Threads that append at the same time share a commit; one that conflicts never fails another.
        """

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in one commit, in order; each alone is taken or answered with its error."""


@runtime_checkable
class Placed(Protocol):
    """A log in a database that has an address; `version` is that of its tables."""

    version: int

    @property
    def place(self) -> str:
        """The address as it may be shown."""

    def size(self) -> int:
        """Bytes that the log takes there, with its indexes."""


@runtime_checkable
class Timed(Protocol):
    """A log on a server that has a clock of its own, the same for all hosts."""

    def now(self) -> int:
        """What time it is there, in UTC microseconds since 1970."""


@runtime_checkable
class HeldUp(Protocol):
    """A log whose events may have to wait for their positions until transactions of others end."""

    def held_up_by(self, seconds: float) -> tuple[str, str] | None:
        """Who has been in the way for so long, and what can be done; None when nobody has, or may not be known."""


@runtime_checkable
class Restricted(Protocol):
    """A log in a database that may show a role a part of it alone, as the events of one tenant."""

    def shows_all(self) -> bool:
        """Whether the present role is shown every event."""


def tail(store: Log, after: int, *, batch: int = 1000) -> Iterator[StoredRow]:
    """All events after a position up to the present head, read in batches."""
    while rows := store.read_log(after, batch):
        yield from rows
        after = rows[-1].position
