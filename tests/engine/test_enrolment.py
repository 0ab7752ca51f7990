"""What a roster says about somebody who was merged goes to who they are now, or is told; it is never lost."""

from dataclasses import replace

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import AddPerson, ChangePerson, MarkLeft, MarkReturned, MergePeople
from mentorcycle.domain.ids import person_of_roster
from mentorcycle.domain.vocabulary import LeaveReason
from mentorcycle.engine import Engine
from mentorcycle.engine.enrolment import Change, Entry
from mentorcycle.engine.roster import Roster, RosterPerson
from mentorcycle.engine.stores.memory import MemoryStore

OFFICE = Actor.coordinator()
ANN = RosterPerson(
    source="oneroster",
    external_id="t-1",
    given_name="Ann",
    family_name="Ünal",
    username="",
    email="ann@example.org",
    school="",
    role="teacher",
    subjects=(),
    grades=(),
    areas=(),
    capacity=None,
    active=True,
    file="users.csv",
    line=2,
)
ANNE = replace(ANN, external_id="t-2", given_name="Anne", email="anne@example.org", line=3)
ID_OF_ANN, ID_OF_ANNE = (person_of_roster("default", "oneroster", id) for id in ("t-1", "t-2"))


def roster(*people: RosterPerson) -> Roster:
    return Roster(people, (), (), {}, "OneRoster 1.1", False, frozenset({"email", "active"}))


@pytest.fixture
def engine() -> Engine:
    """Ann and Anne are known from a roster; nobody is merged yet."""
    engine = Engine(MemoryStore())
    engine.ensure_programme(OFFICE)
    for entry in engine.enrolment(roster(ANN, ANNE), OFFICE):
        do(engine, *entry.commands)
    return engine


def do(engine: Engine, *commands: object) -> None:
    for command in commands:
        engine.execute(command, OFFICE).or_raise()  # type: ignore[arg-type]


def told(entry: Entry) -> tuple[str, tuple[Change, ...], tuple[object, ...], str]:
    return entry.person, entry.changes, entry.commands, entry.survivor


def test_the_row_of_somebody_merged_into_who_has_a_row_is_told_and_not_done(engine: Engine) -> None:
    do(engine, MergePeople(ID_OF_ANN, ID_OF_ANNE))
    for row, fields in (
        (replace(ANNE, email="new@example.org"), {"email": ("anne@example.org", "new@example.org")}),
        (replace(ANNE, active=False), {}),
    ):
        own, merged = engine.enrolment(roster(ANN, row), OFFICE)
        assert own.changes == (Change.NONE,)
        assert told(merged) == (ID_OF_ANNE, (Change.MERGED,), (), ID_OF_ANN)
        assert merged.fields == fields


def test_a_row_that_says_what_it_said_before_the_merge_is_nothing_to_do(engine: Engine) -> None:
    do(engine, MergePeople(ID_OF_ANN, ID_OF_ANNE))
    assert [entry.changes for entry in engine.enrolment(roster(ANN, ANNE), OFFICE)] == [(Change.NONE,)] * 2


def test_when_both_have_left_a_row_that_says_so_is_nothing_to_do(engine: Engine) -> None:
    do(engine, MergePeople(ID_OF_ANN, ID_OF_ANNE), MarkLeft(ID_OF_ANN, LeaveReason.RETIRED))
    gone = roster(replace(ANN, active=False), replace(ANNE, active=False))
    assert [entry.changes for entry in engine.enrolment(gone, OFFICE)] == [(Change.NONE,)] * 2


def test_who_has_no_row_of_their_own_goes_by_the_row_of_whom_was_merged_into_them(engine: Engine) -> None:
    do(engine, AddPerson("Annie Ünal", "p-annie"), MergePeople("p-annie", ID_OF_ANNE))
    (entry,) = engine.enrolment(roster(ANNE), OFFICE)
    known = {"external_id": "t-2", "source": "oneroster", "email": "anne@example.org"}
    assert told(entry) == (
        "p-annie",
        (Change.CHANGE,),
        (ChangePerson("p-annie", "Anne Ünal", **known),),  # type: ignore[arg-type]
        "",
    )
    do(engine, *entry.commands)
    (left,) = engine.enrolment(roster(replace(ANNE, active=False)), OFFICE)
    assert told(left) == ("p-annie", (Change.LEAVE,), (MarkLeft("p-annie", LeaveReason.LEFT_SCHOOL),), "")
    do(engine, *left.commands)
    (back,) = engine.enrolment(roster(ANNE), OFFICE)
    assert told(back) == ("p-annie", (Change.RETURN,), (MarkReturned("p-annie"),), "")


def test_of_two_rows_for_one_person_without_their_own_the_first_speaks(engine: Engine) -> None:
    do(engine, AddPerson("Annie Ünal", "p-annie"))
    do(engine, MergePeople("p-annie", ID_OF_ANN), MergePeople("p-annie", ID_OF_ANNE))
    first, second = engine.enrolment(roster(ANN, replace(ANNE, email="new@example.org")), OFFICE)
    assert (first.person, first.changes) == ("p-annie", (Change.CHANGE,))
    assert told(second) == (ID_OF_ANNE, (Change.MERGED,), (), "p-annie")


def test_a_merge_of_the_merged_leads_to_who_they_are_now(engine: Engine) -> None:
    do(engine, AddPerson("Annie Ünal", "p-annie"), MergePeople("p-annie", ID_OF_ANNE))
    do(engine, MergePeople(ID_OF_ANN, "p-annie"))
    (merged,) = engine.enrolment(roster(replace(ANNE, email="new@example.org")), OFFICE)
    assert told(merged) == (ID_OF_ANNE, (Change.MERGED,), (), ID_OF_ANN)
