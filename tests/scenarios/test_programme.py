"""A programme: its name and zone, its school days, the definitions it publishes."""

from datetime import date

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import (
    ChangeProgramme,
    CloseSchool,
    Command,
    CreateProgramme,
    OpenCycle,
    OpenSchool,
    PublishDefinition,
    PublishPairing,
    Resume,
)
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import InvalidInput, NotFound
from mentorcycle.domain.events import (
    DefinitionPublished,
    Participant,
    ProgrammeChanged,
    ProgrammeCreated,
    SchoolClosed,
    SchoolOpened,
)
from mentorcycle.engine.testing import Scenario

SECOND = shipped().source.replace("version = 1 ", "version = 2 ")
OTHER_FIRST = shipped().source.replace("mentor_capacity = 3", "mentor_capacity = 4")
FRIDAY, SATURDAY = date(2026, 3, 6), date(2026, 3, 7)
EMPTY = Scenario((), {}, Scenario.of().now)


def test_a_programme_is_created_once() -> None:
    created = CreateProgramme("North", "Europe/Stockholm", (4, 5))
    (
        EMPTY.when(created)
        .then(ProgrammeCreated(name="North", zone="Europe/Stockholm", weekend=(4, 5)))
        .when(created)
        .then_nothing()
        .when(CreateProgramme("South"))
        .then_refused("programme-exists", because=["North (Europe/Stockholm) has that id"])
    )


@pytest.mark.parametrize(
    "command", [ChangeProgramme("North"), CloseSchool((FRIDAY,)), PublishDefinition(SECOND)]
)
def test_nothing_is_changed_in_a_programme_that_is_not_there(command: Command) -> None:
    EMPTY.when(command).then_refused("no-such-programme", because=["there is no such programme"])


def test_a_programme_changes_its_name_and_zone() -> None:
    programme = Scenario.of(["ada"])
    changed = (
        programme.when(ChangeProgramme("South", "Pacific/Honolulu"))
        .then(ProgrammeChanged(name="South", zone="Pacific/Honolulu"))
        .when(ChangeProgramme("South", "Pacific/Honolulu"))
        .then_nothing()
    )
    assert changed.programme.zone == "Pacific/Honolulu"
    with pytest.raises(InvalidInput, match="'Mars' is no time zone"):
        programme.when(ChangeProgramme("South", "Mars"))


def test_a_programme_has_a_name_and_a_school_day_a_week() -> None:
    Scenario.of().when(ChangeProgramme(" ", weekend=(0, 1, 2, 3, 4, 5, 6))).then_refused(
        "no-name",
        "bad-value",
        because=[
            "the name is empty",
            "a weekend names days 0 (Monday) to 6 (Sunday), and leaves a school day",
        ],
    )
    Scenario.of().when(ChangeProgramme("North", weekend=(7,))).then_refused("bad-value")


def test_days_are_closed_and_opened_where_they_were_not() -> None:
    programme = Scenario.of()
    closed = (
        programme.when(CloseSchool((FRIDAY, FRIDAY, SATURDAY)))
        .then(SchoolClosed(days=(FRIDAY,)))
        .when(CloseSchool((FRIDAY, SATURDAY)))
        .then_nothing()
        .when(OpenSchool((FRIDAY, SATURDAY, SATURDAY)))
        .then(SchoolOpened(days=(FRIDAY, SATURDAY)))
        .when(OpenSchool((SATURDAY,)))
        .then_nothing()
    )
    assert closed.programme.calendar.is_school_day(SATURDAY)


def test_a_definition_is_published_under_a_version_for_ever() -> None:
    programme = Scenario.of()
    (
        programme.when(PublishDefinition(shipped().source))
        .then_nothing()
        .when(PublishDefinition(OTHER_FIRST))
        .then_refused(
            "version-taken",
            because=["another text was published as peer-cycle v1; running cycles are pinned to it"],
        )
        .when(PublishDefinition("name = 1"))
        .then_refused("bad-definition")
    )


def test_a_cycle_opens_under_the_latest_version_and_stays_on_its_own() -> None:
    pair = (Participant("ada", mentee=True), Participant("bo", mentor=True))
    programme = Scenario.of(["ada", "bo", "cy", "di"]).given(PublishPairing(pair))
    first = programme.given(OpenCycle("ada"))
    second = first.given(PublishDefinition(SECOND))
    assert isinstance(second.history[-1].event, DefinitionPublished)
    assert second.cycle.definition.version == 1
    assert second.definition.version == 1
    other = (Participant("cy", mentee=True), Participant("di", mentor=True))
    later = second.given(PublishPairing(other), OpenCycle("cy"))
    assert later.cycle.definition.version == 2
    pinned = second.given(PublishPairing(other), OpenCycle("cy", "peer-cycle@1"))
    assert pinned.cycle.definition.version == 1


def test_only_coordinators_change_a_programme() -> None:
    for actor in (Actor.participant("ada"), Actor.auditor()):
        Scenario.of(["ada"]).when(ChangeProgramme("Mine"), by=actor).then_not_permitted()


def test_a_cycle_that_was_never_opened_is_not_found() -> None:
    with pytest.raises(NotFound, match="no cycle is called 'c-9'"):
        Scenario.of().when(Resume("c-9"))
