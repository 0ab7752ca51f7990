"""`list`: who stands where, now and then, quickly, and with little loaded."""

import csv
import io
import subprocess
import sys

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk, Run
from .terms import WORDS, autumn


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def shown(table: str) -> list[str]:
    """Lines of a table without ids, which differ from run to run."""
    return [" ".join(line.split()[1:]) for line in table.splitlines()]


def test_a_list_shows_where_cycles_stand_and_how_late_they_are(term: Desk) -> None:
    assert shown(term.done("list")) == [
        "MENTEE / MENTOR STAGE STATUS SINCE DUE LATE",
        "Aylin Ünal / Bo Karlsson observe active Tue 27 Oct Tue 17 Nov 3 sd",
        "Tom Okoro / Sara Lind goal-set paused Wed 28 Oct",
    ]


def test_how_many_of_how_many_is_talk(term: Desk) -> None:
    found = term("list", "--limit", "1")
    assert found.stdout.count("\n") == 1
    label = found.stdout[:6]
    assert found.stderr == f"1 of 2 cycles · next page: --after {label}\n"
    rest = term("list", "--after", label)
    assert (rest.stdout.count("\n"), rest.stderr) == (1, "1 of 2 cycles\n")


@pytest.mark.parametrize(
    ("words", "mentees"),
    [
        (["--status", "paused"], ["Okoro"]),
        (["--status", "active", "--status", "paused"], ["Ünal", "Okoro"]),
        (["--stage", "observe"], ["Ünal"]),
        (["--stage", "observe", "--status", "paused"], []),
        (["--person", "lind"], ["Okoro"]),
        (["--person", "nasser"], []),
        (["--program", "main"], ["Ünal", "Okoro"]),
        (["--mine", "--as", "karlsson"], ["Ünal"]),
        (["--as", "lind"], ["Okoro"]),
        (["--as", "lind", "--person", "okoro"], ["Okoro"]),
        (["--as", "auditor"], ["Ünal", "Okoro"]),
    ],
)
def test_filters_narrow_a_list_and_participants_see_their_own(
    term: Desk, words: list[str], mentees: list[str]
) -> None:
    rows = term.data("list", *words)
    assert [row["name"].split()[1] for row in rows["rows"]] == mentees
    assert rows["total"] == len(mentees)


def test_a_list_of_the_past_is_what_was_known_then(term: Desk) -> None:
    then = term("list", "--as-of", "2026-10-20", "--format", "table")
    assert shown(then.stdout)[1:] == ["Aylin Ünal / Bo Karlsson goal-set active Mon 5 Oct Mon 19 Oct 1 sd"]
    assert "as of Tue 20 Oct 2026, end of day, Europe/Stockholm" in then.stderr
    before = term("list", "--as-of", "2026-10-01")
    assert (before.stdout, before.stderr.splitlines()[-1]) == ("", "no cycles then")


def test_a_position_is_the_moment_at_which_that_event_was_recorded(term: Desk) -> None:
    evening = term.data("list", "--as-of", "2026-10-20")
    (row,) = term.data("list", "--as-of", f"@{evening['position']}")["rows"]  # of 6 October
    assert row == {**evening["rows"][0], "elapsed": 1, "late_by": 0}


def test_the_end_of_today_is_now(term: Desk) -> None:
    assert term.data("list", "--as-of", "today")["rows"] == term.data("list")["rows"]


def test_counts_are_a_table_of_stages_and_statuses(term: Desk) -> None:
    assert [line.split() for line in term.done("list", "--counts").splitlines()] == [
        ["STAGE", "ACTIVE", "PAUSED", "CANCELLED", "COMPLETED", "TOTAL"],
        ["goal-set", "1", "1"],
        ["observe", "1", "1"],
        ["debrief"],
        ["reflect"],
        ["celebrate"],
    ]
    assert term.data("list", "--counts", "--as-of", "2026-10-20")["total"] == 1
    assert term.data("list", "--counts", by="unal")["total"] == 1
    assert term.data("list", "--counts", "--stage", "observe")["rows"][0]["active"] == 1


def test_ids_for_programs_are_whole_and_can_be_piped(term: Desk) -> None:
    ids = [row["id"] for row in term.data("list")["rows"]]
    assert [line.split("\t")[0] for line in term("list").stdout.splitlines()] == ids
    assert [row["id"] for row in csv.DictReader(io.StringIO(term("list", "--format", "csv").stdout))] == ids
    assert all(len(id) == len("c-") + 16 for id in ids)
    piped = term("list", "--stage", "observe").stdout
    assert "would be advanced" in term("advance", "-", "--dry-run", input=piped).stderr


