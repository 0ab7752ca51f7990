"""What points to nothing in a OneRoster set, and what is wrong with its files: refused, or noted."""

import pytest

from mentorcycle.domain.errors import InvalidInput
from mentorcycle.engine.roster import read


def problems(roster):
    return [(each.file, each.line, each.column, each.value) for each in roster.problems]


def test_a_member_of_staff_at_an_unknown_school_is_refused(set_1_1, zipped):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace("true,o-maths", "true,o-none")
    roster = read(zipped(set_1_1), ())
    assert problems(roster) == [("users.csv", 2, "orgSourcedIds", "o-none")]
    assert [person.external_id for person in roster.people] == ["u-head"]


def test_a_student_at_an_unknown_school_is_none_of_our_business(set_1_1, zipped):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace("true,o-lind,student", "true,o-none,student")
    assert read(zipped(set_1_1), ()).problems == ()


def test_a_role_of_staff_at_an_unknown_school_is_refused(set_1_2, zipped):
    set_1_2["roles.csv"] = set_1_2["roles.csv"].replace(",o-district", ",o-none")
    roster = read(zipped(set_1_2), ())
    assert problems(roster) == [("roles.csv", 4, "orgSourcedId", "o-none")]
    assert [person.external_id for person in roster.people] == ["007"]


def test_a_role_of_staff_for_an_unknown_user_is_refused_and_others_are_noted(set_1_2, zipped):
    set_1_2["roles.csv"] += "r-8,,,u-none,primary,teacher,,,o-lind\nr-9,,,u-nil,primary,student,,,o-lind\n"
    roster = read(zipped(set_1_2), ())
    assert problems(roster) == [("roles.csv", 7, "userSourcedId", "u-none")]
    assert roster.notes == (
        "roles.csv line 8: userSourcedId is no user of this set; the role is not of staff",
    )


def test_a_teacher_enrolled_in_an_unknown_class_is_refused_and_others_are_noted(set_1_1, zipped):
    set_1_1["enrollments.csv"] += (
        "e-5,,k-none,o-lind,007,teacher\ne-6,,k-nil,o-lind,u-pupil,student\ne-7,,k-no,o-lind,u-pupil,student\n"
        "e-8,tobedeleted,k-gone,o-lind,007,teacher\ne-9,,k-1,o-lind,u-none,teacher\n"
    )
    roster = read(zipped(set_1_1), ())
    assert problems(roster) == [("enrollments.csv", 6, "classSourcedId", "k-none")]
    assert roster.notes == (
        "enrollments.csv line 7: classSourcedId k-nil is no class of this set; the enrolment is not a teacher's"
        " (and 1 more)",
        "enrollments.csv line 10: userSourcedId u-none is no user of this set",
    )


def test_an_organisation_below_an_unknown_one_and_a_class_of_an_unknown_course_are_noted(set_1_1, zipped):
    set_1_1["orgs.csv"] = set_1_1["orgs.csv"].replace("district,,\n", "district,,o-state\n")
    set_1_1["classes.csv"] = set_1_1["classes.csv"].replace("c-geo", "c-none")
    roster = read(zipped(set_1_1), ())
    assert roster.problems == ()
    assert roster.notes == (
        "orgs.csv line 2: parentSourcedId o-state is no organisation of this set",
        "classes.csv line 3: courseSourcedId c-none is no course of this set",
    )


def test_organisations_in_a_circle_end(set_1_1, zipped):
    set_1_1["orgs.csv"] = "sourcedId,name,type,parentSourcedId\no-maths,Maths,department,o-lind\n" + (
        "o-lind,Lind,department,o-maths\no-district,North,district,\n"
    )
    assert read(zipped(set_1_1), ()).people[0].school == "Maths"


def test_an_id_of_staff_that_comes_twice_keeps_both_out_and_of_others_only_the_lines_are_noted(
    set_1_1, zipped
):
    lines = set_1_1["users.csv"].splitlines(keepends=True)
    set_1_1["users.csv"] += lines[1] + lines[3]
    roster = read(zipped(set_1_1), ())
    assert problems(roster) == [
        ("users.csv", 2, "sourcedId", "007"),
        ("users.csv", 6, "sourcedId", "007"),
    ]
    assert [person.external_id for person in roster.people] == ["u-head"]
    assert roster.notes == ("users.csv line 7: the user is on line 4 too",)


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("Aylin", "", "givenName"),
        ("a.unal@north.example", "a.unal", "email"),
        ("007,,", "007,maybe,", "status"),
        ("007,,,true", "007,,,perhaps", "enabledUser"),
        ("007,", ",", "sourcedId"),
        ("Ünal", "Ü" * 256, "familyName"),
    ],
)
def test_a_wrong_cell_of_staff_is_refused_with_its_column(set_1_1, zipped, before, after, column):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace(before, after, 1)
    set_1_1["enrollments.csv"] = "classSourcedId,userSourcedId,role\n"
    roster = read(zipped(set_1_1), ())
    assert [(problem.line, problem.column) for problem in roster.problems] == [(2, column)]
    assert [person.external_id for person in roster.people] == ["u-head"]


