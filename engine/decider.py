"""From a command to what it would append: load what it needs, ask the domain, seal, encode.

The rules are the domain's; this knows which streams a command reads and makes a slice of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import change
from mentorcycle.domain.commands import Command
from mentorcycle.domain.cycle import Cycle, decide
from mentorcycle.domain.cycle.of_pairing import newest_cycle
from mentorcycle.domain.decision import Accepted, Context, Outcome, refused
from mentorcycle.domain.definition import Definition
from mentorcycle.domain.events import CycleOpened, Event
from mentorcycle.domain.ids import (
    MAIN_PROGRAMME,
    cycle_of_pairing,
    cycle_stream,
    person_of_roster,
    person_stream,
    programme_stream,
    short_id,
    subject_of,
)
from mentorcycle.domain.people import Person
from mentorcycle.domain.people.decide import decide_person
from mentorcycle.domain.permission import acting, may_read_facts
from mentorcycle.domain.programme import Programme
from mentorcycle.domain.programme_rules import PROGRAMME_COMMANDS, decide_programme
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused

from .codec import encode, make_recorded
from .definitions import Definitions
from .history import not_shown
from .ledger import content_of
from .states import Load, State, folded
from .stores.port import NewEvent, NewWords, Slice
from .vault import SALT_BYTES, seal

S = TypeVar("S")


@dataclass(slots=True)
class Request:
    """A command as it was sent, with everything that was said about it.

    `made` are the ids that the sender left to us. `said_at` is the sender's `occurred_at`, if any.
    """

    command: Command
    made: Mapping[str, str]
    actor: Actor
    command_id: str
    now: datetime
    said_at: datetime | None = None
    correlation: str | None = None
    causation: str | None = None
    batch: str | None = None


@dataclass(slots=True)
class Reading:
    """The states that one decision has read; what it read is what must not have changed."""

    load: Load
    seen: dict[str, State] = field(default_factory=dict)

    def state(self, stream: str) -> State:
        found = self.seen.get(stream)
        if found is None:
            found = self.seen[stream] = self.load(stream)
        return found

    def cycle(self, id: str) -> Cycle:
        return cast(Cycle, self.state(cycle_stream(id)))

    def person(self, id: str) -> Person:
        return cast(Person, self.state(person_stream(id)))

    def programme(self, id: str) -> Programme:
        return cast(Programme, self.state(programme_stream(id)))

    @property
    def people(self) -> Mapping[str, Person]:
        return Read(self, "person", self.person)

    @property
    def cycles(self) -> Mapping[str, Cycle]:
        return Read(self, "cycle", self.cycle)

    @property
    def expected(self) -> dict[str, int]:
        """Version of every stream that was read."""
        return {stream: state.version for stream, state in self.seen.items()}


def named_streams(request: Request) -> Iterator[str]:
    """The streams that a command names; what else it needs shows when it is decided."""
    command, made = request.command, request.made
    for name, stream in _NAMING.get(type(command)) or _naming(type(command)):
        if id := made.get(name) or getattr(command, name):
            yield stream(id)
    if isinstance(command, c.PublishPairing):
        yield from (person_stream(participant.person) for participant in command.participants)
        yield cycle_stream(cycle_of_pairing(made.get("pairing") or command.pairing))


_PEOPLE = frozenset({"person", "mentee", "leaves", "joins", "evaluator", "duplicate", "observed"})


_NAMING: dict[type[Command], tuple[tuple[str, Callable[[str], str]], ...]] = {}


def _naming(kind: type[Command]) -> tuple[tuple[str, Callable[[str], str]], ...]:
    """The fields of a command that name a stream, and how."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    people = [(name, person_stream) for name in names if name in _PEOPLE]
    _NAMING[kind] = (*([("cycle", cycle_stream)] if "cycle" in names else []), *people)
    return _NAMING[kind]


class Read(Mapping[str, S]):
    """Everyone, or every cycle, by id: read from their own streams when a rule asks for them."""

    def __init__(self, reading: Reading, kind: str, find: Callable[[str], S]) -> None:
        self._reading = reading
        self._kind = f"{kind}:"
        self._find = find

    def __getitem__(self, id: str) -> S:
        return self._find(id)

    def __iter__(self) -> Iterator[str]:
        return (subject_of(stream) for stream in self._reading.seen if stream.startswith(self._kind))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(slots=True)
class Ready:
    """A decision that can be appended. `events` lack only their positions; `after` are the states they lead to."""

    slice: Slice
    events: tuple[Recorded[Any], ...]
    after: Mapping[str, State]
    subject: str


