"""The audit trail: who did what and when, and in which batch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.events import PersonAdded, PersonLeft, PersonReturned
from mentorcycle.domain.vocabulary import Known, LeaveReason, Role

ADDED, LEFT, RETURNED = PersonAdded(name="Ada"), PersonLeft(reason=LeaveReason.LEAVE), PersonReturned()
EVA, ADA = Actor.coordinator("eva"), Actor.participant("p-ada")


def positions(rows):
    return [row.position for row in rows]


def test_an_entry_says_who_did_what_and_when_but_not_what_it_says(after):
    (row,) = after(("person:p-ada", ADDED, "2026-08-30", EVA, "b-1")).trail.page("default")
    assert (row.stream, row.version, row.name) == ("person:p-ada", 1, "PersonAdded")
    assert (row.actor, row.role, row.known) == ("eva", Role.COORDINATOR, Known.ASSERTED)
    assert row.occurred_at == datetime(2026, 8, 30, tzinfo=UTC)
    assert row.recorded_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert (row.batch, row.command) == ("b-1", "k-1")
    assert "Ada" not in str(row)


def test_entries_come_newest_first_and_page_by_page(after):
    view = after(*[("person:p-ada", ADDED), ("person:p-ada", LEFT), ("person:p-ada", RETURNED)])
    assert positions(view.trail.page("default", limit=2)) == [3, 2]
    assert positions(view.trail.page("default", limit=2, before=2)) == [1]
    assert positions(view.trail.page("default", newest_first=False, limit=2)) == [1, 2]
    assert positions(view.trail.page("default", newest_first=False, after=2)) == [3]


def test_entries_are_found_by_actor_name_and_the_positions_of_a_stream(after, told):
    view = after(
        ("person:p-ada", ADDED, None, EVA),
        ("person:p-bo", ADDED, None, EVA),
        ("person:p-ada", LEFT, None, ADA),
        ("person:p-bo", LEFT, None, EVA),
    )
    assert positions(view.trail.page("default", actor="p-ada")) == [3]
    assert positions(view.trail.page("default", actor="eva", names=["PersonLeft"])) == [4]
    assert positions(view.trail.page("default", names=["PersonLeft", "PersonAdded"])) == [4, 3, 2, 1]
    stream = [row.position for row in told.store.read_stream("default", "person:p-ada")]
    assert positions(view.trail.page("default", positions=stream)) == [3, 1]
    assert positions(view.trail.page("default", positions=[])) == []


def test_a_period_is_about_when_entries_were_recorded(after, told):
    for day in (1, 2, 2, 4):
        told.clock = datetime(2026, 10, day, tzinfo=UTC)
        told.tell(("person:p-ada", RETURNED, "2026-01-01"))
    view = after()
    second, third = datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)
    assert positions(view.trail.page("default", since=second, until=third)) == [3, 2]
    assert positions(view.trail.page("default", since=third)) == [4]
    assert positions(view.trail.page("default", until=second)) == [1]
    assert positions(view.trail.page("default", until=datetime(2026, 1, 1, tzinfo=UTC))) == []


def test_a_batch_knows_its_events_and_the_streams_it_touched(after, told):
    told.tell(("person:p-ada", ADDED, None, EVA, "b-1"), ("person:p-cy", ADDED, None, ADA))
    told.readers.catch_up()
    view = after(
        ("person:p-bo", ADDED, None, EVA, "b-1"),
        ("person:p-bo", LEFT, None, EVA, "b-1"),
        ("person:p-cy", LEFT, None, ADA, "b-2"),
    )
    batch = view.trail.batch("default", "b-1")
    assert (batch.first, batch.last, batch.events, batch.actor) == (1, 4, 3, "eva")
    assert [row.batch for row in view.trail.batches("default")] == ["b-2", "b-1"]
    assert [row.batch for row in view.trail.batches("default", before=5)] == ["b-1"]
    members = [(m.stream, m.events) for m in view.trail.members("default", "b-1")]
    assert members == [("person:p-ada", 1), ("person:p-bo", 2)]
    assert positions(view.trail.page("default", batch="b-1")) == [4, 3, 1]
    assert view.trail.batches_beginning("default", "b-") == ["b-1", "b-2"]
    with pytest.raises(NotFound):
        view.trail.batch("default", "b-3")


def test_tenants_do_not_see_each_other(told, after):
    told.tell(("person:p-ada", ADDED, None, EVA, "b-1"), tenant="north")
    view = after(("person:p-bo", ADDED))
    assert positions(view.trail.page("default")) == [2]
    assert view.trail.batches("default") == []
