"""Work in a cycle from the command line: every activity says one sentence to a person and a receipt to a program."""

import json

import pytest

from .conftest import Desk


def test_a_whole_cycle_is_run_by_commands(desk: Desk) -> None:
    label = desk.done("cycle", "open", "unal").split()[0]
    goal = (
        "--area",
        "engagement",
        "--measure",
        "hands up",
        "--target",
        "80",
        "--unit",
        "%",
        "--peers",
        "all",
    )
    told = [
        desk.done("cycle", "goal", "@last", *goal, by="unal"),
        desk.done(
            "cycle", "baseline", label, "--value", "50", "--source", "observation", "--on", "yesterday"
        ),
        desk.done("cycle", "expectations", "unal", "--meetings-per-month", "4"),
        desk.done("cycle", "agree", "unal", by="unal"),
        desk.done("cycle", "agree", "unal", by="karlsson"),
        desk.done("advance", "unal"),
        desk.done("cycle", "focus", "unal", "--focus", "who speaks", "--method", "tally", by="unal"),
        desk.done("cycle", "schedule", "unal", "--at", "2026-10-14T10:15"),
        desk.done("cycle", "reschedule", "unal", "--at", "2026-10-15T10:15"),
    ]
    desk.now = desk.now.replace(day=19)
    told += [
        desk.done("cycle", "observe", "unal", "--minutes", "45", "--on", "2026-10-15T10:15", by="karlsson"),
        desk.done("advance", "unal"),
        desk.done("cycle", "debrief", "unal", "--minutes", "30", "--action-step", "wait", "--strength", "calm",
                  "--check-back", "friday", "--first-speaker", "unal", by="karlsson"),
        desk.done("advance", "unal"),
        desk.done("cycle", "step", "unal", "s1", "partly"),
        desk.done("cycle", "reflect", "unal", "--reflection", "more to do", "--fit", by="unal"),
        desk.done("cycle", "assess", "unal", "met", "--value", "82", "--met", "18", "--of", "22"),
        desk.done("advance", "unal"),
        desk.done("cycle", "consent", "unal", "school", by="unal"),
        desk.done("cycle", "celebrate", "unal", "--size", "large", "--number", "82"),
        desk.done("cycle", "checkin", "unal", "--minutes", "20", "--kind", "co-planning", "--with", "karlsson"),
        desk.done("advance", "unal", "completed"),
    ]  # fmt: skip
    assert told == [
        f"goal g1 of {label} is set",
        f"goal g1 of {label} starts from 50",
        f"expectations of {label} are recorded: 4 meetings a month",
        f"Aylin Ünal agrees g1 of {label}",
        f"Bo Karlsson agrees g1 of {label}",
        f"{label} moves from goal-set to observe",
        f"the focus of observation o1 of {label} is agreed: Bo Karlsson observes Aylin Ünal",
        f"observation o1 of {label} is planned for Wed 14 Oct 2026 10:15",
        f"observation o1 of {label} is moved to Thu 15 Oct 2026 10:15",
        f"observation o1 of {label} is recorded: 45 minutes on Thu 15 Oct 2026",
        f"{label} moves from observe to debrief",
        f"observation o1 of {label} is debriefed; action step s1",
        f"{label} moves from debrief to reflect",
        f"action step s1 of {label}: partly",
        f"the reflection of Aylin Ünal in {label} is kept",
        f"goal g1 of {label} is assessed: met",
        f"{label} moves from reflect to celebrate",
        f"Aylin Ünal agrees that celebrations of {label} are shared with the school",
        f"celebration b1 of {label} is recorded: large, for the pair",
        f"20 minutes of co-planning are logged in {label}: Bo Karlsson",
        f"{label} is completed",
    ]


def test_a_program_gets_a_receipt(desk: Desk) -> None:
    desk.opened("unal")

    made = desk.data("cycle", "goal", "unal", "--area", "planning")

    assert made["schema"] == "mentorcycle/receipt/1"
    receipt = made["record"]
    assert receipt["id"].startswith("c-")
    assert len(receipt["id"]) == 18
    assert (
        receipt | {"action": "cycle goal", "outcome": "done", "part": "g1", "events": ["GoalSet"]} == receipt
    )
    assert receipt["version"] == 2
    assert receipt["first"] == receipt["last"] == desk.head()
    assert receipt["occurred_at"] == receipt["recorded_at"] == "2026-10-12T08:00:00+00:00"


