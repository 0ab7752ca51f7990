"""Given, when, then: what a command comes to, on the domain alone, in scenarios that read like sentences.

For platforms and for our own tests: no store, no clock, no entropy. Facts are folded by the same `evolve`, commands
decided by the same `decide` as in the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Never, cast

from mentorcycle.domain import commands as c
from mentorcycle.domain import events as e
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.cycle import Cycle, Move, decide, evolve, moves
from mentorcycle.domain.cycle.evolving import HANDLERS
from mentorcycle.domain.cycle.of_pairing import newest_cycle
from mentorcycle.domain.cycle.partners import pairing_to_open
from mentorcycle.domain.decision import Context, Decided, Outcome
from mentorcycle.domain.definition import Definition, parse, shipped
from mentorcycle.domain.events import Event
from mentorcycle.domain.ids import MAIN_PROGRAMME, cycle_stream, person_stream, programme_stream, subject_of
from mentorcycle.domain.people import Person, evolve_person
from mentorcycle.domain.people.decide import decide_person
from mentorcycle.domain.programme import Programme, evolve_programme
from mentorcycle.domain.programme_rules import PROGRAMME_COMMANDS, decide_programme
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refusal, Refused
from mentorcycle.domain.words import Words
from mentorcycle.domain.zones import noon, zone_of

When = str | date | datetime
"""A day (`"2026-03-02"`, then noon) or an instant; a text without a zone is in the programme's."""

