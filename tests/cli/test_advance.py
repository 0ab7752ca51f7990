"""`advance` for one and for many: every cycle gets a result, and the exit code tells the whole from a part."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.domain.vocabulary import MeasureSource, TeachingArea, Unit
from mentorcycle.engine import Engine, Settings

from .conftest import Desk, Interrupted, Run


def outcomes(document: dict[str, object]) -> dict[str, str]:
    return {row["name"]: row["outcome"] for row in document["rows"]}  # type: ignore[attr-defined]


def ready(desk: Desk, number: int) -> None:
    """So many cycles may leave goal-set."""
    coordinator, settings = Actor.coordinator(), Settings(clock=lambda: desk.now)
    with Engine.open(desk.url, settings=settings) as engine:

        def done(commands: Sequence[c.Command]) -> list[str]:
            batch = engine.execute_many(commands, coordinator)
            assert len(batch.receipts) == len(commands)
            return [receipt.subject for receipt in batch.receipts]

        mentees = done([c.AddPerson(f"Mentee {n}") for n in range(number)])
        mentors = done([c.AddPerson(f"Mentor {n}") for n in range(number)])
        pairs = [
            (Participant(mentee, mentee=True), Participant(mentor, mentor=True))
            for mentee, mentor in zip(mentees, mentors, strict=True)
        ]
        done([c.PublishPairing(pair) for pair in pairs])
        cycles = done([c.OpenCycle(mentee) for mentee in mentees])
        goal = (TeachingArea.ENGAGEMENT, "g1")
        done([c.SetGoal(one, *goal, unit=Unit.PERCENT, target=80, measured=True) for one in cycles])
        start = (desk.now.date(), MeasureSource.OBSERVATION)
        done([c.RecordBaseline(one, "g1", 50, *start) for one in cycles])
        for cycle, pair in zip(cycles, pairs, strict=True):
            for participant in pair:
                engine.execute(c.AgreeGoals(cycle), Actor.participant(participant.person)).or_raise()


def test_one_cycle_goes_forward_or_to_the_stage_that_is_named(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    desk.done("cycle", "observe", "unal", "--minutes", "45")
    assert desk.done("advance", "unal").endswith("moves from observe to debrief")
    assert desk.done("advance", "unal", "observe").endswith("moves from debrief to observe")
    assert desk.done("advance", "unal", "--to", "debrief").endswith("moves from observe to debrief")
    assert desk.done("advance", "unal", "--to", "debrief").startswith("already so")
    said = desk.refused(3, "advance", "unal", "celebrate")
    assert "from debrief a cycle of peer-cycle v1 moves to reflect, observe" in said


def test_a_late_advance_says_so(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    desk.done("cycle", "observe", "unal", "--minutes", "45")
    desk.now = desk.now.replace(month=11, day=4)
    assert desk.done("advance", "unal").endswith(", 2 school days late")


def test_a_misspelt_stage_is_no_cycle_and_nothing_moves(desk: Desk) -> None:
    desk.at_observe()
    desk.at_observe("okoro", "lind")
    said = desk.refused(4, "advance", "unal", "okoro", "debreif")
    assert "did you mean the stage debrief?" in said


def test_of_many_a_part_is_6_and_all_refused_is_3(desk: Desk) -> None:
    desk.at_observe()
    desk.opened("okoro")
    desk.done("cycle", "undo", "unal")

    some = desk.data("advance", "unal", "okoro", "observe", code=6)

    assert outcomes(some) == {"Aylin Ünal / Bo Karlsson": "done", "Tom Okoro / Sara Lind": "refused"}
    assert some["counts"] == {"done": 1, "refused": 1}
    assert [(row["source"], row["target"]) for row in some["rows"]] == [("goal-set", "observe")] * 2
    assert some["rows"][1]["codes"] == ["goals-set"]
    assert some["rows"][1]["fix"][0].startswith("mentorcycle cycle goal c-")
    none = desk.data("advance", "unal", "okoro", code=3)
    assert none["batch"] is None
    assert set(outcomes(none).values()) == {"refused"}


def test_of_many_none_permitted_is_7_and_all_already_so_is_0(desk: Desk) -> None:
    desk.at_observe()
    desk.at_observe("okoro", "lind")
    assert set(outcomes(desk.data("advance", "unal", "okoro", "observe")).values()) == {"already-so"}
    ids = "".join(f"{row['id']}\n" for row in desk.data("list")["rows"])
    assert desk("advance", "-", "--yes", by="nasser", input=ids).exit_code == 7


def test_a_dry_run_of_many_shows_the_same_and_ends_the_same(desk: Desk) -> None:
    desk.at_observe()
    desk.opened("okoro")
    desk.done("cycle", "undo", "unal")
    before = desk.head()
    dry = desk.data("advance", "unal", "okoro", "--dry-run", code=6)
    assert set(outcomes(dry).values()) == {"dry-run", "refused"}
    assert dry["batch"] is None
    assert desk.head() == before


def test_references_come_from_standard_input_one_a_line(desk: Desk) -> None:
    desk.at_observe()
    desk.at_observe("okoro", "lind")
    for name in ("unal", "okoro"):
        desk.done("cycle", "undo", name)
    listed = desk("list", "--format", "plain").stdout
    made = desk.data("advance", "-", input=f"{listed}\nnobody\nunal\n", code=6)
    assert sorted(row["outcome"] for row in made["rows"]) == ["done", "done", "not-found"]
    assert desk("advance", "-", input="\n").exit_code == 4


def test_references_come_from_a_csv_file(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    file = desk.folder / "chosen.csv"
    file.write_text("name;cycle\r\nAylin Ünal;unal\r\n;\r\n", encoding="utf-8-sig")
    assert "1 of 1 advanced" in desk("advance", "--from", str(file)).stderr
    file.write_text("who\nunal\n")
    assert "no column cycle or id" in desk.refused(3, "advance", "--from", str(file))


@pytest.mark.parametrize(
    ("content", "column", "what"),
    [
        (b"cycle\nokoro\n\xff\n", "", "byte 0xFF at byte offset 12 is not UTF-8"),
        (
            "name,cycle\nTom,okoro\nÜnal,unal\n".encode("cp1252"),
            "",
            "byte 0xDC at byte offset 21 is not UTF-8",
        ),
        (b"cycle\nokoro\nun\x00al\n", "", "a NUL character stands in the row"),
        (b'cycle\nokoro\n"unal\n', "", "a quotation mark is opened and never closed"),
        (b"name,cycle\nTom,okoro\n\xc3\x9cnal, Aylin,unal\n", "", "the row has 3 cells and the header has 2"),
        (b"name,cycle\nTom,okoro\nAylin\n", "", "the row has 1 cells and the header has 2"),
        (b"name,cycle\nTom,okoro\nAylin,\n", "cycle", "it is empty"),
    ],
)
@pytest.mark.parametrize("words", [(), ("-n",)])
def test_a_file_with_a_row_that_cannot_be_read_is_not_guessed_at(
    desk: Desk, content: bytes, column: str, what: str, words: tuple[str, ...]
) -> None:
    desk.at_observe()
    desk.at_observe("okoro", "lind")
    for name in ("unal", "okoro"):
        desk.done("cycle", "undo", name)
    before = desk.head()
    (desk.folder / "b.csv").write_bytes(content)

    result = desk("advance", "--from", "b.csv", *words)

    assert result.exit_code == 3
    assert result.stdout.split("\t")[:5] == ["b.csv", "3", column, "", what]
    assert "1 row cannot be taken (1 problem); nothing was written" in result.stderr
    assert "fix: mend b.csv" in result.stderr
    assert desk.head() == before


def test_a_column_that_occurs_twice_is_not_chosen_from(desk: Desk) -> None:
    (desk.folder / "b.csv").write_text("cycle,Cycle\nunal,okoro\n")
    result = desk("advance", "--from", "b.csv")
    assert result.exit_code == 3
    assert "this column occurs twice" in result.stdout


def test_all_that_are_ready_advance_and_the_others_are_listed(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    desk.opened("okoro")

    made = desk.data("advance", "--all", "--stage", "goal-set", "--ready")

    assert outcomes(made) == {"Aylin Ünal / Bo Karlsson": "done", "Tom Okoro / Sara Lind": "not-ready"}
    again = desk("advance", "--all", "--stage", "goal-set", "--ready")
    assert again.exit_code == 3
    assert "0 of 1 advanced, 1 not ready" in again.stderr


def test_all_of_a_stage_without_any_is_never_silent_success(desk: Desk) -> None:
    desk.opened("unal")
    desk.done("cycle", "pause", "unal", "--reason", "leave")
    result = desk("advance", "--all", "--stage", "goal-set")
    assert result.exit_code == 4
    assert "no active cycle is in goal-set" in result.stderr
    assert "1 paused in goal-set left out" in result.stderr
    assert "stages are celebrate, completed" in desk.refused(2, "advance", "--all", "--stage", "lunch")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--all",),
        ("unal", "--all", "--stage", "observe"),
        ("unal", "--stage", "observe"),
        ("unal", "--from", "x.csv"),
    ],
)
def test_what_to_advance_is_said_in_one_way(desk: Desk, words: tuple[str, ...]) -> None:
    desk.refused(2, "advance", *words)


def test_a_cycle_that_is_named_twice_moves_once(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    result = desk("advance", "unal", "karlsson")
    assert result.exit_code == 0
    assert "1 named more than once, taken once" in result.stderr


def test_more_than_three_are_asked_about(desk: Desk) -> None:
    for name in ("Elsa", "Ture"):
        desk.done("person", "add", name)
        desk.done("pair", "publish", name, "nasser")
    desk.opened("unal", "okoro", "Elsa", "Ture")
    assert "4 cycles" in desk.refused(2, "advance", "--all", "--stage", "goal-set")
    assert desk("advance", "--all", "--stage", "goal-set", "--yes").exit_code == 3
    assert desk("advance", "--all", "--stage", "goal-set", "--dry-run").exit_code == 3


def test_an_interruption_at_any_moment_tells_what_was_written(desk: Desk, interrupted: Interrupted) -> None:
    from mentorcycle.cli.many import CHUNK

    ready(desk, CHUNK + 1)
    seen = set()
    for counts in interrupted("advance", "--all", "--stage", "goal-set", "--yes"):
        with closing(sqlite3.connect(desk.folder / "mentorcycle.db")) as log:
            query = "SELECT count(*) FROM events WHERE topic LIKE 'CycleAdvanced.%'"
            (written,) = log.execute(query).fetchone()
        seen.add(written)
        if counts is None:
            assert written == 0
        else:
            assert Counter(counts) == Counter({"done": written, "not-done": CHUNK + 1 - written})
    assert {0, CHUNK} <= seen  # before the first commit, and between both


def test_the_program_itself_pipes_a_list_into_advance(desk: Desk, run: Run) -> None:
    desk.at_observe()
    desk.done("cycle", "undo", "unal")
    listed = run("list", "--stage", "goal-set")
    file = Path(desk.folder / "listed.txt")
    file.write_text(listed.stdout)
    with file.open() as stream:
        done = run("advance", "-", stdin=stream)
    assert done.returncode == 0, done.stderr
    assert "\tdone\t" in done.stdout
    assert "1 of 1 advanced · batch b-" in done.stderr
    assert "undo: mentorcycle batch undo b-" in done.stderr
