"""People come and go, and turn out to be one: both ids stay known for ever."""

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    AddPerson,
    Advance,
    AgreeFocus,
    AgreeGoals,
    AskRematch,
    ChangePerson,
    Command,
    EndPairing,
    ForbidPairing,
    GiveConsent,
    LogContact,
    MarkLeft,
    MarkReturned,
    MergePeople,
    NameEvaluator,
    PublishPairing,
    RemoveEvaluator,
)
from mentorcycle.domain.decision import Decided
from mentorcycle.domain.events import (
    DoNotPair,
    EvaluatorNamed,
    Participant,
    PersonAbsorbed,
    PersonAdded,
    PersonChanged,
    PersonLeft,
    PersonMerged,
    PersonReturned,
)
from mentorcycle.domain.people import Profile
from mentorcycle.domain.permission import may_read_facts, may_read_words
from mentorcycle.domain.vocabulary import Audience, LeaveReason, TeachingArea
from mentorcycle.engine.testing import Scenario

SCHOOL = Audience.SCHOOL
PAIR = (Participant("ada", mentee=True), Participant("bo", mentor=True))


def test_a_person_is_added_once(people: Scenario) -> None:
    eve = AddPerson("  Eve Berg ", "p-eve", school="North", areas=(TeachingArea.PLANNING,), capacity=2)
    (
        people.when(eve)
        .then(
            Decided(
                "person:p-eve",
                PersonAdded(name="Eve Berg", school="North", areas=(TeachingArea.PLANNING,), capacity=2),
            )
        )
        .when(eve)
        .then_nothing()
        .when(AddPerson("Eva Berg", "p-eve"))
        .then_refused("person-exists", because=["Eve Berg has that id"])
    )


def test_a_profile_is_replaced_as_a_whole(people: Scenario) -> None:
    changed = (
        people.when(ChangePerson("ada", "Ada Ünal", email="ada@school.example"))
        .then(PersonChanged(name="Ada Ünal", email="ada@school.example"))
        .when(ChangePerson("ada", "Ada Ünal", email="ada@school.example"))
        .then_nothing()
        .given(ChangePerson("ada", "Ada Demir"))
    )
    assert changed.person("ada").profile == Profile(name="Ada Demir")


def test_a_person_has_a_name_and_a_capacity_that_can_be_right(people: Scenario) -> None:
    people.when(AddPerson("  ", "p-eve", capacity=-1)).then_refused(
        "no-name", "bad-value", because=["the name is empty", "a capacity of -1 cannot be right"]
    )
    people.when(ChangePerson("ada", "Ada", capacity=101)).then_refused("bad-value")


def test_people_leave_and_return(people: Scenario) -> None:
    (
        people.when(MarkReturned("ada"))
        .then_nothing()
        .when(MarkLeft("ada", LeaveReason.LEAVE))
        .then(PersonLeft(reason=LeaveReason.LEAVE))
        .when(MarkLeft("ada", LeaveReason.LEAVE))
        .then_nothing()
        .when(MarkLeft("ada", LeaveReason.RETIRED))
        .then_refused("other-reason")
        .when(PublishPairing(PAIR))
        .then_refused("person-left")
        .when(MarkReturned("ada"))
        .then(PersonReturned())
        .given(PublishPairing(PAIR))
    )


def test_somebody_who_left_still_has_their_record_in_the_cycle(observing: Scenario) -> None:
    gone = observing.given(MarkLeft("bo", LeaveReason.LEAVE))
    gone.given(LogContact("c-1", 20), by="ada")
    assert gone.cycle.people == ("ada", "bo")


@pytest.mark.parametrize(
    "command",
    [LogContact("c-1", 20), AskRematch("c-1"), AgreeFocus("c-1", "ada", "bo"), GiveConsent("c-1", SCHOOL)],
    ids=lambda command: command.command_name,
)
def test_who_has_left_adds_nothing_to_their_cycle_until_they_return(
    observing: Scenario, command: Command
) -> None:
    gone = observing.given(MarkLeft("bo", LeaveReason.LEAVE))
    gone.when(command, by="bo").then_refused("actor-left", because=["Bo Karlsson has left the programme"])
    gone.when(command, by="bo").then_not_permitted()
    gone.given(command, by="ada")
    gone.given(MarkReturned("bo")).given(command, by="bo")


def test_who_has_left_hears_every_other_reason_as_well(observing: Scenario) -> None:
    gone = observing.given(MarkLeft("bo", LeaveReason.LEAVE))
    gone.when(Advance("c-1"), by="bo").then_refused("actor-left", "observations-completed")
    assert [move.refusals[0].code for move in gone.can(by="bo")] == ["actor-left"]


