"""OneRoster sets that this project did not write (fixtures of catalyst/moodle-enrol_oneroster)."""

from datetime import date
from pathlib import Path

import pytest

from mentorcycle.engine.roster import read

SETS = Path(__file__).parents[3].parent / "shared/data/oneroster"
pytestmark = pytest.mark.skipif(not SETS.is_dir(), reason=f"no third-party sets in {SETS}")


def test_the_full_set_of_1_1_has_two_teachers():
    roster = read(SETS / "Test_full_data_set.zip", ())
    assert [(p.username, p.school, p.role, p.subjects, p.grades) for p in roster.people] == [
        ("john.doe", "History Department", "teacher", ("Science", "Physics", "Biology"), ("09", "10", "11")),
        ("jim.smith", "History Department", "teacher", (), ("11",)),
    ]
    assert (roster.form, roster.ignored) == ("OneRoster 1.1 bulk", {"parents": 1, "students": 3})
    assert roster.problems == ()
    assert roster.notes == (
        "orgs.csv line 2: parentSourcedId org-sch-222-3456 is no organisation of this set",
    )


def test_the_minimal_set_of_1_1_has_the_same_two():
    roster = read(SETS / "Test_minimal_data_set.zip", ())
    assert [(p.username, p.email, p.subjects, p.active) for p in roster.people] == [
        ("john.doe", "", (), True),
        ("jim.smith", "", (), True),
    ]
    assert (roster.problems, roster.notes) == ((), ())


def test_the_full_set_of_1_2_has_two_teachers_and_an_administrator():
    roster = read(SETS / "v1p2_full_dataset.zip", ())
    assert [(p.username, p.role, p.active) for p in roster.people] == [
        ("john.doe", "teacher", True),
        ("thomas.joness", "staff", True),
        ("jim.smith", "teacher", True),
    ]
    assert (roster.problems, roster.ignored) == ((), {"students": 3})
    assert "userprofiles.csv is here, the manifest calls it absent: it is not read" in roster.notes
    assert "roles.csv: column dataLastModified is not read; dateLastModified may be meant" in roster.notes
    assert "users.csv: column prefferedGivenName is not read; preferredGivenName may be meant" in roster.notes
    assert "users.csv line 4: staff by a secondary role only" in roster.notes


def test_the_roles_of_the_set_of_1_2_have_ended_by_now():
    roster = read(SETS / "v1p2_full_dataset.zip", (), date(2025, 9, 24))
    assert [person.active for person in roster.people] == [False, False, False]


def test_the_delta_of_1_2_has_one_student_and_no_staff():
    roster = read(SETS / "oneroster_test_data.zip", ())
    assert (roster.people, roster.problems, roster.delta) == ((), (), True)
    assert roster.notes == ("no staff in this delta: 1 student ignored",)


@pytest.mark.parametrize("name", ["Test_full_data_set", "v1p2_full_dataset", "oneroster_test_data"])
def test_no_password_telephone_or_student_is_in_what_is_read(name):
    everything = repr(read(SETS / f"{name}.zip", ()))
    assert [
        word for word in ("Password", "Batman", "603", "Mary", "Bruce", "anna") if word in everything
    ] == []
