"""Runs commands against a store: decide, append, and take the decision anew when somebody else wrote first.

One at a time or many in one commit. What a decision is, `decider` knows; what the caller sees, `engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.commands import Command
from mentorcycle.domain.errors import CommandReused, Conflict, InvalidInput, MentorcycleError
from mentorcycle.domain.ids import cycle_stream, person_stream
from mentorcycle.domain.people import Person
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import Role

from .codec import decode, from_micros, to_micros
from .decider import Decider, Ready, Request
from .ledger import carries_words, content_hash, new_command_id
from .receipt import Batch, Failed, Receipt, Result, subject_of_events
from .settings import Settings
from .states import State, States
from .stores.port import Appended, KnownCommand, Store, StoredRow

SLICE = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller says about a command besides the command: when it happened, and what it belongs to."""

    occurred_at: datetime | None = None
    correlation: str | None = None
    causation: str | None = None
    batch: str | None = None


class Executor:
    """Commands of one tenant on one store. Threads may share it."""

    def __init__(
        self, store: Store, tenant: str, settings: Settings, states: States, decider: Decider
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._settings = settings
        self._states = states
        self._decider = decider

    def one(
        self, command: Command, actor: Actor, said: Said, *, command_id: str | None, dry_run: bool
    ) -> Receipt | Refused:
        """One command, see `Engine.execute`."""
        request = self._request(command, actor, said, command_id)
        if command_id is not None and (known := self._store.find_command(self._tenant, command_id)):
            return self._repeated(request, known)
        return self._retaken(request, dry_run=dry_run)

    def many(
        self,
        commands: Sequence[Command],
        actor: Actor,
        said: Said,
        *,
        command_ids: Sequence[str] | None,
        dry_run: bool,
        slice_size: int,
    ) -> Batch:
        """Many commands, see `Engine.execute_many`."""
        if command_ids is not None and len(command_ids) != len(commands):
            raise InvalidInput(
                f"{len(command_ids)} command ids were given for {len(commands)} commands",
                "each command has its own",
            )
        ids: Sequence[str | None] = command_ids or [None] * len(commands)
        requests = [self._request(one, actor, said, id) for one, id in zip(commands, ids, strict=True)]
        results: list[Result] = []
        overlay: dict[str, State] = {}
        for start in range(0, len(requests), slice_size):
            part = requests[start : start + slice_size]
            if dry_run:
                results.extend(self._rehearsed(part, overlay))
            else:
                results.extend(self._slice(part, known_ids=command_ids is not None))
        return Batch(said.batch or "", tuple(results))

    def survivor(self, actor: Actor) -> Actor:
        """A participant whose id was merged acts as the person they were merged into."""
        if actor.role is not Role.PARTICIPANT:
            return actor
        state = self._states.load(person_stream(actor.id))
        assert isinstance(state, Person)
        return replace(actor, id=state.merged_into) if state.merged_into else actor

    def _request(self, command: Command, actor: Actor, said: Said, command_id: str | None) -> Request:
        now = self._settings.clock()
        if said.occurred_at is not None and said.occurred_at.tzinfo is None:
            raise InvalidInput(
                f"{said.occurred_at} has no time zone", "instants are aware", "add one, for example +00:00"
            )
        id = command_id or new_command_id(now, self._settings.entropy(10))
        return Request(
            command, actor, id, now, said.occurred_at, said.correlation, said.causation, said.batch
        )

    def _retaken(self, request: Request, *, dry_run: bool = False) -> Receipt | Refused:
        conflict: Conflict | None = None
        for _ in range(self._settings.retakes + 1):
            ready = self._decided(request, self._states.load)
            if isinstance(ready, Refused):
                return ready
            if dry_run:
                return self._rehearsal(ready, request)
            try:
                appended = self._store.append(ready.slice)
            except Conflict as error:
                conflict = error
            except CommandReused:
                return self._known(request)
            else:
                return self._receipt(request, ready, appended)
        assert conflict is not None
        raise conflict

    def _slice(self, requests: Sequence[Request], *, known_ids: bool) -> list[Result]:
        """Results of a slice, in order; what conflicts is decided again, all together, until nothing does."""
        results: list[Result | None] = [None] * len(requests)
        if known_ids:
            for number, request in enumerate(requests):
                if known := self._store.find_command(self._tenant, request.command_id):
                    results[number] = _result(lambda r=request, k=known: self._repeated(r, k))  # type: ignore[misc]
        for _ in range(self._settings.retakes + 1):
            open_ = [number for number, result in enumerate(results) if not _settled(result)]
            if not open_:
                break
            for number, result in self._attempt([(number, requests[number]) for number in open_]):
                results[number] = result
        return [result for result in results if result is not None]

    def _attempt(self, requests: Sequence[tuple[int, Request]]) -> Iterator[tuple[int, Result]]:
        """Decide all, append what is ready in one commit, and say what became of each."""
        overlay = self._prefetched([request for _, request in requests])
        ready: list[tuple[int, Request, Ready]] = []
        for number, request in requests:
            decision = self._attempted(request, self._through(overlay))
            if isinstance(decision, Ready):
                overlay.update(decision.after)
                ready.append((number, request, decision))
            else:
                yield number, decision
        outcomes = self._store.append_many([decision.slice for _, _, decision in ready])
        for (number, request, decision), outcome in zip(ready, outcomes, strict=True):
            match outcome:
                case Appended():
                    yield number, self._receipt(request, decision, outcome)
                case CommandReused():
                    yield number, _result(lambda r=request: self._known(r))  # type: ignore[misc]
                case Conflict():
                    yield number, Failed(outcome)

    def _rehearsed(self, requests: Sequence[Request], overlay: dict[str, State]) -> Iterator[Result]:
        for request in requests:
            decision = self._attempted(request, self._through(overlay))
            if isinstance(decision, Ready):
                overlay.update(decision.after)
                yield self._rehearsal(decision, request)
            else:
                yield decision

    def _attempted(self, request: Request, load: Callable[[str], State]) -> Ready | Refused | Failed:
        try:
            return self._decided(request, load)
        except MentorcycleError as error:
            return Failed(error)

    def _prefetched(self, requests: Sequence[Request]) -> dict[str, State]:
        """The streams that commands name, read in one go; what else they need is read when it is asked for."""
        streams: dict[str, None] = {}
        for request in requests:
            for field, stream in (
                ("cycle", cycle_stream),
                ("mentee", person_stream),
                ("person", person_stream),
            ):
                if id := getattr(request.command, field, ""):
                    streams[stream(id)] = None
        return self._states.load_many(list(streams))

    def _through(self, overlay: dict[str, State]) -> Callable[[str], State]:
        def load(stream: str) -> State:
            state = overlay.get(stream)
            if state is None:
                state = overlay[stream] = self._states.load(stream)
            return state

        return load

    def _decided(self, request: Request, load: Callable[[str], State]) -> Ready | Refused:
        ready = self._decider.decide(request, load)
        if isinstance(ready, Refused) and ready.not_permitted:
            survivor = self.survivor(request.actor)
            if survivor != request.actor:
                return self._decider.decide(replace(request, actor=survivor), load)
        return ready

    def _receipt(self, request: Request, ready: Ready, appended: Appended) -> Receipt:
        if appended.repeated:
            return self._known(request)
        for stream, state in ready.after.items():
            self._states.keep(stream, state)
        return _receipt(ready, request.command_id, appended)

    def _rehearsal(self, ready: Ready, request: Request) -> Receipt:
        return _receipt(ready, request.command_id, Appended(0, -1, to_micros(request.now)))

    def _known(self, request: Request) -> Receipt:
        known = self._store.find_command(self._tenant, request.command_id)
        if known is None:
            raise CommandReused(request.command_id)
        return self._repeated(request, known)

    def _repeated(self, request: Request, known: KnownCommand) -> Receipt:
        """The receipt of a command that was taken before; raise `CommandReused` when it was another one."""
        count = known.last - known.first + 1
        rows = self._store.read_log(known.first - 1, count, upto=known.last) if count > 0 else []
        salt = self._salt(rows) if carries_words(request.command) else b""
        if salt is not None:
            digest = content_hash(request.command, request.actor, request.said_at, salt)
            if digest != known.content_hash:
                raise CommandReused(request.command_id)
        events = tuple(decode(row) for row in rows)
        otherwise = str(getattr(request.command, "cycle", "") or getattr(request.command, "person", ""))
        return Receipt(
            request.command_id,
            subject_of_events(events, otherwise),
            known.first,
            known.last,
            from_micros(known.recorded_at),
            events,
            repeated=True,
        )

    def _salt(self, rows: Sequence[StoredRow]) -> bytes | None:
        """The salt of a command's words; None when they are gone, and with them every means to compare."""
        places = {(row.stream, row.version) for row in rows}
        for stream in dict.fromkeys(row.stream for row in rows):
            for words in self._store.read_words(self._tenant, stream):
                if (stream, words.version) in places:
                    return words.salt
        return None


def _receipt(ready: Ready, command_id: str, appended: Appended) -> Receipt:
    recorded_at = from_micros(appended.recorded_at)
    events = tuple(
        change(recorded, position=appended.first + number, recorded_at=recorded_at)
        for number, recorded in enumerate(ready.events)
    )
    subject = subject_of_events(events, ready.subject)
    return Receipt(command_id, subject, appended.first, appended.last, recorded_at, events)


def _settled(result: Result | None) -> bool:
    return result is not None and not (isinstance(result, Failed) and isinstance(result.error, Conflict))


def _result(answer: Callable[[], Result]) -> Result:
    try:
        return answer()
    except MentorcycleError as error:
        return Failed(error)
