"""What crosses when a log is copied into a store of whatever kind: rows in the order of the log, batch by batch.

Also the ports of both ends. Nothing is decoded, and no database is spoken to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgpack

from mentorcycle.domain.errors import StoreUnavailable, VerificationFailed

from .mark import Mark
from .port import Log, StoredRow

BATCH = 5_000
"""Events in one transaction of the target."""

T = TypeVar("T")


class CommandRow(NamedTuple):
    """One command as every store can give it; `last` is before `first` when it had no events."""

    first: int
    last: int
    tenant: str
    command_id: str
    content_hash: bytes
    recorded_at: int


class WordsRow(NamedTuple):
    """One text, by the position of its event and its field; UTF-8, as it may come from a file that was changed."""

    position: int
    field: str
    commitment: bytes
    salt: bytes
    text: bytes


class Discarded(NamedTuple):
    """An event that somebody told a read model to leave out for good."""

    model: str
    position: int
    tenant: str
    stream: str
    error: str
    since: int


class Batch(NamedTuple):
    """All rows of the positions that follow `after`, up to `upto`: no command is cut in two."""

    after: int
    upto: int
    events: list[StoredRow]
    commands: list[CommandRow]
    words: list[WordsRow]

    @property
    def rows(self) -> tuple[Sequence[tuple[Any, ...]], ...]:
        """The rows of each kind."""
        return self.events, self.commands, self.words


class Moment(Protocol):
    """A log at one moment, whatever others append meanwhile; each kind of rows is asked for once at a time."""

    name: str
    head: int

    def events(self, after: int) -> Iterator[StoredRow]:
        """Events with a position > `after`, in order."""

    def commands(self, after: int) -> Iterator[CommandRow]:
        """Commands whose first event is > `after` (0: all), in the order of their rows."""

    def words(self, after: int) -> Iterator[WordsRow]:
        """Words of events > `after` (0: all), by position and field."""

    def discarded(self) -> list[Discarded]:
        """What read models were told to leave out, by model and position."""

    def close(self) -> None:
        """Let go of the moment."""


class State(NamedTuple):
    """What a target holds: `mark` of a copy, and whether it is unfinished; else how much of something else."""

    mark: Mark | None
    unfinished: bool
    events: int
    commands: int

    @property
    def empty(self) -> bool:
        return self.mark is None and not self.events and not self.commands


class Target(Protocol):
    """Where a copy is made; every call is one durable transaction, and raises when another copy is at work in it."""

    name: str
    """As it may be shown, and typed: a URL without user and password."""

    @property
    def log(self) -> Log:
        """The log of the target as its readers see it, unfinished as it is."""

    def state(self) -> State:
        """What is in it."""

    def begin(self, before: Mark | None, mark: Mark) -> None:
        """Let nobody else write from now on; raise unless it is empty, or still the copy that `before` says."""

    def write(self, batch: Batch, before: Mark, of: int) -> Mark:
        """Add a batch, and keep how far the copy is."""

    def known(self, commands: list[CommandRow]) -> set[tuple[str, str]]:
        """Which of these commands are there, by tenant and id."""

    def finish(self, before: Mark, discarded: list[Discarded]) -> None:
        """Let everybody use the log, as an incarnation that never was before."""

    def moment(self) -> Moment:
        """All that is in it now."""

    def assure(self) -> None:
        """Return when all of it is on the standby too that commits wait for; raise `StoreUnavailable` if not surely."""

    def close(self) -> None:
        """Give back what was opened."""


def batches(moment: Moment, after: int, size: int = BATCH) -> Iterator[Batch]:
    """The rows behind a position in batches of about `size` events; raise `VerificationFailed` where some are missing.

    The last batch also has the commands without events that were taken after the last event.
    """
    events = _typed(moment, moment.events(after), "event", _EVENT)
    commands = _Ahead(_typed(moment, moment.commands(after), "command of event", _COMMAND))
    words = _Ahead(_typed(moment, moment.words(after), "text of event", _WORDS))
    while True:
        taken = list(islice(events, size))
        whole = len(taken) < size
        upto = _dense(moment, after, taken)
        mine = list(commands.until(lambda row: row.first > upto and not whole))  # noqa: B023 -- used at once
        end = max((row.last for row in mine), default=0)
        if end > moment.head:
            raise _wrong(
                moment, f"events after {moment.head} are missing: commands were answered up to {end}"
            )
        if end > upto:
            taken += islice(events, end - upto)
            upto = _dense(moment, after, taken)
            mine += commands.until(lambda row: row.first > upto)  # noqa: B023
        if whole and upto < moment.head:
            raise _wrong(moment, f"events after {upto} of {moment.head} are missing")
        texts = list(words.until(lambda row: row.position > upto and not whole))  # noqa: B023
        if taken or mine or texts:
            batch = Batch(after, upto, taken, mine, texts)
            _check(moment, batch)
            yield batch
        if whole:
            return
        after = upto


class Digests:
    """Of all rows in order, of each kind its own, so that batches of any size come to the same."""

    def __init__(self) -> None:
        self.events = self.commands = self.words = 0
        self._hashes = sha256(), sha256(), sha256()
        self._pack = msgpack.Packer().pack

    def take(self, batch: Batch) -> None:
        """Count and digest the rows of the batch that follows."""
        for hash_, rows in zip(self._hashes, batch.rows, strict=True):
            hash_.update(b"".join(map(self._pack, rows)))
        self.events += len(batch.events)
        self.commands += len(batch.commands)
        self.words += len(batch.words)

    def differences(self, other: Digests) -> list[str]:
        """In which kinds of rows another log is not the same, a sentence each."""
        kinds = ("events", "commands", "words")
        return [
            f"the {kind} are not the same ({getattr(self, kind)} in the source, {getattr(other, kind)} in the copy)"
            for kind, one, two in zip(kinds, self._hashes, other._hashes, strict=True)
            if one.digest() != two.digest()
        ]

    def all(self, discarded: list[Discarded]) -> str:
        """One digest for everything."""
        parts = [hash_.digest() for hash_ in self._hashes]
        return sha256(b"".join(parts) + self._pack([tuple(row) for row in discarded])).hexdigest()


def founded(log: Log) -> str:
    """What tells a log from others that are not copies of it; empty while it has no events."""
    rows = log.read_log(0, 1)
    return sha256(msgpack.packb(tuple(rows[0]))).hexdigest() if rows else ""


def another_at_work(store: str) -> StoreUnavailable:
    """The error for a target that changed under the hands of its copy."""
    return StoreUnavailable(
        f"the copy into {store} stopped",
        "somebody else has written to it meanwhile: another copy, or an application",
        "let only one of them go on; an unfinished copy goes on when it is started again",
    )


class _Ahead(Generic[T]):
    """An iterator that can be read up to a row, which then comes first."""

    def __init__(self, rows: Iterator[T]) -> None:
        self._rows = rows
        self._next: list[T] = []

    def until(self, beyond: Callable[[T], bool]) -> Iterator[T]:
        """The rows before the first one that is beyond."""
        while True:
            row = self._next.pop() if self._next else next(self._rows, None)
            if row is None:
                return
            if beyond(row):
                self._next.append(row)
                return
            yield row


_EVENT = (int, str, str, int, str, int, bytes)
_COMMAND = (int, int, str, str, bytes, int)
_WORDS = (int, str, bytes, bytes, bytes)
Row = TypeVar("Row", bound=tuple[Any, ...])


def _typed(moment: Moment, rows: Iterator[Row], name: str, types: tuple[type, ...]) -> Iterator[Row]:
    """Rows, unless no store of ours wrote them: SQLite keeps any type in any column."""
    for row in rows:
        if tuple(map(type, row)) != types:
            place = row[0] if isinstance(row[0], int) else "unknown"  # anything may stand there
            raise _wrong(moment, f"the {name} {place} is not of the types that were written")
        yield row


def _dense(moment: Moment, after: int, events: list[StoredRow]) -> int:
    """The last position of events that follow `after` without a gap."""
    upto = after + len(events)
    if events and (events[0].position != after + 1 or events[-1].position != upto):
        expected = range(after + 1, upto + 1)
        missing = next(n for n, row in zip(expected, events, strict=True) if row.position != n)
        raise _wrong(moment, f"event {missing} of {moment.head} is missing")
    return upto


def _check(moment: Moment, batch: Batch) -> None:
    """Raise for commands and texts that belong to no event, and for texts that are none."""
    for command in batch.commands:  # one without events stands before the event that follows
        if not batch.after < command.first <= batch.upto + 1:
            raise _wrong(moment, f"the command of event {command.first} has no event")
    for words in batch.words:
        if not batch.after < words.position <= batch.upto:
            raise _wrong(moment, f"the text of event {words.position} has no event")
        try:
            words.text.decode()
        except UnicodeDecodeError:
            raise _wrong(moment, f"the text of event {words.position} is not UTF-8") from None


def _wrong(moment: Moment, finding: str) -> VerificationFailed:
    what = f"what {moment.name} holds does not fit together"
    return VerificationFailed(what, (finding,), "run: mentorcycle audit verify, on it")
