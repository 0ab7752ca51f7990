"""`show`: a cycle on a page, as it is and as it was; its words to the pair alone."""

import re

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk, Run
from .terms import WORDS, autumn


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def test_the_page_of_a_cycle(term: Desk) -> None:
    page = term.done("show", "unal")
    label = page.split()[0]
    assert (
        page
        == f"""\
{label}  Aylin Ünal / Bo Karlsson · peer-cycle v1
as of Fri 20 Nov 2026 13:00, Europe/Stockholm (event 22 of 22)
 goal-set ─✓─ OBSERVE ─── debrief ─── reflect ─── celebrate
 goal-set  Mon 5 Oct → Tue 27 Oct  16 of 10 school days  6 late
 observe   Tue 27 Oct →            18 of 15 school days  3 late · ready to advance
goals
  g1  engagement · reach to 80 percent · baseline 50 on Tue 6 Oct · agreed by Aylin Ünal and Bo Karlsson
observations
  o1  Bo Karlsson sees Aylin Ünal · Mon 2 Nov, 45 min, in-person · not debriefed
so far
  hours  1 h 05 min: observations 45 min, contacts 20 min"""
    )


def test_the_page_of_a_cycle_as_it_was(term: Desk) -> None:
    then = term("show", "unal", "--as-of", "2026-10-20", "--format", "table")
    page = re.sub(r"\b([cp])-[0-9a-z]{4}\b", r"\1-…", then.stdout)
    assert (
        page
        == """\
c-…  Aylin Ünal / Bo Karlsson · peer-cycle v1
as of Tue 20 Oct 2026, end of day, Europe/Stockholm (event 15 of 22)
 GOAL-SET ─── observe ─── debrief ─── reflect ─── celebrate
 goal-set  Mon 5 Oct →  11 of 10 school days  1 late · waiting on Bo Karlsson
missing for observe
  Bo Karlsson has not agreed goal g1
goals
  g1  engagement · reach to 80 percent · baseline 50 on Tue 6 Oct · agreed by Aylin Ünal
"""
    )
    assert then.stderr == "words hidden: --with-notes needs mentor or mentee\n"


def test_what_is_missing_now_comes_with_a_command_to_paste(term: Desk) -> None:
    page = term.done("show", "okoro")
    label = page.split()[0]
    assert f"  no goal is set  mentorcycle cycle goal {label} --area" in page
    assert " paused since Tue 10 Nov: nothing is due" in page
    assert "late" not in page
    assert "waiting on" not in page


def test_the_words_are_shown_to_the_pair_on_request(term: Desk) -> None:
    for person in ("unal", "karlsson"):
        page = term.done("show", "unal", "--with-notes", by=person)
        assert all(words in page for words in WORDS)
        assert "Tue 6 Oct  Aylin Ünal, measure: hands go up quietly" in page
    notes = term.data("show", "unal", "--with-notes", by="unal")["record"]["words"]
    assert [note["text"] for note in notes] == [WORDS[0], "who waits", "tally", WORDS[1], WORDS[2]]
    then = term.data("show", "unal", "--with-notes", "--as-of", "2026-10-20", by="unal")["record"]["words"]
    assert [note["text"] for note in then] == [WORDS[0]]


@pytest.mark.parametrize("form", ["table", "plain", "json", "jsonl", "csv"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "words hidden: --with-notes needs mentor or mentee\n"),
        (("--with-notes",), "words hidden: --with-notes needs mentor or mentee\n"),
        (("--with-notes", "--as", "auditor"), "words hidden: --with-notes needs mentor or mentee\n"),
        (("--as", "unal"), "words hidden: --with-notes shows them\n"),
    ],
)
def test_the_words_are_shown_to_nobody_else(term: Desk, form: str, words: tuple[str, ...], said: str) -> None:
    shown = term("show", "unal", *words, "--format", form)
    assert shown.exit_code == 0
    assert not any(text in shown.output for text in WORDS)
    assert shown.stderr.endswith("" if form.startswith("json") else said)


