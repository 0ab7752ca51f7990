"""What holds for every history: the rows follow from the log alone, however it is read, and agree with the domain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.domain import events as e
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle import Cycle, evolve, fold
from mentorcycle.domain.people import Person, evolve_person, fold_person
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
from mentorcycle.projections import CYCLES, MINUTES, MODELS, PEOPLE, TRAIL, ReadModel
from mentorcycle.projections.connection import SqliteConnection
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.minutes import MinutesQueries
from mentorcycle.projections.people import PeopleQueries
from mentorcycle.projections.trail import TrailQueries

START = datetime(2026, 9, 1, tzinfo=UTC)
SHARED = (
    "programme", "kind", "pairing", "stage", "status", "opened_at", "since", "extended", "extended_at",
    "rematch_asked", "follows",
    "next_cycle",
)  # fmt: skip
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
    cycles: dict[tuple[str, str], Cycle] = {}
    people: dict[tuple[str, str], Person] = {}
    history: History = []
    length = draw(st.integers(0, 60))  # else most lists are short
    for subject, tenant, n in draw(st.lists(choices, min_size=length, max_size=length)):
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


def built(model: ReadModel, *batches: History) -> SqliteConnection:
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=SqliteConnection)
    model.create(connection, 1)
    for batch in batches:
        model.apply(connection, 1, batch)
    return connection


def streams(history: History) -> Iterator[tuple[str, str, History]]:
    for key in sorted({(r.tenant, r.stream) for r in history}):
        yield *key, [r for r in history if (r.tenant, r.stream) == key]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(history=histories(), cuts=st.lists(st.integers(0, 40), max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_rows_are_the_same_however_the_log_is_cut_into_batches(model, history, cuts):
    edges = [0, *sorted(cut % (len(history) + 1) for cut in cuts), len(history)]
    parts = [history[first:last] for first, last in pairwise(edges)]
    whole = model.digest(built(model, history), 1)
    assert model.digest(built(model, *parts), 1) == whole
    assert model.digest(built(model, *([r] for r in history)), 1) == whole


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(history=histories(), late=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_the_rows_are_the_same_when_a_mended_stream_comes_late(model, history, late):
    found = [events for _, _, events in streams(history)]
    aside = found[late % len(found)] if found else []
    others = [r for r in history if r not in aside]
    half = len(aside) // 2
    assert model.digest(built(model, others, aside[:half], aside[half:]), 1) == model.digest(
        built(model, history), 1
    )


@given(history=histories())
@settings(max_examples=40, deadline=None)
def test_as_of_a_position_is_what_the_list_was_when_that_was_the_last_event(history):
    now = CycleQueries(built(CYCLES, history), 1)
    for position in range(len(history) + 1):
        then = CycleQueries(built(CYCLES, history[:position]), 1)
        for tenant in ("north", "south"):
            assert now.counts(tenant, position=position) == then.counts(tenant)
            for filters in (
                {},
                {"limit": 1},
                {"statuses": [Status.ACTIVE]},
                {"statuses": [Status.ACTIVE, Status.PAUSED], "stages": ["goal-set"]},
                {"programme": "g0", "limit": 1},
                {"people": ["p-1"]},
                {"since": START + timedelta(hours=3)},
            ):
                assert now.page(tenant, position=position, **filters) == then.page(tenant, **filters)


@given(history=histories())
@settings(max_examples=60, deadline=None)
def test_a_row_of_a_cycle_says_what_the_fold_of_its_events_says(history):
    queries = CycleQueries(built(CYCLES, history), 1)
    for tenant, stream, events in streams(history):
        if not stream.startswith("cycle:"):
            continue
        for n, last in enumerate(events, 1):
            cycle = fold(events[:n])
            row = queries.one(tenant, cycle.id, position=last.position)
            assert row is not None
            for name in SHARED:
                assert getattr(row, name) == getattr(cycle, name), name
            assert (row.definition, row.definition_version) == (
                cycle.definition.name,
                cycle.definition.version,
            )
            assert row.pauses == tuple((p.start, p.end) for p in cycle.pauses)
            members = tuple((p.person, p.mentee, p.mentor) for p in cycle.participants)
            assert sorted(row.participants) == sorted(members)
            assert (row.last_position, row.last_at) == (last.position, last.occurred_at)


@given(history=histories())
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_the_lists(history):
    queries = CycleQueries(built(CYCLES, history), 1)
    for position in (None, len(history) // 2):
        for count in queries.counts("north", position=position):
            rows = queries.page(
                "north",
                statuses=[count.status],
                stages=[count.stage],
                programme=count.programme,
                position=position,
            )
            assert len(rows) == count.cycles


@given(history=histories())
@settings(max_examples=60, deadline=None)
def test_a_row_of_a_person_says_what_the_fold_of_their_events_says(history):
    queries = PeopleQueries(built(PEOPLE, history), 1)
    for tenant, stream, events in streams(history):
        if stream.startswith("person:"):
            person = fold_person(events)
            row = queries.one(tenant, person.id)
            assert row is not None
            for name in ["active", "merged_into", "duplicates", "load"]:
                assert getattr(row, name) == getattr(person, name), name
            for name in ["name", "username", "email", "school", "capacity", "external_id"]:
                assert getattr(row, name) == getattr(person.profile, name), name
            assert set(row.evaluators) == person.evaluators
            assert set(row.not_with) == person.not_with
            assert [p.id for p in row.pairings] == list(person.pairings)
            mentee_in = person.pairing_as_mentee
            assert (row.pairing_as_mentee and row.pairing_as_mentee.id) == (mentee_in and mentee_in.id)


@given(history=histories())
@settings(max_examples=60, deadline=None)
def test_the_minutes_of_a_cycle_are_those_of_its_contacts_lessons_and_debriefs(history):
    queries = MinutesQueries(built(MINUTES, history), 1)
    for tenant, stream, events in streams(history):
        if stream.startswith("cycle:"):
            cycle = fold(events)
            done = [o for o in cycle.observations if o.completion]
            minutes = [c.minutes for c in cycle.contacts]
            minutes += [o.completion.minutes for o in done]
            minutes += [o.debrief.minutes for o in done if o.debrief]
            acts = queries.acts(tenant, cycle=cycle.id)
            assert sorted(act.minutes for act in acts) == sorted(minutes)
            shares = sum(len(act.people) * act.minutes for act in acts)
            assert sum(total.minutes for total in queries.per_person(tenant, cycle=cycle.id)) == shares


@given(
    history=histories(),
    actor=st.sampled_from((None, "eva0", "eva1", "nobody")),
    names=st.sampled_from(((), ("CycleOpened",), ("ContactLogged", "PersonAdded"))),
    batch=st.sampled_from((None, "b-0", "b-5")),
    first=st.integers(0, 20),
    newest_first=st.booleans(),
    limit=st.integers(1, 5),
)
@settings(max_examples=100, deadline=None)
def test_a_page_of_the_trail_is_what_a_filter_of_the_log_gives(
    history, actor, names, batch, first, newest_first, limit
):
    queries = TrailQueries(built(TRAIL, history), 1)
    wanted = [
        r.position
        for r in history
        if r.tenant == "north"
        and actor in (None, r.actor.id)
        and batch in (None, r.batch)
        and (not names or r.event.event_name in names)
        and r.position > first
    ]
    page = queries.page(
        "north", actor=actor, names=names, batch=batch, after=first, newest_first=newest_first, limit=limit
    )
    wanted.sort(reverse=newest_first)
    assert [row.position for row in page] == wanted[:limit]
