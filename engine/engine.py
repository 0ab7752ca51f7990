"""The facade: one object through which a platform, the command line or a test runs mentorship cycles.

It joins the rooms and holds no rule: deciding is the domain's, storing the stores', reading the read models'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.cycle import Cycle, Move, moves
from mentorcycle.domain.definition import Definition, shipped
from mentorcycle.domain.ids import BATCH, DEFAULT_TENANT, MAIN_PROGRAMME, person_stream, short_id
from mentorcycle.domain.people import Person
from mentorcycle.domain.programme import Programme
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused

from .actors import check_actor
from .bulk import SLICE, Bulk
from .closing import Closing
from .codec import to_micros
from .decider import Decider, Reading
from .enrolment import Entry, enrolment, for_staff, roster_ids
from .executor import Executor, Said
from .history import History, known_in
from .intake import listed
from .queries import Queries
from .receipt import Batch, Receipt
from .roster.model import Roster
from .settings import Settings, utc_now
from .states import State, States
from .stores.port import Store
from .subscription import Subscription
from .url import open_store

if TYPE_CHECKING:
    from .readers.worker import Worker
    from .unit import Projection, Unit

LEASE_SECONDS = 8.0


class Engine(Closing):
    """Cycles of one tenant in one store. Threads may share it; open it after `fork`, once per process.

    On an event loop: `AsyncEngine`.
    """

    def __init__(
        self, store: Store, *, tenant: str = DEFAULT_TENANT, settings: Settings | None = None
    ) -> None:
        self.store = store
        self.tenant = tenant
        self.settings = settings or Settings()
        self._states = States(store, tenant, self.settings.cached_streams)
        self._decider = Decider(tenant, self.settings.entropy)
        self._executor = Executor(store, tenant, self.settings, self._states, self._decider)
        self._bulk = Bulk(store, tenant, self.settings.retakes, self._states, self._executor)
        self.queries = Queries(store, tenant, self.settings.clock)
        self._history = History(store, tenant, self.queries.concerns, self._states.load)

    @classmethod
    def open(
        cls,
        url: str = "memory://",
        *,
        tenant: str = DEFAULT_TENANT,
        settings: Settings | None = None,
        create: bool = True,
        read_only: bool = False,
    ) -> Self:
        """Open the engine on `sqlite:///path.db`, `postgresql://…` or `memory://`; a new SQLite file is made by it.

        Raises `StoreUnavailable` (with what to do) when the store cannot be used, `UnknownStore` for another URL.
        """
        settings = settings or Settings()
        store = open_store(
            url,
            clock=clock_of(settings),
            patience=settings.patience,
            create=create,
            read_only=read_only,
        )
        return cls(store, tenant=tenant, settings=settings)

    def close(self) -> None:
        """Give back what was opened; a second call does nothing."""
        self.store.close()

    def execute(
        self,
        command: Command,
        actor: Actor,
        *,
        command_id: str | None = None,
        occurred_at: datetime | None = None,
        correlation: str | None = None,
        causation: str | None = None,
        batch: str | None = None,
        dry_run: bool = False,
    ) -> Receipt | Refused:
        """Decide a command and append what it comes to: a durable receipt, or every reason against it.

        Repeating a `command_id` with the same content gives the first receipt. `occurred_at` (aware) says when it
        happened, default now. A dry run decides and writes nothing; its receipt has no positions. Raises
        `NotFound`, `CommandReused`, `Conflict` (after all retakes) and `StoreUnavailable`.
        """
        said = Said(occurred_at, correlation, causation, batch)
        return self._executor.one(command, actor, said, command_id=command_id, dry_run=dry_run)

    def execute_many(
        self,
        commands: Iterable[Command],
        actor: Actor,
        *,
        batch: str | None = None,
        command_ids: Sequence[str] | None = None,
        occurred_at: datetime | None = None,
        correlation: str | None = None,
        causation: str | None = None,
        dry_run: bool = False,
        slice_size: int = SLICE,
    ) -> Batch:
        """Decide many commands in order under one batch id, `slice_size` of them in each commit.

        Every command gets its own result; one that is refused or fails does not keep the others from being taken.
        A later command sees what an earlier one of the same batch did.
        """
        said = Said(occurred_at, correlation, causation, batch or short_id(BATCH, self.settings.entropy(10)))
        return self._bulk.run(
            listed(commands), actor, said, command_ids=command_ids, dry_run=dry_run, slice_size=slice_size
        )

    def join(
        self,
        connection: object,
        *,
        models: Sequence[str] = (),
        projections: Sequence[Projection] = (),
    ) -> Unit:
        """Commands within the transaction of a host: `with engine.join(connection) as unit: unit.execute(…)`.

        What they append is committed and rolled back with everything else on that connection, a `sqlite3.Connection`
        to the file of the log or a `psycopg.Connection` to its database. `models` (SQLite only) are read models to keep
        up to date there, `projections` are called with each command's events there. Raises `CannotJoin`.
        """
        from .unit import Unit

        deciding = (self.settings, self._states, self._decider, self._executor)
        return Unit(self.store, self.tenant, *deciding, connection, tuple(models), tuple(projections))

    def can(self, cycle: str, actor: Actor) -> tuple[Move, ...]:
        """Every move out of the cycle's stage, each with all that stands in its way for this actor now."""
        reading = Reading(self._states.load)
        state = self._history.readable(reading.cycle(cycle), actor)
        actor = known_in(state, actor, self._states.load)
        programme, definition = self._decider.of_cycle(state, reading)
        return moves(
            state, self._decider.context(actor, self.settings.clock(), reading, programme, definition)
        )

    def cycle(self, cycle: str, actor: Actor) -> Cycle:
        """The present state of a cycle, from the log."""
        return self._history.readable(Reading(self._states.load).cycle(cycle), actor)

    def person(self, person: str, actor: Actor) -> Person:
        """The present state of a person, from the log; ids of merged duplicates lead to the survivor.

        Participants see themselves. People are of the tenant and not of a programme, as every coordinator pairs
        them: whoever is bounded to a programme sees how each of them stands, though not what happened to them.
        """
        state = Reading(self._states.load).person(person)
        if state.merged_into:
            return self.person(state.merged_into, actor)
        return self._history.readable_person(state, actor)

    def programme(self, programme: str = MAIN_PROGRAMME) -> Programme:
        """The present state of a programme, from the log. It says nothing of any person, so no actor is asked for."""
        return Reading(self._states.load).programme(programme)

    def definition(self, cycle: str, actor: Actor) -> Definition:
        """The definition that a cycle pins."""
        reading = Reading(self._states.load)
        return self._decider.of_cycle(self._history.readable(reading.cycle(cycle), actor), reading)[1]

    def history(
        self, ref: str, actor: Actor, *, upto: int | None = None, words: bool = False
    ) -> tuple[Recorded[Any], ...]:
        """All events of a cycle (`c-…`), person (`p-…`) or programme, up to a position.

        With `words`, texts are put back where this actor may read them; for everybody else they stay shut.
        """
        return self._history.events(ref, actor, upto=upto, words=words)

    def as_of(self, ref: str, at: int | datetime, actor: Actor) -> State:
        """The state of a cycle, person or programme at a position, or at an aware instant of recording."""
        return self._history.as_of(ref, at, actor)

    def subscribe(self, after: int = 0) -> Subscription:
        """Every event after a position, in order, as it is appended; iterating blocks until it is stopped."""
        return Subscription(self.store, self.tenant, after)

    def worker(
        self,
        models: Sequence[str] | None = None,
        *,
        name: str = "",
        lease: float = LEASE_SECONDS,
        told: Callable[[str], None] | None = None,
    ) -> Worker:
        """A worker that keeps read models (by default all) up to date, of every tenant that this role sees.

        Any number of them share the work on PostgreSQL. One that gives no sign of life for `lease` seconds is
        replaced; `told` is given sentences about what happens to it. Raises `NotFound` for a name that no read model
        has, and `InvalidInput` for an empty list.
        """
        from .readers.worker import Worker

        clock = self.queries.readers.clock
        return Worker(self.store, models, clock=clock, name=name, lease=lease, told=told)

    def wait_for(self, receipt: Receipt | int, timeout: float | None = None) -> int:
        """Wait until every read model knows what a receipt, or a position of the log, stands for; return the head.

        Queries do so anyway for what was appended before they were asked; this is for whoever was told of a position by
        another process. Raises `StoreUnavailable`, with how far everything is, after `timeout` seconds (default: the
        store's patience).
        """
        return self.queries.readers.wait_for(
            receipt.last if isinstance(receipt, Receipt) else receipt, timeout
        )

    def enrolment(self, roster: Roster, actor: Actor) -> tuple[Entry, ...]:
        """What importing a roster would change, person by person, with the commands that do it.

        It tells what is known of everybody in the roster: raises `RefusedError` for participants.
        """
        for_staff(actor)
        known: dict[str, Person] = {}
        wanted = set(roster_ids(roster, self.tenant))
        while wanted:
            states = self._states.load_many([person_stream(id) for id in wanted])
            found = [state for state in states.values() if isinstance(state, Person)]
            known |= {person.id: person for person in found}
            wanted = {person.merged_into for person in found if person.merged_into} - set(known)
        return enrolment(roster, self.tenant, known)

    def ensure_programme(
        self,
        actor: Actor,
        *,
        name: str = "Mentoring programme",
        zone: str = "UTC",
        programme: str = MAIN_PROGRAMME,
    ) -> Programme:
        """Create the programme and publish the shipped definition, as far as that is not so yet."""
        check_actor(actor)
        state = self.programme(programme)
        if not state.exists:
            self.execute(c.CreateProgramme(name, zone, programme=programme), actor).or_raise()
        if not state.published:
            self.execute(c.PublishDefinition(shipped().source, programme), actor).or_raise()
        return self.programme(programme)


def clock_of(settings: Settings) -> Callable[[], int] | None:
    """The clock of a store, in microseconds; None for the store's own."""
    return None if settings.clock is utc_now else lambda: to_micros(settings.clock())
