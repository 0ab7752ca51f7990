"""OneRoster sets: who is staff, who leaves, and who is never seen."""

from datetime import date
from pathlib import Path

import pytest

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.engine.roster import errors_file, read

PRIVATE = ("Secret", "0700", "Cleo", "Pupilsson", "c@pupil", "Dora", "Parentsson", "d@home", "c.pupil")


def ids(roster):
    return [person.external_id for person in roster.people]


def test_staff_of_a_set_of_version_1_1_become_people(set_1_1, zipped):
    roster = read(zipped(set_1_1), ())
    teacher, head = roster.people
    assert (teacher.external_id, teacher.given_name, teacher.family_name) == ("007", "Aylin", "Ünal")
    assert (teacher.username, teacher.email, teacher.role) == ("a.unal", "a.unal@north.example", "teacher")
    assert (teacher.file, teacher.line, teacher.active) == ("users.csv", 2, True)
    assert (head.external_id, head.role, head.school) == ("u-head", "staff", "Lindholm School")
    assert (roster.form, roster.delta) == ("OneRoster 1.1 bulk", False)
    assert roster.ignored == {"parents": 1, "students": 1}
    assert (roster.problems, roster.notes) == ((), ())


def test_a_department_belongs_to_its_school(set_1_1, zipped):
    assert read(zipped(set_1_1), ()).people[0].school == "Lindholm School"


def test_subjects_and_grades_come_from_running_classes_and_their_courses(set_1_1, zipped):
    teacher, head = read(zipped(set_1_1), ()).people
    assert teacher.subjects == ("Mathematics", "Algebra", "Geometry")
    assert teacher.grades == ("09", "10")
    assert (head.subjects, head.grades) == ((), ())


def test_a_set_says_nothing_of_areas_and_capacity(set_1_1, set_1_2, zipped):
    assert {"subjects", "grades", "school", "active"} <= read(zipped(set_1_1), ()).says
    assert not {"subjects", "areas", "capacity"} & read(zipped(set_1_2), ()).says


def test_staff_of_a_set_of_version_1_2_are_told_by_the_file_of_roles(set_1_2, zipped):
    roster = read(zipped(set_1_2), ())
    assert [(p.external_id, p.role, p.school) for p in roster.people] == [
        ("007", "teacher", "Lindholm School"),
        ("u-head", "staff", "North District"),
    ]
    assert roster.form == "OneRoster 1.2 bulk"
    assert roster.ignored == {"parents": 1, "students": 1}
    assert (roster.problems, roster.notes) == ((), ())


def test_a_parent_with_a_secondary_role_of_staff_is_staff_and_that_is_noted(set_1_2, zipped):
    set_1_2["roles.csv"] += "r-6,,,u-parent,secondary,siteAdministrator,,,o-lind\n"
    roster = read(zipped(set_1_2), ())
    assert ids(roster) == ["007", "u-head", "u-parent"]
    assert roster.notes == ("users.csv line 5: staff by a secondary role only",)


def test_a_student_with_a_secondary_role_of_staff_stays_a_student(set_1_2, zipped):
    set_1_2["roles.csv"] += "r-6,,,u-pupil,secondary,aide,,,o-lind\n"
    roster = read(zipped(set_1_2), ())
    assert ids(roster) == ["007", "u-head"]
    assert roster.ignored["students"] == 1
    assert roster.notes == ("users.csv line 4: a student with a role of staff is not staff",)


@pytest.mark.parametrize(
    ("today", "active"), [(None, True), (date(2026, 6, 30), True), (date(2026, 7, 1), False)]
)
def test_a_role_ends_after_its_last_day_when_the_day_is_known(set_1_2, zipped, today, active):
    roster = read(zipped(set_1_2), (), today)
    assert [person.active for person in roster.people] == [active, True]
    told = "users.csv line 2: no role of staff goes on, the person leaves"
    assert (told in roster.notes) is not active


def test_an_end_that_is_no_date_matters_only_when_the_day_is_known(set_1_2, zipped):
    set_1_2["roles.csv"] = set_1_2["roles.csv"].replace("2026-06-30", "30/06/2026")
    assert read(zipped(set_1_2), ()).problems == ()
    (problem,) = read(zipped(set_1_2), (), date(2026, 1, 1)).problems
    assert (problem.file, problem.line, problem.column, problem.value) == (
        "roles.csv",
        2,
        "endDate",
        "30/06/2026",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("007,,,true", "007,tobedeleted,,true"),
        ("007,,,true", "007,inactive,,true"),
        ("007,,,true", "007,,,FALSE"),
    ],
)
def test_a_user_to_be_deleted_inactive_or_not_enabled_leaves(set_1_1, zipped, before, after):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace(before, after)
    assert [(p.external_id, p.active) for p in read(zipped(set_1_1), ()).people] == [
        ("007", False),
        ("u-head", True),
    ]


def test_a_student_to_be_deleted_is_counted_and_no_more(set_1_1, zipped):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace("u-pupil,,", "u-pupil,tobedeleted,")
    roster = read(zipped(set_1_1), ())
    assert roster.ignored == {"parents": 1, "to be deleted": 1}
    assert ids(roster) == ["007", "u-head"]