class Decider:
    """Takes decisions of one tenant; keeps nothing but parsed definitions."""

    def __init__(self, tenant: str, entropy: Callable[[int], bytes]) -> None:
        self.definitions = Definitions()
        self._tenant = tenant
        self._entropy = entropy

    def made_for(self, command: Command) -> dict[str, str]:
        """The ids that a command leaves to be made, by field."""
        made: dict[str, str] = {}
        for name, letter in command.fresh_fields:
            if getattr(command, name):
                continue
            if isinstance(command, c.AddPerson) and command.source and command.external_id:
                made[name] = person_of_roster(self._tenant, command.source, command.external_id)
            else:
                made[name] = short_id(letter, self._entropy(10))
        return made

    def decide(self, request: Request, load: Load, *, actor: Actor | None = None) -> Ready | Refused:
        """What a request comes to on the states that `load` gives; `actor` acts in place of its sender."""
        reading = Reading(load)
        actor = actor or request.actor
        if actor.also and (cycle := getattr(request.command, "cycle", None)):
            actor = acting(reading.cycle(cycle), actor)
        main, outcome = self._outcome(request, actor, reading)
        if isinstance(outcome, Refused):
            return outcome
        return self._ready(request, actor, outcome, reading, main)

    def subject(self, request: Request, load: Load) -> str:
        """The id of what a request is about."""
        return self._outcome(request, request.actor, Reading(load))[0]

    def context(
        self, actor: Actor, now: datetime, reading: Reading, programme: Programme, definition: Definition
    ) -> Context:
        """The context of a question: as if it were decided now."""
        return Context(now, now, actor, programme, definition, reading.people, cycles=reading.cycles)

    def of_cycle(self, cycle: Cycle, reading: Reading) -> tuple[Programme, Definition]:
        """The programme a cycle belongs to and the definition it pins."""
        programme = reading.programme(cycle.programme or MAIN_PROGRAMME)
        if not cycle.exists:
            return programme, self.definitions.default(programme)
        return programme, self.definitions.pinned(cycle.definition, programme)

    def _outcome(self, request: Request, actor: Actor, reading: Reading) -> tuple[str, Outcome]:
        """The id that a command is about, and what the domain says."""
        command = request.command
        if request.made:
            command = change(command, **request.made)
        asked = _Asked(request, actor, reading)
        if isinstance(command, PROGRAMME_COMMANDS):
            programme = reading.programme(command.programme)
            context = asked.context(programme, self.definitions.default(programme))
            return command.programme, decide_programme(programme, command, context)
        if isinstance(command, c.OpenCycle):
            return self._open(command, asked)
        cycle_id = getattr(command, "cycle", None)
        if cycle_id is None:
            return self._people(command, asked)
        cycle = reading.cycle(cycle_id)
        if cycle.exists and not may_read_facts(cycle, actor):
            return cycle_id, not_shown(cycle, actor)
        programme, definition = self.of_cycle(cycle, reading)
        return cycle_id, decide(cycle, command, asked.context(programme, definition))

    def _people(self, command: Command, asked: _Asked) -> tuple[str, Outcome]:
        programme = asked.reading.programme(getattr(command, "programme", MAIN_PROGRAMME))
        context = asked.context(programme, self.definitions.default(programme))
        if isinstance(command, c.PublishPairing):
            first = command.participants[0].person if command.participants else ""
        else:
            first = str(getattr(command, "person", ""))
        return first, decide_person(asked.reading.person(first), command, context)

    def _open(self, command: c.OpenCycle, asked: _Asked) -> tuple[str, Outcome]:
        reading = asked.reading
        programme = reading.programme(command.programme)
        definition = self.definitions.wanted(command.definition, programme)
        if definition is None:
            names = ", ".join(f"{r.name}@{r.version}" for r in programme.published) or "none"
            why = f"published definitions are: {names}"
            what = f"no definition is called {command.definition or 'peer-cycle'!r}"
            return "", refused("no-such-definition", what, why, "publish it first")
        cycle = Cycle()
        pairing = reading.person(command.mentee).pairing_as_mentee
        if pairing is not None:
            cycle = newest_cycle(pairing, reading.cycle)
        return cycle.id, decide(cycle, command, asked.context(programme, definition))

    def _ready(self, request: Request, actor: Actor, outcome: Accepted, reading: Reading, main: str) -> Ready:
        grain: list[bytes] = []

        def salt() -> bytes:
            if not grain:
                grain.append(self._entropy(SALT_BYTES))
            return grain[0]

        occurred_at = request.said_at or request.now
        if actor.programme is not None or actor.also:
            actor = replace(actor, programme=None, also=frozenset())
        after: dict[str, State] = {}
        events: list[Recorded[Any]] = []
        rows: list[NewEvent] = []
        words: list[NewWords] = []
        for decided in outcome.events:
            stream = decided.stream
            state = after.get(stream) or reading.state(stream)
            version = state.version + 1
            event, kept = seal(decided.event, stream, version, salt)
            words.extend(kept)
            recorded = make_recorded(
                0,
                self._tenant,
                stream,
                version,
                request.now,
                occurred_at,
                actor,
                request.command_id,
                request.correlation,
                request.causation,
                request.batch,
                event,
                _definition_version(state, event),
            )
            rows.append(NewEvent(stream, version, event.topic, encode(recorded)))
            events.append(recorded)
            after[stream] = folded(state, recorded)
        # A salt that is thrown away, when no words were kept: then nothing is left that could confirm a guess.
        content = content_of(request.command, request.actor, request.said_at)
        digest = content.kept(salt() if content.words else b"")
        slice_ = Slice(self._tenant, request.command_id, digest, reading.expected, rows, words)
        return Ready(slice_, tuple(events), after, main)


def _definition_version(state: State, event: Event) -> int | None:
    """The version of the definition that an event is recorded under, when it is one of a cycle."""
    if isinstance(event, CycleOpened):
        return event.definition_version
    return state.definition.version if isinstance(state, Cycle) else None


@dataclass(slots=True)
class _Asked:
    """A request, the one who acts, and what has been read for it."""

    request: Request
    actor: Actor
    reading: Reading

    def context(self, programme: Programme, definition: Definition) -> Context:
        request = self.request
        return Context(
            request.now,
            request.said_at or request.now,
            self.actor,
            programme,
            definition,
            self.reading.people,
            request.batch,
            self.reading.cycles,
        )
