"""The five formats, for lists and for single things."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from mentorcycle.cli.columns import Column, values
from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.render import Output, output_for
from mentorcycle.cli.table import SAMPLE, fitted
from mentorcycle.cli.text import colour_wanted, cut, harmless, pad, width

from .conftest import Run

COLUMNS = [
    Column("id", keep=True, human=lambda value: value[:6]),
    Column("mentee"),
    Column("due", human=lambda day: f"{day:%d %b}"),
    Column("late_days", "late", right=True, colour=lambda days: "red" if days > 5 else None),
    Column("note", in_table=False),
]
ROWS = [
    ("c-7f3k9m2d", "A. Ünal", date(2026, 11, 10), 8, None),
    ("c-9m2dq4xw", "李小龍", date(2026, 11, 20), 0, "two\nlines\tand a \\"),
]
EVIL = "\x1b]0;owned\x07\x9b31m\u202eevil\x7f"


def written(format_: str, write: Callable[[Output], object], **more: Any) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    write(Output(format_, stdout, stderr, **more))
    return stdout.getvalue(), stderr.getvalue()


def listed(format_: str, **more: Any) -> tuple[str, str]:
    return written(
        format_,
        lambda out: out.rows(
            "list/1", COLUMNS, ROWS, title="Open cycles", footer="2 of 41", as_of="2026-11-22"
        ),
        **more,
    )


def test_a_table_stands_under_its_title_and_the_footer_is_talk() -> None:
    assert listed("table") == (
        "Open cycles\n"
        "ID      MENTEE   DUE     LATE\n"
        "c-7f3k  A. Ünal  10 Nov     8\n"
        "c-9m2d  李小龍   20 Nov     0\n",
        "2 of 41\n",
    )


def test_plain_has_tabs_whole_values_no_heading_and_escapes_that_can_be_undone() -> None:
    assert listed("plain") == (
        "c-7f3k9m2d\tA. Ünal\t2026-11-10\t8\t\nc-9m2dq4xw\t李小龍\t2026-11-20\t0\ttwo\\nlines\\tand a \\\\\n",
        "Open cycles\n2 of 41\n",
    )


def test_json_names_its_schema_and_instant_and_nothing_else_speaks() -> None:
    stdout, stderr = listed("json")
    assert json.loads(stdout) == {
        "schema": "mentorcycle/list/1",
        "as_of": "2026-11-22",
        "rows": [
            {"id": "c-7f3k9m2d", "mentee": "A. Ünal", "due": "2026-11-10", "late_days": 8, "note": None},
            {
                "id": "c-9m2dq4xw",
                "mentee": "李小龍",
                "due": "2026-11-20",
                "late_days": 0,
                "note": "two\nlines\tand a \\",
            },
        ],
    }
    assert stderr == ""
    assert "Ünal" in stdout


def test_every_json_line_stands_alone() -> None:
    stdout, stderr = listed("jsonl")
    first, second = map(json.loads, stdout.splitlines())
    assert first == {
        "schema": "mentorcycle/list/1",
        "as_of": "2026-11-22",
        "id": "c-7f3k9m2d",
        "mentee": "A. Ünal",
        "due": "2026-11-10",
        "late_days": 8,
        "note": None,
    }
    assert second["schema"] == first["schema"]
    assert stderr == ""


def test_csv_has_a_heading_and_reads_back_as_it_was() -> None:
    stdout, _ = listed("csv")
    heading, *rows = csv.reader(io.StringIO(stdout, newline=""))
    assert heading == ["id", "mentee", "due", "late_days", "note"]
    assert rows[1] == ["c-9m2dq4xw", "李小龍", "2026-11-20", "0", "two\nlines\tand a \\"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_csv_cell_can_begin_a_formula(start: str) -> None:
    stdout, _ = written("csv", lambda out: out.rows("x/1", [Column("a")], [(f"{start}1+1",)]))
    assert list(csv.reader(io.StringIO(stdout, newline=""))) == [["a"], [f"'{start}1+1"]]


def test_a_negative_number_in_csv_stays_a_number() -> None:
    assert written("csv", lambda out: out.rows("x/1", [Column("a")], [(-3,), (-0.5,)]))[0] == "a\n-3\n-0.5\n"


@pytest.mark.parametrize("format_", ["table", "plain", "json", "jsonl", "csv"])
@pytest.mark.parametrize("as_record", [True, False])
def test_nothing_in_the_data_can_steer_a_terminal(format_: str, as_record: bool) -> None:
    def write(out: Output) -> None:
        if as_record:
            out.record("x/1", [Column("a")], {"a": EVIL}, title=EVIL)
        else:
            out.rows("x/1", [Column("a")], [(EVIL,)], title=EVIL, footer=EVIL)
        out.text(EVIL)
        out.talk(EVIL)

    stdout, stderr = written(format_, write)
    assert not set("\x1b\x07\x9b\u202e\x7f") & set(stdout + stderr)


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_escapes_what_could_steer_a_terminal_and_loses_nothing(format_: str) -> None:
    stdout, _ = written(format_, lambda out: out.record("x/1", [Column("a")], {"a": EVIL}))
    found = json.loads(stdout)
    assert found.get("record", found)["a"] == EVIL


def test_an_empty_list_is_no_table_and_says_so() -> None:
    def write(out: Output) -> None:
        assert out.rows("x/1", COLUMNS, [], empty="no cycle is stalled") == 0

    assert written("table", write) == ("", "no cycle is stalled\n")
    assert written("csv", write) == ("id,mentee,due,late_days,note\n", "no cycle is stalled\n")
    assert json.loads(written("json", write)[0])["rows"] == []


def test_facts_stand_beside_the_rows_in_json() -> None:
    stdout, _ = written("json", lambda out: out.rows("x/1", [Column("a")], [(1,)], facts={"of": 41}))
    assert json.loads(stdout) == {"schema": "mentorcycle/x/1", "as_of": None, "of": 41, "rows": [{"a": 1}]}


def test_a_record_in_every_format() -> None:
    fields = [Column("id"), Column("goals"), Column("note")]
    record = {"id": "c-7f3k", "goals": ["one", "two"], "note": "first\nsecond"}

    def shown(format_: str) -> str:
        return written(format_, lambda out: out.record("show/1", fields, record))[0]

    assert shown("table") == "id     c-7f3k\ngoals  one, two\nnote   first\n       second\n"
    assert shown("plain") == "id\tc-7f3k\ngoals\tone, two\nnote\tfirst\\nsecond\n"
    assert shown("csv") == 'id,goals,note\nc-7f3k,"one, two","first\nsecond"\n'
    assert json.loads(shown("json"))["record"] == record
    assert json.loads(shown("jsonl")) == {"schema": "mentorcycle/show/1", "as_of": None, **record}


def test_a_sentence_is_for_people_only() -> None:
    def write(out: Output) -> None:
        out.record("advance/1", [Column("id")], {"id": "c-7f3k"}, sentence="c-7f3k is in observe")

    assert written("table", write)[0] == "c-7f3k is in observe\n"
    assert written("plain", write)[0] == "id\tc-7f3k\n"


def test_rows_may_be_tuples_mappings_or_objects_and_a_missing_value_is_an_error() -> None:
    @dataclass
    class Person:
        name: str
        age: int

    columns = [Column("name"), Column("age")]
    assert values(columns, ("Ada", 3)) == values(columns, {"name": "Ada", "age": 3, "more": 1})
    assert values(columns, Person("Ada", 3)) == ["Ada", 3]
    assert values([Column("n", of=lambda person: len(person.name))], Person("Ada", 3)) == [3]
    with pytest.raises(KeyError):
        values(columns, {"name": "Ada"})
    with pytest.raises(ValueError, match="shorter"):
        values(columns, ("Ada",))


def test_columns_of_json_lines_cannot_hide_the_schema() -> None:
    with pytest.raises(ValueError, match="as_of"):
        written("jsonl", lambda out: out.rows("x/1", [Column("as_of")], []))


def test_a_table_fits_the_terminal_and_ids_stay_whole() -> None:
    columns = [Column("id", keep=True), Column("mentee"), Column("mentor")]
    rows = [("c-7f3k9m2dq4xw8a1b", "Anna-Maria Bergström-Ödegård", "Bo Ek")]
    stdout, _ = written("table", lambda out: out.rows("x/1", columns, rows), room=40)
    assert stdout.splitlines()[1] == "c-7f3k9m2dq4xw8a1b  Anna-Maria…   Bo Ek"
    assert all(width(line) <= 40 for line in stdout.splitlines())


def test_without_a_terminal_nothing_is_cut() -> None:
    assert "x" * 500 in written("table", lambda out: out.rows("x/1", [Column("a")], [("x" * 500,)]))[0]


def test_a_table_too_narrow_for_its_columns_overflows_and_does_not_hang() -> None:
    assert fitted([30, 30, 30], [Column("a"), Column("b"), Column("c", keep=True)], 20) == [6, 6, 30]


def test_a_long_list_starts_before_it_ends_and_counts_all() -> None:
    taken = 0

    def many() -> Iterator[tuple[int]]:
        nonlocal taken
        for number in range(10 * SAMPLE):
            taken = number
            yield (number,)

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            assert taken < 10 * SAMPLE - 1 or text.endswith(f"{10 * SAMPLE - 1}\n")
            return super().write(text)

    out = Output("table", Watched(), io.StringIO())
    assert out.rows("x/1", [Column("n")], many()) == 10 * SAMPLE


def test_colours_appear_only_when_wanted() -> None:
    assert "\x1b[31m8\x1b[0m" in listed("table", colour=True)[0]
    assert "\x1b" not in listed("table")[0]
    assert "\x1b" not in listed("plain", colour=True)[0]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "no_color", "terminal", "wanted"),
    [
        ({}, False, True, True),
        ({}, False, False, False),
        ({"NO_COLOR": "1"}, False, True, False),
        ({"NO_COLOR": ""}, False, True, True),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, False),
        ({"FORCE_COLOR": "1"}, True, True, False),
        ({"TERM": "dumb"}, False, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True, True),
    ],
)
def test_colour_is_decided_by_flag_then_environment_then_terminal(
    environ: dict[str, str], no_color: bool, terminal: bool, wanted: bool
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert colour_wanted(stream, environ, no_color=no_color) is wanted


def test_the_default_is_a_table_on_a_terminal_and_plain_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    assert output_for(None, {}).format == "table"
    assert output_for("csv", {}).format == "csv"
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert output_for(None, {}).format == "plain"


def test_a_terminal_gets_the_table_and_talk_in_order(on_terminal: Callable[..., tuple[int, str]]) -> None:
    code, seen = on_terminal("count", "2", env={"NO_COLOR": "1"})
    assert (code, seen) == (ExitCode.DONE, "counting\nN  NAME\n0  name 0\n1  name 1\n")
    assert "\x1b[2m" in on_terminal("count", "2")[1]
    assert "\x1b" not in on_terminal("count", "2", env={"TERM": "dumb"})[1]
    assert on_terminal("--format", "csv", "-q", "count", "1")[1] == "n,name\n0,name 0\n"


def test_a_pipe_gets_plain_rows_and_stderr_the_talk(run: Run) -> None:
    done = run("count", "2", sample=True)
    assert (done.stdout, done.stderr) == ("0\tname 0\n1\tname 1\n", "counting\n")


def test_a_name_never_breaks_an_output_of_narrow_encoding(run: Run) -> None:
    narrow = {"PYTHONIOENCODING": "ascii"}
    assert run("names", sample=True, env=narrow).stdout == "A. \\xdcnal\n"
    assert run("Ünal", sample=True, env=narrow).returncode == ExitCode.USAGE
    assert run("names", sample=True).stdout == "A. Ünal\n"


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("Ünal", 4), ("U\u0308nal", 4), ("李小龍", 6), ("ｆｕｌｌ", 8), ("a\u200db", 2), ("", 0)],
)
def test_width_is_what_a_terminal_shows(text: str, cells: int) -> None:
    assert width(text) == cells


def test_cutting_respects_wide_and_combining_characters() -> None:
    assert cut("李小龍", 5) == "李小…"
    assert cut("李小龍", 4) == "李…"
    assert cut("U\u0308nal", 3) == "U\u0308n…"
    assert cut("abc", 3) == "abc"
    assert (cut("abc", 1), cut("abc", 0)) == ("…", "")


def test_padding_fills_to_the_same_width() -> None:
    assert (pad("李", 4), pad("李", 4, right=True)) == ("李  ", "  李")


def test_layout_characters_become_spaces_and_joiners_stay() -> None:
    assert harmless("a\tb\r\nc") == "a b c"
    assert harmless("نمی\u200cخواهم") == "نمی\u200cخواهم"
    assert harmless("\udcff") == "\ufffd"


@pytest.mark.parametrize("room", [40, 64, 80])
def test_a_table_that_cannot_fit_a_narrow_terminal_is_a_block_for_each_row(room: int) -> None:
    columns = [Column("id", keep=True), Column("name"), Column("stage", keep=True), Column("due", keep=True)]
    due = "Tue 25 Nov 2025, 19 school days late"
    rows = [("c-7f3k", "Aylin Ünal", "goal-set", due), ("c-9m2d", "Tom Okoro", "observe", "")]
    stdout, _ = written("table", lambda out: out.rows("x/1", columns, rows), room=room)
    if room == 40:
        assert stdout == (
            f"ID     c-7f3k\nNAME   Aylin Ünal\nSTAGE  goal-set\nDUE    {due}\n"
            "\nID     c-9m2d\nNAME   Tom Okoro\nSTAGE  observe\n"
        )
    else:
        assert [line.split()[0] for line in stdout.splitlines()] == ["ID", "c-7f3k", "c-9m2d"]
