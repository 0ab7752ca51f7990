"""What holds for every history: the rows follow from the log alone, however it is read, and agree with the domain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.domain.cycle import fold
from mentorcycle.domain.people import fold_person
from mentorcycle.domain.vocabulary import Status
from mentorcycle.projections import CYCLES, MINUTES, MODELS, PEOPLE, TRAIL, ReadModel
from mentorcycle.projections.connection import SqliteConnection
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.minutes import MinutesQueries
from mentorcycle.projections.people import PeopleQueries
from mentorcycle.projections.trail import TrailQueries

from .histories import START, History, histories

SHARED = (
    "programme", "kind", "pairing", "stage", "status", "opened_at", "since", "extended", "extended_at",
    "rematch_asked", "follows",
    "next_cycle",
)  # fmt: skip
FILTERS = (
    {},
    {"limit": 1},
    {"statuses": [Status.ACTIVE]},
    {"statuses": [Status.ACTIVE, Status.PAUSED], "stages": ["goal-set"]},
    {"programme": "g0", "limit": 1},
    {"people": ["p-1"]},
    {"since": START + timedelta(hours=3)},
)


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
            for filters in FILTERS:
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
