"""`stalled`: who has not moved on for too long; paused cycles never are."""

from datetime import UTC, datetime

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk
from .terms import autumn


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def test_a_stalled_cycle_is_listed_with_its_school_days_and_its_allowance(term: Desk) -> None:
    found = term("stalled", "--format", "table")
    heading, row = found.stdout.splitlines()
    assert heading.split("  ")[0] == "CYCLE"
    assert row[6:].split() == [
        "Aylin",
        "Ünal",
        "/",
        "Bo",
        "Karlsson",
        "observe",
        "Tue",
        "27",
        "Oct",
        "18",
        "10",
    ]
    assert found.stderr == f"1 of 1 stalled cycle\nnext: mentorcycle next {row[:6]}\n"


def test_exit_code_tells_a_script_that_something_needs_attention(term: Desk) -> None:
    assert term("stalled").exit_code == ExitCode.DONE
    assert term("stalled", "--exit-code").exit_code == ExitCode.ATTENTION
    term.now = datetime(2026, 11, 10, 12, tzinfo=UTC)  # ten school days after 27 October
    assert term("stalled", "--exit-code").exit_code == ExitCode.DONE


def test_a_paused_cycle_is_not_stalled(term: Desk) -> None:
    term.now = datetime(2027, 2, 1, 12, tzinfo=UTC)
    assert [row["name"] for row in term.data("stalled")["rows"]] == ["Aylin Ünal / Bo Karlsson"]


def test_closed_days_do_not_count(term: Desk) -> None:
    term.done("calendar", "close", "2026-11-16", "2026-11-17")
    assert term.data("stalled")["rows"][0]["elapsed"] == 16


def test_what_was_stalled_then_can_be_asked(term: Desk) -> None:
    assert term.data("stalled", "--as-of", "2026-10-20")["rows"][0]["stage"] == "goal-set"
    nothing = term("stalled", "--as-of", "2026-10-12")
    assert (nothing.stdout, nothing.stderr.splitlines()[-1]) == ("", "nothing is stalled")


def test_a_participant_is_given_no_list_of_others(term: Desk) -> None:
    assert "ask a coordinator" in term.refused(ExitCode.NOT_PERMITTED, "stalled", by="unal")