def test_a_list_never_shows_words(term: Desk) -> None:
    for form in ("table", "plain", "json", "jsonl", "csv"):
        said = term("list", "--format", form, by="unal").output
        assert not any(words in said for words in WORDS)


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    found = desk("list")
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr == "no cycles: mentorcycle pair publish, then mentorcycle cycle open\n"
    assert "list --counts" in desk("list", "--stage", "reflect").stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--stage", "observed"], ExitCode.USAGE, "did you mean observe?"),
        (["--stage", "completed"], ExitCode.USAGE, "write --status completed"),
        (["--status", "stalled"], ExitCode.USAGE, "'active', 'paused', 'cancelled', 'completed'"),
        (["--mine"], ExitCode.USAGE, "--as PERSON"),
        (["--limit", "0"], ExitCode.USAGE, "--limit"),
        (["--as-of", "03/04/2026"], ExitCode.USAGE, "two ways"),
        (["--person", "nobody"], ExitCode.NOT_FOUND, "no person is called"),
        (["--as", "nobody"], ExitCode.NOT_FOUND, "no person is called"),
        (["--as", "lind", "--person", "unal"], ExitCode.NOT_FOUND, "no person of yours is called 'unal'"),
        (["--after", "c-0000"], ExitCode.NOT_FOUND, "no cycle is called"),
        (["--program", "south"], ExitCode.NOT_FOUND, "db init --program south"),
    ],
)
def test_what_cannot_be_listed_is_told(term: Desk, words: list[str], code: int, said: str) -> None:
    assert said in term.refused(code, "list", *words)


def test_a_list_loads_click_sqlite_and_msgpack_and_nothing_else_of_others(term: Desk) -> None:
    listing = (
        "import atexit, sys; before = set(sys.modules);"
        "atexit.register(lambda: print(*(set(sys.modules) - before), file=sys.stderr));"
        "from mentorcycle.cli.main import run; run()"
    )
    for words in (["list"], ["list", "--counts"], ["list", "--as-of", "2026-11-01", "--format", "table"]):
        done = subprocess.run(
            [sys.executable, "-c", listing, *words, "--quiet"],
            env=term.environ,
            cwd=term.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = set(done.stderr.split())
        others = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"mentorcycle"}
        assert {name for name in others if not name.startswith(("_", "cython"))} == {"click", "msgpack"}
        deciding = {f"mentorcycle.domain.{name}" for name in ("commands", "cycle.deciding", "events.work")}
        assert not loaded & {*deciding, "mentorcycle.engine.engine", "mentorcycle.domain.cycle.state"}


def test_a_closed_pipe_ends_a_list_silently(term: Desk) -> None:
    command = f"{sys.executable} -m mentorcycle.cli list --format jsonl | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env=term.environ, cwd=term.folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout in ("0\n", "141\n")


def test_faults_of_the_store_are_told_without_a_traceback(run: Run) -> None:
    ended = run("list")
    assert ended.returncode == ExitCode.STORE
    assert ended.stderr == (
        "error: there is no log at mentorcycle.db.\n"
        "  why: the file does not exist.\n"
        "  fix: check the path, or run: mentorcycle db init\n"
    )


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, 10**30])
@pytest.mark.parametrize(
    "words", ["list", "person list", "batch list", "stalled", "audit log", "audit log --newest"]
)
def test_a_page_has_a_largest_size(desk: Desk, words: str, number: int) -> None:
    refused = desk(*words.split(), "--limit", str(number))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"{number} is not in the range 1<=x<=2147483647" in refused.stderr
    assert desk(*words.split(), "--limit", "2147483647").exit_code == 0


@pytest.mark.parametrize("words", ["audit log", "audit log --newest"])
def test_a_page_follows_a_position_that_a_log_can_have(desk: Desk, words: str) -> None:
    refused = desk(*words.split(), "--after", str(2**63))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "is not in the range" in refused.stderr
    assert desk(*words.split(), "--after", str(2**63 - 1)).exit_code == 0


@pytest.mark.parametrize("stage", ["observe", "Observe", "OBSERVE"])
def test_a_stage_is_typed_in_any_case_as_a_status_is(desk: Desk, stage: str) -> None:
    desk.at_observe()
    for listed in (("--stage", stage), ("--status", "Active", "--stage", stage)):
        assert [row["stage"] for row in desk.data("list", *listed)["rows"]] == ["observe"]
    desk.done("cycle", "undo", "unal")
    for moved in (("unal", stage), ("unal", "--to", stage), ("--all", "--stage", "GOAL_SET")):
        desk.done("advance", *(word for word in moved if word), "--yes")
        desk.done("cycle", "undo", "unal")
    assert "write --status Paused" in desk.refused(2, "list", "--stage", "Paused")
