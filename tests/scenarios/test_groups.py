"""Groups of three and reciprocal pairs: "both" is every participant, and every mentee reflects."""

from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.commands import (
    Advance,
    AgreeFocus,
    AgreeGoals,
    Celebrate,
    ChangePerson,
    CompleteObservation,
    GiveConsent,
    HoldDebrief,
    LogContact,
    OpenCycle,
    PublishPairing,
    Rematch,
    WriteReflection,
)
from mentorcycle.domain.events import (
    BaselineRecorded,
    ContactLogged,
    CycleAdvanced,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    Participant,
    ReflectionWritten,
)
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    ContactKind,
    Formality,
    MeasureSource,
    Mode,
    PairingKind,
    TeachingArea,
    Unit,
)
from mentorcycle.domain.words import Words
from mentorcycle.engine.testing import Scenario

MENTEES = (Participant("ada", mentee=True), Participant("di", mentee=True))
BO = Participant("bo", mentor=True)
ADA_BOTH = Participant("ada", mentee=True, mentor=True)
BO_BOTH = Participant("bo", mentee=True, mentor=True)
GOAL = GoalSet(goal="g1", area=TeachingArea.PLANNING, measured=True, unit=Unit.COUNT, target=3)
BASELINE = BaselineRecorded(goal="g1", value=1, on=date(2026, 3, 2), source=MeasureSource.RECORDS)
TO_REFLECT = CycleAdvanced(source="debrief", target="reflect", definition_version=1)
ASSESSED = GoalAssessed(goal="g1", assessment=Assessment.MET)


@pytest.fixture
def group(people: Scenario) -> Scenario:
    """Ada and Di with one mentor, Bo; in goal-set."""
    return people.given(PublishPairing((*MENTEES, BO)), OpenCycle("di"))


@pytest.fixture
def reciprocal(people: Scenario) -> Scenario:
    """Ada and Bo, each mentor and mentee of the other; in goal-set."""
    return people.given(PublishPairing((ADA_BOTH, BO_BOTH)), OpenCycle("bo"))


def test_what_kind_of_pairing_it_is_follows_from_the_roles(
    group: Scenario, reciprocal: Scenario, opened: Scenario
) -> None:
    assert [s.cycle.kind for s in (opened, reciprocal, group)] == [
        PairingKind.PAIR,
        PairingKind.RECIPROCAL,
        PairingKind.GROUP,
    ]
    assert (group.cycle.mentees, group.cycle.mentors) == (("ada", "di"), ("bo",))
    assert (reciprocal.cycle.mentees, reciprocal.cycle.mentors) == (("ada", "bo"), ("ada", "bo"))


def test_one_cycle_is_opened_for_the_whole_group(group: Scenario) -> None:
    group.when(OpenCycle("ada")).then_nothing()


def test_every_participant_agrees_the_goals(group: Scenario) -> None:
    id = group.cycle.id
    (
        group.given(GOAL, BASELINE)
        .given(AgreeGoals(id), by="ada")
        .when(Advance(id), by="ada")
        .then_refused("goals-agreed", because=["Di Okoro and Bo Karlsson have not agreed goal g1"])
        .given(AgreeGoals(id), by="bo")
        .when(Advance(id), by="bo")
        .then_refused("goals-agreed", because=["Di Okoro has not agreed goal g1"])
        .given(AgreeGoals(id), by="di")
        .when(Advance(id), by="di")
        .then(CycleAdvanced(source="goal-set", target="observe", definition_version=1, due=date(2026, 3, 16)))
    )


def test_every_mentee_of_a_group_reflects(group: Scenario) -> None:
    id = group.cycle.id
    reflecting = group.given(GOAL, ASSESSED, TO_REFLECT)
    (
        reflecting.when(Advance(id), by="bo")
        .then_refused(
            "reflections-written",
            "reflections-written",
            because=["Ada Ünal has not written a reflection", "Di Okoro has not written a reflection"],
        )
        .given(WriteReflection(id, "I learned."), by="ada")
        .when(Advance(id), by="bo")
        .then_refused("reflections-written", because=["Di Okoro has not written a reflection"])
    )


