"""Laws that hold on every walk through a cycle: random people say random commands on random days."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from random import Random
from typing import Any, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.domain import commands as c
from mentorcycle.domain import events as e
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import COMMANDS, Command
from mentorcycle.domain.cycle import fold
from mentorcycle.domain.cycle.correction import CORRECTABLE, correctable_at
from mentorcycle.domain.cycle.deadlines import stage_clock
from mentorcycle.domain.events import Participant
from mentorcycle.domain.people import fold_person
from mentorcycle.domain.programme import fold_programme
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.typed import hints_of, plain, typed
from mentorcycle.domain.vocabulary import (
    Assessment,
    CollectionMethod,
    CorrectionReason,
    Direction,
    EvidenceKind,
    ExtendGround,
    LeaveReason,
    MeasureSource,
    PauseReason,
    Status,
    TeachingArea,
    Unit,
)
from mentorcycle.engine.testing import Decision, Scenario

MARKER = "§words§"
MONDAY = date(2026, 3, 2)
LESSON = datetime(2026, 3, 5, 9, tzinfo=UTC)
PEOPLE = ("ada", "bo", "cy", "di")
PAIR = (Participant("ada", mentee=True), Participant("bo", mentor=True))
CY, DI = Participant("cy", mentor=True), Participant("di", mentee=True)
ACTORS = [
    *[Actor.coordinator()] * 6,
    *[Actor.participant("ada")] * 4,
    *[Actor.participant("bo")] * 3,
    Actor.participant("cy"),
    Actor.participant("di"),
    Actor.auditor(),
    Actor.system(),
]
CORRECTIONS: list[dict[str, str | int | float | None]] = [
    {}, {"minutes": 30}, {"minutes": -1}, {"target": "nan"}, {"target": 5, "unit": "percent"}, {"unit": None},
    {"value": 2.5}, {"on": "2026-03-01"}, {"occurred_at": "2026-03-04T09:00"}, {"start": "2026-03-05T11:00"},
    {"held": "2026-03-09T11:00"}, {"assessment": "met"}, {"size": "large", "number": 3}, {"stage": "observe"},
]  # fmt: skip

OPENED = Scenario.of(PEOPLE).given(c.PublishPairing(PAIR, "q-ada-bo"), c.OpenCycle("ada"))
ID = OPENED.cycle.id
STORY: list[tuple[Command, str, str]] = [
    (c.SetGoal(ID, TeachingArea.PLANNING, "g1", Unit.COUNT, 3, Direction.INCREASE, measured=True), "ada", "03-02"),
    (c.RecordBaseline(ID, "g1", 1, date(2026, 3, 2), MeasureSource.RECORDS), "ada", "03-02"),
    (c.AgreeGoals(ID), "ada", "03-03"),
    (c.AgreeGoals(ID), "bo", "03-03"),
    (c.Extend(ID, date(2026, 3, 20), ExtendGround.ABSENCE), "", "03-03"),
    (c.Advance(ID, "observe"), "ada", "03-04"),
    (c.AgreeFocus(ID, "ada", "bo", "o1", MARKER, CollectionMethod.TALLY), "ada", "03-04"),
    (c.CompleteObservation(ID, LESSON, 45, "o1", evidence=(MARKER,)), "bo", "03-05"),
    (c.LogContact(ID, 30, notes=MARKER), "bo", "03-05"),
    (c.Pause(ID, PauseReason.LEAVE), "", "03-06"),
    (c.Resume(ID), "", "03-10"),
    (c.Advance(ID, "debrief"), "bo", "03-10"),
    (c.HoldDebrief(ID, 20, "o1", action_step=MARKER, strengths=(MARKER,)), "bo", "03-11"),
    (c.Advance(ID, "reflect"), "bo", "03-11"),
    (c.WriteReflection(ID, MARKER), "ada", "03-12"),
    (c.AssessGoal(ID, "g1", Assessment.PARTLY), "ada", "03-12"),
    (c.Advance(ID, "celebrate"), "ada", "03-13"),
    (c.Celebrate(ID, achievement=MARKER), "ada", "03-13"),
    (c.Advance(ID, "completed"), "ada", "03-16"),
]  # fmt: skip


def _stations() -> list[Scenario]:
    stations = [OPENED]
    for command, by, on in STORY:
        stations.append(stations[-1].given(command, by=by, on=f"2026-{on}"))
    return stations


STATIONS = _stations()
PLANNED = STATIONS[7].given(c.ScheduleObservation(ID, LESSON, "o1"))
LEFT = STATIONS[14].given(c.NameEvaluator("ada", "cy"), c.MarkLeft("di", LeaveReason.LEAVE))
STATIONS += [PLANNED, LEFT, *[STATIONS[7], STATIONS[-1]] * 2]
TOLD: list[Command] = [
    *(command for command, _, _ in STORY),
    c.Rematch(ID, "bo", "cy"), c.OpenNextCycle(ID), c.MarkReturned("di"), c.RemoveEvaluator("ada", "cy"),
    c.PublishPairing((DI, CY)), c.OpenCycle("di"), c.OpenCycle("ada"),
    c.CompleteObservation(ID, LESSON - timedelta(days=1), 45, observer="bo", observed="ada"),
]  # fmt: skip

BY_FIELD: dict[str, Callable[[Random], Any]] = {
    "cycle": lambda r: ID,
    "goal": lambda r: r.choice(["", "g1", "g1", "g2"]),
    "observation": lambda r: r.choice(["", "o1", "o1", "o2"]),
    "step": lambda r: r.choice(["s1", "s1", "s2"]),
    "requirement": lambda r: r.choice(["baseline", "debrief"]),
    "subject": lambda r: r.choice(["g1", "o1"]),
    "stage": lambda r: r.choice([None, None, "goal-set", "observe", "debrief", "reflect", "completed"]),
    "pairing": lambda r: "",
    "batch": lambda r: r.choice([None, None, "b-1"]),
    "definition": lambda r: "",
    "programme": lambda r: "main",
    "zone": lambda r: r.choice(["UTC", "Europe/Stockholm", "Pacific/Honolulu"]),
    "weekend": lambda r: r.choice([(5, 6), (4, 5), (6,)]),
    "source": lambda r: OPENED.definition.source,
    "version": lambda r: r.randint(1, 25),
    "until": lambda r: date(2026, 3, 2) + timedelta(days=r.randint(0, 60)),
    "minutes": lambda r: r.randint(0, 120),
    "capacity": lambda r: r.choice([None, 0, 2, 5]),
    "meetings_per_month": lambda r: r.choice([None, 2, 40]),
    "kinds": lambda r: r.choice([(), (), (EvidenceKind.DESCRIPTION,), (EvidenceKind.JUDGEMENT,)]),
    "survey": lambda r: r.choice([(), (7, 10), (0,)]),
    "met": lambda r: r.choice([None, None, 3]),
    "assessed": lambda r: r.choice([None, None, 4]),
    "observer": lambda r: r.choice(["bo", "bo", *PEOPLE]),
    "observed": lambda r: r.choice(["ada", "ada", *PEOPLE]),
    "people": lambda r: r.choice([(), (), ("ada",), ("bo", "cy")]),
    "days": lambda r: tuple(MONDAY + timedelta(days=r.randint(0, 40)) for _ in range(r.randint(0, 3))),
    "participants": lambda r: r.choice([PAIR, (DI, CY), (CY, DI), (DI, CY, PAIR[1]), (PAIR[0], CY), ()]),
    "name": lambda r: r.choice(["", "Eve", "Eve Berg"]),
    "fields": lambda r: r.choice(CORRECTIONS),
    **dict.fromkeys(("mentee", "leaves"), lambda r: r.choice(["ada", "bo", "di"])),
    **dict.fromkeys(("person", "other", "duplicate", "joins"), lambda r: r.choice((*PEOPLE, "p-eve"))),
    "evaluator": lambda r: r.choice(["cy", *PEOPLE]),
}


def value(r: Random, name: str, hint: Any, *, words: bool) -> Any:
    """A value for a field of a command, often a right one."""
    kinds = [kind for kind in (*get_args(hint), hint) if isinstance(kind, type)]
    optional = type(None) in kinds and r.random() < 0.6
    if name in BY_FIELD:
        return None if optional else BY_FIELD[name](r)
    if words and "tuple" in str(hint):
        return r.choice([(), (MARKER,)])
    if words and str in kinds:
        return None if optional else MARKER
    for kind in () if optional or "tuple" in str(hint) else kinds:
        if issubclass(kind, Enum):
            return r.choice(list(kind))
        if kind is datetime:
            return datetime(2026, 3, r.randint(2, 31), r.randint(0, 23), tzinfo=UTC)
        if kind is date:
            return date(2026, 3, r.randint(1, 31))
        if kind is bool:
            return r.random() < 0.3
        if kind in (int, float):
            return r.randint(1, 10)
    return () if "tuple" in str(hint) else None


def said(r: Random, kind: type[Command]) -> Command:
    """A random command of a kind."""
    hints = HINTS[kind]
    if kind is c.EndPairing:
        return c.EndPairing(r.choice(PEOPLE), r.choice(["q-ada-bo", "q-1", "q-2"]), r.random() < 0.3)
    return kind(**{n: value(r, n, hint, words=n in kind.pair_fields) for n, hint in hints.items()})


KINDS = [COMMANDS[name] for name in sorted(COMMANDS)]
HINTS: dict[type[Command], dict[str, Any]] = {
    kind: {field.name: hints_of(kind)[field.name] for field in fields(cast(Any, kind))} for kind in KINDS
}


KEPT = {c.Cancel: 0.2, c.Pause: 0.3, c.MarkLeft: 0.2, c.MergePeople: 0.3}
"""How often a walk goes on after what keeps most other things from happening."""


@lru_cache(maxsize=512)
def walked(seed: int) -> tuple[Decision, ...]:
    """What random people said on random days, and what each command came to; days go mostly forward."""
    r = Random(seed)
    scenario = r.choice(STATIONS)
    decisions: list[Decision] = []
    while len(decisions) < STEPS:
        command = r.choice(TOLD) if r.random() < 0.2 else said(r, r.choice(KINDS))
        moment = scenario.now + timedelta(days=r.choice([0, 0, 0, 0, 0, 1, 2, -1]))
        for by in r.sample(ACTORS, 2):
            decision = scenario.when(command, by=by, on=moment, batch=r.choice([None, "b-1"]))
            decisions.append(decision)
            if decision.events:
                break
        if decisions[-1].events and r.random() < KEPT.get(type(command), 1):
            scenario = after(decisions[-1])
    return tuple(decisions)


def after(decision: Decision) -> Scenario:
    return decision.then(*decision.events)


STEPS = 40
seeds = st.integers(0, 2**32 - 1)
LAW = settings(max_examples=60, deadline=None)


def test_the_walks_come_everywhere() -> None:
    taken = {d.command.command_name for seed in range(250) for d in walked(seed) if d.events}
    assert taken == set(COMMANDS) - {"CreateProgramme", "PublishDefinition"}


@LAW
@given(seeds)
def test_decide_then_evolve_never_fails(seed: int) -> None:
    for d in walked(seed):
        assert d.refusals or after(d).history


@LAW
@given(seeds)
def test_a_refusal_says_what_and_why_and_nothing_prints_words(seed: int) -> None:
    for d in walked(seed):
        for refusal in d.refusals:
            assert refusal.code
            assert refusal.what
            assert refusal.why
        assert MARKER not in repr((d.refusals, d.command, d.events))


@LAW
@given(seeds)
def test_a_decision_depends_on_nothing_but_what_it_is_given(seed: int) -> None:
    for d in walked(seed):
        again = d.scenario.when(d.command, by=d.actor, on=d.occurred_at, today=d.now, batch=d.batch)
        assert again.outcome == d.outcome


FOLDS: dict[str, Callable[..., Any]] = {
    "cycle": fold,
    "person": fold_person,
    "programme": fold_programme,
}


@LAW
@given(seeds)
def test_a_state_is_the_fold_of_its_stream(seed: int) -> None:
    scenario = walked(seed)[-1].scenario
    streams = {r.stream for r in scenario.history}
    assert streams == set(scenario.states)
    for stream in streams:
        history = [r for r in scenario.history if r.stream == stream]
        assert FOLDS[stream.partition(":")[0]](history) == scenario.states[stream]
        assert [r.version for r in history] == list(range(1, len(history) + 1))


ADDS_EACH_TIME = (
    c.SetGoal, c.RecordBaseline, c.RecordExpectations, c.AgreeFocus, c.CompleteObservation, c.HoldDebrief,
    c.WriteReflection, c.AssessGoal, c.Celebrate, c.LogContact, c.UndoAdvance, c.Reopen,
)  # fmt: skip
"""A second record of these is a second record, or refused; a lost answer is the command id's part."""


