"""Another partner, without a reason: the cycle goes on, hours stay, goals are agreed anew."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    Advance,
    AgreeFocus,
    AgreeGoals,
    AskRematch,
    AssessGoal,
    Cancel,
    Celebrate,
    ChangePerson,
    CompleteObservation,
    LogContact,
    OpenCycle,
    PublishPairing,
    RecordBaseline,
    Rematch,
    SetGoal,
    WriteReflection,
)
from mentorcycle.domain.decision import Decided
from mentorcycle.domain.definition import parse, shipped
from mentorcycle.domain.events import (
    ContactLogged,
    CyclePaused,
    DoNotPair,
    GoalAgreed,
    GoalAssessed,
    GoalSet,
    ObservationCompleted,
    PairingEnded,
    PairingPublished,
    Participant,
    PartnerChanged,
    PersonLeft,
    RematchAsked,
)
from mentorcycle.domain.ids import cycle_of_pairing
from mentorcycle.domain.permission import may_read_facts, may_read_words, readable_words
from mentorcycle.domain.vocabulary import (
    Assessment,
    CancelReason,
    ContactKind,
    Formality,
    LeaveReason,
    MeasureSource,
    Mode,
    PairingKind,
    PauseReason,
    Status,
    TeachingArea,
    Unit,
)
from mentorcycle.engine.testing import Scenario

ADA = Participant("ada", mentee=True)
BO = Participant("bo", mentor=True)
CY = Participant("cy", mentor=True)
NEW = PairingPublished(pairing="q-new", kind=PairingKind.PAIR, participants=(ADA, CY), cycle="c-1")
CHANGED = PartnerChanged(
    old_pairing="q-ada-bo",
    new_pairing="q-new",
    left="bo",
    joined="cy",
    kind=PairingKind.PAIR,
    participants=(ADA, CY),
)
REMATCH = Rematch("c-1", "bo", "cy", pairing="q-new")
AREA = TeachingArea.PLANNING
SECOND_GOAL = GoalSet(goal="g2", area=AREA)
VISIT = ContactLogged(
    contact="k1",
    kind=ContactKind.VISIT,
    mode=Mode.IN_PERSON,
    formality=Formality.FORMAL,
    minutes=60,
    people=("ada", "bo"),
)


def test_either_side_asks_and_nobody_says_why(opened: Scenario) -> None:
    (
        opened.when(AskRematch("c-1"), by="ada")
        .then(RematchAsked(person="ada"))
        .when(AskRematch("c-1"), by="ada")
        .then_nothing()
        .when(AskRematch("c-1"), by="bo")
        .then(RematchAsked(person="bo"))
    )
    for record in (AskRematch, Rematch, RematchAsked, PartnerChanged, DoNotPair):
        assert not [field.name for field in fields(record) if "reason" in field.name]


def test_only_a_participant_asks_and_only_a_coordinator_changes(opened: Scenario) -> None:
    opened.when(AskRematch("c-1")).then_not_permitted()
    opened.when(AskRematch("c-1"), by="cy").then_not_permitted()
    opened.when(REMATCH, by="ada").then_not_permitted()
    opened.when(REMATCH, by=Actor.system()).then_not_permitted()


def test_the_cycle_goes_on_with_the_new_mentor_in_one_act(observing: Scenario) -> None:
    rematched = (
        observing.given(RematchAsked(person="ada"))
        .when(REMATCH, on="2026-03-16")
        .then(
            Decided("cycle:c-1", CHANGED),
            Decided("person:ada", PairingEnded(pairing="q-ada-bo")),
            Decided("person:ada", NEW),
            Decided("person:bo", PairingEnded(pairing="q-ada-bo")),
            Decided("person:cy", NEW),
        )
        .when(REMATCH)
        .then_nothing()
    )
    cycle = rematched.cycle
    assert (cycle.stage, cycle.status, cycle.people, cycle.pairing) == (
        "observe",
        Status.ACTIVE,
        ("ada", "cy"),
        "q-new",
    )
    assert cycle.rematch_asked == ()
    assert cycle.since == observing.cycle.since


def test_a_paused_cycle_may_change_its_partner_and_stays_paused(observing: Scenario) -> None:
    rematched = observing.given(CyclePaused(reason=PauseReason.LEAVE)).given(REMATCH)
    assert (rematched.cycle.status, rematched.cycle.people) == (Status.PAUSED, ("ada", "cy"))


def test_a_rematch_may_be_asked_for_during_a_pause(observing: Scenario) -> None:
    paused = observing.given(CyclePaused(reason=PauseReason.LEAVE))
    paused.when(AskRematch("c-1"), by="ada").then(RematchAsked(person="ada"))


def test_a_finished_cycle_does_not_change_its_partner(completed: Scenario) -> None:
    completed.when(REMATCH).then_refused("cycle-completed")
    completed.when(AskRematch("c-1"), by="ada").then_refused("cycle-completed")


def test_goals_are_agreed_anew_in_whichever_stage_the_cycle_stands(observing: Scenario) -> None:
    (
        observing.when(AgreeGoals("c-1"), by="ada")
        .then_nothing()
        .given(REMATCH)
        .when(AgreeGoals("c-1"), by="cy")
        .then(GoalAgreed(goal="g1", person="cy"))
        .when(AgreeGoals("c-1"), by="ada")
        .then(GoalAgreed(goal="g1", person="ada"))
        .when(AgreeGoals("c-1"), by="bo")
        .then_not_permitted()
    )


def test_without_a_rematch_goals_are_agreed_in_their_stage_only(observing: Scenario) -> None:
    observing.given(SECOND_GOAL).when(AgreeGoals("c-1"), by="bo").then_refused("wrong-stage")


def test_a_rematch_in_goal_set_asks_for_agreement_before_the_stage_is_left(agreed: Scenario) -> None:
    agreed.given(REMATCH).when(Advance("c-1"), by="ada").then_refused(
        "goals-agreed", because=["Ada Ünal and Cy Lind have not agreed goal g1"]
    )


@pytest.mark.parametrize("stage", ["observed", "debriefed", "reflecting"])
def test_after_a_rematch_no_way_leads_forward_before_the_goals_are_agreed_anew(
    request: pytest.FixtureRequest, stage: str
) -> None:
    before: Scenario = request.getfixturevalue(stage)
    lacking = [refusal.code for refusal in before.when(Advance("c-1"), by="ada").refusals]
    rematched = before.given(REMATCH)
    rematched.when(Advance("c-1"), by="ada").then_refused("goals-agreed", *lacking)
    one = rematched.given(AgreeGoals("c-1"), by="cy")
    (forward, *_) = one.can(by="cy")
    assert [r.why for r in forward.refusals if r.code == "goals-agreed"] == [
        "Ada Ünal has not agreed goal g1"
    ]
    both = one.given(AgreeGoals("c-1"), by="ada")
    assert [refusal.code for refusal in both.when(Advance("c-1"), by="ada").refusals] == lacking


def test_another_observation_needs_no_new_agreement(debriefing: Scenario) -> None:
    assert debriefing.given(REMATCH, Advance("c-1", "observe")).cycle.stage == "observe"


def test_a_second_rematch_asks_for_the_agreement_that_was_never_given_after_the_first(
    observed: Scenario,
) -> None:
    twice = observed.given(REMATCH).given(AgreeGoals("c-1"), by="ada").given(Rematch("c-1", "cy", "di"))
    twice.when(Advance("c-1"), by="ada").then_refused(
        "goals-agreed", because=["Ada Ünal and Di Okoro have not agreed goal g1"]
    )


def test_assessing_a_goal_does_not_stand_for_agreeing_it_anew(reflecting: Scenario) -> None:
    written = reflecting.given(WriteReflection("c-1", "I wait longer."), by="ada").given(REMATCH)
    for assessment in (Assessment.MET, Assessment.PARTLY, Assessment.NOT_MET):
        written.given(AssessGoal("c-1", "g1", assessment), by="ada").when(
            Advance("c-1"), by="ada"
        ).then_refused("goals-agreed")
    dropped = written.given(AssessGoal("c-1", "g1", Assessment.DROPPED), by="ada")
    assert dropped.given(Advance("c-1"), by="ada").cycle.stage == "celebrate"


def test_a_goal_that_was_finished_before_the_rematch_is_nobodys_to_agree(celebrating: Scenario) -> None:
    celebrating.given(REMATCH, Celebrate("c-1")).given(Advance("c-1"), by="cy")


GOALS_LATE = parse(
    shipped().source.replace('  "focus", "schedule"', '  "goal", "focus", "schedule"'), "goals-late.toml"
)
AGREED_LATE = (
    Scenario.of({"ada": "Ada Ünal", "bo": "Bo Karlsson", "cy": "Cy Lind"}, definition=GOALS_LATE)
    .given(PairingPublished(pairing="q-ada-bo", kind=PairingKind.PAIR, participants=(ADA, BO)))
    .given(OpenCycle("ada"))
)
LATE = AGREED_LATE.cycle.id


def test_a_goal_that_is_set_again_after_a_rematch_is_still_to_be_agreed() -> None:
    set_ = SetGoal(LATE, TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True)
    observed = (
        AGREED_LATE.given(set_, RecordBaseline(LATE, "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS))
        .given(AgreeGoals(LATE), by="ada")
        .given(AgreeGoals(LATE), Advance(LATE), AgreeFocus(LATE, "ada", "bo"), by="bo")
        .given(CompleteObservation(LATE, datetime(2026, 3, 2, 13, tzinfo=UTC), 45), by="bo")
    )
    again = observed.given(Rematch(LATE, "bo", "cy"), replace(set_, goal="g1"))
    again.when(Advance(LATE), by="ada").then_refused("goals-agreed")
    agreed = again.given(AgreeGoals(LATE), by="ada").given(AgreeGoals(LATE), by="cy")
    assert agreed.given(Advance(LATE), by="ada").cycle.stage == "debrief"


UNASKED = parse(
    shipped()
    .source.replace("goals-agreed = {}\n", "")
    .replace('agreement    = { by = ["mentee", "mentor"] }', 'agreement    = { by = ["mentee"] }'),
    "unasked.toml",
)


def test_nobody_is_asked_to_agree_anew_what_not_everybody_had_agreed() -> None:
    """Where only mentees may agree, a mentor could never do what a rematch would ask of them."""
    people = Scenario.of({"ada": "Ada Ünal", "bo": "Bo Karlsson", "cy": "Cy Lind"}, definition=UNASKED)
    pairing = PairingPublished(pairing="q-ada-bo", kind=PairingKind.PAIR, participants=(ADA, BO))
    opened = people.given(pairing, OpenCycle("ada"))
    id = opened.cycle.id
    goal = SetGoal(id, TeachingArea.PLANNING, unit=Unit.COUNT, target=3, measured=True)
    baseline = RecordBaseline(id, "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS)
    agreed = opened.given(goal, baseline, AgreeGoals(id), by="ada")
    rematched = agreed.given(Rematch(id, "bo", "cy"))
    assert rematched.given(Advance(id), by="cy").cycle.stage == "observe"


def test_a_goal_that_was_assessed_keeps_its_agreement(reflecting: Scenario) -> None:
    assessed = reflecting.given(GoalAssessed(goal="g1", assessment=Assessment.MET), SECOND_GOAL)
    rematched = assessed.given(GoalAgreed(goal="g2", person="ada"), REMATCH)
    assert [goal.agreed for goal in rematched.cycle.goals] == [("ada", "bo"), ()]


def test_whoever_changes_their_role_keeps_the_words_they_could_read(observing: Scenario) -> None:
    swapped = PartnerChanged(
        old_pairing="q-ada-bo",
        new_pairing="q-new",
        left="bo",
        joined="cy",
        kind=PairingKind.PAIR,
        participants=(Participant("cy", mentee=True), Participant("ada", mentor=True)),
    )
    cycle = observing.given(swapped).cycle
    assert (cycle.mentees, cycle.mentors) == (("cy",), ("ada",))
    assert [m.person for m in cycle.members] == ["ada", "ada", "bo", "cy"]
    assert readable_words(cycle, Actor.participant("ada"))(2, "statement")


def test_hours_stay_with_the_mentor_who_gave_them(observing: Scenario) -> None:
    rematched = observing.given(VISIT, on="2026-03-10").given(REMATCH, on="2026-03-16")
    assert [contact.people for contact in rematched.cycle.contacts] == [("ada", "bo")]


def test_hours_logged_late_go_to_whoever_was_there_on_the_day(observing: Scenario) -> None:
    late = (
        observing.given(REMATCH, on="2026-03-16")
        .given(LogContact("c-1", 30), by="ada", on="2026-03-12")
        .given(LogContact("c-1", 40, people=("bo", "bo")), on="2026-03-12")
        .given(LogContact("c-1", 50), by="ada", on="2026-03-16")
        .given(LogContact("c-1", 20), by="ada", on="2026-03-17")
    )
    assert [contact.people for contact in late.cycle.contacts] == [
        ("ada", "bo"),
        ("bo",),
        ("ada", "cy"),
        ("ada", "cy"),
    ]
    late.when(LogContact("c-1", 10, people=("ada", "bo")), on="2026-03-18").then_refused(
        "not-in-cycle", because=["Bo Karlsson was not in this cycle on 2026-03-18"]
    )
    late.when(LogContact("c-1", 10, people=("ada", "cy")), on="2026-03-12").then_refused("not-in-cycle")


def test_on_the_day_of_a_rematch_both_partners_may_be_named(observing: Scenario) -> None:
    rematched = observing.given(REMATCH, on="2026-03-16")
    for people in (("ada", "bo"), ("ada", "cy")):
        rematched.given(LogContact("c-1", 10, people=people))


def test_a_mentor_without_room_keeps_the_place_of_the_mentee_who_is_replaced(observing: Scenario) -> None:
    full = observing.given(ChangePerson("bo", "Bo Karlsson", capacity=1))
    assert full.given(Rematch("c-1", "ada", "di")).cycle.people == ("bo", "di")
    full.given(ChangePerson("cy", "Cy Lind", capacity=0)).when(REMATCH).then_refused("over-capacity")


def test_a_lesson_recorded_late_keeps_the_observer_who_was_there(planned: Scenario) -> None:
    lesson = datetime(2026, 3, 12, 9, tzinfo=UTC)
    (
        planned.given(REMATCH, on="2026-03-16")
        .when(CompleteObservation("c-1", lesson, 45), by="ada", on="2026-03-17")
        .then(
            ObservationCompleted(
                observation="o1",
                observer="bo",
                observed="ada",
                start=lesson,
                minutes=45,
                mode=Mode.IN_PERSON,
            )
        )
    )
    planned.given(REMATCH, on="2026-03-16").when(
        CompleteObservation("c-1", datetime(2026, 3, 17, 9, tzinfo=UTC), 45), by="ada", on="2026-03-17"
    ).then_refused("not-in-cycle", because=["Bo Karlsson was not in this cycle on 2026-03-17"])


def test_two_who_are_not_to_be_paired_again_are_not(observing: Scenario) -> None:
    apart = Rematch("c-1", "bo", "cy", do_not_pair_again=True, pairing="q-new")
    rematched = observing.when(apart).then(
        Decided("cycle:c-1", CHANGED),
        Decided("person:ada", PairingEnded(pairing="q-ada-bo")),
        Decided("person:ada", DoNotPair(other="bo")),
        Decided("person:ada", NEW),
        Decided("person:bo", PairingEnded(pairing="q-ada-bo")),
        Decided("person:bo", DoNotPair(other="ada")),
        Decided("person:cy", NEW),
    )
    rematched.when(Rematch("c-1", "cy", "bo")).then_refused(
        "not-to-be-paired", because=["Ada Ünal and Bo Karlsson are not to be paired"]
    )


def test_without_that_flag_they_may_be_paired_again(observing: Scenario) -> None:
    back = observing.given(REMATCH).given(Rematch("c-1", "cy", "bo"))
    assert back.cycle.people == ("ada", "bo")


def test_the_hard_rules_of_pairing_hold_in_a_rematch(observing: Scenario) -> None:
    observing.when(Rematch("c-1", "bo", "ada")).then_refused(
        "already-in-cycle", because=["Ada Ünal is in this cycle already"]
    )
    observing.when(Rematch("c-1", "cy", "di")).then_refused(
        "not-in-cycle", because=["Cy Lind is not in this cycle"]
    )
    observing.when(Rematch("c-1", "bo", "nobody")).then_refused("no-such-person")
    observing.given(PersonLeft(reason=LeaveReason.RETIRED), of="cy").when(REMATCH).then_refused(
        "person-left", because=["Cy Lind has left"]
    )


def test_a_mentee_may_be_replaced_as_well(observing: Scenario) -> None:
    rematched = observing.given(Rematch("c-1", "ada", "di"))
    assert rematched.cycle.mentees == ("di",)
    assert rematched.cycle.mentors == ("bo",)


def test_a_busy_mentee_does_not_join_another_cycle(observing: Scenario) -> None:
    busy = observing.given(PublishPairing((Participant("di", mentee=True), Participant("cy", mentor=True))))
    busy.when(Rematch("c-1", "ada", "di")).then_refused(
        "already-paired", because=["Di Okoro is a mentee in another open pairing"]
    )


def test_opening_a_cycle_after_a_rematch_finds_the_one_that_goes_on(people: Scenario) -> None:
    pairing = PairingPublished(pairing="q-1", kind=PairingKind.PAIR, participants=(ADA, BO))
    opened = people.given(pairing, OpenCycle("ada"))
    id = opened.cycle.id
    rematched = opened.given(Rematch(id, "bo", "cy", pairing="q-2"))
    rematched.when(OpenCycle("ada")).then_nothing()
    another = rematched.given(Cancel(id, CancelReason.WITHDREW)).given(OpenCycle("ada"))
    assert another.cycle.id == cycle_of_pairing("q-2", 2)
    assert another.cycle.people == ("ada", "cy")


def test_the_new_mentor_reads_current_goals_and_later_words_and_none_older(observing: Scenario) -> None:
    rematched = observing.given(VISIT, on="2026-03-10").given(REMATCH, on="2026-03-16")
    joined = rematched.cycle.version
    later = rematched.given(LogContact("c-1", 10, notes="Hello."), by="cy").cycle
    goal = later.goals[0].version, "statement"
    visit, contact = ((one.version, "notes") for one in later.contacts)

    new, old, mentee = (Actor.participant(person) for person in ("cy", "bo", "ada"))
    assert joined < contact[0]
    assert [readable_words(later, new)(*words) for words in (goal, visit, contact)] == [True, False, True]
    assert [readable_words(later, mentee)(*words) for words in (goal, visit, contact)] == [True] * 3
    assert [readable_words(later, old)(*words) for words in (goal, visit, contact)] == [False] * 3
    assert may_read_facts(later, old)
    assert not may_read_words(later, old)


def test_the_new_mentor_reads_a_goals_words_as_they_were_last_said(agreed: Scenario) -> None:
    """A change without words takes none away; of what a change said anew, the older words are not shown."""
    said = SetGoal("c-1", AREA, "g1", statement="Ask more.", measure="Hands up.")
    again = agreed.given(said, by="ada")
    first = again.cycle.version
    assert (again.cycle.goals[0].statement, again.cycle.goals[0].measure) == (first, first)
    retargeted = again.given(SetGoal("c-1", AREA, "g1", measured=True, unit=Unit.COUNT, target=70))
    reworded = retargeted.given(SetGoal("c-1", AREA, "g1", statement="Ask better."), by="bo")
    new = Actor.participant("cy")
    for before, statement in ((again, first), (retargeted, first), (reworded, first + 2)):
        cycle = before.given(REMATCH).cycle
        may_read = readable_words(cycle, new)
        versions = range(1, cycle.version)
        assert [v for v in versions if may_read(v, "statement")] == [statement]
        assert [v for v in versions if may_read(v, "measure")] == [first]
        assert not any(may_read(v, "notes") for v in versions)


def test_a_rematch_that_is_so_can_still_keep_the_two_apart(observing: Scenario) -> None:
    apart = Rematch("c-1", "bo", "cy", do_not_pair_again=True)
    kept = observing.given(REMATCH).when(apart)
    rematched = kept.then(
        Decided("person:bo", DoNotPair(other="ada")), Decided("person:ada", DoNotPair(other="bo"))
    )
    rematched.when(apart).then_nothing()
    rematched.when(REMATCH).then_nothing()


def test_a_rematch_that_never_was_is_not_so_already(observing: Scenario) -> None:
    rematched = observing.given(REMATCH)
    rematched.when(Rematch("c-1", "di", "cy")).then_refused("not-in-cycle", "already-in-cycle")
    rematched.when(Rematch("c-1", "di", "ada")).then_refused("not-in-cycle", "already-in-cycle")
    again = rematched.given(Rematch("c-1", "cy", "di"))
    again.when(Rematch("c-1", "bo", "di")).then_refused("not-in-cycle", "already-in-cycle")
    again.when(Rematch("c-1", "cy", "di")).then_nothing()