def test_who_has_left_may_say_again_what_is_so(observing: Scenario) -> None:
    observing.given(MarkLeft("bo", LeaveReason.LEAVE)).when(AgreeGoals("c-1"), by="bo").then_nothing()


def test_what_was_done_before_somebody_left_is_recorded_by_the_coordinator(observing: Scenario) -> None:
    gone = observing.given(LogContact("c-1", 20), by="bo", on="2026-03-10").given(
        MarkLeft("bo", LeaveReason.LEAVE), on="2026-03-12"
    )
    late = LogContact("c-1", 30)
    gone.when(late, by="bo", on="2026-03-11").then_refused("actor-left")
    gone.given(late, on="2026-03-11")


def test_who_has_left_still_reads_their_cycle(observing: Scenario) -> None:
    cycle = observing.given(MarkLeft("bo", LeaveReason.LEAVE)).cycle
    bo = Actor.participant("bo")
    assert may_read_facts(cycle, bo)
    assert may_read_words(cycle, bo)


def test_an_old_id_acts_as_whoever_they_are_now(observing: Scenario) -> None:
    """The cycle went on when its pairing was ended, and knows Bo by the id that was merged since."""
    merged = observing.given(EndPairing("ada", "q-ada-bo"), MergePeople("cy", "bo"))
    merged.given(LogContact("c-1", 20), by="bo")
    merged.given(MarkLeft("cy", LeaveReason.RETIRED)).when(LogContact("c-1", 20), by="bo").then_refused(
        "actor-left", because=["Cy Lind has left the programme"]
    )


def test_two_ids_become_one_person(people: Scenario) -> None:
    merged = (
        people.given(NameEvaluator("cy", "di"), ForbidPairing("cy", "bo"))
        .when(MergePeople("ada", "cy"))
        .then(
            Decided("person:ada", PersonAbsorbed(duplicate="cy")),
            Decided("person:ada", EvaluatorNamed(evaluator="di")),
            Decided("person:ada", DoNotPair(other="bo")),
            Decided("person:cy", PersonMerged(into="ada")),
        )
        .when(MergePeople("ada", "cy"))
        .then_nothing()
    )
    assert merged.person("cy").merged_into == "ada"
    assert merged.person("ada").duplicates == ("cy",)
    merged.when(PublishPairing((Participant("cy", mentee=True), PAIR[1]))).then_refused(
        "person-merged", "not-to-be-paired", because=[
            "Cy Lind was merged into ada", "Cy Lind and Bo Karlsson are not to be paired",
        ]
    )  # fmt: skip
    merged.when(MarkReturned("cy")).then_refused("person-merged", because=["they were merged into ada"])
    merged.when(MarkLeft("cy", LeaveReason.LEAVE)).then_nothing()


def test_a_merge_says_nothing_that_is_known_already(people: Scenario) -> None:
    (
        people.given(NameEvaluator("ada", "di"), NameEvaluator("cy", "di"), ForbidPairing("ada", "cy"))
        .when(MergePeople("ada", "cy"))
        .then(PersonAbsorbed(duplicate="cy"), PersonMerged(into="ada"))
    )


def test_a_merge_is_refused_with_every_reason(people: Scenario) -> None:
    people.when(MergePeople("ada", "ada")).then_refused("same-person", because=["both are the same id"])
    people.when(MergePeople("nobody", "nowhere")).then_refused("no-such-person", "no-such-person")
    merged = people.given(MergePeople("ada", "cy"))
    merged.when(MergePeople("bo", "cy")).then_refused(
        "person-merged", because=["Cy Lind was merged into ada"]
    )
    merged.when(MergePeople("cy", "bo")).then_refused("person-merged")
    people.given(PublishPairing(PAIR)).when(MergePeople("cy", "bo")).then_refused(
        "still-paired", because=["Bo Karlsson is in an open pairing"]
    )
    people.given(PublishPairing(PAIR), MergePeople("bo", "cy"))


def test_only_people_who_are_known_can_be_spoken_of(people: Scenario) -> None:
    for command in (
        ChangePerson("nobody", "No Body"),
        NameEvaluator("nobody", "bo"),
        NameEvaluator("ada", "nobody"),
        RemoveEvaluator("nobody", "bo"),
        MarkLeft("nobody", LeaveReason.LEAVE),
        MarkReturned("nobody"),
        ForbidPairing("ada", "nobody"),
        EndPairing("nobody", "q-1"),
    ):
        people.when(command).then_refused("no-such-person", because=["nobody has the id nobody"])