def names_what_it_changes(command: Command) -> bool:
    """Whether a repetition means the same again, and not the next stage or the next observation."""
    match command:
        case c.Advance(stage=stage):
            return stage is not None
        case c.ScheduleObservation(observation=id) | c.RescheduleObservation(observation=id):
            return bool(id)
        case c.CancelObservation(observation=id):
            return bool(id)
    return not isinstance(command, ADDS_EACH_TIME)


@LAW
@given(seeds)
def test_a_repeated_command_adds_nothing(seed: int) -> None:
    for d in walked(seed):
        if not d.refusals and names_what_it_changes(d.command):
            again = after(d).when(d.command, by=d.actor, on=d.occurred_at, today=d.now)
            assert not again.events


@LAW
@given(seeds)
def test_an_auditor_and_a_stranger_add_nothing(seed: int) -> None:
    for d in walked(seed):
        strangers = set(PEOPLE) - {m.person for state in cycles(d.scenario) for m in state.members}
        if d.actor == Actor.auditor() or d.actor.id in strangers:
            assert not d.events


@LAW
@given(seeds)
def test_minutes_once_given_are_lost_by_correction_only(seed: int) -> None:
    for d in walked(seed):
        if d.refusals or isinstance(d.command, c.Correct):
            continue
        given_now = sum(event.minutes for event in d.events if isinstance(event, e.ContactLogged))
        assert minutes(after(d)) == minutes(d.scenario) + given_now