def test_a_dry_run_decides_the_same_and_writes_nothing(desk: Desk) -> None:
    desk.opened("unal")
    before = desk.head()

    dry = desk.data("cycle", "goal", "unal", "--area", "planning", "--dry-run")["record"]

    assert (dry["outcome"], dry["part"], dry["first"], dry["version"]) == ("dry-run", "g1", None, None)
    assert desk.head() == before
    desk.refused(3, "advance", "unal", "-n")


def test_what_is_so_already_is_told_and_is_no_error(desk: Desk) -> None:
    desk.at_observe()

    result = desk("cycle", "open", "unal", "--format", "table")

    assert result.exit_code == 0
    assert result.stdout.startswith("already so: c-")
    assert result.stderr == "nothing was written\n"
    assert desk.data("cycle", "open", "unal")["record"]["outcome"] == "already-so"
    assert desk.data("advance", "unal", "observe")["record"]["outcome"] == "already-so"


@pytest.mark.parametrize(
    ("on", "occurred"),
    [
        ("2026-10-13", "2026-10-13T10:00:00+00:00"),
        ("2026-10-13T17:30", "2026-10-13T15:30:00+00:00"),
        ("yesterday", "2026-10-14T10:00:00+00:00"),
    ],
)
def test_on_says_when_it_happened(desk: Desk, on: str, occurred: str) -> None:
    desk.opened("unal")
    desk.now = desk.now.replace(day=15)

    made = desk.data("cycle", "checkin", "unal", "--minutes", "30", "--on", on)

    assert made["record"]["occurred_at"] == occurred
    assert made["record"]["recorded_at"] == "2026-10-15T08:00:00+00:00"


