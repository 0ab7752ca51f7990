"""Who may do what: every role, every command, as DOMAIN's table says; and what those learn who may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import COMMANDS, Command
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.engine.roster import read as roster_of

MARK = "Zmarkerz"

PAIR = {"mentee", "mentor"}
BOTH = PAIR | {"coordinator"}
STEER = {"coordinator"}
FOUND = {"coordinator", "system"}
MAY: Mapping[str, set[str]] = {
    **dict.fromkeys(
        (
            "SetGoal",
            "RecordBaseline",
            "RecordExpectations",
            "ScheduleObservation",
            "RescheduleObservation",
            "CancelObservation",
            "CompleteObservation",
            "HoldDebrief",
            "CheckActionStep",
            "AssessGoal",
            "Celebrate",
            "LogContact",
            "Advance",
            "Correct",
        ),
        BOTH,
    ),
    **dict.fromkeys(("AgreeGoals", "AgreeFocus", "GiveConsent", "WriteReflection", "AskRematch"), PAIR),
    **dict.fromkeys(
        (
            "Waive",
            "OpenCycle",
            "UndoAdvance",
            "Pause",
            "Resume",
            "Reopen",
            "Extend",
            "Rematch",
            "OpenNextCycle",
            "AddPerson",
            "ChangePerson",
            "NameEvaluator",
            "RemoveEvaluator",
            "MarkLeft",
            "MarkReturned",
            "MergePeople",
            "ForbidPairing",
            "PublishPairing",
            "EndPairing",
        ),
        STEER,
    ),
    "Cancel": {"coordinator", "system"},
    "CreateProgramme": FOUND,
    "ChangeProgramme": FOUND,
    "CloseSchool": FOUND,
    "OpenSchool": FOUND,
    "PublishDefinition": FOUND,
}
"""DOMAIN's table, a command a line; `coordinator` is that of the cycle's programme, the system founds programmes."""


def without_words(command: Command) -> Command:
    return type(command)(
        **{
            f.name: () if f.name in command.pair_fields and isinstance(getattr(command, f.name), tuple)
            else None if f.name in command.pair_fields else getattr(command, f.name)
            for f in fields(command)
        }
    )  # fmt: skip


def forbidden(result: Any) -> bool:
    return isinstance(result, Refused) and any(refusal.permission for refusal in result.refusals)


def test_the_table_names_every_command(story, every_command):
    assert set(MAY) == set(COMMANDS) == set(every_command(story, MARK))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_for_those_whom_the_table_names(story, every_command, everyone, name):
    """A coordinator sends it without words. Bo sets no focus for Ada, and only mentees' words are asked for."""
    command = every_command(story, MARK)[name]
    allowed = set()
    for hat, actor in everyone(story).items():
        sent = command
        if hat not in PAIR and name != "WriteReflection" and command.pair_fields:
            sent = without_words(command)
        if name == "AgreeFocus" and hat == "mentor":
            sent = without_words(command)
        if not forbidden(story.engine.execute(sent, actor, dry_run=True)):
            allowed.add(hat)
    assert allowed == MAY[name]


@pytest.mark.parametrize("name", sorted(name for name, kind in COMMANDS.items() if kind.pair_fields))
def test_a_coordinator_records_no_words(story, every_command, everyone, name):
    result = story.engine.execute(every_command(story, MARK)[name], story.coordinator)
    assert forbidden(result)


def test_a_stranger_learns_nothing_of_a_cycle_from_refusals(story, every_command):
    """Not its stage, not its people, not what is missing; and a right guess of what is so is not confirmed."""
    story.to("debrief")
    said = set()
    for actor in (story.cy, Actor.participant("p-nobody"), Actor.coordinator("south", programme="south")):
        for name, command in every_command(story, MARK).items():
            if not hasattr(command, "cycle"):
                continue
            result = story.engine.execute(command, actor)
            assert [refusal.code for refusal in result.refusals] == ["not-permitted"], name
            said.add(repr(result).replace(actor.id, "me"))
        assert story.engine.execute(c.Advance(story.cycle, "debrief"), actor).not_permitted
    assert len(said) == 1


def answered(ask: Any, actor: Actor) -> bool:
    """Whether a question is answered and not refused."""
    try:
        ask(actor)
    except RefusedError as error:
        return not error.not_permitted
    return True


STAFF = {"coordinator", "coordinator elsewhere", "auditor", "auditor elsewhere", "system"}


def test_a_persons_record_is_for_themselves_and_staff(story, everyone):
    """It holds evaluators, pairings, and with whom they are not to be paired."""
    story.engine.execute(c.NameEvaluator(story.ada.id, story.di.id), story.coordinator).or_raise()
    may = {hat for hat, actor in everyone(story).items()
           if answered(lambda who: story.engine.person(story.ada.id, who), actor)}  # fmt: skip
    assert may == STAFF | {"mentee"}
    assert story.engine.person(story.ada.id, story.ada).evaluators == {story.di.id}
    with pytest.raises(NotFound):
        story.engine.person("p-nobody", story.coordinator)


def test_a_persons_record_is_theirs_under_every_id(story):
    double = story.engine.execute(c.AddPerson("Ada II"), story.coordinator).or_raise().subject
    ask = lambda person, actor: answered(lambda who: story.engine.person(person, who), actor)  # noqa: E731
    assert not ask(double, story.ada)
    story.engine.execute(c.MergePeople(story.ada.id, double), story.coordinator).or_raise()
    for person in (story.ada.id, double):
        assert ask(person, story.ada)
        assert ask(person, Actor.participant(double))
        assert not ask(person, story.bo)
        assert story.engine.person(person, story.ada).id == story.ada.id


def test_a_cycles_definition_is_for_those_who_see_the_cycle(story, everyone):
    hats = everyone(story).items()
    may = {
        hat for hat, actor in hats if answered(lambda who: story.engine.definition(story.cycle, who), actor)
    }
    assert may == {
        hat for hat, actor in hats if answered(lambda who: story.engine.cycle(story.cycle, who), actor)
    }
    assert may == {"mentee", "mentor", "coordinator", "auditor", "system"}
    with pytest.raises(NotFound):
        story.engine.definition("c-0000000000000000", story.coordinator)


def test_what_a_roster_would_change_is_for_staff(story, everyone, tmp_path):
    file = tmp_path / "teachers.csv"
    file.write_text("external_id,given_name,family_name\n77,Nils,Berg\n", encoding="utf-8")
    roster = roster_of(file, frozenset())
    hats = everyone(story).items()
    assert {
        hat for hat, actor in hats if answered(lambda who: story.engine.enrolment(roster, who), actor)
    } == STAFF
    (entry,) = story.engine.enrolment(roster, story.coordinator)
    assert entry.name == "Nils Berg"
