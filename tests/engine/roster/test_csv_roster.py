"""The roster in a CSV file of our own: what is read, and every reason why a row is not."""

import time

import pytest

from mentorcycle.domain.errors import InvalidInput, NoSuchFile
from mentorcycle.engine.roster import COLUMNS, Roster, read, template

AREAS = ("classroom-management", "engagement", "planning")
HEADER = "external_id,given_name,family_name,email,username,school,subjects,grades,areas,capacity\n"


def problems(roster: Roster) -> list[tuple[int, str, str, str]]:
    return [(each.line, each.column, each.value, each.what) for each in roster.problems]


def test_every_column_is_read_and_text_stays_text(csv_file):
    row = "0071, Aylin ,van  der Ünal,a@north.example,a.unal,Lindholm,Maths; Art;Maths,09;10,Engagement,3\n"
    (person,) = read(csv_file(HEADER + row), AREAS).people
    assert person.external_id == "0071"
    assert (person.given_name, person.family_name) == ("Aylin", "van  der Ünal")
    assert (person.email, person.username, person.school) == ("a@north.example", "a.unal", "Lindholm")
    assert (person.subjects, person.grades) == (("Maths", "Art"), ("09", "10"))
    assert (person.areas, person.capacity) == (("engagement",), 3)
    assert (person.source, person.role, person.active) == ("csv", "teacher", True)
    assert (person.file, person.line) == ("roster.csv", 2)


