"""Minutes: one act, one record; hours stay with whoever gave them."""

from __future__ import annotations

from datetime import UTC, datetime

from mentorcycle.domain.events import (
    ContactLogged,
    CycleCancelled,
    CycleCorrected,
    CycleOpened,
    DebriefHeld,
    GoalSet,
    ObservationCompleted,
    Participant,
    PartnerChanged,
)
from mentorcycle.domain.vocabulary import (
    CancelReason,
    ContactKind,
    CorrectionReason,
    Formality,
    Mode,
    PairingKind,
    TeachingArea,
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
REMATCH = PartnerChanged(
    old_pairing="q-1",
    new_pairing="q-2",
    left="p-bo",
    joined="p-cy",
    kind=PairingKind.PAIR,
    participants=(ADA, CY),
)


def contact(minutes: int, *people: str) -> ContactLogged:
    return ContactLogged(
        contact="k1",
        kind=ContactKind.CO_PLANNING,
        mode=Mode.PHONE,
        formality=Formality.FORMAL,
        minutes=minutes,
        people=people,
    )


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


LESSON = ObservationCompleted(
    observation="o1",
    observer="p-bo",
    observed="p-ada",
    start=at("2026-09-10"),
    minutes=45,
    mode=Mode.IN_PERSON,
)
TALK = DebriefHeld(observation="o1", held=at("2026-09-11"), minutes=30, mode=Mode.LIVE_VIDEO)


def test_a_contact_a_lesson_and_a_debrief_are_one_act_each(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-01"),
        ("cycle:c-1", contact(20, "p-ada", "p-bo"), "2026-09-02"),
        ("cycle:c-1", LESSON, "2026-09-12"),
        ("cycle:c-1", TALK, "2026-09-12"),
    )
    acts = [(a.act, a.kind, a.mode, a.formality, a.minutes, a.at) for a in view.minutes.acts("default")]
    assert acts == [
        ("contact", "co-planning", "phone", "formal", 20, at("2026-09-02")),
        ("observation", "observation", "in-person", "", 45, at("2026-09-10")),
        ("debrief", "debrief", "live-video", "", 30, at("2026-09-11")),
    ]
    assert {a.people for a in view.minutes.acts("default")} == {
        (("p-ada", "mentee"), ("p-bo", "mentor")),
        (("p-bo", "mentor"), ("p-ada", "mentee")),
    }


def test_minutes_are_totalled_by_person_role_cycle_and_kind(after):
    view = after(
        ("cycle:c-1", OPENED),
        ("cycle:c-1", contact(20, "p-ada", "p-bo")),
        ("cycle:c-1", LESSON),
        ("cycle:c-2", OPENED),
        ("cycle:c-2", contact(5, "p-bo")),
    )
    assert view.minutes.per_person("default") == [("p-ada", 2, 65), ("p-bo", 3, 70)]
    assert view.minutes.per_person("default", role="mentor") == [("p-bo", 3, 70)]
    assert view.minutes.per_person("default", cycle="c-2") == [("p-bo", 1, 5)]
    assert view.minutes.totals("default", "cycle") == [("c-1", 2, 65), ("c-2", 1, 5)]
    assert view.minutes.totals("default", "kind") == [("co-planning", 2, 25), ("observation", 1, 45)]
    assert view.minutes.totals("default", "act", people=["p-ada", "p-bo"]) == [
        ("contact", 2, 25),
        ("observation", 1, 45),
    ]
    assert view.minutes.totals("default", "mode", people=["p-ada"]) == [
        ("in-person", 1, 45),
        ("phone", 1, 20),
    ]
    assert view.minutes.totals("default", "act", programme="other") == []


def test_a_period_holds_what_happened_in_it_whenever_it_was_recorded(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-01"),
        ("cycle:c-1", contact(1, "p-bo"), "2026-09-30"),
        ("cycle:c-1", contact(2, "p-bo"), "2026-10-01"),
        ("cycle:c-1", contact(4, "p-bo"), "2026-09-15"),
    )
    september = {"since": at("2026-09-01"), "until": at("2026-10-01")}
    assert view.minutes.per_person("default", **september) == [("p-bo", 2, 5)]
    assert view.minutes.totals("default", "act", **september) == [("contact", 2, 5)]
    assert [a.minutes for a in view.minutes.acts("default", people=["p-bo"])] == [4, 1, 2]


def test_after_a_rematch_hours_stay_with_the_mentor_who_gave_them(after):
    view = after(
        ("cycle:c-1", OPENED),
        ("cycle:c-1", LESSON),
        ("cycle:c-1", REMATCH),
        ("cycle:c-1", TALK),
    )
    assert view.minutes.per_person("default", role="mentor") == [("p-bo", 1, 45), ("p-cy", 1, 30)]
    assert view.minutes.per_person("default", role="mentee") == [("p-ada", 2, 75)]


def test_a_cancelled_cycle_keeps_its_hours(after):
    view = after(
        ("cycle:c-1", OPENED),
        ("cycle:c-1", LESSON),
        ("cycle:c-1", CycleCancelled(reason=CancelReason.WITHDREW)),
    )
    assert view.minutes.totals("default", "cycle") == [("c-1", 1, 45)]


def test_a_correction_counts_as_if_the_act_had_been_right_from_the_start(after):
    view = after(
        ("cycle:c-1", OPENED, "2026-09-01"),
        ("cycle:c-1", contact(20, "p-ada", "p-bo"), "2026-09-02"),
        (
            "cycle:c-1",
            CycleCorrected(
                version=2,
                event="ContactLogged",
                fields={"minutes": 50, "occurred_at": "2026-10-02T00:00:00+00:00", "kind": "visit"},
                reason=CorrectionReason.TYPING_ERROR,
            ),
        ),
    )
    assert [(a.minutes, a.at, a.kind, a.mode) for a in view.minutes.acts("default")] == [
        (50, at("2026-10-02"), "visit", "phone")
    ]
    assert view.minutes.per_person("default", until=at("2026-10-01")) == []
    assert view.minutes.per_person("default", since=at("2026-10-01")) == [("p-ada", 1, 50), ("p-bo", 1, 50)]


def test_a_correction_of_something_without_minutes_changes_none(after):
    goal = GoalSet(goal="g1", area=TeachingArea.ENGAGEMENT, target=3.0)
    corrected = CycleCorrected(
        version=2, event="GoalSet", fields={"target": 4.0}, reason=CorrectionReason.WRONG_VALUE
    )
    view = after(("cycle:c-1", OPENED), ("cycle:c-1", goal), ("cycle:c-1", corrected), ("cycle:c-1", LESSON))
    assert view.minutes.totals("default", "act") == [("observation", 1, 45)]


def test_in_a_reciprocal_pair_everybody_is_both(after):
    both = CycleOpened(
        programme="main",
        pairing="q-1",
        kind=PairingKind.RECIPROCAL,
        participants=(
            Participant("p-ada", mentee=True, mentor=True),
            Participant("p-bo", mentee=True, mentor=True),
        ),
        definition="peer-cycle",
        definition_version=1,
        definition_digest="d1",
        stage="goal-set",
    )
    view = after(("cycle:c-1", both), ("cycle:c-1", TALK))
    assert view.minutes.per_person("default", role="mentor") == [("p-ada", 1, 30), ("p-bo", 1, 30)]
    assert view.minutes.per_person("default", role="mentee") == [("p-ada", 1, 30), ("p-bo", 1, 30)]


def test_somebody_who_came_to_one_contact_is_a_guest_and_is_found(after):
    view = after(("cycle:c-1", OPENED), ("cycle:c-1", contact(20, "p-bo", "p-zoe")))
    assert view.minutes.acts("default", people=["p-zoe"])[0].people == (
        ("p-bo", "mentor"),
        ("p-zoe", "guest"),
    )
    assert view.minutes.per_person("default", people=["p-zoe"]) == [("p-zoe", 1, 20)]
