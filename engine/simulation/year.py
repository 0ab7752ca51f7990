"""A school year of mentorship cycles, lived day by day against a real engine, and what there is to look at afterwards.

For the demo, for trying things out and for tests that want much history. Everything goes through `Engine.execute`;
the same seed gives the same log, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from mentorcycle.domain import events as e
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import Status
from mentorcycle.domain.zones import end_of_day, zone_of
from mentorcycle.engine import Engine

from . import fates, pairs, term
from .agenda import Agenda, Later, Story
from .clock import SimulatedClock
from .desk import OFFICE, Desk
from .office import Office
from .pair import MIXTURE, STUCK, Pair
from .roster import enrol, roster

OnDay = Callable[[date, int, int], None]


@dataclass(frozen=True, slots=True)
class LookBack:
    """An instant worth asking "as of" for, and what had just happened to the cycle of the story."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Year:
    """What a simulated year came to.

    `refusals` counts reasons by code, `refused` the commands they stood against. `cycle` is the id of a cycle
    with a story: paused, handed on to another partner, debriefed late. `example` is a refused advance with
    several reasons. `moments` are three instants in order.
    """

    people: int
    pairings: int
    cycles: int
    events: int
    stages: Mapping[str, int]
    statuses: Mapping[str, int]
    refused: int
    refusals: Mapping[str, int]
    cycle: str
    example: Refused
    moments: tuple[LookBack, LookBack, LookBack]


def run(engine: Engine, clock: SimulatedClock, seed: int, on_day: OnDay | None = None) -> Year:
    """Live the year on an engine from `open_demo`; `on_day` is told each school day, how many are done, of how many."""
    desk = Desk(engine, clock)
    agenda = Agenda(term.school_days(), clock, Random(f"{seed}:times"))
    people = enrol(engine, roster(seed), OFFICE)
    office = Office(desk, agenda, people)
    agenda.add(_begin(office, seed), Later(1, 9 * 60))
    for story in (office.rounds(), office.seminars(), office.snow(), office.merges(), office.moves()):
        agenda.add(story, Later(0, 5 * 60))
    agenda.live(on_day, lambda day: engine.programme().calendar.is_school_day(day))
    return _told(office)


def _begin(office: Office, seed: int) -> Story:
    """August: evaluators, pairings, the first cycles. January: the newcomers."""
    agenda = office.agenda
    office.name_evaluators()
    yield Later(2)
    planned = pairs.in_august(office.desk.people(office.people))
    office.publish(planned)
    office.tempted()
    yield Later(3)
    first = [_pair(office, together, seed) for together in planned]
    for story, start in fates.of(first, office.people, Random(f"{seed}:fates")):
        agenda.add(story, start)
    half = 2 * len(first) // 3
    office.open(first[:half])
    for start_of_nine in range(half, len(first), 9):
        yield Later(4)
        office.open(first[start_of_nine : start_of_nine + 9])
    yield Later(agenda.days_until(date(2026, 1, 13)))
    later = pairs.in_january(office.desk.people(office.people))
    office.publish(later)
    yield Later(1)
    office.open([_pair(office, together, seed) for together in later])


def _pair(office: Office, together: pairs.Together, seed: int) -> Pair:
    mentee = next(p.person for p in together if p.mentee)
    rng = Random(f"{seed}:{mentee}")
    temperament = rng.choices([t for t, _ in MIXTURE], [share for _, share in MIXTURE])[0]
    pair = Pair(office.desk, office.agenda, mentee, temperament, rng)
    pair.plain = len(together) == 2 and not all(p.mentee for p in together)
    if temperament is STUCK:
        pair.stops_in = rng.choice(["goal-set", "observe", "observe", "reflect"])
    return pair


def _told(office: Office) -> Year:
    desk = office.desk
    cycles = [desk.cycle(id) for id in office.cycles]
    best = max(cycles, key=_eventful)
    assert desk.example is not None, "somebody has tried to advance too early"
    return Year(
        people=len(office.people),
        pairings=office.pairings,
        cycles=len(cycles),
        events=desk.engine.store.head(),
        stages=Counter(cycle.stage for cycle in cycles if cycle.status is not Status.COMPLETED),
        statuses=Counter(cycle.status.value for cycle in cycles),
        refused=desk.refused,
        refusals=dict(desk.refusals.most_common()),
        cycle=best.id,
        example=desk.example,
        moments=_moments(desk.engine, best.id),
    )


def _eventful(cycle: Cycle) -> tuple[int, int]:
    """How many of these a cycle has seen: a pause, another partner, a late debrief, its completion."""
    debriefs = [o.debrief for o in cycle.observations if o.debrief]
    seen = (
        cycle.pauses,
        [member for member in cycle.members if member.until],
        [debrief for debrief in debriefs if debrief.late_by],
        cycle.status is Status.COMPLETED,
    )
    return sum(map(bool, seen)), cycle.version


def _moments(engine: Engine, cycle: str) -> tuple[LookBack, LookBack, LookBack]:
    """The evenings of three days in the cycle's story."""
    history = engine.history(cycle, OFFICE)
    told: tuple[tuple[type[e.Event], str], ...] = (
        (e.CyclePaused, "it was paused"),
        (e.PartnerChanged, "it went on with another partner"),
        (e.DebriefHeld, "the debrief was held"),
        (e.CycleOpened, "it was opened"),
        (e.CycleAdvanced, "it had left its first stage"),
        (e.ContactLogged, "the first contact was logged"),
    )
    firsts = [(next((r for r in history if isinstance(r.event, kind)), None), why) for kind, why in told]
    found = [LookBack(_evening(r.recorded_at), why) for r, why in firsts if r is not None][:3]
    one, two, three = sorted(found, key=lambda moment: moment.at)
    return one, two, three


def _evening(moment: datetime) -> datetime:
    return end_of_day(moment.astimezone(zone_of(term.ZONE)).date(), term.ZONE)