def cycles(scenario: Scenario) -> list[Any]:
    return [state for stream, state in scenario.states.items() if stream.startswith("cycle:")]


def minutes(scenario: Scenario) -> int:
    return sum(contact.minutes for cycle in cycles(scenario) for contact in cycle.contacts)


@LAW
@given(seeds, st.integers(0, 60))
def test_undo_gives_back_stage_status_clock_and_extension(seed: int, later: int) -> None:
    for d in walked(seed):
        if d.refusals or not isinstance(d.command, c.Advance) or not d.events:
            continue
        decision = after(d).when(c.UndoAdvance(ID))
        if decision.refusals:  # the place that the completion gave back may not be there any more
            assert {refusal.code for refusal in decision.refusals} == {"over-capacity"}
            assert after(d).cycle_of(ID).status is Status.COMPLETED
            continue
        undone = after(d).given(c.UndoAdvance(ID))
        before, again = d.scenario.cycle_of(ID), undone.cycle_of(ID)
        assert replace(again, version=before.version) == before
        day = d.now.date() + timedelta(days=later)
        clocks = [stage_clock(x, undone.definition, undone.programme, day) for x in (before, again)]
        assert clocks[0] == clocks[1]


@LAW
@given(seeds, st.integers(0, 30))
def test_a_paused_clock_stands(seed: int, later: int) -> None:
    for d in walked(seed):
        if not isinstance(d.command, c.Pause) or not d.events:
            continue
        paused = after(d)
        days = [d.occurred_at.date() + timedelta(days=n) for n in (0, later)]
        clocks = [stage_clock(paused.cycle_of(ID), paused.definition, paused.programme, day) for day in days]
        assert clocks[0] is not None
        assert clocks[1] is not None
        assert clocks[0].elapsed == clocks[1].elapsed
        assert clocks[1].late_by == 0


