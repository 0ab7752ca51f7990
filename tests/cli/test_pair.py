"""Pairings from the command line: one, a group, or a whole file of which every row is checked first."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Desk, Interrupted

HEADER = "mentee,mentor,group,reciprocal,start\n"


@pytest.fixture
def pairs(desk: Desk) -> Path:
    """Three more people, and a file of pairs to fill."""
    for name in ("Elsa Ek", "Ture Ek", "Vera Ek"):
        desk.done("person", "add", name)
    return desk.folder / "pairs.csv"


def listed(desk: Desk) -> list[tuple[int, int, str]]:
    rows = desk.data("pair", "list")["rows"]
    return sorted((len(row["mentees"]), len(row["mentors"]), row["kind"]) for row in rows)


def test_a_pairing_is_published_once_and_the_next_step_is_said(desk: Desk) -> None:
    result = desk("pair", "publish", "nasser", "lind", "--format", "table")
    assert result.stdout == "Mira Nasser and Sara Lind are paired: Sara Lind mentors\n"
    assert result.stderr.startswith("next: mentorcycle cycle open p-")
    assert desk.done("pair", "publish", "nasser", "lind").startswith("already so")


def test_pairs_may_be_reciprocal_and_groups_have_mentors(desk: Desk, pairs: Path) -> None:
    desk.done("pair", "publish", "elsa", "ture", "--reciprocal")
    desk.done("pair", "publish", "--group", "nasser", "karlsson", "--mentor", "vera")
    assert listed(desk) == [(1, 1, "pair"), (1, 1, "pair"), (2, 1, "group"), (2, 2, "reciprocal")]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nasser",),
        ("nasser", "lind", "okoro"),
        ("nasser", "lind", "--mentor", "okoro"),
        ("nasser", "--from", "x.csv"),
    ],
)
def test_who_is_who_is_said_in_one_way(desk: Desk, words: tuple[str, ...]) -> None:
    desk.refused(2, "pair", "publish", *words)


def test_the_hard_rules_are_told_with_a_way_out(desk: Desk) -> None:
    said = desk.refused(3, "pair", "publish", "unal", "unal")
    assert "nobody is their own mentor" in said
    said = desk.refused(3, "pair", "publish", "unal", "lind")
    assert "fix: mentorcycle pair end p-" in said
    desk.done("person", "change", "lind", "--capacity", "1")
    said = desk.refused(3, "pair", "publish", "nasser", "lind")
    assert "Sara Lind would have 2 mentees and takes 1" in said
    command = said.splitlines()[-1].split("fix:")[1].split()
    desk.done(*command[1:])
    desk.done("pair", "publish", "nasser", "lind")
    ids = {row["name"]: row["id"] for row in desk.data("person", "list")["rows"]}
    desk.refused(7, "pair", "publish", ids["Mira Nasser"], "lind", by="lind")
    desk.refused(4, "pair", "publish", "nasser", "lind", by="lind")


def test_pairings_are_listed_with_their_cycles(desk: Desk) -> None:
    desk.opened("unal")
    rows = desk.data("pair", "list")["rows"]
    assert [(row["stage"], row["cycle"] is None) for row in rows] == [("goal-set", False), (None, True)]
    assert "Tom Okoro" in desk.done("pair", "list", "--without-cycle")
    assert "Aylin" not in desk.done("pair", "list", "--without-cycle")
    assert len(desk.data("pair", "list", by="unal")["rows"]) == 1
    assert len(desk.data("pair", "list", "--person", "lind")["rows"]) == 1
    desk.refused(4, "pair", "list", "--person", "lind", by="unal")
    desk.refused(7, "pair", "list", "--person", "karlsson", by="unal")


def test_a_pairing_is_ended_for_everybody_in_it(desk: Desk) -> None:
    assert desk.done("pair", "end", "unal") == "the pairing of Aylin Ünal and Bo Karlsson is ended"
    assert desk.done("pair", "end", "karlsson").startswith("already so")
    desk.done("pair", "publish", "unal", "lind")
    assert "say which with --with" in desk.refused(2, "pair", "end", "lind")
    desk.done("pair", "end", "lind", "--with", "okoro", "--do-not-pair-again")
    assert "not to be paired" in desk.refused(3, "pair", "publish", "okoro", "lind")
    assert desk.done("pair", "end", "lind", "--with", "okoro", "--do-not-pair-again").startswith("already so")
    desk.done("pair", "end", "karlsson", "--do-not-pair-again")  # of the one that was ended first
    assert "not to be paired" in desk.refused(3, "pair", "publish", "unal", "karlsson")


def test_a_file_of_pairs_is_published_in_one_batch_and_repeated_does_nothing(desk: Desk, pairs: Path) -> None:
    pairs.write_text(
        f"{HEADER}elsa,lind,,,2026-10-01\nture,vera,,yes,\nnasser,karlsson,G,,\nunal,karlsson,,,\n"
    )

    dry = desk.data("pair", "publish", "--from", "pairs.csv", "--dry-run")
    made = desk.data("pair", "publish", "--from", "pairs.csv")
    again = desk.data("pair", "publish", "--from", "pairs.csv")

    assert dry["counts"] == {"dry-run": 3, "already-so": 1}
    assert made["counts"] == {"done": 3, "already-so": 1}
    assert again["counts"] == {"already-so": 4}
    assert made["rows"][0]["name"] == "Elsa Ek / Sara Lind"
    shown = desk.data("batch", "show", made["batch"])
    assert {row["occurred_at"][:10] for row in shown["rows"]} == {"2026-10-01", "2026-10-12"}


def test_with_a_bad_row_nothing_is_published_and_every_bad_row_is_told(desk: Desk, pairs: Path) -> None:
    pairs.write_text(f"{HEADER}elsa,lind,,,\nnobody,lind,,,\nture,ek,,,\nvera,lind,,maybe,\nokoro,vera,,,\n")

    result = desk("pair", "publish", "--from", "pairs.csv", "--format", "json")

    assert result.exit_code == 3
    assert "nothing was written" in result.stderr
    problems = desk("pair", "publish", "--from", "pairs.csv", "--format", "csv").stdout
    rows = list(csv.DictReader(problems.splitlines()))
    assert [(row["line"], row["column"]) for row in rows] == [
        ("3", "mentee"),
        ("4", "mentor"),
        ("5", "reciprocal"),
        ("6", ""),
    ]
    assert "mentee in another open pairing" in rows[3]["what"]
    assert listed(desk) == [(1, 1, "pair")] * 2


def test_bad_rows_are_written_to_be_mended_and_fed_again(desk: Desk, pairs: Path) -> None:
    pairs.write_text(f"{HEADER}elsa,lind,,,\nnobody,vera,,,\n")
    said = desk.refused(3, "pair", "publish", "--from", "pairs.csv")
    assert "fix: mend pairs.csv, or take the good rows with --partial, then mend the errors file" in said
    desk.data("pair", "publish", "--from", "pairs.csv", "--partial", "-n", code=6)
    mend = desk.folder / "pairs-errors.csv"
    assert not mend.exists()

    made = desk.data("pair", "publish", "--from", "pairs.csv", "--partial", code=6)
    text = mend.read_text(encoding="utf-8-sig")
    assert "nobody is called so" in text
    assert "elsa" not in text
    mend.write_text(text.replace('"nobody"', '"ture"'), encoding="utf-8-sig")
    mended = desk.data("pair", "publish", "--from", str(mend))

    assert made["counts"] == {"done": 1, "refused": 1}
    assert mended["counts"] == {"done": 1}


def test_good_rows_that_are_so_already_beside_bad_ones_are_a_part_as_in_an_import(
    desk: Desk, pairs: Path
) -> None:
    pairs.write_text(f"{HEADER}elsa,lind,,,\nnobody,vera,,,\n")
    people = desk.folder / "t.csv"
    people.write_text("external_id,given_name,family_name\n1,Ann,Li\n2,,\n")
    for again in ("done", "already-so"):
        made = desk.data("pair", "publish", "--from", "pairs.csv", "--partial", code=6)
        assert made["counts"] == {again: 1, "refused": 1}
        assert desk("import", "t.csv", "--partial").exit_code == 6
    pairs.write_text(f"{HEADER}nobody,vera,,,\n")
    people.write_text("external_id,given_name,family_name\n2,,\n")
    assert desk("pair", "publish", "--from", "pairs.csv", "--partial").exit_code == 3
    assert desk("import", "t.csv", "--partial").exit_code == 3


def test_a_mentor_is_not_over_capacity_by_two_rows_of_one_file(desk: Desk, pairs: Path) -> None:
    desk.done("person", "change", "vera", "--capacity", "1")
    pairs.write_text(f"{HEADER}elsa,vera,,,\nture,vera,,,\n")
    result = desk("pair", "publish", "--from", "pairs.csv")
    assert result.exit_code == 3
    assert "Vera Ek would have 2 mentees and takes 1" in result.stdout


def test_a_group_is_called_the_same_wherever_it_is_named(desk: Desk, pairs: Path) -> None:
    pairs.write_text(HEADER + "Mira Nasser,Sara Lind,one,,\nVera Ek,Sara Lind,one,,\n", "utf-8")
    called = "Mira Nasser, Vera Ek / Sara Lind"
    assert desk.data("pair", "publish", "--from", "pairs.csv")["rows"][0]["name"] == called
    batch = desk.data("cycle", "open", "nasser", "unal")["batch"]
    assert called in desk.done("show", "nasser").splitlines()[0]
    assert f"  {called} · goal-set" in desk.done("next", "nasser").splitlines()[0]
    for command in (("list",), ("advance", "nasser", "unal", "--dry-run"), ("batch", "undo", batch)):
        found = desk("--format", "json", *command)
        assert called in [row["name"] for row in json.loads(found.stdout)["rows"]]


def test_a_group_is_published_whole_or_not_at_all(desk: Desk, pairs: Path) -> None:
    pairs.write_text(f"{HEADER}elsa,vera,G,,\nnobody,vera,G,,\nnasser,lind,,,\n")
    made = desk.data("pair", "publish", "--from", "pairs.csv", "--partial", code=6)
    assert [(row["line"], row["outcome"]) for row in made["rows"]] == [
        (4, "done"),
        (2, "refused"),
        (3, "refused"),
    ]
    assert made["rows"][1]["why"] == "line 3 of the same group cannot be taken"
    assert (1, 1, "pair") in listed(desk)
    assert "elsa" in (desk.folder / "pairs-errors.csv").read_text(encoding="utf-8-sig")


def test_a_pairing_does_not_start_in_the_future(desk: Desk, pairs: Path) -> None:
    pairs.write_text(f"{HEADER}elsa,vera,,,2027-01-01\n")
    result = desk("pair", "publish", "--from", "pairs.csv")
    assert result.exit_code == 3
    assert "after today" in result.stdout


def test_a_file_that_cannot_be_read_is_told(desk: Desk) -> None:
    assert "there is no file" in desk.refused(4, "pair", "publish", "--from", "absent.csv")
    (desk.folder / "empty.csv").write_text("")
    desk.refused(3, "pair", "publish", "--from", "empty.csv")


def test_an_interruption_at_any_moment_tells_what_was_published(
    desk: Desk, pairs: Path, interrupted: Interrupted
) -> None:
    """In two commits, because the pairs begin on different days."""
    pairs.write_text(f"{HEADER}elsa,lind,,,2026-10-05\nvera,nasser,,,2026-10-06\n")
    before, seen = len(listed(desk)), set()
    for counts in interrupted("pair", "publish", "--from", "pairs.csv"):
        published = len(listed(desk)) - before
        seen.add(published)
        if counts is None:
            assert published == 0
        else:
            assert Counter(counts) == Counter({"done": published, "not-done": 2 - published})
    assert seen == {0, 1, 2}
