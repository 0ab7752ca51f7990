"""People: profile, load, and the ways in which somebody is found."""

from __future__ import annotations

from mentorcycle.domain.events import (
    DoNotPair,
    EvaluatorNamed,
    PairingEnded,
    PairingPublished,
    Participant,
    PersonAbsorbed,
    PersonAdded,
    PersonChanged,
    PersonLeft,
    PersonMerged,
    PersonReturned,
)
from mentorcycle.domain.vocabulary import LeaveReason, PairingKind, TeachingArea

ADA, BO = Participant("p-ada", mentee=True), Participant("p-bo", mentor=True)
PAIR = PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=(ADA, BO))
UNAL = PersonAdded(
    name="Ayşe Ünal-Ødegård",
    external_id="0042",
    source="roster",
    username="A.Unal",
    email="Ayse@School.example",
    school="North",
    subjects=("maths",),
    areas=(TeachingArea.ENGAGEMENT,),
    capacity=2,
)


def test_a_profile_is_kept_as_it_was_stated(after):
    row = after(("person:p-ada", UNAL)).people.one("default", "p-ada")
    assert (row.name, row.external_id, row.source, row.school) == (
        "Ayşe Ünal-Ødegård",
        "0042",
        "roster",
        "North",
    )
    assert (row.subjects, row.areas, row.capacity) == (("maths",), (TeachingArea.ENGAGEMENT,), 2)


def test_somebody_is_found_by_words_of_their_name_without_case_and_accents(after):
    view = after(("person:p-ada", UNAL), ("person:p-bo", PersonAdded(name="Bo Unander")))
    assert [row.id for row in view.people.named("default", "una")] == ["p-ada", "p-bo"]
    assert [row.id for row in view.people.named("default", "ODEG ays")] == ["p-ada"]
    assert view.people.named("default", "unal bo") == []
    assert view.people.named("default", " ") == []


def test_somebody_is_found_by_username_address_and_external_id(after):
    view = after(("person:p-ada", UNAL))
    for handle in ("a.unal", "AYSE@school.example", "0042"):
        assert [row.id for row in view.people.with_handle("default", handle)] == ["p-ada"]
    assert view.people.with_handle("default", "42") == []


def test_a_changed_profile_is_no_longer_found_by_what_it_was(after):
    view = after(("person:p-ada", UNAL), ("person:p-ada", PersonChanged(name="Ayşe Lind", username="a.lind")))
    assert view.people.named("default", "ünal") == []
    assert view.people.with_handle("default", "0042") == []
    assert [row.id for row in view.people.named("default", "lind")] == ["p-ada"]
    assert [row.id for row in view.people.with_handle("default", "a.lind")] == ["p-ada"]


def test_an_id_wins_over_a_handle_and_a_handle_over_names(after):
    view = after(
        ("person:p-ada", PersonAdded(name="Ada", username="bo")),
        ("person:p-bo", PersonAdded(name="Bo", username="p-ada")),
    )
    assert [row.id for row in view.people.matching("default", "p-ada")] == ["p-ada"]
    assert [row.id for row in view.people.matching("default", "bo")] == ["p-ada"]
    assert [row.id for row in view.people.matching("default", "p-a")] == ["p-ada"]


def test_load_counts_mentees_over_open_pairings(after):
    cy = PairingPublished(
        pairing="q-2", kind=PairingKind.PAIR, participants=(Participant("p-cy", mentee=True), BO)
    )
    view = after(
        ("person:p-ada", PersonAdded(name="Ada")),
        ("person:p-bo", PersonAdded(name="Bo", capacity=3)),
        ("person:p-ada", PAIR),
        ("person:p-bo", PAIR),
        ("person:p-bo", cy),
    )
    bo, ada = view.people.one("default", "p-bo"), view.people.one("default", "p-ada")
    assert (bo.load, bo.capacity, [p.id for p in bo.pairings]) == (2, 3, ["q-1", "q-2"])
    assert (ada.load, ada.pairing_as_mentee.id, bo.pairing_as_mentee) == (0, "q-1", None)
    assert [row.id for row in view.people.workload("default")] == ["p-bo"]


def test_an_ended_pairing_weighs_no_more(after):
    view = after(
        ("person:p-bo", PersonAdded(name="Bo")),
        ("person:p-bo", PAIR),
        ("person:p-bo", PairingEnded(pairing="q-1")),
    )
    assert (view.people.one("default", "p-bo").load, view.people.workload("default")) == (0, [])


def test_those_who_left_are_not_listed_until_they_return(told, after):
    view = after(
        ("person:p-ada", PersonAdded(name="Ada")), ("person:p-ada", PersonLeft(reason=LeaveReason.LEAVE))
    )
    assert (view.people.page("default"), view.people.count("default")) == ([], 0)
    assert [row.id for row in view.people.page("default", active=False)] == ["p-ada"]
    assert [row.id for row in after(("person:p-ada", PersonReturned())).people.page("default")] == ["p-ada"]


def test_a_merged_id_leads_to_the_survivor_for_ever(after):
    view = after(
        ("person:p-1", PersonAdded(name="Ada")),
        ("person:p-2", PersonAdded(name="Ada")),
        ("person:p-3", PersonAdded(name="Ada")),
        ("person:p-2", PersonAbsorbed(duplicate="p-1")),
        ("person:p-1", PersonMerged(into="p-2")),
        ("person:p-3", PersonAbsorbed(duplicate="p-2")),
        ("person:p-2", PersonMerged(into="p-3")),
    )
    assert view.people.resolved("default", "p-1").id == "p-3"
    for id in ("p-1", "p-2", "p-3"):
        assert view.people.ids_of("default", id) == ("p-3", "p-2", "p-1")
    assert [row.id for row in view.people.page("default")] == ["p-3"]
    assert view.people.resolved("default", "p-9") is None


def test_whom_somebody_may_not_be_paired_with_is_kept(after):
    row = after(
        ("person:p-ada", PersonAdded(name="Ada")),
        ("person:p-ada", EvaluatorNamed(evaluator="p-zoe")),
        ("person:p-ada", DoNotPair(other="p-bo")),
    ).people.one("default", "p-ada")
    assert (row.evaluators, row.not_with) == (("p-zoe",), ("p-bo",))


def test_pages_follow_each_other_in_the_order_of_names(after):
    names = {"p-1": "Örjan", "p-2": "Ada", "p-3": "Åke", "p-4": "Ada"}
    view = after(*((f"person:{id}", PersonAdded(name=name, school=id)) for id, name in names.items()))
    first = view.people.page("default", limit=3)
    assert [row.id for row in first] == ["p-2", "p-4", "p-3"]
    assert [row.id for row in view.people.page("default", limit=3, after="p-3")] == ["p-1"]
    assert [row.id for row in view.people.page("default", school="p-3")] == ["p-3"]
    assert (view.people.count("default"), view.people.count("default", school="p-3")) == (4, 1)


def test_a_name_with_a_character_that_no_database_keeps_is_listed_with_another_in_its_place(after):
    view = after(("person:p-ada", PersonAdded(name="A\0da Lind", username="a\0da", school="S\0")))
    (row,) = view.people.page("default")
    assert (row.name, row.username, row.school) == ("A\ufffdda Lind", "a\ufffdda", "S\ufffd")
    assert view.people.named("default", "lind") == view.people.with_handle("default", "A\ufffdda") == [row]
    assert after(("person:p-ada", PersonLeft(reason=LeaveReason.LEAVE))).people.page("default") == []
