"""The errors file: mended and fed again, and harmless in a spreadsheet."""

import csv
from io import BytesIO, StringIO

from hypothesis import given
from hypothesis import strategies as st

from mentorcycle.engine.roster import BadRows, Problem, errors_file, read
from mentorcycle.engine.roster.errors_file import neutralised, restored, without_problem
from mentorcycle.engine.roster.table import open_table

AREAS = ("engagement",)
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def test_a_mended_errors_file_brings_the_refused_people_and_leaves_the_others(csv_file):
    text = "external_id;given_name;family_name;capacity\n1;Ann;Lee;2\n2;=Bo;-Li;two\n3;Cy;Lu;3;4\n"
    roster = read(csv_file(text), AREAS)
    told = errors_file(roster.problems, roster.bad)
    assert told == (
        '"problem";"external_id";"given_name";"family_name";"capacity"\r\n'
        '"capacity: it is not a whole number (write a number from 0 to 100)";"2";"\'=Bo";"\'-Li";"two"\r\n'
        '"the row has 5 cells and the header has 4 (put a cell that contains the delimiter between quotation'
        ' marks)";"3";"Cy";"Lu";"3";"4"\r\n'
    )
    mended = told.replace('"two"', '"2"').replace('"3";"4"', '"34"')
    again = read(csv_file("\ufeff" + mended, "errors.csv"), AREAS)
    assert again.problems == ()
    assert [(p.external_id, p.given_name, p.family_name, p.capacity) for p in again.people] == [
        ("2", "=Bo", "-Li", 2),
        ("3", "Cy", "Lu", 34),
    ]
    assert again.delta


def test_an_errors_file_fed_again_as_it_is_gives_itself(csv_file):
    text = 'external_id,given_name,family_name\n1,@a,\n2,"\t=x"\n\'3,\'=y,\n4,"a\r\nb",\n'
    roster = read(csv_file(text), AREAS)
    told = errors_file(roster.problems, roster.bad)
    again = read(csv_file(told), AREAS)
    assert list(again.bad.rows.values()) == list(roster.bad.rows.values())
    assert errors_file(again.problems, again.bad) == told


def test_without_refused_rows_there_is_no_errors_file(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\n1,Ann,Lee\n"), AREAS)
    assert errors_file(roster.problems, roster.bad) == ""


def test_an_apostrophe_typed_by_somebody_stays_when_no_errors_file_is_read(csv_file):
    roster = read(csv_file("external_id,given_name,family_name\n1,'=Ann,'Lee\n"), AREAS)
    assert (roster.people[0].given_name, roster.people[0].family_name) == ("'=Ann", "'Lee")


@given(CELLS | st.builds("".join, st.lists(st.sampled_from("'=+-@\t\r\nab"), max_size=6)))
def test_neutralising_is_undone_exactly_and_leaves_no_formula(cell):
    assert restored(neutralised(cell)) == cell
    assert neutralised(cell)[:1] not in tuple("=+-@\t\r\n")


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5),
    st.sampled_from(",;\t"),
)
def test_cells_come_back_from_an_errors_file_as_they_went_in(rows, delimiter):
    kept = {line: tuple(cells) for line, cells in enumerate(rows, start=2)}
    bad = BadRows(("external_id", "given_name"), delimiter, kept)
    told = errors_file([Problem("a.csv", 2, "c", "", "what", "so")], bad)
    table = open_table(BytesIO(told.encode("utf-8-sig")), "errors.csv", ("problem", "external_id"))
    assert table.delimiter == delimiter
    assert [tuple(without_problem(row.cells, table.names)) for row in table.rows] == list(kept.values())
    written = csv.reader(StringIO(told, newline=""), delimiter=delimiter)
    assert all(cell[:1] not in tuple("=+-@\t\r\n") for row in written for cell in row)