def test_a_stranger_is_shown_nothing(term: Desk) -> None:
    (cycle,) = (row["id"] for row in term.data("list", "--person", "unal")["rows"])
    for person in ("nasser", "lind"):
        told = term.refused(ExitCode.NOT_PERMITTED, "show", cycle, by=person)
        assert "is not shown" in told
        assert "Karlsson" not in told
        for reference in ("unal", cycle[:6], "nobody"):
            told = term.refused(ExitCode.NOT_FOUND, "show", reference, by=person)
            assert told.startswith(f"error: no cycle of yours is called {reference!r}.\n  why: participants ")
            assert "Karlsson" not in told


def test_a_program_reads_the_same_facts(term: Desk) -> None:
    found = term.data("show", "unal")
    record = found["record"]
    assert (found["schema"], found["position"], found["head"]) == ("mentorcycle/cycle/1", 22, 22)
    assert [(stage["stage"], stage["elapsed"], stage["late_by"]) for stage in record["stages"]] == [
        ("goal-set", 16, 6),
        ("observe", 18, 3),
    ]
    assert record["minutes"] == {"observations": 45, "debriefs": 0, "contacts": 20, "total": 65}
    assert (record["due"], record["who"], record["missing"]) == ("2026-11-17", [], [])
    (need,) = term.data("show", "okoro")["record"]["missing"]
    assert (need["code"], need["why"]) == ("goals-set", "no goal is set")
    assert need["fix"].startswith("mentorcycle cycle goal c-")


def test_a_cycle_that_was_not_there_yet_says_since_when_it_is(term: Desk) -> None:
    told = term.refused(ExitCode.NOT_FOUND, "show", "okoro", "--as-of", "2026-10-20")
    assert "was not there yet" in told
    assert "it was opened with event 18, and event 15 was the last one then" in told


def test_the_whole_course_is_on_the_page(term: Desk) -> None:
    term.done("advance", "unal")
    term.done("cycle", "debrief", "unal", "--minutes", "30", "--strength", "calm", by="karlsson")
    term.done("advance", "unal")
    term.done("advance", "unal", "observe")
    term.done("cycle", "cancel", "unal", "--reason", "withdrew", "--yes")
    lines = term.done("show", "unal").splitlines()
    assert lines[2] == " goal-set ─✓─ observe ─── debrief ─── reflect ─── celebrate"
    assert [line.split()[0] for line in lines[3:9]] == [
        "goal-set",
        "observe",
        "debrief",
        "reflect",
        "observe",
        "cancelled",
    ]


def test_an_advance_that_was_taken_back_was_no_visit(term: Desk) -> None:
    before = term.data("show", "unal")["record"]["stages"]
    term.done("advance", "unal")
    term.done("cycle", "undo", "unal")
    assert term.data("show", "unal")["record"]["stages"] == before


@pytest.mark.parametrize("reference", ["c-0000", "nobody", "@last"])
def test_an_unknown_reference_is_told(term: Desk, reference: str) -> None:
    term.environ = {**term.environ, "XDG_STATE_HOME": str(term.folder / "fresh")}
    assert f"no cycle is called {reference!r}" in term.refused(ExitCode.NOT_FOUND, "show", reference)


def test_an_ambiguous_reference_is_told_with_candidates(term: Desk) -> None:
    term.done("person", "add", "Berit Ünal")
    term.done("pair", "publish", "berit unal", "mira nasser")
    term.opened("berit unal")
    told = term.refused(ExitCode.NOT_FOUND, "show", "unal")
    assert "names more than one cycle" in told
    assert "Aylin Ünal / Bo Karlsson" in told
    assert "Berit Ünal / Mira Nasser" in told


def test_a_process_of_its_own_tells_what_a_reference_names(term: Desk, run: Run) -> None:
    unknown = run("show", "nobody")
    assert (unknown.returncode, unknown.stdout) == (ExitCode.NOT_FOUND, "")
    assert unknown.stderr.startswith("error: no cycle is called 'nobody'.\n  why: ")
    shown = run("show", "unal")
    assert (shown.returncode, shown.stdout.split("\n")[1]) == (0, "name\tAylin Ünal / Bo Karlsson")
