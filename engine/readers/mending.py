"""What is done about a stream that a read model set aside: look at it, try again, or leave its event out for good."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.projections.connection import Connection
from mentorcycle.projections.moments import from_micros
from mentorcycle.projections.projection import ReadModel

from ..stores.port import StoredRow
from . import registry
from .batch import Batch, ModelBroken, decoded, take
from .letters import LEFT_OUT, LIST, Aside, DeadLetter, LeftOut, aside, set_aside

if TYPE_CHECKING:
    from .readers import Readers

TAKE_UP = "DELETE FROM dead_letters WHERE model = ? AND generation = ? AND tenant = ? AND stream = ?"
DISCARD = "INSERT INTO discarded_events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Inspected(NamedTuple):
    """A dead letter with the type and version of its event, and how many events of the stream wait, with it.

    Of an event that is not in the log any more (its tail was cut off) type and version are None.
    """

    letter: DeadLetter
    topic: str | None
    version: int | None
    waiting: int


def dead_letters(readers: Readers) -> list[DeadLetter]:
    """Every stream that is set aside, by read model, in order of the log."""
    with readers.tables.reader() as connection:
        return _listed(connection)


def left_out(readers: Readers) -> list[LeftOut]:
    """Every event that read models leave out, with the tenant and stream that the log has for it, if it has it."""
    with readers.tables.reader() as connection:
        told = [LeftOut(*row) for row in connection.execute(LEFT_OUT)] if registry.read(connection) else []
    found = []
    for one in told:
        rows = readers.store.read_log(one.position - 1, 1, upto=one.position)
        found.append(one._replace(tenant=rows[0].tenant, stream=rows[0].stream) if rows else one)
    return found


def _listed(connection: Connection) -> list[DeadLetter]:
    return [_letter(*row) for row in connection.execute(LIST)] if registry.read(connection) else []


def _letter(model: str, tenant: str, stream: str, position: int, error: str, since: int) -> DeadLetter:
    return DeadLetter(model, tenant, stream, position, error, from_micros(since))


def inspect(readers: Readers, letter: DeadLetter) -> Inspected:
    """What is known of the event that could not be taken, without what it says."""
    rows = _waiting(readers, letter.tenant, letter.stream, letter.position)
    if not rows or rows[0].position != letter.position:
        return Inspected(letter, None, None, len(rows))
    return Inspected(letter, rows[0].topic, rows[0].version, len(rows))


class _Rehearsed(Exception):
    """Rolls back what was only tried."""


def retry(readers: Readers, letter: DeadLetter, *, dry_run: bool = False) -> DeadLetter | None:
    """Take the stream's events again, from the one that failed on; give back what is left, None when mended."""
    return _resume(readers, letter, discard=False, dry_run=dry_run)


def discard(readers: Readers, letter: DeadLetter, *, dry_run: bool = False) -> DeadLetter | None:
    """Leave the event out for good, in every later rebuild too, and take those of the stream that follow."""
    return _resume(readers, letter, discard=True, dry_run=dry_run)


def _resume(readers: Readers, letter: DeadLetter, *, discard: bool, dry_run: bool) -> DeadLetter | None:
    now = readers.clock()
    model = readers.model(letter.model)
    left: DeadLetter | None = None
    rows = _waiting(readers, letter.tenant, letter.stream, letter.position)
    with suppress(_Rehearsed), readers.tables.writer() as connection:
        _hold(readers, connection, model, letter)
        if discard:
            values = (letter.model, letter.position, letter.tenant, letter.stream, letter.error, now)
            connection.execute(DISCARD, values)
        for generation in registry.read(connection):
            if (generation.name, generation.version) == (model.name, model.version):
                _take_up(readers, connection, generation, letter, rows, now)
        left = next((known for known in _listed(connection) if known[:3] == letter[:3]), None)
        if dry_run:
            raise _Rehearsed
    return left


def _hold(readers: Readers, connection: Connection, model: ReadModel, letter: DeadLetter) -> None:
    """Let nobody feed the stream's part meanwhile, in any generation."""
    generations = [row for row in registry.read(connection) if row.name == model.name]
    parts = [registry.Fed(model, row, part) for row in generations for part in range(len(row.positions))]
    readers.tables.alone(connection, model, [one for one in parts if one.reads(letter.tenant, letter.stream)])


def _take_up(
    readers: Readers,
    connection: Connection,
    generation: registry.Generation,
    letter: DeadLetter,
    rows: list[StoredRow],
    now: int,
) -> None:
    key = (letter.tenant, letter.stream)
    left_out = aside(connection, letter.model, generation.generation)
    start = left_out.streams.get(key)
    if start is None:
        return
    connection.execute(TAKE_UP, (letter.model, generation.generation, *key))
    model = readers.model(letter.model)
    parts = (registry.Fed(model, generation, part) for part in range(len(generation.positions)))
    reached = next(one.position for one in parts if one.reads(*key))
    batch = decoded((row for row in rows if start <= row.position <= reached), readers.decode)
    alone = Aside({}, left_out.events)
    try:
        poisons = take(connection, model, generation.generation, Batch(*batch), alone)
    except ModelBroken as broken:
        raise StoreUnavailable(
            f"the read model {model.name} cannot take the events of {letter.stream}",
            f"it raised {broken.error}; nothing was changed",
            f"run: mentorcycle db rebuild {model.name}",
        ) from broken
    set_aside(connection, model.name, generation.generation, poisons, now)


def _waiting(readers: Readers, tenant: str, stream: str, position: int) -> list[StoredRow]:
    return [row for row in readers.store.read_stream(tenant, stream) if row.position >= position]
