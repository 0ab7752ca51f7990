"""Pairs from a CSV file."""

from datetime import date

import pytest

from mentorcycle.engine.roster import errors_file, pairs_template, read_pairs


def problems(read):
    return [(each.line, each.column, each.value, each.what) for each in read.problems]


def test_two_columns_make_pairs(csv_file):
    read = read_pairs(csv_file("mentee,mentor\n007,b.karl@north.example\nAylin Ünal,Bo Karlsson\n"))
    assert [(pair.mentee_ref, pair.mentor_ref, pair.line) for pair in read.pairs] == [
        ("007", "b.karl@north.example", 2),
        ("Aylin Ünal", "Bo Karlsson", 3),
    ]
    assert (read.pairs[0].reciprocal, read.pairs[0].start, read.pairs[0].group) == (False, None, "")
    assert len(read.together()) == 2


@pytest.mark.parametrize("column", ["group", "pair", "Pair"])
def test_rows_with_one_key_are_one_group(csv_file, column):
    text = f"{column};mentee;mentor;reciprocal;start\ng1;a;m;Yes;2026-09-01\n;b;n;no;\ng1;c;m;y;2026-09-01\n"
    read = read_pairs(csv_file(text))
    assert [[pair.mentee_ref for pair in rows] for rows in read.together()] == [["a", "c"], ["b"]]
    assert (read.pairs[0].reciprocal, read.pairs[0].start) == (True, date(2026, 9, 1))
    assert read.problems == ()


def test_rows_of_a_group_say_the_same(csv_file):
    text = "mentee,mentor,group,reciprocal,start\na,m,g,yes,2026-09-01\nb,m,g,no,2026-09-02\n"
    assert problems(read_pairs(csv_file(text))) == [
        (3, "reciprocal", "", "line 2 of the same group says otherwise"),
        (3, "start", "", "line 2 of the same group says otherwise"),
    ]


def test_the_same_two_people_come_once(csv_file):
    read = read_pairs(csv_file("mentee,mentor\na,m\na,m\n"))
    assert problems(read) == [(3, "mentee", "a", "line 2 has the same two people")]


@pytest.mark.parametrize(
    ("start", "suggestion"),
    [
        ("03/04/2026", "write 2026-04-03 or 2026-03-04"),
        ("30.9.2026", "write 2026-09-30"),
        ("tomorrow", "write YYYY-MM-DD"),
        ("2026-02-30", "look at the month"),
        ("20260901", "write YYYY-MM-DD"),
    ],
)
def test_a_day_is_written_in_one_way(csv_file, start, suggestion):
    (problem,) = read_pairs(csv_file(f"mentee,mentor,start\na,m,{start}\n")).problems
    assert (problem.column, problem.value, problem.suggestion) == ("start", start, suggestion)


def test_everything_wrong_with_a_row_is_said_and_can_be_mended(csv_file):
    read = read_pairs(csv_file("mentee,mentor,reciprocal\n=a,,perhaps\nb,n,\n"))
    assert problems(read) == [
        (2, "mentor", "", "it is empty"),
        (2, "reciprocal", "perhaps", "it is neither yes nor no"),
    ]
    mended = errors_file(read.problems, read.bad).replace('"","perhaps"', '"m","yes"')
    (pair,) = read_pairs(csv_file(mended)).pairs
    assert (pair.mentee_ref, pair.mentor_ref, pair.reciprocal) == ("=a", "m", True)


def test_a_file_of_pairs_needs_both_columns_and_a_row(csv_file):
    assert problems(read_pairs(csv_file(pairs_template())))[0][3] == "no pair stands under the header"
    read = read_pairs(csv_file("mentee,coach\na,b\n"))
    assert read.pairs == ()
    assert (1, "mentor", "", "this column is needed and missing") in problems(read)