State = Cycle | Person | Programme
MONDAY = date(2026, 3, 2)
PROGRAMME_EVENTS = (
    e.ProgrammeCreated, e.ProgrammeChanged, e.SchoolClosed, e.SchoolOpened, e.DefinitionPublished,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scenario:
    """A programme with people and a history; `given` and `then` give the scenario that goes on from there.

    It begins on Monday 2 March 2026. People act by their id; who is not named is the coordinator.

    >>> from mentorcycle.domain.commands import AgreeGoals, OpenCycle, Pause, SetGoal
    >>> from mentorcycle.domain.events import CyclePaused, GoalAgreed, PairingPublished, Participant
    >>> from mentorcycle.domain.vocabulary import PairingKind, PauseReason, TeachingArea
    >>> ada, bo = Participant("ada", mentee=True), Participant("bo", mentor=True)
    >>> pair = PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=(ada, bo))
    >>> opened = Scenario.of({"ada": "Ada", "bo": "Bo"}).given(pair, OpenCycle("ada"))
    >>> id = opened.cycle.id
    >>> agreed = (
    ...     opened.given(SetGoal(id, TeachingArea.ENGAGEMENT), by="ada", on="2026-03-03")
    ...     .when(AgreeGoals(id), by="bo").then(GoalAgreed(goal="g1", person="bo"))
    ...     .when(AgreeGoals(id), by="bo").then_nothing()
    ...     .when(Pause(id, PauseReason.LEAVE), by="bo").then_not_permitted()
    ...     .when(Pause(id, PauseReason.LEAVE)).then(CyclePaused(reason=PauseReason.LEAVE))
    ...     .when(SetGoal(id, TeachingArea.PLANNING), by="ada").then_refused("cycle-paused")
    ... )
    >>> agreed.cycle.goals[0].agreed
    ('bo',)
    """

    history: tuple[Recorded[Any], ...]
    states: Mapping[str, State]
    now: datetime
    about: str = "c-1"
    fresh: int = 0

    @classmethod
    def of(
        cls,
        people: Mapping[str, str] | Iterable[str] = (),
        *,
        definition: Definition | None = None,
        zone: str = "UTC",
        on: When = MONDAY,
        cycle: str = "c-1",
    ) -> Scenario:
        """People by id (with names, or named by their id) in a programme that has published a definition.

        `cycle` is the id of the cycle that given facts are about until one is opened.
        """
        names = people if isinstance(people, Mapping) else {id: id for id in people}
        published = definition or shipped()
        scenario = cls((), {}, _instant(on, zone), cycle).given(
            e.ProgrammeCreated(name="Mentoring", zone=zone),
            e.DefinitionPublished(
                definition=published.name,
                version=published.version,
                digest=published.digest,
                source=published.source,
            ),
        )
        for id, name in names.items():
            scenario = scenario.given(e.PersonAdded(name=name), of=id)
        return scenario

    def given(
        self, *facts: Event | Command, by: str | Actor = "", on: When | None = None, of: str | None = None
    ) -> Scenario:
        """What has happened: events as they are, and commands, which must be taken.

        `of` names the person or cycle that events are about; a pairing is known to everyone in it.
        """
        scenario = self
        for fact in facts:
            if isinstance(fact, Command):
                scenario = scenario.when(fact, by=by, on=on)._taken()
            else:
                decided = tuple(Decided(stream, fact) for stream in scenario._streams(fact, of))
                scenario = scenario._after(decided, _actor(by), *scenario._times(on, None))
        return scenario

    def when(
        self,
        command: Command,
        *,
        by: str | Actor = "",
        on: When | None = None,
        today: When | None = None,
        batch: str | None = None,
    ) -> Decision:
        """Somebody (the coordinator, unless named) says a command.

        It happened `on` a day, by default on the scenario's latest; it is said `today`, by default on that day,
        or on the scenario's latest when that is later.
        """
        command, fresh = self._identified(command)
        occurred_at, now = self._times(on, today)
        decision = Decision(
            replace(self, fresh=fresh), command, _actor(by), occurred_at, now, batch, Refused(())
        )
        return replace(decision, outcome=self._outcome(command, decision))

    def can(self, *, by: str | Actor = "", on: When | None = None) -> tuple[Move, ...]:
        """Every move out of the cycle's stage, with what stands in its way."""
        occurred_at, now = self._times(on, None)
        return moves(self.cycle, self._context(_actor(by), occurred_at, now, self._pinned(self.cycle)))

    @property
    def cycle(self) -> Cycle:
        """The cycle that was opened last, or that facts were given about."""
        return self.cycle_of(self.about)

    def cycle_of(self, id: str) -> Cycle:
        """The cycle of that id; one without history when it was never opened."""
        return cast(Cycle, self.states.get(cycle_stream(id), Cycle(id=id)))

    def person(self, id: str) -> Person:
        """The person of that id; one without history when nobody has it."""
        return cast(Person, self.states.get(person_stream(id), Person(id=id)))

    @property
    def programme(self) -> Programme:
        """The programme with its calendar and definitions."""
        stream = programme_stream(MAIN_PROGRAMME)
        return cast(Programme, self.states.get(stream, Programme(id=MAIN_PROGRAMME)))

    @property
    def definition(self) -> Definition:
        """The definition that the cycle is pinned to; the programme's default before one is opened."""
        return self._pinned(self.cycle)

    def _times(self, on: When | None, today: When | None) -> tuple[datetime, datetime]:
        zone = self.programme.zone
        occurred_at = self.now if on is None else _instant(on, zone)
        return occurred_at, max(self.now, occurred_at) if today is None else _instant(today, zone)

    def _context(
        self,
        actor: Actor,
        occurred_at: datetime,
        now: datetime,
        definition: Definition,
        batch: str | None = None,
    ) -> Context:
        people = {state.id: state for state in self.states.values() if isinstance(state, Person)}
        cycles = {state.id: state for state in self.states.values() if isinstance(state, Cycle)}
        return Context(now, occurred_at, actor, self.programme, definition, people, batch, cycles)

    def _outcome(self, command: Command, said: Decision) -> Outcome:
        def context(definition: Definition) -> Context:
            return self._context(said.actor, said.occurred_at, said.now, definition, said.batch)

        if isinstance(command, PROGRAMME_COMMANDS):
            return decide_programme(self.programme, command, context(self._default("")))
        if isinstance(command, c.OpenCycle):
            return self._opening(command, context)
        if (cycle := getattr(command, "cycle", None)) is not None:
            known = self.cycle_of(cycle)
            return decide(known, command, context(self._pinned(known)))
        if isinstance(command, c.PublishPairing):
            first = command.participants[0].person if command.participants else ""
        else:
            first = str(getattr(command, "person", ""))
        return decide_person(self.person(first), command, context(self._default("")))

    def _opening(self, command: c.OpenCycle, context: Callable[[Definition], Context]) -> Outcome:
        known = context(self._default(command.definition))
        pairing, cycle = pairing_to_open(command, known), Cycle()
        if pairing is not None:
            cycle = newest_cycle(pairing, self.cycle_of)
        return decide(cycle, command, known)

    def _pinned(self, cycle: Cycle) -> Definition:
        return _parsed(self.programme.published[cycle.definition]) if cycle.exists else self._default("")

    def _default(self, wanted: str) -> Definition:
        published = self.programme.published
        ref = self.programme.find_definition(wanted or "peer-cycle")
        if ref is None and not wanted:
            return _parsed(list(published.values())[-1]) if published else shipped()
        if ref is None:
            raise AssertionError(f"no definition {wanted!r} is published in this scenario")
        return _parsed(published[ref])

    def _identified(self, command: Command) -> tuple[Command, int]:
        fresh, made = self.fresh, dict[str, str]()
        for name, letter in command.fresh_fields:
            if not getattr(command, name):
                fresh += 1
                made[name] = f"{letter}-{fresh}"
        return (replace(cast(Any, command), **made) if made else command), fresh

    def _streams(self, event: Event, of: str | None) -> tuple[str, ...]:
        if isinstance(event, PROGRAMME_EVENTS):
            return (programme_stream(MAIN_PROGRAMME),)
        if type(event) in HANDLERS:
            return (cycle_stream(of or self.about),)
        if of is not None:
            return (person_stream(of),)
        if isinstance(event, e.PairingPublished):
            return tuple(person_stream(p.person) for p in event.participants)
        if isinstance(event, e.PairingEnded):
            known = [s for s in self.states.values() if isinstance(s, Person) and event.pairing in s.pairings]
            return tuple(person_stream(person.id) for person in known)
        raise AssertionError(f"say whom {event.event_name} is about: given(…, of=PERSON)")

    def _after(
        self,
        decided: Iterable[Decided],
        actor: Actor,
        occurred_at: datetime,
        now: datetime,
        batch: str | None = None,
    ) -> Scenario:
        history, states, about = list(self.history), dict(self.states), self.about
        for one in decided:
            state = states.get(one.stream) or _nothing(one.stream)
            recorded: Recorded[Any] = Recorded(
                len(history) + 1, "default", one.stream, state.version + 1, now, occurred_at, actor,
                f"command-{len(self.history) + 1}", None, None, batch, one.event,
            )  # fmt: skip
            history.append(recorded)
            states[one.stream] = _folded(state, recorded)
            if isinstance(one.event, e.CycleOpened):
                about = subject_of(one.stream)
        return replace(self, history=tuple(history), states=states, now=now, about=about)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command came to, to be compared with what was expected; each comparison goes on to the scenario."""

    scenario: Scenario
    command: Command
    actor: Actor
    occurred_at: datetime
    now: datetime
    batch: str | None
    outcome: Outcome

    @property
    def events(self) -> tuple[Event, ...]:
        """What is added to the log; nothing when the command is refused or already so."""
        return () if isinstance(self.outcome, Refused) else tuple(d.event for d in self.outcome.events)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every reason against the command; none when it is taken."""
        return self.outcome.refusals if isinstance(self.outcome, Refused) else ()

    def then(self, *expected: Event | Decided) -> Scenario:
        """Exactly these events, in this order, texts included; with `Decided` on that stream."""
        if isinstance(self.outcome, Refused) or not _same(self.outcome.events, expected):
            self._fail("\n".join(f"  {one}" for one in expected) or "  nothing")
        return self._taken()

    def then_nothing(self) -> Scenario:
        """Taken without an event: it is so already."""
        return self.then()

    def then_refused(self, *codes: str, because: Iterable[str] | None = None) -> Scenario:
        """Refused for exactly these reasons, in any order; `because` compares the sentences as well."""
        found = sorted(refusal.code for refusal in self.refusals)
        whys = sorted(refusal.why for refusal in self.refusals)
        if (
            not isinstance(self.outcome, Refused)
            or found != sorted(codes)
            or (because is not None and whys != sorted(because))
        ):
            self._fail("\n".join(f"  refused: {line}" for line in (*codes, *(because or ()))))
        return self._refused()

    def then_not_permitted(self) -> Scenario:
        """Refused because this actor may not, and for no other reason."""
        if not (isinstance(self.outcome, Refused) and self.outcome.not_permitted):
            self._fail("  not permitted")
        return self._refused()

    def _taken(self) -> Scenario:
        if isinstance(self.outcome, Refused):
            self._fail("  the command is taken")
        return self.scenario._after(self.outcome.events, self.actor, self.occurred_at, self.now, self.batch)

    def _refused(self) -> Scenario:
        return replace(self.scenario, now=max(self.scenario.now, self.now))

    def _fail(self, expected: str) -> Never:
        found = [f"  refused: {refusal.code}: {refusal.why}" for refusal in self.refusals]
        found = found or [f"  {event}" for event in self.events] or ["  nothing"]
        raise AssertionError(f"{self.command}\nexpected\n{expected}\nfound\n" + "\n".join(found))


def _same(found: tuple[Decided, ...], expected: tuple[Event | Decided, ...]) -> bool:
    return len(found) == len(expected) and all(
        (not isinstance(wanted, Decided) or wanted.stream == one.stream)
        and one.event == (event := wanted.event if isinstance(wanted, Decided) else wanted)
        and list(_texts(one.event)) == list(_texts(event))
        for one, wanted in zip(found, expected, strict=True)
    )


def _texts(event: Event) -> Iterator[tuple[str, str | None]]:
    """Every text of an event; two events with other words are equal until they are sealed."""
    for field in fields(cast(Any, event)):
        value = getattr(event, field.name)
        for words in value if isinstance(value, tuple) else (value,):
            if isinstance(words, Words):
                yield field.name, words.text


def _actor(by: str | Actor) -> Actor:
    if isinstance(by, Actor):
        return by
    return Actor.participant(by) if by else Actor.coordinator()


def _instant(when: When, zone: str) -> datetime:
    if isinstance(when, str):
        when = date.fromisoformat(when) if len(when) == 10 else datetime.fromisoformat(when)
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=zone_of(zone))).astimezone(UTC)
    return noon(when, zone)


def _nothing(stream: str) -> State:
    kind, _, id = stream.partition(":")
    return Cycle(id=id) if kind == "cycle" else Person(id=id) if kind == "person" else Programme(id=id)


def _folded(state: State, recorded: Recorded[Any]) -> State:
    match state:
        case Cycle():
            return evolve(state, recorded)
        case Person():
            return evolve_person(state, recorded)
        case Programme():
            return evolve_programme(state, recorded)


@lru_cache(maxsize=32)
def _parsed(source: str) -> Definition:
    return parse(source, "definition", published=True)
