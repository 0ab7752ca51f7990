"""Commands within the transaction of a host: decided on what it sees, appended in it, and nothing of it kept.

Whether it commits is the host's affair. The unit is told so, looks whether it is true, and knows receipts from then
on. How a connection is borrowed, `stores.borrowed` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import get_ident
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import (
    CannotJoin,
    CommandReused,
    HistoryUnreadable,
    InvalidInput,
    StoreUnavailable,
)
from mentorcycle.domain.ids import BATCH, short_id
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused

from .codec import decode
from .decider import Decider, Ready, Request, named_streams
from .executor import Deciding, Executor, Said, repeats, sound
from .intake import ids_for, listed
from .ledger import Content, content_of
from .readers import Readers
from .receipt import Failed, Pending, Receipt, subject_of_events
from .settings import Settings
from .states import States, StatesWithin
from .stores.borrowed import Borrowed, Joinable, Mark, Written
from .stores.port import Store
from .view import View

Projection: TypeAlias = Callable[[Any, Sequence[Recorded[Any]]], object]
"""A read model of the host's own: called with the host's connection and new events, which have no positions yet."""

Answer: TypeAlias = Pending | Refused | Failed


class _Decided(NamedTuple):
    """A decision that can be written, and the number of its command in the call."""

    number: int
    request: Request
    ready: Ready


class Unit:
    """The connection of a host, joined for a `with` block; it belongs to the thread that enters it.

    Every call is a savepoint: an error or a conflict undoes that call, and the host's transaction can go on. The unit
    never commits, never rolls back, and takes no decision a second time.
    """

    def __init__(
        self,
        store: Store,
        tenant: str,
        settings: Settings,
        durable: States,
        decider: Decider,
        executor: Executor,
        connection: object,
        models: Sequence[str],
        projections: Sequence[Projection],
    ) -> None:
        self._store = _joinable(store)
        self._log = self._store.borrow(connection)
        self._tenant = tenant
        self._settings = settings
        self._executor = executor
        self._connection = connection
        self._projections = projections
        self._keep_up = _keeping_up(self._log, models)
        self._states = StatesWithin(self._log, tenant, durable)
        self._decider = decider
        self._deciding = Deciding(settings, self._states, decider)
        self._taken: list[tuple[Request, int | None]] = []  # with the number of their append, if they are new
        self._appends: list[tuple[str, Mark]] = []  # a command of each, and what tells it from every other
        self._hooks: list[tuple[int, Callable[[], object]]] = []
        self._thread: int | None = None

    def __enter__(self) -> Self:
        self._log.check()
        self._thread = get_ident()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread = None

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
    ) -> Pending | Refused:
        """As `Engine.execute`, on what the host's transaction sees, and part of it.

        Also raises `CannotJoin`, when that transaction cannot be written in, and `Conflict` at once: the host may
        send the command again, or roll back and begin anew.
        """
        self._check_entered()
        said = sound(Said(occurred_at, correlation, causation, batch), actor)
        request = self._deciding.request(command, actor, said, command_id)
        (answer,) = self._answers([request], known_ids=command_id is not None, dry_run=dry_run)
        return answer.or_raise() if isinstance(answer, Failed) else answer

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
    ) -> tuple[Answer, ...]:
        """Decide many commands in order, each seeing those before it, and append together what can be taken.

        One that is refused or fails does not keep the others from being taken; a `Conflict` undoes the whole call.
        """
        self._check_entered()
        commands = listed(commands)
        ids = ids_for(commands, command_ids)
        batch = batch or short_id(BATCH, self._settings.entropy(10))
        said = sound(Said(occurred_at, correlation, causation, batch), actor)
        asked: list[Request | Failed] = []
        for command, id in zip(commands, ids, strict=True):
            try:
                asked.append(self._deciding.request(command, actor, said, id))
            except InvalidInput as error:
                asked.append(Failed(error))
        return tuple(self._answers(asked, known_ids=command_ids is not None, dry_run=dry_run))

    def on_commit(self, hook: Callable[[], object]) -> None:
        """Let `committed` call `hook()` once, when the last command taken before is durable (or else the first after).

        Never when that was rolled back, and never for a command that was only repeated.
        """
        self._hooks.append((max(len(self._appends) - 1, 0), hook))

    def committed(self) -> bool:
        """To be called after the host's commit: looks whether it is so, and then calls the hooks.

        False, and nothing is done, when no command of this unit is in the log (yet). A hook that raises is not called
        again; those behind it are, by the next call. Where commits wait for a standby, so does this: it raises
        `StoreUnavailable`, with no hook called, when it is not sure that the standby has them.
        """
        durable = self._durable()
        if not any(durable):
            return False
        self._log.assure()
        self._store.wake()
        for one in tuple(self._hooks):
            number, hook = one
            if number < len(durable) and durable[number]:
                self._hooks.remove(one)
                hook()
        return True

    def receipts(self) -> tuple[Receipt, ...]:
        """After the host's commit: the receipts of all commands taken here that are in the log, in their order.

        On PostgreSQL it waits until they have positions, as long as the engine waits for anything.
        """
        durable = self._durable()
        return tuple(
            replace(receipt, repeated=number is None)
            for request, number in self._taken
            if number is None or durable[number]
            if (receipt := self._executor.first_receipt(request)) is not None
        )

    def _answers(self, asked: Sequence[Request | Failed], *, known_ids: bool, dry_run: bool) -> list[Answer]:
        """What becomes of commands; all that are taken are written in one append."""
        new: tuple[str, Mark] | None = None
        with self._log.step(writing=not dry_run):
            answers, ready = self._decided(asked, known_ids=known_ids)
            if ready and not dry_run:
                new = self._append(ready, answers)
        if not dry_run:
            self._taken += [
                (request, None if answer.repeated else len(self._appends))
                for request, answer in zip(asked, answers, strict=True)
                if isinstance(request, Request) and isinstance(answer, Pending)
            ]
        if new is not None:
            self._appends.append(new)
        return answers

    def _decided(
        self, asked: Sequence[Request | Failed], *, known_ids: bool
    ) -> tuple[list[Answer], list[_Decided]]:
        """Answers as they will be, and the decisions that are yet to be written."""
        view = View(self._states, trusting=False)
        if len(asked) > 1:
            view.prefetch(
                stream for one in asked if isinstance(one, Request) for stream in named_streams(one)
            )
        answers: list[Answer] = []
        ready: list[_Decided] = []
        here: dict[str, tuple[Content, Pending]] = {}
        for number, request in enumerate(asked):
            if isinstance(request, Failed):
                answers.append(request)
                continue
            known = (self._known(request) or _known_here(request, here)) if known_ids else None
            decision = known or self._deciding.attempted(request, view)
            if isinstance(decision, Failed) and isinstance(decision.error, StoreUnavailable):
                raise decision.error  # then the host's transaction goes back to our savepoint, or it is lost
            if not isinstance(decision, Ready):
                answers.append(decision)
                continue
            view.add(decision)
            ready.append(_Decided(number, request, decision))
            subject = subject_of_events(decision.events, decision.subject)
            pending = Pending(request.command_id, subject, decision.events)
            here[request.command_id] = _content(request), pending
            answers.append(pending)
        return answers, ready

    def _append(self, decided: Sequence[_Decided], answers: list[Answer]) -> tuple[str, Mark] | None:
        """Write decisions and let read models take them; raise what keeps any of them from being written.

        Gives a command that is new, and what tells its append from every other.
        """
        new: list[tuple[str, Mark]] = []
        events: list[Recorded[Any]] = []
        outcomes = self._log.append([one.ready.slice for one in decided])
        for one, outcome in zip(decided, outcomes, strict=True):
            if not isinstance(outcome, Written):
                raise outcome
            if outcome.repeated:  # others took it since it was looked for
                answers[one.number] = self._known(one.request) or Failed(
                    CommandReused(one.request.command_id)
                )
            else:
                new.append((one.request.command_id, outcome.mark))
                events.extend(one.ready.events)
        if events:
            for projection in self._projections:
                projection(self._connection, events)
            self._keep_up()
        return new[0] if new else None

    def _known(self, request: Request) -> Pending | Failed | None:
        """The answer to a command id that was taken before."""
        known = self._log.recall(self._tenant, request.command_id)
        if known is None:
            return None
        if not repeats(request, known.content_hash, known.rows, self._log, self._tenant):
            return Failed(CommandReused(request.command_id))
        try:
            events = tuple(decode(row) for row in known.rows)
        except HistoryUnreadable as error:
            return Failed(error)
        subject = subject_of_events(events, "") or self._decider.subject(request, self._states.load)
        return Pending(request.command_id, subject, events, repeated=True)

    def _durable(self) -> list[bool]:
        """Which appends are in the log for good."""
        return [self._log.is_durable(self._tenant, id, mark) for id, mark in self._appends]

    def _check_entered(self) -> None:
        if self._thread == get_ident():
            return
        if self._thread is None:
            why, fix = (
                "it is not within its with block",
                "with engine.join(connection) as unit: unit.execute(...)",
            )
        else:
            why, fix = "another thread entered it", "join the connection in the thread that uses it"
        raise CannotJoin("this unit cannot be used here", why, fix)


def _joinable(store: Store) -> Joinable:
    if isinstance(store, Joinable):
        return store
    raise CannotJoin(
        "there is nothing to join",
        "the log is in the memory of this process, where no connection of a host leads",
        "open the engine on a SQLite file, or on PostgreSQL",
    )


def _keeping_up(log: Borrowed, models: Sequence[str]) -> Callable[[], object]:
    """What brings read models up to date with the log, in the host's transaction."""
    if not models:
        return lambda: None
    whole = log.whole()
    if whole is None:
        raise CannotJoin(
            "read models in PostgreSQL cannot be part of a host's transaction",
            "they follow the order of the log, and a command has its place in it after the commit",
            "leave `models` out; wait for unit.receipts() after the commit, or give `projections` of your own",
        )
    readers = Readers(whole)
    return Readers(whole, models=[readers.model(name) for name in models]).catch_up


def _known_here(request: Request, here: Mapping[str, tuple[Content, Pending]]) -> Pending | Failed | None:
    """The answer to a command id that is taken in the same call."""
    if request.command_id not in here:
        return None
    content, pending = here[request.command_id]
    if content != _content(request):
        return Failed(CommandReused(request.command_id))
    return replace(pending, repeated=True)


def _content(request: Request) -> Content:
    return content_of(request.command, request.actor, request.said_at)
