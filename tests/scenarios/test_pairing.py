"""Hard rules of pairing: refused, never scored, and decided on the people's own streams."""

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    AddPerson,
    Cancel,
    ChangePerson,
    EndPairing,
    ForbidPairing,
    MarkLeft,
    MergePeople,
    NameEvaluator,
    OpenCycle,
    PublishPairing,
    Rematch,
    RemoveEvaluator,
)
from mentorcycle.domain.decision import Decided
from mentorcycle.domain.definition import COMPLETED
from mentorcycle.domain.events import (
    CycleAdvanced,
    DoNotPair,
    EvaluatorNamed,
    EvaluatorRemoved,
    PairingEnded,
    PairingPublished,
    Participant,
)
from mentorcycle.domain.vocabulary import CancelReason, LeaveReason, PairingKind
from mentorcycle.engine.testing import Scenario

ADA = Participant("ada", mentee=True)
BO = Participant("bo", mentor=True)
CY = Participant("cy", mentor=True)
DI = Participant("di", mentee=True)


def test_a_pairing_is_known_to_everyone_in_it(people: Scenario) -> None:
    published = PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=(ADA, BO))
    (
        people.when(PublishPairing((ADA, BO)))
        .then(Decided("person:ada", published), Decided("person:bo", published))
        .when(PublishPairing((ADA, BO)))
        .then_nothing()
        .when(PublishPairing((BO, ADA)))
        .then_nothing()
    )


def test_nobody_is_their_own_mentor(people: Scenario) -> None:
    both = Participant("ada", mentee=True, mentor=True)
    for participants in (
        (ADA, Participant("ada", mentor=True)),
        (both, Participant("bo", mentee=True)),
        (both, both),
    ):
        people.when(PublishPairing(participants)).then_refused(
            "self-mentoring", because=["nobody is their own mentor"]
        )


def test_everybody_in_a_pairing_is_mentee_or_mentor(people: Scenario) -> None:
    why = "a pairing has a mentee and a mentor, and everybody in it is one of them"
    for participants in (
        (ADA, DI),
        (BO, CY),
        (ADA, BO, Participant("cy")),
    ):
        people.when(PublishPairing(participants)).then_refused("no-roles", because=[why])


def test_a_mentee_has_one_mentor(people: Scenario) -> None:
    people.given(PublishPairing((ADA, BO))).when(PublishPairing((ADA, CY))).then_refused(
        "already-paired", because=["Ada Ünal is a mentee in another open pairing"]
    )


def test_a_mentee_may_mentor_somebody_else(people: Scenario) -> None:
    mentee, mentoring = PublishPairing((ADA, BO)), PublishPairing((DI, Participant("ada", mentor=True)))
    people.given(mentee, mentoring)
    people.given(mentoring, mentee)


def test_after_a_pairing_has_ended_there_is_another(people: Scenario) -> None:
    (
        people.given(PublishPairing((ADA, BO)))
        .when(EndPairing("bo", "q-1"))
        .then(
            Decided("person:ada", PairingEnded(pairing="q-1")),
            Decided("person:bo", PairingEnded(pairing="q-1")),
        )
        .when(EndPairing("bo", "q-1"))
        .then_nothing()
        .given(PublishPairing((ADA, CY)))
    )


def test_a_mentor_takes_as_many_as_the_definition_says(people: Scenario) -> None:
    mentees = {f"m{n}": f"Mentee {n}" for n in range(1, 5)}
    scenario = Scenario.of({"bo": "Bo Karlsson", **mentees})
    for id in ("m1", "m2", "m3"):
        scenario = scenario.given(PublishPairing((Participant(id, mentee=True), BO)))
    scenario.when(PublishPairing((Participant("m4", mentee=True), BO))).then_refused(
        "over-capacity", because=["Bo Karlsson would have 4 mentees and takes 3"]
    )


def test_a_mentors_own_capacity_comes_first(people: Scenario) -> None:
    none = people.given(ChangePerson("bo", "Bo Karlsson", capacity=0))
    none.when(PublishPairing((ADA, BO))).then_refused(
        "over-capacity", because=["Bo Karlsson would have 1 mentee and takes 0"]
    )
    one = people.given(ChangePerson("bo", "Bo Karlsson", capacity=1), PublishPairing((ADA, BO)))
    one.when(PublishPairing((DI, BO))).then_refused("over-capacity")
    one.given(ChangePerson("bo", "Bo Karlsson", capacity=2), PublishPairing((DI, BO)))