def test_a_deleted_role_of_staff_ends_it(set_1_2, zipped):
    set_1_2["roles.csv"] = set_1_2["roles.csv"].replace("r-1,,", "r-1,tobedeleted,")
    assert [person.active for person in read(zipped(set_1_2), ()).people] == [False, True]


def test_students_parents_passwords_and_telephones_are_nowhere(set_1_1, zipped):
    set_1_1["users.csv"] += (
        'u-x,,,maybe,o-none,student,c.pupil,,Cleo,Pupilsson,,,c@pupil,,,,,Secret-5,too,"many Pupilsson"\n'
        ",,,true,o-lind,student,c.pupil,,Cleo,Pupilsson,,,c@pupil.example,0700333,,,,Secret-6\n"
        "u-pupil,what,,true,o-lind,student,c.pupil,,Cleo,Pupilsson,,,c@pupil,0700333,,,,Secret-7\n"
        "u-y,,,true,o-lind,Pupilsson,c.pupil,,Cleo,Pupilsson,,,c@pupil.example,0700333,,,,Secret-8\n"
        "u-z,,,true,o-lind,student,c.pupil,,Cle\0o,Pupilsson,,,c@pupil.example,0700333,,,,Secret-9\n"
    )
    set_1_1["enrollments.csv"] += "e-5,,k-none,o-lind,u-pupil,student\n"
    roster = read(zipped(set_1_1), ())
    assert [(problem.line, problem.column, problem.value) for problem in roster.problems] == [
        (6, "", ""),
        (9, "role", ""),
        (10, "", ""),
    ]
    everything = repr(roster) + errors_file(roster.problems, roster.bad)
    assert [word for word in PRIVATE if word in everything] == []


def test_a_file_without_a_header_shows_nobody(set_1_1, zipped):
    set_1_1["users.csv"] = (
        set_1_1["users.csv"].split("\n", 1)[1].replace("Cleo,", "Grades,").replace("007", "u-0")
    )
    roster = read(zipped(set_1_1), ())
    assert {problem.what for problem in roster.problems} == {"this column is needed and missing"}
    assert {problem.suggestion for problem in roster.problems} == {"export the set again"}
    assert roster.people == ()


DELTA = "propertyName,value\noneroster.version,1.2\nfile.users,delta\n"
CHANGED = (
    "sourcedId,status,givenName,familyName,email\n007,active,Aylin,Ünal,new@north.example\n9,tobedeleted,,,\n"
)


def test_a_delta_without_staff_says_so(zipped):
    roster = read(zipped({"manifest.csv": DELTA, "users.csv": CHANGED}), ())
    assert (roster.people, roster.problems, roster.delta) == ((), (), True)
    assert roster.ignored == {"to be deleted": 1, "without a role": 1}
    assert "no staff in this delta: 1 to be deleted, 1 without a role ignored" in roster.notes


def test_a_delta_without_roles_changes_those_who_are_known(zipped):
    roster = read(zipped({"manifest.csv": DELTA, "users.csv": CHANGED}), (), known={"007", "9"})
    assert [(p.external_id, p.role, p.email, p.school, p.active) for p in roster.people] == [
        ("007", "", "new@north.example", "", True),
        ("9", "", "", "", False),
    ]
    assert roster.form == "OneRoster 1.2 delta"


def test_in_a_delta_the_end_of_one_role_is_not_the_end_of_all(zipped):
    manifest = DELTA + "file.roles,delta\n"
    roles = "userSourcedId,status,roleType,role\n007,tobedeleted,primary,teacher\n8,active,primary,teacher\n"
    roster = read(zipped({"manifest.csv": manifest, "users.csv": CHANGED, "roles.csv": roles}), ())
    assert (roster.people, roster.problems) == ((), ())
    assert roster.ignored["role ended"] == 1
    assert "users.csv line 2: a role of staff has ended, others may go on: nothing changes" in roster.notes


def test_a_delta_may_speak_of_schools_and_classes_it_does_not_contain(zipped):
    manifest = DELTA + "file.roles,delta\nfile.enrollments,delta\n"
    roles = "userSourcedId,roleType,role,orgSourcedId\n007,primary,teacher,o-lind\n"
    enrollments = "classSourcedId,userSourcedId,role\nk-1,007,teacher\n"
    files = {
        "manifest.csv": manifest,
        "users.csv": CHANGED,
        "roles.csv": roles,
        "enrollments.csv": enrollments,
    }
    roster = read(zipped(files), ())
    assert (ids(roster), roster.people[0].school, roster.problems) == (["007"], "", ())
    assert any("the school is left as it is known" in note for note in roster.notes)


def test_a_bulk_set_without_staff_is_a_problem(set_1_1, zipped):
    header, _, _, *others = set_1_1["users.csv"].splitlines(keepends=True)
    set_1_1["users.csv"] = "".join([header, *others])
    set_1_1["enrollments.csv"] = "classSourcedId,userSourcedId,role\n"
    roster = read(zipped(set_1_1), ())
    assert [problem.what for problem in roster.problems] == ["nobody in this set is staff"]
    assert roster.notes == ("no staff in this set: 1 parent, 1 student ignored",)


def test_a_folder_without_a_name_is_called_as_its_parent_calls_it(tmp_path, monkeypatch):
    (tmp_path / "north").mkdir()
    monkeypatch.chdir(tmp_path / "north")
    with pytest.raises(InvalidInput, match=r"^north has no manifest\.csv"):
        read(Path("."), ())
