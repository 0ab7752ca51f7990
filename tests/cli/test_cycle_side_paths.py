"""Side paths from the command line: pause, cancel, reopen, extend, correct, waive, rematch, next cycle, undo."""

import json

import pytest

from .conftest import Desk


def test_a_paused_cycle_takes_no_work_until_it_is_resumed(desk: Desk) -> None:
    desk.opened("unal")
    assert desk.done("cycle", "pause", "unal", "--reason", "workload").endswith("is paused")
    assert desk.done("cycle", "pause", "unal", "--reason", "workload").startswith("already so: ")
    said = desk.refused(3, "cycle", "checkin", "unal", "--minutes", "5")
    assert "fix: mentorcycle cycle resume c-" in said
    desk.done("cycle", "resume", "unal")
    assert desk.done("cycle", "resume", "unal").endswith("is not paused")


def test_a_reason_is_one_of_a_list(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(2, "cycle", "pause", "unal", "--reason", "flu")
    assert "'leave', 'school-event'" in said
    assert "missing option '--reason'" in desk.refused(2, "cycle", "pause", "unal")
    desk.done("cycle", "pause", "unal", "--reason", "School_Event")


def test_a_cancel_is_asked_about_unless_it_is_so_already(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(2, "cycle", "cancel", "unal", "--reason", "withdrew")
    assert "add --yes" in said
    desk.done("cycle", "cancel", "unal", "--reason", "withdrew", "--dry-run")
    desk.done("cycle", "cancel", "unal", "--reason", "withdrew", "--yes")
    assert desk.done("cycle", "cancel", "unal", "--reason", "withdrew").startswith("already so")


def test_a_cancel_that_would_be_refused_asks_nothing(desk: Desk) -> None:
    desk.opened("unal")
    desk.refused(7, "cycle", "cancel", "unal", "--reason", "withdrew", by="unal")


def test_a_cancelled_cycle_can_be_reopened(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "cancel", "unal", "--reason", "opened-by-mistake", "--yes")
    reopen = ("cycle", "reopen", "unal", "--reason", "closed-by-mistake")
    assert "name one of: goal-set" in desk.refused(3, *reopen, "--stage", "lunch")
    assert desk.done(*reopen).endswith("is active again, in observe")
    desk.refused(3, *reopen)


def test_an_extension_says_the_old_date_and_the_new(desk: Desk) -> None:
    desk.opened("unal")
    extend = ("cycle", "extend", "unal", "--ground", "absence", "--until")
    told = desk.done(*extend, "2026-11-30")
    assert told.endswith("is due Mon 30 Nov 2026, not Mon 26 Oct 2026")
    assert "never shortened" in desk.refused(3, *extend, "2026-11-03")
    assert "two ways" in desk.refused(2, *extend, "03/04/2026")


def test_a_correction_names_the_event_and_its_fields(desk: Desk) -> None:
    desk.opened("unal")
    logged = desk.data("cycle", "checkin", "unal", "--minutes", "450")["record"]
    event = str(logged["version"])
    correct = ("cycle", "correct", "unal", event, "--reason", "typing-error")

    told = desk.done(*correct, "--set", "minutes=45")

    assert told.endswith(" (ContactLogged, Mon 12 Oct 2026) is corrected: minutes 450 → 45")
    again = desk.done(*correct, "--set", "minutes=45")
    assert again.startswith("already so: event 2 of ")
    assert again.endswith(" has minutes 45")
    assert "minutes cannot be right" in desk.refused(3, *correct, "--set", "minutes=-4")
    assert "not a whole number" in desk.refused(3, *correct, "--set", "minutes=4.5")
    assert "fields: kind, mode" in desk.refused(3, *correct, "--set", "people=unal")
    assert "FIELD=VALUE" in desk.refused(2, *correct, "--set", "minutes")
    other = ("cycle", "correct", "unal", "1", "--reason", "typing-error", "--set", "minutes=4")
    assert "corrections are for" in desk.refused(3, *other)


def test_the_number_of_the_event_is_the_one_that_the_log_shows_and_a_rehearsal_names_it(desk: Desk) -> None:
    desk.opened("okoro", "unal")
    desk.done("cycle", "checkin", "okoro", "--minutes", "20")
    desk.done("cycle", "checkin", "unal", "--minutes", "450")

    heading, *rows = desk.done("audit", "log", "unal").splitlines()
    assert heading.split()[:3] == ["POSITION", "IN", "CYCLE"]
    (number,) = [row.split()[1] for row in rows if "ContactLogged" in row]
    assert "IN CYCLE" not in desk.done("audit", "log")

    correct = ("cycle", "correct", "unal", number, "--reason", "typing-error", "--set", "minutes=45")
    rehearsed = desk.done(*correct, "--dry-run")
    assert rehearsed.startswith(f"dry run: event {number} of c-")
    assert rehearsed.endswith(" (ContactLogged, Mon 12 Oct 2026) is corrected: minutes 450 → 45")
    desk.done(*correct)
    assert desk.data("show", "unal")["record"]["minutes"]["total"] == 45


def test_an_entry_that_comes_too_late_for_its_stage_is_told_of_corrections(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    seen = desk.data("cycle", "observe", "unal", "--minutes", "40")["record"]
    desk.done("advance", "unal", "debrief")

    said = desk.refused(3, "cycle", "observe", "unal", "--minutes", "45")

    first, advice, late = (line.strip() for line in said.splitlines()[2:5])
    assert first.startswith("fix: mentorcycle next c-")
    assert advice == "advance to that stage first; a late change of what was recorded is a correction"
    typed = late.replace("EVENT", str(seen["version"])).replace("FIELD=VALUE", "minutes=45")
    assert desk.done(*typed.split()[1:]).endswith("is corrected: minutes 40 → 45")


def test_a_value_that_is_cleared_is_shown_as_none(desk: Desk) -> None:
    desk.opened("unal")
    goal = ("--area", "engagement", "--measured", "--target", "80", "--unit", "percent")
    event = str(desk.data("cycle", "goal", "unal", *goal)["record"]["version"])
    told = desk.done("cycle", "correct", "unal", event, "--reason", "wrong-value", "--set", "target=")
    assert told.endswith("is corrected: target 80 → –")


def test_a_corrected_instant_is_on_the_programmes_clock(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    seen = desk.data("cycle", "observe", "unal", "--minutes", "45")["record"]
    words = ("--set", "start=2026-10-12T07:15", "--reason", "wrong-date")
    told = desk.done("cycle", "correct", "unal", str(seen["version"]), *words)
    assert told.endswith("start Mon 12 Oct 2026 10:00 → Mon 12 Oct 2026 07:15")

    from mentorcycle.domain.actor import Actor
    from mentorcycle.engine import Engine

    with Engine.open("sqlite:///mentorcycle.db", create=False) as engine:
        cycle = engine.cycle(seen["id"], Actor.coordinator())
    assert cycle.observations[0].completion.start.isoformat() == "2026-10-12T05:15:00+00:00"


def test_a_baseline_can_be_waived_and_by_a_coordinator_alone(desk: Desk) -> None:
    desk.opened("unal")
    goal = ("--area", "engagement", "--measured", "--target", "80", "--unit", "percent")
    desk.done("cycle", "goal", "unal", *goal)
    waive = ("cycle", "waive", "unal", "baseline", "g1", "--reason", "new-class")
    desk.refused(7, *waive, by="unal")
    assert "is waived: new-class" in desk.done(*waive)
    assert "no 'g9'" in desk.refused(3, "cycle", "waive", "unal", "baseline", "g9", "--reason", "new-class")


def test_a_participant_asks_for_a_rematch_and_a_coordinator_does_it(desk: Desk) -> None:
    desk.at_observe()
    assert desk.done("cycle", "rematch", "unal", by="unal").startswith("Aylin Ünal asks for another partner")
    assert desk.done("cycle", "rematch", "unal", by="unal").startswith("already so")
    change = ("cycle", "rematch", "unal", "--leaves", "karlsson", "--joins")
    assert "go together" in desk.refused(2, *change[:-1])
    (joins,) = (row["id"] for row in desk.data("person", "list")["rows"] if row["name"] == "Mira Nasser")
    desk.refused(7, *change, joins, by="unal")
    desk.refused(4, *change, "nasser", by="unal")
    told = desk.done(*change, "nasser", "--do-not-pair-again")
    assert told.startswith("Mira Nasser takes the place of Bo Karlsson in c-")
    assert desk.done(*change, "nasser").startswith("already so")
    desk.done("cycle", "agree", "unal", by="nasser")


def test_the_next_cycle_carries_on_and_last_means_it(desk: Desk) -> None:
    desk.at_observe()
    desk.refused(3, "cycle", "next-cycle", "unal")
    desk.done("cycle", "focus", "unal", by="unal")
    seen = desk.data("cycle", "observe", "unal", "--minutes", "45")["record"]["id"]
    for words in (
        ("advance", "unal"),
        ("cycle", "debrief", "unal", "--minutes", "20"),
        ("advance", "unal"),
        ("cycle", "assess", "unal", "partly"),
    ):
        desk.done(*words)
    desk.done("cycle", "reflect", "unal", "--reflection", "x", by="unal")
    desk.done("advance", "unal")
    desk.done("cycle", "celebrate", "unal")
    desk.done("advance", "unal")
    following = desk.data("cycle", "next-cycle", seen)["record"]["id"]
    assert following != seen
    assert desk.data("cycle", "agree", "@last", by="unal")["record"]["id"] == following
    assert desk.data("cycle", "next-cycle", seen)["record"]["outcome"] == "already-so"
    assert "names more than one cycle" in desk.refused(4, "cycle", "resume", "unal")


def test_an_advance_is_taken_back(desk: Desk) -> None:
    desk.at_observe()
    assert desk.done("cycle", "undo", "unal").endswith("is back in goal-set, not in observe")
    assert "has not advanced" in desk.refused(3, "cycle", "undo", "unal")


@pytest.mark.parametrize(
    ("words", "mark"), [((), "class observe present"), (("--dot",), '"observe" [style=')]
)
def test_a_diagram_marks_the_present_stage(desk: Desk, words: tuple[str, ...], mark: str) -> None:
    desk.at_observe()
    drawn = desk.done("cycle", "diagram", "unal", *words)
    assert mark in drawn
    (cycle,) = (row["id"] for row in desk.data("list")["rows"])
    desk.refused(7, "cycle", "diagram", cycle, by="okoro")


def test_open_is_for_many_too_and_each_gets_a_result(desk: Desk) -> None:
    made = desk.data("cycle", "open", "unal", "okoro", "nasser", code=6)
    assert [(row["name"], row["outcome"]) for row in made["rows"]] == [
        ("Aylin Ünal", "done"),
        ("Tom Okoro", "done"),
        ("Mira Nasser", "refused"),
    ]
    assert made["counts"] == {"done": 2, "refused": 1}
    assert made["batch"].startswith("b-")


def test_open_for_every_pairing_without_a_cycle(desk: Desk) -> None:
    desk.opened("unal")
    made = desk.data("cycle", "open", "--all-paired", "--dry-run")
    assert [(row["name"], row["outcome"]) for row in made["rows"]] == [("Tom Okoro", "dry-run")]
    desk.done("cycle", "open", "--all-paired")
    result = desk("cycle", "open", "--all-paired")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "every open pairing has its cycle" in result.stderr


def test_open_says_what_it_needs(desk: Desk) -> None:
    desk.refused(2, "cycle", "open")
    desk.refused(2, "cycle", "open", "unal", "--all-paired")
    assert "no definition is called 'lunch'" in desk.refused(
        3, "cycle", "open", "unal", "--definition", "lunch"
    )
    said = desk.refused(3, "cycle", "open", "nasser")
    assert "fix: mentorcycle pair publish p-" in said
    error = json.loads(desk("cycle", "open", "nasser", "--format", "json").stderr)
    assert error["reasons"][0]["code"] == "not-paired"