def test_a_mentor_is_not_the_mentees_evaluator(people: Scenario) -> None:
    evaluated = (
        people.when(NameEvaluator("ada", "bo"))
        .then(Decided("person:ada", EvaluatorNamed(evaluator="bo")))
        .when(NameEvaluator("ada", "bo"))
        .then_nothing()
    )
    evaluated.when(PublishPairing((ADA, BO))).then_refused(
        "mentor-is-evaluator", because=["Bo Karlsson evaluates Ada Ünal"]
    )
    (
        evaluated.when(RemoveEvaluator("ada", "bo"))
        .then(Decided("person:ada", EvaluatorRemoved(evaluator="bo")))
        .when(RemoveEvaluator("ada", "bo"))
        .then_nothing()
        .given(PublishPairing((ADA, BO)))
    )


def test_whom_a_mentee_evaluates_may_mentor_them(people: Scenario) -> None:
    people.given(NameEvaluator("bo", "ada"), PublishPairing((ADA, BO)))


def test_two_who_are_kept_apart_are_not_paired(people: Scenario) -> None:
    (
        people.when(ForbidPairing("ada", "bo"))
        .then(Decided("person:ada", DoNotPair(other="bo")), Decided("person:bo", DoNotPair(other="ada")))
        .when(ForbidPairing("bo", "ada"))
        .then_nothing()
        .when(PublishPairing((ADA, BO)))
        .then_refused("not-to-be-paired", because=["Ada Ünal and Bo Karlsson are not to be paired"])
    )


def test_a_pairing_may_end_for_good(people: Scenario) -> None:
    (
        people.given(PublishPairing((ADA, BO)))
        .when(EndPairing("ada", "q-1", do_not_pair_again=True))
        .then(
            Decided("person:ada", PairingEnded(pairing="q-1")),
            Decided("person:bo", PairingEnded(pairing="q-1")),
            Decided("person:ada", DoNotPair(other="bo")),
            Decided("person:bo", DoNotPair(other="ada")),
        )
        .when(PublishPairing((ADA, BO)))
        .then_refused("not-to-be-paired")
    )


def test_every_broken_rule_is_named_at_once(people: Scenario) -> None:
    (
        people.given(
            PublishPairing((ADA, CY)),
            NameEvaluator("ada", "bo"),
            ForbidPairing("ada", "bo"),
            ChangePerson("bo", "Bo Karlsson", capacity=0),
            MarkLeft("bo", LeaveReason.LEAVE),
        )
        .when(PublishPairing((ADA, BO)))
        .then_refused(
            "already-paired", "person-left", "over-capacity", "mentor-is-evaluator", "not-to-be-paired"
        )
    )


def test_people_who_are_not_known_are_not_paired(people: Scenario) -> None:
    people.when(PublishPairing((ADA, Participant("nobody", mentor=True)))).then_refused(
        "no-such-person", because=["nobody has the id nobody"]
    )
    people.when(PublishPairing(())).then_refused("self-mentoring", "no-roles")


def test_a_merge_lifts_no_hard_rule(people: Scenario) -> None:
    merged = people.given(NameEvaluator("cy", "bo"), ForbidPairing("cy", "di"), MergePeople("ada", "cy"))
    merged.when(PublishPairing((ADA, BO))).then_refused("mentor-is-evaluator")
    merged.when(PublishPairing((ADA, Participant("di", mentor=True)))).then_refused("not-to-be-paired")


def test_what_was_said_of_a_duplicate_was_said_of_the_person(people: Scenario) -> None:
    merged = people.given(NameEvaluator("ada", "cy"), ForbidPairing("di", "cy"), MergePeople("bo", "cy"))
    merged.when(PublishPairing((ADA, BO))).then_refused(
        "mentor-is-evaluator", because=["Bo Karlsson evaluates Ada Ünal"]
    )
    merged.when(PublishPairing((DI, BO))).then_refused("not-to-be-paired")


def test_duplicates_of_duplicates_are_the_same_person(people: Scenario) -> None:
    merged = people.given(
        AddPerson("B. Karlsson", "p-bo-2"),
        NameEvaluator("ada", "p-bo-2"),
        MergePeople("cy", "p-bo-2"),
        MergePeople("bo", "cy"),
    )
    assert merged.person("bo").ids == {"bo", "cy", "p-bo-2"}
    merged.when(PublishPairing((ADA, BO))).then_refused("mentor-is-evaluator")


def test_only_coordinators_pair_people(people: Scenario) -> None:
    for actor in (Actor.participant("ada"), Actor.auditor(), Actor.system()):
        people.when(PublishPairing((ADA, BO)), by=actor).then_not_permitted()


def test_no_cycle_opens_without_a_pairing_or_with_somebody_who_has_left(people: Scenario) -> None:
    people.when(OpenCycle("ada")).then_refused(
        "not-paired", because=["Ada Ünal is a mentee in no open pairing"]
    )
    paired = people.given(PublishPairing((ADA, BO)))
    paired.when(OpenCycle("bo")).then_refused("not-paired")
    paired.given(MarkLeft("bo", LeaveReason.RETIRED)).when(OpenCycle("ada")).then_refused(
        "person-left", because=["Bo Karlsson has left"]
    )
    paired.when(OpenCycle("ada"), by="ada").then_not_permitted()


