"""Runs a command against a store: decide, append, and take the decision anew when somebody else wrote first.

What a decision is, `decider` knows; what the caller sees, `engine`; many commands in one commit are in `bulk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import CommandReused, Conflict, MentorcycleError
from mentorcycle.domain.ids import cycle_stream
from mentorcycle.domain.refusal import Refused

from .actors import check_actor
from .codec import decode, from_micros
from .decider import Decider, Ready, Request
from .history import as_come, with_all_ids
from .intake import instant, taken, text
from .ledger import content_of, new_command_id
from .receipt import Failed, Receipt, subject_of_events
from .settings import Settings
from .states import Load, States
from .stores.pace import pace_of
from .stores.port import Appended, KnownCommand, Store, StoredRow, Streams
from .turns import Turns
from .view import View


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller says about a command besides the command: when it happened, and what it belongs to."""

    occurred_at: datetime | None = None
    correlation: str | None = None
    causation: str | None = None
    batch: str | None = None


class Deciding:
    """From a command to a decision, on states that others may have gone on from; appends nothing."""

    def __init__(self, settings: Settings, states: States, decider: Decider) -> None:
        self._settings = settings
        self._states = states
        self._decider = decider

    def request(self, command: Command, actor: Actor, said: Said, command_id: str | None) -> Request:
        """A command that can be decided; raise `InvalidInput` for one that holds what it may not."""
        text(command_id, "this command id")
        command = taken(command)
        now = self._settings.clock()
        return Request(
            command,
            self._decider.made_for(command),
            as_come(actor),
            command_id or new_command_id(now, self._settings.entropy(10)),
            now,
            said.occurred_at,
            said.correlation,
            said.causation,
            said.batch,
        )

    def decided(self, request: Request, load: Load) -> Ready | Refused:
        """The decision; somebody who may not under this id, but may under another of theirs, acts under that."""
        ready = self._decider.decide(request, load)
        if isinstance(ready, Refused) and ready.not_permitted:
            person = with_all_ids(request.actor, self._states.load)
            if person != request.actor:
                return self._decider.decide(request, load, actor=person)
        return ready

    def attempted(self, request: Request, view: View) -> Ready | Refused | Failed:
        """A decision on the view; a refusal is true of the log, and not only of kept states."""
        while True:
            view.begin()
            decision: Ready | Refused | Failed
            try:
                decision = self.decided(request, view.load)
            except MentorcycleError as error:
                decision = Failed(error)
            if isinstance(decision, Ready):
                return view.founded(decision)
            if view.confirm():
                return decision


class Executor(Deciding):
    """Commands of one tenant on one store. Threads may share it."""

    def __init__(
        self, store: Store, tenant: str, settings: Settings, states: States, decider: Decider
    ) -> None:
        super().__init__(settings, states, decider)
        self._store = store
        self._tenant = tenant
        self._pace = pace_of(store)
        self._turns = Turns(self._pace)

    def one(
        self, command: Command, actor: Actor, said: Said, *, command_id: str | None, dry_run: bool
    ) -> Receipt | Refused:
        """One command, see `Engine.execute`."""
        request = self.request(command, actor, sound(said, actor), command_id)
        if command_id is not None and (first := self.first_receipt(request)):
            return first
        if cycle := getattr(request.command, "cycle", None):
            self._turns.give_way(cycle_stream(cycle))
        conflict: Conflict | None = None
        for retake in range(self._settings.retakes + 1):
            with self._turns.after(conflict, retake):
                ready = self.attempted(request, View(self._states, trusting=not (retake or dry_run)))
                if not isinstance(ready, Ready):
                    return ready if isinstance(ready, Refused) else ready.or_raise()
                if dry_run:
                    return rehearsal(request, ready)
                try:
                    return self.receipt(request, ready, self._store.append(ready.slice))
                except Conflict as error:
                    conflict = error
                except CommandReused:
                    return self.known(request)
        assert conflict is not None
        raise conflict

    def attempted(self, request: Request, view: View) -> Ready | Refused | Failed:
        """The same, after those who wait were let go on."""
        self._pace.breathe()
        return super().attempted(request, view)

    def receipt(self, request: Request, ready: Ready, appended: Appended) -> Receipt:
        """The receipt of a slice that is durable; from now on its states can be kept."""
        if appended.repeated:
            return self.known(request)
        for stream, state in ready.after.items():
            self._states.keep(stream, state, ready.slice.incarnation)
        recorded_at = from_micros(appended.recorded_at)
        events = tuple(
            [
                change(recorded, position=position, recorded_at=recorded_at)
                for position, recorded in enumerate(ready.events, appended.first)
            ]
        )
        subject = subject_of_events(events, ready.subject)
        return Receipt(request.command_id, subject, appended.first, appended.last, recorded_at, events)

    def first_receipt(self, request: Request) -> Receipt | None:
        """What a command id was answered with, if it was; raise `CommandReused` when it was another command."""
        known = self._store.find_command(self._tenant, request.command_id)
        return self._repeated(request, known) if known else None

    def known(self, request: Request) -> Receipt:
        """The same for an id that the store knows."""
        first = self.first_receipt(request)
        if first is None:
            raise CommandReused(request.command_id)
        return first

    def _repeated(self, request: Request, known: KnownCommand) -> Receipt:
        count = known.last - known.first + 1
        rows = self._store.read_log(known.first - 1, count, upto=known.last) if count > 0 else []
        if not repeats(request, known.content_hash, rows, self._store, self._tenant):
            raise CommandReused(request.command_id)
        events = tuple(decode(row) for row in rows)
        return Receipt(
            request.command_id,
            subject_of_events(events, "") or self._decider.subject(request, self._states.load_at(known.last)),
            known.first,
            known.last,
            from_micros(known.recorded_at),
            events,
            repeated=True,
        )


def repeats(
    request: Request, content_hash: bytes, rows: Sequence[StoredRow], log: Streams, tenant: str
) -> bool:
    """Whether a command has the content of the first of its id, which led to these rows."""
    content = content_of(request.command, request.actor, request.said_at)
    return content.is_kept(content_hash, _salt(rows, log, tenant) if content.words else b"")


def rehearsal(request: Request, ready: Ready) -> Receipt:
    """The receipt of a dry run: nothing has a position."""
    subject = subject_of_events(ready.events, ready.subject)
    return Receipt(request.command_id, subject, 0, -1, request.now, ready.events)


def sound(said: Said, actor: Actor) -> Said:
    """What is said about a command, its instant in UTC; raise `InvalidInput` for what cannot be stored."""
    check_actor(actor)
    for what in ("correlation", "causation", "batch"):
        text(getattr(said, what), f"this {what}")
    if said.occurred_at is None:
        return said
    return replace(said, occurred_at=instant(said.occurred_at, "the instant at which it happened"))


def _salt(rows: Sequence[StoredRow], log: Streams, tenant: str) -> bytes | None:
    """The salt of a command's words; None when they are gone, and with them every means to compare words."""
    places = {(row.stream, row.version) for row in rows}
    for stream in dict.fromkeys(row.stream for row in rows):
        for words in log.read_words(tenant, stream):
            if (stream, words.version) in places:
                return words.salt
    return None
