"""The past as it was recorded, and when things happened: two times that are never mixed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.cycle import fold
from mentorcycle.domain.errors import InvalidInput, NotFound
from mentorcycle.domain.refusal import RefusedError
from mentorcycle.domain.vocabulary import CorrectionReason, LeaveReason
from mentorcycle.engine import Engine, Settings


def test_as_of_every_position_the_state_is_the_fold_of_the_events_so_far(story):
    story.to("celebrate")
    events = story.engine.history(story.cycle, story.ada)
    for position in range(story.engine.store.head() + 2):
        so_far = [recorded for recorded in events if recorded.position <= position]
        state = story.engine.as_of(story.cycle, position, story.ada)
        assert state.version == len(so_far)
        if so_far:
            assert state == fold(so_far)
            assert state.stage == fold(so_far).stage


def test_the_state_now_is_the_state_as_of_the_head(story):
    story.to("reflect")
    assert story.engine.as_of(story.cycle, story.engine.store.head(), story.bo) == story.state


def test_a_fresh_engine_replays_to_the_same_states(on_file, open_engine):
    on_file.to("celebrate")
    fresh = open_engine()
    assert fresh.cycle(on_file.cycle, on_file.ada) == on_file.state
    for person in (on_file.ada, on_file.bo, on_file.cy):
        assert fresh.person(person.id, person) == on_file.engine.person(person.id, person)
    assert fresh.programme() == on_file.engine.programme()
    assert fresh.can(on_file.cycle, on_file.ada) == on_file.engine.can(on_file.cycle, on_file.ada)


def test_as_of_an_instant_counts_what_was_recorded_by_then(story, clock):
    """Recorded on Monday, and on Thursday for the Tuesday before: on Wednesday the second was not known."""
    story.contact(10)
    clock.move(days=3)
    tuesday = clock.now - timedelta(days=2)
    late = c.LogContact(story.cycle, 20)
    receipt = story.engine.execute(late, story.bo, occurred_at=tuesday).or_raise()
    assert receipt.events[0].occurred_at == tuesday
    assert receipt.events[0].recorded_at == clock.now == receipt.recorded_at
    wednesday = clock.now - timedelta(days=1)
    then = story.engine.as_of(story.cycle, wednesday, story.bo)
    assert [contact.minutes for contact in then.contacts] == [10]
    now = story.engine.as_of(story.cycle, clock.now, story.bo)
    assert [(contact.minutes, contact.occurred_at) for contact in now.contacts][1] == (20, tuesday)


def test_as_of_an_instant_before_anything_there_was_nothing(story):
    state = story.engine.as_of(story.cycle, datetime(2020, 1, 1, tzinfo=UTC), story.ada)
    assert (state.id, state.exists) == (story.cycle, False)


def test_as_of_an_instant_the_zone_does_not_matter(story, clock):
    story.contact()
    utc = story.engine.as_of(story.cycle, clock.now, story.bo)
    elsewhere = clock.now.astimezone(timezone(timedelta(hours=9)))
    assert story.engine.as_of(story.cycle, elsewhere, story.bo) == utc


def test_a_correction_is_known_from_when_it_was_recorded(story, clock):
    story.contact(300)
    version, before = story.state.version, story.engine.store.head()
    clock.move(days=1)
    fields = {"minutes": 30}
    correct = c.Correct(story.cycle, version, CorrectionReason.TYPING_ERROR, fields)
    story.engine.execute(correct, story.bo).or_raise()
    assert story.engine.as_of(story.cycle, before, story.bo).contacts[0].minutes == 300
    assert story.state.contacts[0].minutes == 30


def test_people_and_programmes_have_a_past_as_well(story):
    before = story.engine.store.head()
    story.engine.execute(c.MarkLeft(story.di.id, LeaveReason.RETIRED), story.coordinator).or_raise()
    story.engine.execute(c.CloseSchool((date(2026, 9, 9),)), story.coordinator).or_raise()
    assert story.engine.as_of(story.di.id, before, story.coordinator).active
    assert not story.engine.person(story.di.id, story.coordinator).active
    assert story.engine.as_of("main", before, story.coordinator).calendar.is_school_day(date(2026, 9, 9))
    assert not story.engine.programme().calendar.is_school_day(date(2026, 9, 9))


def test_history_goes_up_to_a_position(story):
    story.to("observe")
    whole = story.engine.history(story.cycle, story.ada)
    part = story.engine.history(story.cycle, story.ada, upto=whole[3].position)
    assert part == whole[:4]


def test_the_instant_of_recording_never_goes_back(story, clock):
    first = story.contact()
    clock.move(hours=-5)
    second = story.contact()
    assert second.recorded_at == first.recorded_at
    assert second.events[0].occurred_at == clock.now


NAIVE = datetime(2026, 9, 7, 8)  # noqa: DTZ001 - the very thing


def test_instants_without_a_zone_are_refused(story):
    with pytest.raises(InvalidInput, match="no time zone"):
        story.engine.execute(c.LogContact(story.cycle, 30), story.bo, occurred_at=NAIVE)
    with pytest.raises(InvalidInput, match="no time zone"):
        story.engine.execute_many([c.LogContact(story.cycle, 30)], story.bo, occurred_at=NAIVE)
    with pytest.raises(InvalidInput, match="no time zone"):
        story.engine.as_of(story.cycle, NAIVE, story.bo)
    story.to("observe")
    for command in (
        c.CompleteObservation(story.cycle, NAIVE, 45, observer=story.bo.id, observed=story.ada.id),
        c.ScheduleObservation(story.cycle, NAIVE),
        c.RescheduleObservation(story.cycle, "o1", NAIVE),
        c.HoldDebrief(story.cycle, 30, held=NAIVE, strengths=("Calm",)),
    ):
        with pytest.raises(InvalidInput, match="no time zone"):
            story.engine.execute(command, story.bo)


def test_an_instant_is_kept_in_utc_whatever_zone_it_was_said_in(story, clock):
    """Half past two happened twice that night in Stockholm: such an instant equals no other until it is in UTC."""
    clock.now = datetime(2026, 10, 26, 8, tzinfo=UTC)
    twice = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Stockholm"))
    contact = c.LogContact(story.cycle, 30)
    first = story.engine.execute(contact, story.bo, occurred_at=twice, command_id="k1").or_raise()
    assert first.events[0].occurred_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert story.engine.execute(contact, story.bo, occurred_at=twice, command_id="k1") == first
    clock.now = datetime(2026, 10, 24, 8, tzinfo=UTC)
    story.to("observe")
    clock.now = datetime(2026, 10, 27, 8, tzinfo=UTC)
    lesson = c.CompleteObservation(
        story.cycle, twice, 45, observer=story.bo.id, observed=story.ada.id, evidence=("Calm",)
    )
    seen = story.engine.execute(lesson, story.bo, command_id="k2").or_raise()
    assert seen.events[0].event.start.tzinfo is UTC
    assert story.engine.execute(lesson, story.bo, command_id="k2") == seen
    assert story.state == fold(story.engine.history(story.cycle, story.ada))


def test_a_seeded_run_repeats_byte_for_byte(clock, begin):
    logs = []
    for _ in range(2):
        with Engine.open("memory://", settings=Settings(clock=clock, entropy=Random(3).randbytes)) as engine:
            begin(engine).contact()
            logs.append(engine.store.read_log(0, 100))
    assert logs[0] == logs[1]


def test_what_is_not_there_is_not_found_and_what_is_hidden_is_refused(story):
    for ask in (story.engine.history, lambda ref, who: story.engine.as_of(ref, 3, who)):
        for ref in ("c-nowhere", "p-nobody", "nothing"):
            with pytest.raises(NotFound):
                ask(ref, story.coordinator)
        with pytest.raises(RefusedError):
            ask(story.cycle, story.cy)
        with pytest.raises(RefusedError):
            ask(story.ada.id, story.bo)
        assert ask(story.ada.id, story.ada)
