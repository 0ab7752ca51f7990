"""Histories that can happen, of cycles and people of two tenants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from mentorcycle.domain import events as e
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import Cycle, evolve
from mentorcycle.domain.people import Person, evolve_person
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import (
    CancelReason,
    ContactKind,
    CorrectionReason,
    ExtendGround,
    Formality,
    LeaveReason,
    Mode,
    PairingKind,
    PauseReason,
    ReopenReason,
    Status,
    TeachingArea,
)

START = datetime(2026, 9, 1, tzinfo=UTC)
STAGES = ("goal-set", "observe", "debrief", "completed")
PEOPLE_IDS = ("p-1", "p-2", "p-3")
Options = list[Callable[[], e.Event]]
History = list[Recorded[Any]]


def pair(n: int) -> tuple[e.Participant, ...]:
    mentee, mentor = PEOPLE_IDS[n % 3], PEOPLE_IDS[(n + 1) % 3]
    return (e.Participant(mentee, mentee=True), e.Participant(mentor, mentor=True))


def of_a_cycle(cycle: Cycle, n: int, now: datetime) -> Options:
    """The events that can happen to a cycle in this state."""
    if not cycle.exists:
        return [
            lambda: e.CycleOpened(
                programme=f"g{n % 2}",
                pairing="q-1",
                kind=PairingKind.PAIR,
                participants=pair(n),
                definition="peer-cycle",
                definition_version=1,
                definition_digest="d",
                stage=STAGES[0],
            )
        ]
    options = work(cycle, n, now)
    if cycle.status is Status.PAUSED:
        options += [e.CycleResumed, lambda: e.CycleCancelled(reason=CancelReason.WITHDREW)]
    elif cycle.status is Status.ACTIVE:
        target = STAGES[STAGES.index(cycle.stage) + 1]
        options += [
            lambda: e.CycleAdvanced(source=cycle.stage, target=target, definition_version=1),
            lambda: e.CyclePaused(reason=PauseReason.LEAVE),
            lambda: e.CycleCancelled(reason=CancelReason.WITHDREW),
            lambda: e.CycleExtended(
                stage=cycle.stage,
                ground=ExtendGround.ABSENCE,
                old_due=date(2026, 9, 1),
                new_due=date(2026, 10, 1 + n % 20),
            ),
            lambda: e.RematchAsked(person=cycle.people[n % 2]),
            lambda: e.PartnerChanged(
                old_pairing=cycle.pairing,
                new_pairing=f"q-{n}",
                left=cycle.mentors[0],
                joined=pair(n)[1].person,
                kind=PairingKind.PAIR,
                participants=pair(n),
            ),
        ]
    else:
        options += [
            lambda: e.CycleReopened(reason=ReopenReason.WORK_CONTINUES, stage=STAGES[n % 3]),
            lambda: e.CycleFollowed(next_cycle="c-9"),
        ]
    if cycle.advances and cycle.status in (Status.ACTIVE, Status.COMPLETED):
        last = cycle.advances[-1]
        options.append(
            lambda: e.AdvanceUndone(
                source=last.target, target=last.source, since=last.since, advance=last.version
            )
        )
    return options


def work(cycle: Cycle, n: int, now: datetime) -> Options:
    people = cycle.people
    options: Options = [
        lambda: e.GoalSet(goal="g1", area=TeachingArea.ENGAGEMENT),
        lambda: e.ContactLogged(
            contact="k1",
            kind=ContactKind.CHECK_IN,
            mode=Mode.PHONE,
            formality=Formality.FORMAL,
            minutes=1 + n,
            people=people[: 1 + n % 2],
        ),
        lambda: e.ObservationCompleted(
            observation=f"o{cycle.version}",
            observer=people[1],
            observed=people[0],
            start=now - timedelta(days=n),
            minutes=45,
            mode=Mode.IN_PERSON,
        ),
    ]
    for observation in (o for o in cycle.completed_observations if o.debrief is None):
        options.append(
            lambda id=observation.id: e.DebriefHeld(
                observation=id, held=now, minutes=10 + n, mode=Mode.LIVE_VIDEO
            )
        )
    for contact in cycle.contacts[-1:]:
        options.append(
            lambda version=contact.version: e.CycleCorrected(
                version=version,
                event="ContactLogged",
                fields={"minutes": n, "occurred_at": now.isoformat(), "mode": "written"},
                reason=CorrectionReason.WRONG_VALUE,
            )
        )
    return options


def of_a_person(person: Person, n: int) -> Options:
    """The events that can happen to a person in this state."""
    if not person.exists:
        return [lambda: e.PersonAdded(name=f"Åsa {n}", username=f"u{n}", capacity=n % 4 or None)]
    other = PEOPLE_IDS[n % 3]
    return [
        lambda: e.PersonChanged(name=f"Bo Ünal {n}", email=f"{n}@x.example", school=f"S{n % 2}"),
        lambda: e.EvaluatorNamed(evaluator=other),
        lambda: e.EvaluatorRemoved(evaluator=other),
        lambda: e.PersonLeft(reason=LeaveReason.LEAVE),
        e.PersonReturned,
        lambda: e.PersonAbsorbed(duplicate=f"p-{n}"),
        lambda: e.PersonMerged(into=other),
        lambda: e.DoNotPair(other=other),
        lambda: e.PairingPublished(pairing=f"q-{n}", kind=PairingKind.PAIR, participants=pair(n)),
        lambda: e.PairingEnded(pairing=f"q-{n}"),
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to sixty events of three cycles and three people in two tenants, in an order that can happen."""
    choices = st.tuples(
        st.sampled_from(("c-1", "c-1", "c-1", "c-2", "c-3", "p-1", "p-2")),
        st.sampled_from(("north", "north", "north", "south")),
        st.integers(0, 59),
    )
    length = draw(st.integers(0, 60))  # else most lists are short
    return history_of(draw(st.lists(choices, min_size=length, max_size=length)))


def long_history(events: int, seed: int) -> History:
    """Many events of many cycles and people."""
    random = Random(seed)
    subjects = [f"c-{n}" for n in range(events // 12)] + [f"p-{n}" for n in range(events // 40)]
    return history_of(
        (random.choice(subjects), random.choice(("north", "north", "south")), random.randrange(60))
        for _ in range(events)
    )


def history_of(choices: Iterable[tuple[str, str, int]]) -> History:
    """Events of these subjects and tenants, in an order that can happen; a number chooses among what can."""
    cycles: dict[tuple[str, str], Cycle] = {}
    people: dict[tuple[str, str], Person] = {}
    history: History = []
    for subject, tenant, n in choices:
        now = START + timedelta(hours=len(history))
        key = (tenant, subject)
        if subject.startswith("c"):
            before = cycles.get(key, Cycle())
            stream, version, options = f"cycle:{subject}", before.version, of_a_cycle(before, n, now)
        else:
            known = people.get(key, Person())
            stream, version, options = f"person:{subject}", known.version, of_a_person(known, n)
        position = len(history) + 1
        batch = f"b-{n}" if n % 5 == 0 else None
        recorded = Recorded(
            position,
            tenant,
            stream,
            version + 1,
            now,
            now - timedelta(days=n % 3),
            Actor.coordinator(f"eva{n % 2}") if n % 3 else Actor.participant(f"eva{n % 2}"),
            f"k{position // 2}",
            None,
            None,
            batch,
            options[n % len(options)](),
        )
        if subject.startswith("c"):
            cycles[key] = evolve(cycles.get(key, Cycle()), recorded)
        else:
            people[key] = evolve_person(people.get(key, Person()), recorded)
        history.append(recorded)
    return history