@LAW
@given(seeds)
def test_the_hard_rules_of_pairing_hold_after_every_command(seed: int) -> None:
    scenario = walked(seed)[-1].scenario
    for person in map(scenario.person, PEOPLE):
        assert len([p for p in person.pairings.values() if p.has(person.id, mentee=True)]) <= 1
        for pairing in person.pairings.values():
            assert len(set(pairing.people)) == len(pairing.people) > 1
            for other in pairing.people:
                assert scenario.person(other).pairings[pairing.id] == pairing


CORRECTED = [(kind, name) for kind, names in CORRECTABLE.items() for name in names]
OTHER_VALUES: dict[str, list[Any]] = {
    "area": list(TeachingArea),
    "unit": [*Unit, None],
    "direction": [*Direction, None],
    "target": [1.5, None],
    "due": [date(2026, 5, 1), None],
    "on": [date(2026, 3, 1)],
    "start": [LESSON, LESSON - timedelta(days=2), LESSON + timedelta(days=1)],
    "held": [LESSON + timedelta(days=1)],
    "occurred_at": [LESSON - timedelta(days=3), LESSON + timedelta(days=3)],
    "minutes": [1, 600],
    "value": [2.5],
    "met": [1, None],
    "assessed": [2, None],
    "number": [7.0, None],
}