def test_three_columns_are_enough_and_the_roster_says_which_it_has(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\n1,Ann,Lee\n"), AREAS)
    assert roster.people[0].capacity is None
    assert roster.says == {"external_id", "given_name", "family_name", "active"}
    assert (roster.form, roster.delta, roster.problems) == ("csv", False, ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_by_the_header(csv_file, delimiter):
    text = "family_name,External-ID,Given Name\nLee,1,Ann\n".replace(",", delimiter)
    (person,) = read(csv_file(text), AREAS).people
    assert (person.external_id, person.given_name, person.family_name) == ("1", "Ann", "Lee")


def test_a_hint_for_excel_in_the_first_line_is_no_header(csv_file):
    roster = read(csv_file("sep=;\nexternal_id;given_name;family_name\n1;Ann;Lee\n"), AREAS)
    assert roster.people[0].line == 3


def test_blank_rows_and_empty_columns_at_the_end_are_nothing(csv_file):
    roster = read(
        csv_file("external_id,given_name,family_name,,\n1,Ann,Lee,,\n,,,,\n\n,\n2,Bo,Li,,\n"), AREAS
    )
    assert ([person.line for person in roster.people], roster.problems) == ([2, 6], ())


def test_lines_are_counted_as_an_editor_shows_them(csv_file):
    text = 'external_id,given_name,family_name,school\r\n1,Ann,Lee,"North\r\nCampus"\r\n\r\n2,Bo,,x\r\n'
    roster = read(csv_file(text), AREAS)
    assert (roster.people[0].line, roster.people[0].school) == (2, "North\r\nCampus")
    assert problems(roster) == [(5, "family_name", "", "it is empty")]


def test_old_mac_line_ends_are_lines(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\r1,Ann,Lee\r2,Bo,Li\r"), AREAS)
    assert [person.line for person in roster.people] == [2, 3]


def test_a_misspelt_column_is_reported_with_what_is_meant(csv_file):
    (problem,) = read(csv_file("external_id,given_name,family_name,emial\n1,Ann,Lee,x\n"), AREAS).problems
    assert (problem.line, problem.column, problem.suggestion) == (1, "emial", "did you mean email?")


def test_a_missing_column_is_reported_with_its_misspelling_and_nobody_is_read(csv_file):
    roster = read(csv_file("external_id,givenname,surname,capacity\n1,Ann,Lee,x\n"), AREAS)
    assert roster.people == ()
    assert problems(roster) == [
        (1, "surname", "", "this column is unknown"),
        (1, "family_name", "", "this column is needed and missing"),
        (2, "capacity", "x", "it is not a whole number"),
    ]


def test_columns_that_occur_twice_or_have_no_name_are_reported(csv_file):
    roster = read(csv_file("external_id,given_name,,family_name,Given-Name\n1,a,,b,c\n"), AREAS)
    assert [problem.what for problem in roster.problems] == [
        "this column occurs twice",
        "column 3 has no name",
    ]


def test_an_id_that_comes_twice_keeps_both_lines_out(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\n1,A,B\n2,C,D\n1,E,F\n1,G,H\n"), AREAS)
    assert [person.external_id for person in roster.people] == ["2"]
    assert problems(roster) == [
        (2, "external_id", "1", "line 4 has the same id"),
        (4, "external_id", "1", "line 2 has the same id"),
        (5, "external_id", "1", "line 2 has the same id"),
    ]
    assert sorted(roster.bad.rows) == [2, 4, 5]


def test_everything_wrong_with_a_row_is_said_at_once(csv_file):
    roster = read(csv_file(HEADER + "1,Ann,,ann@,,,,,engagment;planning;dance,two\n"), AREAS)
    assert problems(roster) == [
        (2, "family_name", "", "it is empty"),
        (2, "email", "ann@", "it is not an e-mail address"),
        (2, "areas", "engagment", "there is no such teaching area"),
        (2, "areas", "dance", "there is no such teaching area"),
        (2, "capacity", "two", "it is not a whole number"),
    ]
    assert roster.problems[2].suggestion == "did you mean engagement?"
    assert roster.problems[3].suggestion.startswith("known are classroom-management, engagement, planning")


@pytest.mark.parametrize("capacity", ["-1", "2.5", "3,0", "٣", "1e3", "0x3"])
def test_a_capacity_is_a_whole_number(csv_file, capacity):
    roster = read(csv_file(f'external_id,given_name,family_name,capacity\n1,A,B,"{capacity}"\n'), AREAS)
    assert problems(roster) == [(2, "capacity", capacity, "it is not a whole number")]


@pytest.mark.parametrize("capacity", ["101", "500", "9" * 5000])
def test_a_capacity_is_no_more_than_a_decision_takes(csv_file, capacity):
    roster = read(csv_file(f"external_id,given_name,family_name,capacity\n1,A,B,{capacity}\n"), AREAS)
    told = [problem.what for problem in roster.problems]
    assert told in (["it is more than 100"], ["it has 5000 characters, more than 255", "it is more than 100"])


def test_the_largest_capacity_is_taken_with_zeros_in_front(csv_file):
    roster = read(csv_file("external_id,given_name,family_name,capacity\n1,A,B,0100\n"), AREAS)
    assert roster.people[0].capacity == 100


def test_a_capacity_of_none_is_a_capacity(csv_file):
    roster = read(csv_file("external_id,given_name,family_name,capacity\n1,A,B,0\n"), AREAS)
    assert roster.people[0].capacity == 0


@pytest.mark.parametrize(("row", "help"), [("2,Ann", "cut off here"), ("2,Ann,Lee,Jr", "quotation marks")])
def test_a_row_of_another_length_is_told_what_that_often_comes_from(csv_file, row, help):
    roster = read(csv_file(f"external_id,given_name,family_name\n1,Bo,Li\n{row}\n"), AREAS)
    (problem,) = roster.problems
    assert help in problem.suggestion


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("2,Ann", "the row has 2 cells and the header has 3"),
        ("2,Ann,Lee,Jr", "the row has 4 cells and the header has 3"),
        ('2,"Ann,Lee', "a quotation mark is opened and never closed"),
        ('2,"Ann"e,Lee', "text stands behind a closing quotation mark"),
        ("2,An\0n,Lee", "a NUL character stands in the row"),
        ("2,An\x1b[2Jn,Lee", "the control character U+001B stands in the row"),
        ("2,An\ufffdn,Lee", "a character was lost and replaced by “\ufffd”"),
        ("2," + "n" * 256 + ",Lee", "it has 256 characters, more than 255"),
        ('"2\n2",Ann,Lee', "a line break stands in it"),
        ("2," + "n" * 140_000 + ",Lee", "a cell is longer than 100,000 characters"),
    ],
)
def test_a_broken_row_is_reported_and_does_not_hide_the_others(csv_file, row, what):
    text = f"external_id,given_name,family_name\n1,Bo,Li\n{row}\n3,Cy,Lu\n"
    roster = read(csv_file(text), AREAS)
    assert [(problem.line, problem.what) for problem in roster.problems] == [(3, what)]
    assert [person.external_id for person in roster.people] == ["1", "3"]


def test_a_mark_for_inches_inside_a_cell_is_text(csv_file):
    roster = read(csv_file('external_id,given_name,family_name,school\n1,Ann,Lee,Room 5" left\n'), AREAS)
    assert roster.people[0].school == 'Room 5" left'


def test_a_long_value_is_shown_by_its_beginning(csv_file):
    roster = read(csv_file(f"external_id,given_name,family_name\n1,{'n' * 300},B\n"), AREAS)
    assert roster.problems[0].value == "n" * 79 + "…"


def test_a_header_alone_is_a_problem_and_so_is_the_template(csv_file):
    assert problems(read(csv_file(template()), AREAS)) == [(1, "", "", "nobody stands under the header")]


def test_the_template_has_the_columns_in_their_order():
    assert template() == HEADER.replace("\n", "\r\n")
    assert [column.name for column in COLUMNS if column.required] == [
        "external_id",
        "given_name",
        "family_name",
    ]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \n", b",,,\n", b'""\n'])
def test_a_file_with_nothing_in_it_is_refused(csv_file, content):
    with pytest.raises(InvalidInput, match=r"is empty|has no header"):
        read(csv_file(content), AREAS)


def test_one_file_of_a_oneroster_set_is_refused_with_what_to_pass(csv_file):
    with pytest.raises(InvalidInput, match="pass the folder or the zip"):
        read(csv_file("sourcedId,status,role\n1,,teacher\n", "users.csv"), AREAS)


def test_a_thousand_columns_are_no_roster(csv_file):
    with pytest.raises(InvalidInput, match="has 2001 columns"):
        read(csv_file(",".join(map(str, range(2001))) + "\n"), AREAS)


def test_a_path_to_nothing_says_so(tmp_path):
    with pytest.raises(NoSuchFile, match="there is no file"):
        read(tmp_path / "absent.csv", AREAS)


def test_every_bad_row_of_fifty_thousand_is_found_in_seconds(csv_file):
    row = "{0:06},Ann,Lee,a{0}@north.example,u{0},Lindholm,Maths; Art,09;10,engagement;planning,{1}\n"
    text = HEADER + "".join(row.format(i, "x" if i in (7, 40_000) else 3) for i in range(50_000))
    path = csv_file(text)
    start = time.perf_counter()
    roster = read(path, AREAS)
    assert time.perf_counter() - start < 10
    assert [problem.line for problem in roster.problems] == [9, 40_002]
    assert len(roster.people) == 49_998