def test_an_unknown_role_is_refused_by_its_column(set_1_1, set_1_2, zipped):
    set_1_1["users.csv"] = set_1_1["users.csv"].replace(",teacher,", ",Lehrer,")
    assert [each[:3] for each in problems(read(zipped(set_1_1), ()))] == [("users.csv", 2, "role")]
    set_1_2["roles.csv"] = set_1_2["roles.csv"].replace(",principal,", ",Rektor,")
    assert problems(read(zipped(set_1_2), ())) == [("roles.csv", 4, "role", "Rektor")]


def test_letter_case_of_roles_statuses_and_columns_does_not_matter(set_1_1, zipped):
    set_1_1["users.csv"] = (
        set_1_1["users.csv"].replace("sourcedId", "SOURCEDID", 1).replace(",teacher", ",Teacher")
    )
    assert len(read(zipped(set_1_1), ()).people) == 2


def test_cells_missing_at_the_end_of_a_row_are_empty_and_noted_once(set_1_2, zipped):
    set_1_2["roles.csv"] = (
        set_1_2["roles.csv"].replace(",guardian,,,o-lind", ",guardian").replace(",parent,,,o-lind", ",parent")
    )
    roster = read(zipped(set_1_2), ())
    assert (len(roster.people), roster.problems) == (2, ())
    assert roster.notes == (
        "roles.csv line 3: the row is shorter than the header; what is missing is empty (and 1 more)",
    )


def test_a_misspelt_column_that_is_not_needed_is_noted_and_a_needed_one_refused(set_1_1, zipped):
    set_1_1["users.csv"] = (
        set_1_1["users.csv"]
        .replace("dateLastModified", "dataLastModified")
        .replace("familyName", "familyNmae")
    )
    roster = read(zipped(set_1_1), ())
    assert problems(roster) == [("users.csv", 1, "familyName", "")]
    assert roster.problems[0].suggestion == "rename familyNmae"
    assert "users.csv: column dataLastModified is not read; dateLastModified may be meant" in roster.notes


def test_a_set_without_a_manifest_is_refused(set_1_1, zipped):
    del set_1_1["manifest.csv"]
    with pytest.raises(InvalidInput, match=r"has no manifest\.csv"):
        read(zipped(set_1_1), ())


@pytest.mark.parametrize("version", ["2.0", "1.3", "", "1.1.1"])
def test_a_version_that_is_not_known_is_refused(set_1_1, zipped, version):
    set_1_1["manifest.csv"] = set_1_1["manifest.csv"].replace(
        "oneroster.version,1.1", f"oneroster.version,{version}"
    )
    with pytest.raises(InvalidInput, match=r"versions 1\.0, 1\.1, 1\.2 are read"):
        read(zipped(set_1_1), ())


def test_a_manifest_that_says_no_version_or_has_other_columns_is_refused(set_1_1, zipped):
    with pytest.raises(InvalidInput, match="says no version"):
        read(zipped(set_1_1 | {"manifest.csv": "propertyName,value\nfile.users,bulk\n"}), ())
    with pytest.raises(InvalidInput, match="no columns propertyName and value"):
        read(zipped(set_1_1 | {"manifest.csv": "a,b\nc,d\n"}), ())


def test_a_declared_file_that_is_missing_is_refused(set_1_1, zipped):
    del set_1_1["classes.csv"]
    roster = read(zipped(set_1_1), ())
    assert problems(roster) == [("manifest.csv", 4, "value", "bulk")]
    assert roster.problems[0].what == "classes.csv is declared bulk and is not there"


def test_a_file_that_is_there_though_declared_absent_is_noted_and_not_read(set_1_1, zipped):
    set_1_1["demographics.csv"] = "not even read"
    roster = read(zipped(set_1_1), ())
    assert roster.notes == ("demographics.csv is here, the manifest calls it absent: it is not read",)


def test_a_file_that_is_neither_bulk_delta_nor_absent_is_refused(set_1_1, zipped):
    set_1_1["manifest.csv"] = set_1_1["manifest.csv"].replace("file.courses,bulk", "file.courses,full")
    assert problems(read(zipped(set_1_1), ()))[0] == ("manifest.csv", 5, "value", "full")


def test_a_bulk_set_of_version_1_2_without_roles_is_refused(set_1_2, zipped):
    set_1_2["manifest.csv"] = set_1_2["manifest.csv"].replace("file.roles,bulk", "file.roles,absent")
    roster = read(zipped(set_1_2), ())
    assert [problem.what for problem in roster.problems] == [
        "roles.csv is declared absent, so nobody is known as staff"
    ]
