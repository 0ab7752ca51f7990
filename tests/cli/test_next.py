"""`next`: every move with what stands in its way, who can act, and a command that really helps."""

import shlex

from .conftest import Desk


def test_following_its_advice_to_the_end_completes_a_cycle(desk: Desk) -> None:
    desk.opened("unal")
    advised_to_the_end(desk)


def advised_to_the_end(desk: Desk) -> None:
    """Every command that `next` proposes is taken as it stands; the participants' own with words from stdin."""
    for _ in range(30):
        rows = desk.data("next", "unal")["rows"]
        row = rows[0]
        if row["code"] == "cycle-completed":
            break
        for part in row["fix"].split("&&"):
            words = shlex.split(part)
            assert words[0] == "mentorcycle"
            own = ["--measured" if word == "--measure" else word for word in words[1:] if word != "…"]
            result = desk(*own, input="what I learned")
            assert result.exit_code == 0, (words, result.output)
    else:
        raise AssertionError("the cycle was never completed")


def test_what_can_be_done_is_said_with_the_command(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "focus", "unal", by="unal")
    desk.done("cycle", "observe", "unal", "--minutes", "45")
    desk.done("advance", "unal")

    document = desk.data("next", "unal")

    assert document["schema"] == "mentorcycle/next/1"
    assert (document["stage"], document["status"]) == ("debrief", "active")
    forward, back = document["rows"]
    assert (forward["target"], forward["can"], forward["code"]) == (
        "reflect",
        False,
        "observations-debriefed",
    )
    assert len(forward["who"]) == 2
    assert (back["target"], back["trigger"], back["can"], back["why"]) == ("observe", "return", True, "")
    assert back["fix"] == f"mentorcycle advance {document['cycle']} observe"


def test_a_person_reads_names_and_short_ids(desk: Desk) -> None:
    desk.opened("unal")
    goal = ("--area", "engagement", "--measured", "--target", "80", "--unit", "percent")
    desk.done("cycle", "goal", "unal", *goal)
    title, heading, *rows = desk.done("next", "unal").splitlines()
    assert title.endswith("  Aylin Ünal / Bo Karlsson · goal-set")
    assert heading.split() == ["MOVE", "CAN", "WHY", "WAITING", "ON", "DO"]
    assert "Aylin Ünal, Bo Karlsson" in rows[0]
    assert rows[0].split()[-2] == "--as"
    assert len(rows[0].split()[-1]) == 6


def test_following_its_advice_after_a_rematch_agrees_the_goals_anew(desk: Desk) -> None:
    desk.at_observe()
    desk.done("cycle", "rematch", "unal", "--leaves", "karlsson", "--joins", "nasser")
    first = desk.data("next", "unal")["rows"][0]
    assert (first["code"], len(first["who"])) == ("goals-agreed", 2)
    assert "waiting on Aylin Ünal, Mira Nasser" in desk.done("show", "unal")
    advised_to_the_end(desk)


def test_a_completed_cycle_leads_nowhere_but_to_the_next_one(desk: Desk) -> None:
    test_following_its_advice_to_the_end_completes_a_cycle(desk)
    (row,) = desk.data("next", "unal")["rows"]
    assert (row["can"], row["code"]) == (False, "cycle-completed")
    assert row["fix"].startswith("mentorcycle cycle next-cycle c-")


def test_a_blocked_way_forward_is_8_when_that_is_asked_for(desk: Desk) -> None:
    desk.opened("unal")
    assert desk("next", "unal").exit_code == 0
    assert desk("next", "unal", "--exit-code").exit_code == 8


def test_somebody_asked_for_another_partner_is_said(desk: Desk) -> None:
    desk.opened("unal")
    desk.done("cycle", "rematch", "unal", by="unal")
    said = desk("next", "unal").stderr
    assert "Aylin Ünal asks for another partner: mentorcycle cycle rematch c-" in said


def test_only_those_who_see_a_cycle_are_told(desk: Desk) -> None:
    desk.opened("unal")
    (cycle,) = (row["id"] for row in desk.data("list")["rows"])
    desk.refused(7, "next", cycle, by="okoro")
    desk.refused(4, "next", "unal", by="okoro")
    desk.done("next", "unal", by="unal")
    desk.refused(4, "next", "zz")