def test_two_pairings_under_one_id_never_share_a_cycle(people: Scenario) -> None:
    """Ids that are given are known to nobody but the people: what is found behind one may be that of others."""
    twice = people.given(PublishPairing((ADA, BO), "q-7"), PublishPairing((DI, CY), "q-7"))
    first = twice.given(OpenCycle("di"))
    assert first.cycle.people == ("di", "cy")
    first.when(OpenCycle("di")).then_nothing()
    first.when(OpenCycle("ada")).then_refused("cycle-of-others")
    cancelled = first.given(Cancel(first.cycle.id, CancelReason.WITHDREW))
    cancelled.when(OpenCycle("ada")).then_refused("cycle-of-others")
    anew = first.given(EndPairing("ada", "q-7"), PublishPairing((ADA, BO)), OpenCycle("ada"))
    assert anew.cycle.people == ("ada", "bo")
    assert "q-7" in anew.person("di").pairings


def test_an_id_that_has_led_to_a_cycle_is_given_to_no_other_pairing(people: Scenario) -> None:
    opened = people.given(PublishPairing((ADA, BO), "q-7"), OpenCycle("ada"))
    opened.when(PublishPairing((DI, CY), "q-7")).then_refused("pairing-id-used")
    ended = opened.given(Cancel(opened.cycle.id, CancelReason.WITHDREW), EndPairing("ada", "q-7"))
    ended.when(PublishPairing((DI, CY), "q-7")).then_refused("pairing-id-used")
    other = opened.given(PublishPairing((DI, CY), "q-8"), OpenCycle("di"))
    other.when(Rematch(other.cycle.id, "cy", "bo", pairing="q-7")).then_refused("pairing-exists")
    ended = other.given(Rematch(opened.cycle.id, "bo", "cy", pairing="q-9"), EndPairing("ada", "q-9"))
    ended.when(Rematch(other.cycle.id, "cy", "bo", pairing="q-7")).then_refused("pairing-id-used")


def test_a_pairing_whose_cycle_is_that_of_others_keeps_its_place(people: Scenario) -> None:
    twice = people.given(PublishPairing((ADA, BO), "q-7"), PublishPairing((DI, CY), "q-7"))
    opened = twice.given(
        OpenCycle("di"), CycleAdvanced(source="goal-set", target=COMPLETED, definition_version=1)
    )
    full = opened.given(ChangePerson("bo", "Bo Karlsson", capacity=1), AddPerson("Eve", "p-eve"))
    full.when(PublishPairing((Participant("p-eve", mentee=True), BO))).then_refused("over-capacity")


def test_those_of_a_pairing_that_has_ended_can_still_be_kept_apart(people: Scenario) -> None:
    ended = people.given(PublishPairing((ADA, BO)), EndPairing("ada", "q-1"))
    ended.when(EndPairing("ada", "q-1")).then_nothing()
    apart = EndPairing("bo", "q-1", do_not_pair_again=True)
    kept = ended.when(apart).then(
        Decided("person:ada", DoNotPair(other="bo")), Decided("person:bo", DoNotPair(other="ada"))
    )
    kept.when(apart).then_nothing()
    kept.when(PublishPairing((ADA, BO))).then_refused("not-to-be-paired")
    ended.when(EndPairing("ada", "q-7", do_not_pair_again=True)).then_refused("no-such-pairing")


def test_those_who_are_together_in_another_pairing_are_not_kept_apart_by_one_that_has_ended(
    people: Scenario,
) -> None:
    group = people.given(PublishPairing((ADA, DI, BO)), OpenCycle("ada"))
    rematched = group.given(Rematch(group.cycle.id, "bo", "cy"))
    rematched.when(EndPairing("ada", "q-1", do_not_pair_again=True)).then(
        Decided("person:ada", DoNotPair(other="bo")),
        Decided("person:bo", DoNotPair(other="ada")),
        Decided("person:di", DoNotPair(other="bo")),
        Decided("person:bo", DoNotPair(other="di")),
    )


def test_an_id_that_is_given_to_a_pairing_is_of_its_form(people: Scenario) -> None:
    for id in ("q", "p-1", "q-1\x1f2", "q-ö"):
        people.when(PublishPairing((ADA, BO), id)).then_refused("bad-id")
    opened = people.given(PublishPairing((ADA, BO)), OpenCycle("ada"))
    opened.when(Rematch(opened.cycle.id, "bo", "cy", pairing="c-1")).then_refused("bad-id")