def test_whoever_mentors_somebody_is_not_named_their_evaluator(people: Scenario) -> None:
    paired = people.given(PublishPairing(PAIR, "q-1"))
    paired.when(NameEvaluator("ada", "bo")).then_refused(
        "evaluator-is-mentor", because=["Bo Karlsson mentors Ada Ünal in an open pairing"]
    )
    paired.given(NameEvaluator("bo", "ada"), NameEvaluator("ada", "cy"))
    paired.given(EndPairing("ada", "q-1"), NameEvaluator("ada", "bo"))


def test_in_a_group_mentees_may_be_evaluated_by_each_other_and_not_by_the_mentor(people: Scenario) -> None:
    group = people.given(PublishPairing((*PAIR, Participant("cy", mentee=True)), "q-1"))
    group.given(NameEvaluator("ada", "cy"))
    for mentee in ("ada", "cy"):
        group.when(NameEvaluator(mentee, "bo")).then_refused("evaluator-is-mentor")


def test_in_a_reciprocal_pair_neither_evaluates_the_other(people: Scenario) -> None:
    both = people.given(
        PublishPairing(
            (
                Participant("ada", mentee=True, mentor=True),
                Participant("bo", mentee=True, mentor=True),
            )
        )
    )
    both.when(NameEvaluator("ada", "bo")).then_refused("evaluator-is-mentor")
    both.when(NameEvaluator("bo", "ada")).then_refused("evaluator-is-mentor")


def test_an_old_id_of_the_mentor_is_the_mentor(people: Scenario) -> None:
    merged = people.given(PublishPairing(PAIR), MergePeople("bo", "cy"))
    merged.when(NameEvaluator("ada", "cy")).then_refused(
        "evaluator-is-mentor", because=["Bo Karlsson mentors Ada Ünal in an open pairing"]
    )


def test_an_old_id_is_not_given_an_evaluator_whom_nobody_would_look_for_there(people: Scenario) -> None:
    merged = people.given(MergePeople("ada", "cy"))
    merged.when(NameEvaluator("cy", "di")).then_refused(
        "person-merged", because=["Cy Lind was merged into ada"]
    )
    merged.when(NameEvaluator("ada", "cy")).then_refused("self-evaluation")


def test_a_merge_makes_no_mentor_the_evaluator_of_their_mentee(people: Scenario) -> None:
    paired = people.given(PublishPairing(PAIR, "q-1"))
    of_mentee = paired.given(NameEvaluator("cy", "bo"))
    of_mentee.when(MergePeople("ada", "cy")).then_refused(
        "evaluator-is-mentor",
        because=["Bo Karlsson mentors Ada Ünal in an open pairing and evaluates Cy Lind"],
    )
    of_mentor = paired.given(NameEvaluator("ada", "cy"))
    of_mentor.when(MergePeople("bo", "cy")).then_refused(
        "evaluator-is-mentor",
        because=["Bo Karlsson mentors Ada Ünal in an open pairing, and Cy Lind evaluates them"],
    )
    for scenario in (of_mentee, of_mentor):
        survivor = "ada" if scenario is of_mentee else "bo"
        scenario.given(EndPairing("ada", "q-1"), MergePeople(survivor, "cy"))


def test_a_merge_knows_the_mentor_by_their_old_ids(people: Scenario) -> None:
    known = people.given(NameEvaluator("cy", "di"), PublishPairing(PAIR), MergePeople("bo", "di"))
    known.when(MergePeople("ada", "cy")).then_refused("evaluator-is-mentor")


def test_nobody_is_set_against_themselves(people: Scenario) -> None:
    people.when(NameEvaluator("ada", "ada")).then_refused(
        "self-evaluation", because=["nobody evaluates themselves"]
    )
    people.when(ForbidPairing("ada", "ada")).then_refused("same-person", because=["both are the same person"])


GIVEN = {
    "local": False,
    "ada": False,
    "c-hva3nzvcwy68p88v": False,
    "main": False,
    "../../x\n": False,
    "p-": False,
    "p-eve\n": False,
    "p-é": False,
    "p-eve 2": False,
    "p-" + "x" * 101: False,
    "p-4711": True,
    "p-North:t.42_b": True,
    "p-" + "x" * 100: True,
}


@pytest.mark.parametrize("id", GIVEN)
def test_an_id_that_is_given_names_a_person_and_nothing_else(id: str) -> None:
    decision = Scenario.of().when(AddPerson("Eve", id))
    if GIVEN[id]:
        decision.then(Decided(f"person:{id}", PersonAdded(name="Eve")))
    else:
        decision.then_refused("bad-id")


def test_a_person_who_was_added_under_another_form_of_id_stays(people: Scenario) -> None:
    """Logs may hold them: the form is asked for when somebody is added, and never of who is there."""
    people.when(AddPerson("Ada Ünal", "ada")).then_nothing()
    people.when(ChangePerson("ada", "Ada Berg")).then(PersonChanged(name="Ada Berg"))