def test_both_of_a_reciprocal_pair_reflect(reciprocal: Scenario) -> None:
    id = reciprocal.cycle.id
    (
        reciprocal.given(GOAL, ASSESSED, TO_REFLECT)
        .given(WriteReflection(id, "I learned."), by="ada")
        .when(Advance(id), by="ada")
        .then_refused("reflections-written", because=["Bo Karlsson has not written a reflection"])
        .when(WriteReflection(id, "So did I."), by="bo")
        .then(ReflectionWritten(person="bo", reflection=Words(text="So did I.")))
    )


def test_a_reciprocal_pair_observes_each_other(reciprocal: Scenario) -> None:
    id = reciprocal.cycle.id
    observing = reciprocal.given(CycleAdvanced(source="goal-set", target="observe", definition_version=1))
    lesson = datetime(2026, 3, 2, 13, tzinfo=UTC)
    (
        observing.given(AgreeFocus(id, observed="ada", observer="bo"), by="ada")
        .given(AgreeFocus(id, observed="bo", observer="ada"), by="bo")
        .given(CompleteObservation(id, lesson, 45, "o1"), by="bo")
        .given(CompleteObservation(id, lesson, 45, "o2"), by="ada")
        .given(Advance(id), by="ada")
        .given(HoldDebrief(id, 20, "o2", strengths=("Clear.",)), by="ada")
        .when(Advance(id), by="ada")
        .then_refused("observations-debriefed", because=["observation o1 is not debriefed"])
    )


def test_celebrating_widely_needs_everybodys_consent(group: Scenario) -> None:
    id = group.cycle.id
    (
        group.given(GiveConsent(id, Audience.SCHOOL), by="ada")
        .given(GiveConsent(id, Audience.GROUP), by="di")
        .when(Celebrate(id, audience=Audience.SCHOOL), by="ada")
        .then_refused(
            "no-consent",
            "no-consent",
            because=[
                "Di Okoro has agreed to group, not to school",
                "Bo Karlsson has agreed to pair, not to school",
            ],
        )
    )


def test_a_contact_names_those_of_the_group_who_took_part(group: Scenario) -> None:
    id = group.cycle.id
    group.when(LogContact(id, 30, people=("ada", "bo")), by="bo").then(
        ContactLogged(
            contact="k1",
            kind=ContactKind.CHECK_IN,
            mode=Mode.IN_PERSON,
            formality=Formality.INFORMAL,
            minutes=30,
            people=("ada", "bo"),
        )
    )


def test_a_group_that_changes_its_mentor_agrees_anew(group: Scenario) -> None:
    id = group.cycle.id
    changed = group.given(
        GOAL,
        GoalAgreed(goal="g1", person="ada"),
        GoalAgreed(goal="g1", person="di"),
        GoalAgreed(goal="g1", person="bo"),
        Rematch(id, "bo", "cy"),
    )
    assert changed.cycle.people == ("ada", "di", "cy")
    assert changed.cycle.goals[0].agreed == ()
    assert changed.cycle.kind is PairingKind.GROUP


def test_a_groups_mentees_count_for_its_mentor(people: Scenario) -> None:
    scenario = Scenario.of(["bo", "m1", "m2", "m3", "m4"])
    mentees = tuple(Participant(id, mentee=True) for id in ("m1", "m2", "m3", "m4"))
    scenario.when(PublishPairing((*mentees, BO))).then_refused("over-capacity")
    scenario.given(PublishPairing((*mentees[:3], BO)))


def test_a_mentor_of_a_group_has_room_for_as_many_as_are_missing(people: Scenario) -> None:
    scenario = Scenario.of(["bo", "m1", "m2", "m3", "m4"])
    m1, m2, m3, m4 = (Participant(id, mentee=True) for id in ("m1", "m2", "m3", "m4"))
    full = scenario.given(PublishPairing((m1, m2, BO)), PublishPairing((m3, BO)))
    assert full.person("bo").load == 3
    full.when(PublishPairing((m4, BO))).then_refused("over-capacity")


def test_in_a_reciprocal_pair_each_has_one_mentee(people: Scenario) -> None:
    one = people.given(ChangePerson("ada", "Ada Ünal", capacity=1), ChangePerson("bo", "Bo", capacity=1))
    both = one.given(PublishPairing((ADA_BOTH, BO_BOTH)))
    assert (both.person("ada").load, both.person("bo").load) == (1, 1)