def test_what_is_to_come_is_not_recorded_as_having_happened(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(3, "cycle", "checkin", "unal", "--minutes", "30", "--on", "tomorrow")
    assert "2026-10-13 is after today, 2026-10-12" in said


def test_a_changed_goal_keeps_what_is_not_named_and_is_agreed_anew(desk: Desk) -> None:
    desk.at_observe()
    desk("cycle", "undo", "unal")
    desk.done("cycle", "goal", "unal", "--goal", "g1", "--target", "90")

    assert "Aylin Ünal and Bo Karlsson have not agreed goal g1" in desk.refused(3, "advance", "unal")
    rows = desk.data("next", "unal")["rows"]
    assert {row["code"] for row in rows} == {"goals-agreed", "baseline-present"}


def test_a_new_goal_needs_its_area(desk: Desk) -> None:
    desk.opened("unal")
    assert "a new goal has one" in desk.refused(2, "cycle", "goal", "unal", "--target", "3")


def test_which_goal_is_meant_must_be_said_when_there_are_two(desk: Desk) -> None:
    desk.opened("unal")
    assert "has none yet" in desk.refused(
        2, "cycle", "baseline", "unal", "--value", "1", "--source", "survey"
    )
    desk.done("cycle", "goal", "unal", "--area", "planning")
    desk.done("cycle", "goal", "unal", "--area", "engagement")
    said = desk.refused(2, "cycle", "baseline", "unal", "--value", "1", "--source", "survey")
    assert "say which goal with --goal" in said
    assert "has g1, g2" in said


def test_a_group_says_who_observes_whom(desk: Desk) -> None:
    desk.done("pair", "publish", "--group", "nasser", "karlsson", "--mentor", "lind")
    desk.opened("nasser")
    goal = ("--area", "engagement", "--measured", "--target", "80", "--unit", "percent")
    desk.done("cycle", "goal", "nasser", *goal)
    said = desk.refused(2, "cycle", "focus", "nasser")
    assert "Mira Nasser and Bo Karlsson and Sara Lind" in said


def test_the_rules_refuse_with_every_reason_and_a_command_to_paste(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(3, "advance", "unal")
    label = said.split()[1]
    assert said.splitlines() == [
        f"error: {label} cannot move from goal-set to observe.",
        "  why: no goal is set.",
        f'  fix: mentorcycle cycle goal {label} --area engagement --measure "…" --target 80 --unit percent',
    ]
    goal = ("--area", "engagement", "--measured", "--target", "80", "--unit", "percent")
    desk.done("cycle", "goal", "unal", *goal)
    said = desk.refused(3, "advance", "unal")
    assert "Aylin Ünal and Bo Karlsson have not agreed goal g1; goal g1 has no baseline" in said
    for fix in said.splitlines()[2:]:
        command = fix.replace("fix:", "").split()
        assert desk(*command[1:]).exit_code == 0, command


def test_a_judgement_is_refused_and_a_description_is_not(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    seen = ("cycle", "observe", "unal", "--minutes", "45", "--evidence", "nine hands went up")
    assert "judgements" in desk.refused(3, *seen, "--judgement", "boring", by="karlsson")
    desk.done(*seen, "--number", "time_on_task=80", by="karlsson")


def test_numbers_of_a_lesson_have_names(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    seen = ("cycle", "observe", "unal", "--minutes", "45", "--number", "noise=80")
    assert "time-on-task" in desk.refused(2, *seen, by="karlsson")


def test_an_observation_that_was_cancelled_can_be_planned_again(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    desk.done("cycle", "schedule", "unal", "--at", "friday")
    assert desk.done("cycle", "cancel-observation", "unal", "--reason", "absence").endswith(
        "cancelled: absence"
    )
    assert "has none yet" in desk.refused(2, "cycle", "reschedule", "unal", "--at", "next friday")
    desk.done("cycle", "schedule", "unal", "--at", "next friday", "--observation", "o1")


def test_only_participants_agree_consent_and_ask_for_a_rematch(desk: Desk) -> None:
    desk.opened("unal")
    desk.done("cycle", "goal", "unal", "--area", "planning")
    for words in (("agree", "unal"), ("consent", "unal", "school"), ("rematch", "unal")):
        desk.refused(7, "cycle", *words)


def test_a_stranger_gets_nothing(desk: Desk) -> None:
    desk.opened("unal")
    (cycle,) = (row["id"] for row in desk.data("list")["rows"])
    for reference, code in ((cycle, 7), (cycle[:6], 4), ("unal", 4)):
        desk.refused(code, "cycle", "goal", reference, "--area", "planning", by="okoro")
        desk.refused(code, "cycle", "checkin", reference, "--minutes", "5", by="okoro")
        desk.refused(code, "cycle", "pause", reference, "--reason", "leave", by="okoro")


def test_references_that_name_nothing_or_two_things_are_4(desk: Desk) -> None:
    desk.opened("unal", "okoro")
    assert "no cycle is called 'zz'" in desk.refused(4, "cycle", "resume", "zz")
    desk.done("person", "add", "Tomas Berg")
    desk.done("person", "add", "Tomas Lund")
    assert "'tomas' names more than one person" in desk.refused(4, "person", "show", "tomas")
    assert "no person is called" in desk.refused(
        4, "cycle", "checkin", "unal", "--minutes", "5", "--with", "zz"
    )


def test_refusals_in_json_have_codes(desk: Desk) -> None:
    desk.opened("unal")
    result = desk("advance", "unal", "--format", "json")
    error = json.loads(result.stderr)
    assert error["exit"] == 3
    assert [reason["code"] for reason in error["reasons"]] == ["goals-set"]
    assert result.stdout == ""


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity"])
def test_a_number_that_none_can_reach_is_told_with_one_that_can(desk: Desk, number: str) -> None:
    desk.opened("unal")
    goal = ("--area", "engagement", "--measured", "--unit", "percent", f"--target={number}")
    said = desk.refused(2, "cycle", "goal", "unal", *goal)
    assert f"invalid value for '--target': '{number}' is no number that can be reached" in said
    assert "give one such as 80" in said


def test_a_number_too_large_to_be_stored_is_told_with_what_to_do(desk: Desk) -> None:
    desk.opened("unal")
    said = desk.refused(3, "cycle", "checkin", "unal", "--minutes", "9" * 20)
    assert "fix: give a value of the declared type that can be stored" in said
