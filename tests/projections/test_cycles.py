"""Where cycles stand: what a list shows after what has happened, now and as of any position."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.events import (
    AdvanceUndone,
    ContactLogged,
    CycleAdvanced,
    CycleCancelled,
    CycleExtended,
    CycleFollowed,
    CycleOpened,
    CyclePaused,
    CycleReopened,
    CycleResumed,
    Participant,
    PartnerChanged,
    RematchAsked,
)
from mentorcycle.domain.vocabulary import (
    CancelReason,
    ContactKind,
    ExtendGround,
    Formality,
    Mode,
    PairingKind,
    PauseReason,
    ReopenReason,
    Status,
)

ADA, BO, CY = (
    Participant("p-ada", mentee=True),
    Participant("p-bo", mentor=True),
    Participant("p-cy", mentor=True),
)
OPENED = CycleOpened(
    programme="main",
    pairing="q-1",
    kind=PairingKind.PAIR,
    participants=(ADA, BO),
    definition="peer-cycle",
    definition_version=1,
    definition_digest="d1",
    stage="goal-set",
)
TO_OBSERVE = CycleAdvanced(source="goal-set", target="observe", definition_version=1)
TO_DEBRIEF = CycleAdvanced(source="observe", target="debrief", definition_version=1)
DONE = CycleAdvanced(source="celebrate", target="completed", definition_version=1)
PAUSED, RESUMED = CyclePaused(reason=PauseReason.LEAVE), CycleResumed()
CONTACT = ContactLogged(
    contact="k1",
    kind=ContactKind.CHECK_IN,
    mode=Mode.PHONE,
    formality=Formality.INFORMAL,
    minutes=20,
    people=("p-ada", "p-bo"),
)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def test_an_opened_cycle_is_active_in_its_first_stage_since_that_day(after):
    row = after(("cycle:c-1", OPENED, "2026-09-07")).cycles.one("default", "c-1")
    assert (row.status, row.stage, row.since) == (Status.ACTIVE, "goal-set", at("2026-09-07"))
    assert (row.programme, row.definition, row.definition_version) == ("main", "peer-cycle", 1)
    assert (row.mentees, row.mentors, row.pairing) == (("p-ada",), ("p-bo",), "q-1")


def test_an_advance_moves_the_cycle_and_starts_the_clock_of_the_stage(after):
    row = after(("cycle:c-1", OPENED, "2026-09-07"), ("cycle:c-1", TO_OBSERVE, "2026-09-20")).cycles.one(
        "default", "c-1"
    )
    assert (row.stage, row.since, row.opened_at) == ("observe", at("2026-09-20"), at("2026-09-07"))


def test_a_completed_cycle_keeps_the_stage_it_was_completed_in(after):
    celebrate = CycleAdvanced(source="reflect", target="celebrate", definition_version=1)
    row = after(("cycle:c-1", OPENED), ("cycle:c-1", celebrate), ("cycle:c-1", DONE)).cycles.one(
        "default", "c-1"
    )
    assert (row.stage, row.status) == ("celebrate", Status.COMPLETED)


def test_an_advance_taken_back_brings_back_the_clock_and_the_due_date(after):
    extended = CycleExtended(
        stage="goal-set",
        ground=ExtendGround.ABSENCE,
        old_due=date(2026, 9, 20),
        new_due=date(2026, 9, 30),
    )
    undone = AdvanceUndone(source="observe", target="goal-set", since=at("2026-09-07"), advance=3)
    view = after(
        ("cycle:c-1", OPENED, "2026-09-07"),
        ("cycle:c-1", extended, "2026-09-10"),
        ("cycle:c-1", TO_OBSERVE, "2026-09-21"),
        ("cycle:c-1", undone, "2026-09-22"),
    )
    assert view.cycles.one("default", "c-1", position=3).extended is None
    row = view.cycles.one("default", "c-1")
    assert (row.stage, row.since, row.extended) == ("goal-set", at("2026-09-07"), date(2026, 9, 30))


def test_pauses_are_kept_with_beginning_and_end(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-07"),
        ("cycle:c-1", PAUSED, "2026-09-10"),
        ("cycle:c-1", RESUMED, "2026-09-14"),
        ("cycle:c-1", PAUSED, "2026-10-01"),
    )
    row = view.cycles.one("default", "c-1")
    assert row.status is Status.PAUSED
    assert row.pauses == ((at("2026-09-10"), at("2026-09-14")), (at("2026-10-01"), None))


def test_cancelling_ends_a_pause(after):
    cancelled = CycleCancelled(reason=CancelReason.WITHDREW)
    row = after(
        ("cycle:c-1", OPENED, "2026-09-07"),
        ("cycle:c-1", PAUSED, "2026-09-10"),
        ("cycle:c-1", cancelled, "2026-09-14"),
    ).cycles.one("default", "c-1")
    assert (row.status, row.pauses) == (Status.CANCELLED, ((at("2026-09-10"), at("2026-09-14")),))


def test_a_reopened_cycle_is_active_in_the_stage_that_was_named(after):
    reopened = CycleReopened(reason=ReopenReason.WORK_CONTINUES, stage="reflect")
    row = after(("cycle:c-1", OPENED), ("cycle:c-1", DONE), ("cycle:c-1", reopened, "2026-12-01")).cycles.one(
        "default", "c-1"
    )
    assert (row.status, row.stage, row.since) == (Status.ACTIVE, "reflect", at("2026-12-01"))


def test_after_a_rematch_the_cycle_is_found_with_the_new_partner_and_as_of_before_with_the_old(after):
    changed = PartnerChanged(
        old_pairing="q-1",
        new_pairing="q-2",
        left="p-bo",
        joined="p-cy",
        kind=PairingKind.PAIR,
        participants=(ADA, CY),
    )
    view = after(("cycle:c-1", OPENED), ("cycle:c-1", RematchAsked(person="p-ada")), ("cycle:c-1", changed))
    assert view.cycles.one("default", "c-1", position=2).rematch_asked == ("p-ada",)
    assert view.cycles.one("default", "c-1").rematch_asked == ()
    assert [row.pairing for row in view.cycles.page("default", people=["p-cy"])] == ["q-2"]
    assert view.cycles.page("default", people=["p-bo"]) == []
    assert [row.pairing for row in view.cycles.page("default", people=["p-bo"], position=2)] == ["q-1"]
    assert view.cycles.page("default", people=["p-cy"], position=2) == []


def test_a_link_to_the_next_cycle_is_shown(after):
    row = after(("cycle:c-1", OPENED), ("cycle:c-1", CycleFollowed(next_cycle="c-2"))).cycles.one(
        "default", "c-1"
    )
    assert row.next_cycle == "c-2"


def test_work_that_moves_nothing_is_the_last_event_but_no_new_span(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-07"),
        ("cycle:c-1", CONTACT, "2026-09-08"),
        ("cycle:c-1", CONTACT, "2026-09-09"),
    )
    assert len(view.cycles.course("default", "c-1")) == 1
    now = view.cycles.one("default", "c-1")
    assert (now.valid_from, now.last_position, now.last_at) == (1, 3, at("2026-09-09"))
    then = view.cycles.one("default", "c-1", position=2)
    assert (then.last_position, then.last_at) == (2, at("2026-09-08"))


def test_the_course_of_a_cycle_has_a_row_for_each_time_it_changed_with_its_last_event(after):
    view = after(
        ("cycle:c-1", OPENED),
        ("cycle:c-1", CONTACT),
        ("cycle:c-1", PAUSED),
        ("cycle:c-1", RESUMED),
        ("cycle:c-1", CONTACT),
    )
    course = view.cycles.course("default", "c-1")
    assert [(row.valid_from, row.status.value, row.last_position) for row in course] == [
        (1, "active", 2),
        (3, "paused", 3),
        (4, "active", 5),
    ]


def test_a_cycle_is_unknown_before_it_was_opened(after):
    view = after(("cycle:c-1", OPENED), ("cycle:c-2", OPENED))
    assert view.cycles.one("default", "c-2", position=1) is None
    assert [row.cycle for row in view.cycles.page("default", position=1)] == ["c-1"]


def test_pages_follow_each_other_in_the_order_of_opening(after):
    view = after(*((f"cycle:c-{n}", OPENED) for n in (3, 1, 2)))
    first = view.cycles.page("default", limit=2)
    assert [row.cycle for row in first] == ["c-3", "c-1"]
    assert [row.cycle for row in view.cycles.page("default", limit=2, after="c-1")] == ["c-2"]
    with pytest.raises(NotFound):
        view.cycles.page("default", after="c-9")


def test_filters_narrow_a_list_now_and_as_of_a_position(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-01"),
        ("cycle:c-2", OPENED, "2026-09-02"),
        ("cycle:c-1", TO_OBSERVE, "2026-09-10"),
        ("cycle:c-2", PAUSED, "2026-09-11"),
    )

    def cycles(**filters):
        return [row.cycle for row in view.cycles.page("default", **filters)]

    assert cycles(stages=["observe"]) == ["c-1"]
    assert cycles(stages=["goal-set"]) == ["c-2"]
    assert cycles(stages=["goal-set"], position=2) == ["c-1", "c-2"]
    assert cycles(statuses=[Status.PAUSED]) == ["c-2"]
    assert cycles(statuses=[Status.ACTIVE, Status.PAUSED]) == ["c-1", "c-2"]
    assert cycles(statuses=[Status.ACTIVE], position=3) == ["c-1", "c-2"]
    assert cycles(programme="other") == []
    assert cycles(programme="main", stages=["observe"]) == ["c-1"]
    assert cycles(people=["p-ada"], stages=["observe"]) == ["c-1"]


def test_counts_say_how_many_stand_where_now_and_as_of_a_position(after):
    view = after(
        ("cycle:c-1", OPENED), ("cycle:c-2", OPENED), ("cycle:c-1", TO_OBSERVE), ("cycle:c-2", PAUSED)
    )

    def counts(**filters):
        return [(c.stage, c.status.value, c.cycles) for c in view.cycles.counts("default", **filters)]

    assert counts() == [("observe", "active", 1), ("goal-set", "paused", 1)]
    assert counts(position=2) == [("goal-set", "active", 2)]
    assert counts(position=0) == []
    assert counts(programme="other") == []


def test_candidates_for_stalled_are_active_and_have_been_in_their_stage_since_that_day(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-01"),
        ("cycle:c-2", OPENED, "2026-09-01"),
        ("cycle:c-3", OPENED, "2026-09-01"),
        ("cycle:c-2", PAUSED, "2026-09-02"),
        ("cycle:c-3", TO_OBSERVE, "2026-09-20"),
    )
    assert [row.cycle for row in view.cycles.stalled("default", at("2026-09-10"))] == ["c-1"]
    assert [row.cycle for row in view.cycles.stalled("default", at("2026-09-10"), position=3)] == [
        "c-1",
        "c-2",
        "c-3",
    ]


def test_tenants_do_not_see_each_other(told, after):
    told.tell(("cycle:c-1", OPENED), tenant="north")
    view = after(("cycle:c-1", OPENED), ("cycle:c-1", TO_OBSERVE))
    assert view.cycles.one("north", "c-1").stage == "goal-set"
    assert [count.stage for count in view.cycles.counts("north")] == ["goal-set"]
    assert [row.stage for row in view.cycles.page("default")] == ["observe"]


def test_ids_are_found_by_their_beginning(after):
    view = after(("cycle:c-ab1", OPENED), ("cycle:c-ab2", OPENED), ("cycle:c-b", OPENED))
    assert view.cycles.beginning("default", "c-a") == ["c-ab1", "c-ab2"]
