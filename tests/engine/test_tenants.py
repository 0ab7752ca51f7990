"""Two tenants in one store know nothing of each other."""

from __future__ import annotations

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import NotFound
from mentorcycle.engine import Engine
from mentorcycle.engine.audit import verify
from mentorcycle.engine.stores.memory import MemoryStore


@pytest.fixture(params=["memory", "sqlite"])
def both(request, open_engine, begin, settings):
    """The story twice, as two tenants of one store."""
    if request.param == "memory":
        store = MemoryStore()
        north, south = (Engine(store, tenant=name, settings=settings) for name in ("north", "south"))
    else:
        north, south = open_engine("north"), open_engine("south")
    return begin(north), begin(south, " of the south")


def test_a_tenant_does_not_find_what_the_other_has(both):
    for mine, other in (both, both[::-1]):
        with pytest.raises(NotFound):
            mine.engine.cycle(other.cycle, mine.coordinator)
        with pytest.raises(NotFound):
            mine.engine.history(other.cycle, mine.coordinator)
        with pytest.raises(NotFound):
            mine.engine.history(other.ada.id, mine.coordinator)
        with pytest.raises(NotFound):
            mine.engine.as_of(other.cycle, other.engine.store.head(), other.ada)
        with pytest.raises(NotFound):
            mine.engine.execute(c.LogContact(other.cycle, 30), mine.coordinator)
        with pytest.raises(NotFound):
            mine.engine.person(other.ada.id, mine.coordinator)
        with pytest.raises(NotFound):
            mine.engine.definition(other.cycle, mine.coordinator)


def test_a_stream_of_the_same_name_is_another_stream(both):
    """Both programmes are called main; a person may have the same id in both."""
    north, south = both
    for story in both:
        story.engine.execute(c.AddPerson("Eve", "p-eve"), story.coordinator).or_raise()
    south.engine.execute(c.ChangePerson("p-eve", "Eve S."), south.coordinator).or_raise()
    south.engine.execute(c.ChangeProgramme("South", "Europe/Rome"), south.coordinator).or_raise()
    assert north.engine.person("p-eve", north.coordinator).name == "Eve"
    assert north.engine.programme().zone == "UTC"
    assert south.engine.programme().zone == "Europe/Rome"


def test_command_ids_belong_to_a_tenant(both):
    north, south = both
    command_id = "k1"
    first = north.engine.execute(c.LogContact(north.cycle, 10), north.bo, command_id=command_id).or_raise()
    second = south.engine.execute(c.LogContact(south.cycle, 20), south.bo, command_id=command_id).or_raise()
    assert not second.repeated
    assert north.engine.execute(c.LogContact(north.cycle, 10), north.bo, command_id=command_id) == first


def test_people_of_a_roster_are_others_in_another_tenant(both):
    ids = {
        story.engine.execute(c.AddPerson("Eve", source="csv", external_id="7"), story.coordinator)
        .or_raise()
        .subject
        for story in both
    }
    assert len(ids) == 2


def test_words_stay_with_their_tenant(both):
    north, south = both
    for story in both:
        story.to("observe")
    texts = [
        recorded.event.statement.text
        for recorded in north.engine.history(north.cycle, north.ada, words=True)
        if recorded.event.event_name == "GoalSet"
    ]
    assert texts == ["More speak"]
    with pytest.raises(NotFound):
        south.engine.history(north.cycle, north.ada, words=True)


def test_a_subscription_gives_the_events_of_its_tenant_alone(both):
    for story in both * 2:
        story.contact()
    for story in both:
        total = sum(row.tenant == story.engine.tenant for row in story.engine.store.read_log(0, 1000))
        with story.engine.subscribe() as subscription:
            events = [next(subscription) for _ in range(total)]
        assert {recorded.tenant for recorded in events} == {story.engine.tenant}


def test_the_audit_proves_all_tenants_of_a_store(both):
    report = verify(both[0].engine.store)
    assert report.holds
    assert report.cycles == 2