def others(kind: type[e.Event], name: str) -> list[Any]:
    """Values that a field may be corrected to."""
    return OTHER_VALUES.get(name) or list(hints_of(kind)[name])


@pytest.mark.parametrize(("kind", "name"), CORRECTED, ids=[f"{k.event_name}.{n}" for k, n in CORRECTED])
@settings(LAW, max_examples=15)
@given(data=st.data())
def test_a_correction_is_a_history_in_which_the_event_had_been_right_from_the_start(
    kind: type[e.Event], name: str, data: st.DataObject
) -> None:
    ended = STATIONS[-1].given(*EXTRAS)
    history = [r for r in ended.history if r.stream == f"cycle:{ID}"]
    wrong = data.draw(st.sampled_from([r for r in history if type(r.event) is kind]), "wrong")
    at = data.draw(st.integers(wrong.version, len(history)), "corrected after")
    value = data.draw(st.sampled_from(others(kind, name)), "value")
    if correctable_at(fold(history[:at]), wrong.version) is None:
        return  # it was replaced before it could be corrected
    right = (
        replace(wrong, occurred_at=value)
        if name == "occurred_at"
        else replace(wrong, event=replace(wrong.event, **{name: value}))
    )
    assert corrected(history, wrong, at, {name: plain(value)}) == replace(
        fold([right if r is wrong else r for r in history]), version=0
    )


EXTRAS: list[e.Event] = [
    e.GoalSet(goal="g1", area=TeachingArea.PLANNING, measured=True),
    e.GoalSet(goal="g2", area=TeachingArea.PLANNING),
    e.BaselineRecorded(goal="g1", value=1, on=MONDAY, source=MeasureSource.SURVEY),
    e.GoalAssessed(goal="g1", assessment=Assessment.MET),
    e.GoalAssessed(goal="g2", assessment=Assessment.MET, met=1, assessed=2),
    e.FocusAgreed(observation="o2", observer="bo", observed="ada"),
]


def corrected(
    history: list[Recorded[Any]], wrong: Recorded[Any], at: int, fields: dict[str, e.FieldValue]
) -> Any:
    """The fold of a history with a correction after version `at`; versions of what comes later stay."""
    event = e.CycleCorrected(
        version=wrong.version,
        event=wrong.event.event_name,
        fields=fields,
        reason=CorrectionReason.WRONG_VALUE,
    )
    return replace(fold([*history[:at], replace(wrong, version=at, event=event), *history[at:]]), version=0)


@pytest.mark.parametrize(("kind", "name"), CORRECTED)
def test_what_is_corrected_is_read_back_as_it_was_written(kind: type[e.Event], name: str) -> None:
    hint = {**hints_of(kind), "occurred_at": datetime}[name]
    for value in others(kind, name):
        assert typed(hint, plain(value)) == value
