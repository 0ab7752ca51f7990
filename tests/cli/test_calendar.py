"""School days: shown, closed, opened, counted; due dates follow."""

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk
from .terms import autumn


def test_days_are_closed_once_and_opened_again(desk: Desk) -> None:
    assert (
        desk.done("calendar", "close", "2026-11-26", "2026-11-27")
        == "school is closed on 2 days; due dates follow"
    )
    assert desk.done("calendar", "close", "2026-11-26") == "already so: school is closed on Thu 26 Nov 2026"
    assert desk.done("calendar", "show").splitlines() == [
        "Mentoring programme · Europe/Stockholm · weekend: Saturday and Sunday",
        "DATE             SCHOOL",
        "Thu 26 Nov 2026  closed",
        "Fri 27 Nov 2026  closed",
    ]
    assert (
        desk.done("calendar", "open", "2026-11-26") == "school is open on Thu 26 Nov 2026; due dates follow"
    )
    assert desk.done("calendar", "open", "saturday") == "school is open on Sat 17 Oct 2026; due dates follow"
    assert {row["date"]: row["school"] for row in desk.data("calendar", "show")["rows"]} == {
        "2026-10-17": "open",
        "2026-11-27": "closed",
    }


def test_school_days_are_counted_after_the_first_day_up_to_the_second(desk: Desk) -> None:
    desk.done("calendar", "close", "2026-10-16")
    assert desk.done("calendar", "days", "today", "2026-10-19") == (
        "4 school days after Mon 12 Oct 2026, up to Mon 19 Oct 2026"
    )
    assert desk.done("calendar", "days", "today", "2026-10-17").endswith("Sat 17 Oct 2026, which is none")
    assert desk.data("calendar", "days", "2026-10-12", "+5sd")["record"]["school_days"] == 5


def test_due_dates_follow_the_calendar(desk: Desk) -> None:
    term = autumn(desk)
    before = term.data("list", "--stage", "observe")["rows"][0]
    term.done("calendar", "close", "2026-11-12")
    after = term.data("list", "--stage", "observe")["rows"][0]
    assert (before["due"], before["late_by"]) == ("2026-11-17", 3)
    assert (after["due"], after["late_by"]) == ("2026-11-18", 2)


def test_a_dry_run_closes_nothing(desk: Desk) -> None:
    head = desk.head()
    assert desk.done("calendar", "close", "2026-11-26", "-n").startswith("dry run: school is closed")
    assert desk.head() == head


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["days", "2026-10-12", "2026-10-01"], ExitCode.USAGE, "counted forward"),
        (["days", "2026-10-12", "someday"], ExitCode.USAGE, "is no date"),
        (["close"], ExitCode.USAGE, "missing argument"),
        (["close", "2026-02-30"], ExitCode.USAGE, "no day of the calendar"),
        (["close", "2026-11-26", "--as", "unal"], ExitCode.NOT_PERMITTED, "only a coordinator"),
    ],
)
def test_what_cannot_be_done_is_told(desk: Desk, words: list[str], code: int, said: str) -> None:
    assert said in desk.refused(code, "calendar", *words)
