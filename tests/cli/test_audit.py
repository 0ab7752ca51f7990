"""`audit`: what happened and when, what was so, what changed, and whether all of it can be trusted."""

import sqlite3
from contextlib import closing

import pytest

from mentorcycle.cli.exits import ExitCode

from .conftest import Desk
from .terms import WORDS, autumn

STAFF_ONLY = (["log"], ["verify"], ["as-of", "2026-10-20"])


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def tamper(desk: Desk, statement: str, *values: object) -> None:
    """Change the file behind the program's back."""
    with closing(sqlite3.connect(desk.folder / "mentorcycle.db", isolation_level=None)) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement, values)


def serving(desk: Desk, table: str) -> str:
    """The table of a read model that serves now."""
    desk.data("list")
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?"
    with closing(sqlite3.connect(desk.folder / "mentorcycle.db")) as connection:
        ((name,),) = connection.execute(query, (f"{table}_[0-9]*",))
    return str(name)


def names(desk: Desk, *words: str, by: str | None = None) -> list[str]:
    return [row["name"] for row in desk.data("audit", "log", *words, by=by)["rows"]]


OF_UNAL = [
    "CycleOpened",
    "GoalSet",
    "BaselineRecorded",
    "GoalAgreed",
    "GoalAgreed",
    "CycleAdvanced",
    "FocusAgreed",
    "ObservationCompleted",
    "ContactLogged",
]


def test_the_log_tells_who_did_what_and_when(term: Desk) -> None:
    heading, first, *_, last = term.done("audit", "log", "unal").splitlines()
    assert heading.split()[:5] == ["POSITION", "IN", "CYCLE", "RECORDED", "OCCURRED"]
    assert heading.split()[5:] == ["WHAT", "REF", "BY", "BATCH"]
    opened, contact = first.split(), last.split()
    assert opened[1:6] == ["1", "2026-10-05", "10:00", "2026-10-05", "CycleOpened"]
    assert opened[7:] == ["local"]
    assert contact[1:6] == ["9", "2026-11-04", "09:00", "2026-11-04", "ContactLogged"]
    assert contact[7:] == ["Aylin", "Ünal"]
    assert names(term, "unal") == OF_UNAL
    assert names(term, "unal", "--newest") == OF_UNAL[::-1]


def test_the_log_is_paged_in_both_directions(term: Desk) -> None:
    whole = [row["position"] for row in term.data("audit", "log")["rows"]]
    assert whole == list(range(1, 23))
    first = term("audit", "log", "--limit", "5")
    assert first.stderr == "more: --after 5\n"
    after = [row["position"] for row in term.data("audit", "log", "--after", "5", "--limit", "5")["rows"]]
    assert after == [6, 7, 8, 9, 10]
    newest = term.data("audit", "log", "--newest", "--limit", "3")
    assert ([row["position"] for row in newest["rows"]], newest["more"]) == ([22, 21, 20], True)
    older = term.data("audit", "log", "--newest", "--limit", "2", "--after", "20")["rows"]
    assert [row["position"] for row in older] == [19, 18]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--by", "karlsson"], ["GoalAgreed", "ObservationCompleted"]),
        (["--by", "local", "--event", "cyclepaused"], ["CyclePaused"]),
        (["--event", "CycleOpened", "--event", "CyclePaused"], ["CycleOpened", "CycleOpened", "CyclePaused"]),
        (["--since", "2026-11-04"], ["ContactLogged", "CyclePaused"]),
        (["--since", "2026-10-28", "--until", "2026-10-30"], ["CycleOpened", "FocusAgreed"]),
        (["--until", "2026-08-31"], []),
        (["--since", "2026-11-04T09:00", "--until", "2026-11-04T09:00"], ["ContactLogged"]),
        (["okoro"], ["CycleOpened", "CyclePaused"]),
        (["nasser"], ["PersonAdded"]),
        (["programme"], ["ProgrammeCreated", "DefinitionPublished"]),
    ],
)
def test_the_log_is_narrowed(term: Desk, words: list[str], found: list[str]) -> None:
    assert names(term, *words) == found


def test_the_log_of_a_batch(desk: Desk) -> None:
    desk.opened("unal", "okoro")
    batch = desk.data("audit", "log", "okoro")["rows"][0]["batch"]
    assert names(desk, "--batch", batch[:6]) == ["CycleOpened", "CycleOpened"]


def test_no_audit_shows_words(term: Desk) -> None:
    questions = (
        ["log"],
        ["log", "unal"],
        ["replay", "unal"],
        ["as-of", "2026-11-19"],
        ["as-of", "2026-11-19", "unal"],
        ["diff", "unal", "--from", "2026-10-01"],
        ["verify"],
    )
    for question in questions:
        for form in ("table", "json", "plain"):
            said = term("audit", *question, "--format", form)
            assert said.exit_code == 0, said.output
            assert not any(words in said.output for words in WORDS)


def test_a_participant_audits_their_own_cycle(term: Desk) -> None:
    assert names(term, "unal", by="karlsson") == OF_UNAL
    assert term.data("audit", "replay", "unal", by="unal")["equal"] is True
    (cycle,) = (row["id"] for row in term.data("list", "--person", "unal")["rows"])
    for words in (["log"], ["replay"], ["diff", "--from", "@1"]):
        told = term.refused(ExitCode.NOT_PERMITTED, "audit", words[0], cycle, *words[1:], by="lind")
        assert "is not shown" in told
        told = term.refused(ExitCode.NOT_FOUND, "audit", words[0], "unal", *words[1:], by="lind")
        assert "no cycle or person of yours is called 'unal'" in told


@pytest.mark.parametrize("words", STAFF_ONLY[:2])
def test_what_concerns_everybody_is_for_staff(term: Desk, words: list[str]) -> None:
    assert "not shown" in term.refused(ExitCode.NOT_PERMITTED, "audit", *words, by="unal")
    assert term("audit", *words, by="auditor").exit_code == 0


@pytest.mark.parametrize(
    ("reference", "fields"), [("unal", 16), ("karlsson", 16), ("nasser", 17), ("programme", 0)]
)
def test_a_replay_says_the_same_as_the_read_model(term: Desk, reference: str, fields: int) -> None:
    found = term.data("audit", "replay", reference)
    assert (found["equal"], len(found["rows"])) == (True, fields)
    assert all(row["equal"] for row in found["rows"])


def test_a_replay_finds_a_read_model_that_was_tampered_with(term: Desk) -> None:
    table = serving(term, "cycles_span")
    tamper(term, f"UPDATE {table} SET stage = 'celebrate' WHERE stage = 'observe'")
    ended = term("audit", "replay", "unal")
    assert ended.exit_code == ExitCode.VERIFICATION_FAILED
    assert "1 of 16 fields differ: stage" in ended.stderr
    assert "mentorcycle db rebuild" in ended.stderr


def test_the_programme_as_of_a_moment_is_counted(term: Desk) -> None:
    then = term("audit", "as-of", "2026-10-20", "--format", "table")
    assert then.stdout.splitlines()[1].split() == ["goal-set", "1", "1"]
    assert then.stderr == ("as of Tue 20 Oct 2026, end of day, Europe/Stockholm\n1 cycle\nevent 15 of 22\n")
    assert term.data("audit", "as-of", "@22")["total"] == 2


def test_one_cycle_as_of_a_moment_is_its_page(term: Desk) -> None:
    then = term.done("audit", "as-of", "2026-10-20", "unal")
    assert then == term.done("show", "unal", "--as-of", "2026-10-20")


FUTURE = (
    ["list", "--as-of"],
    ["list", "--counts", "--as-of"],
    ["stalled", "--exit-code", "--as-of"],
    ["show", "unal", "--as-of"],
    ["audit", "as-of"],
    ["audit", "diff", "unal", "--from"],
    ["audit", "diff", "unal", "--from", "@1", "--to"],
)


@pytest.mark.parametrize("words", FUTURE)
@pytest.mark.parametrize("moment", ["2027-03-01", "@99999", "2026-11-20T14:00+01:00"])
def test_no_view_speaks_of_what_is_yet_to_come(term: Desk, words: list[str], moment: str) -> None:
    said = term.refused(ExitCode.USAGE, *words, moment)
    assert "is yet to come" in said
    assert "the last event is 22, recorded on Tue 10 Nov 2026, and today is Fri 20 Nov 2026" in said
    assert not said.startswith(("as of Mon", "as of event 9", "as of Fri"))


def test_a_difference_names_every_field_that_changed(term: Desk) -> None:
    found = term.data("audit", "diff", "unal", "--from", "2026-10-26", "--to", "2026-10-27")
    changed = {row["field"]: (row["before"], row["after"]) for row in found["rows"]}
    assert (found["from"], found["to"], found["events"]) == (15, 17, 2)
    assert changed["stage"] == ("goal-set", "observe")
    assert len(changed["goals.g1.agreed"][1]) == 2
    assert set(changed) == {
        "stage",
        "since",
        "goals.g1.agreed",
        "advances.1.target",
        "advances.1.since",
    } | {field for field in changed if field.startswith("advances.1.")}


def test_a_difference_of_people_and_programmes(term: Desk) -> None:
    term.done("calendar", "close", "2026-11-26")
    rows = term.data("audit", "diff", "programme", "--from", "@22")["rows"]
    assert rows == [{"field": "calendar.closures.2026-11-26", "before": None, "after": True}]
    fields = [row["field"] for row in term.data("audit", "diff", "nasser", "--from", "@0")["rows"]]
    assert "profile.name" in fields


def test_before_it_was_there_nothing_had_a_value(term: Desk) -> None:
    opened = term.data("audit", "log", "unal")["rows"][0]["position"]
    diff = ("audit", "diff", "unal", "--from", f"@{opened - 1}", "--to", f"@{opened}")
    rows = term.data(*diff)["rows"]
    assert {row["before"] for row in rows} == {None}
    after = {row["field"]: row["after"] for row in rows}
    assert (after["status"], after["stage"], after["opened_at"][:10]) == ("active", "goal-set", "2026-10-05")
    (line,) = [line for line in term.done(*diff).splitlines() if line.startswith("opened_at")]
    assert line.split()[1] == "–"


def test_nothing_changed_is_said(term: Desk) -> None:
    same = term("audit", "diff", "unal", "--from", "2026-11-05", "--to", "2026-11-06")
    assert (same.stdout, same.stderr.splitlines()[-1]) == ("", "0 fields changed by 0 events")
    table = term("audit", "diff", "unal", "--from", "@20", "--to", "@20", "--format", "table")
    assert " · event 20\n" in table.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["diff", "unal"], ExitCode.USAGE, "--from"),
        (["diff", "unal", "--from", "2026-11-05", "--to", "2026-10-06"], ExitCode.USAGE, "swap them"),
        (["diff", "unal", "--from", "@0", "--to", "@5"], ExitCode.NOT_FOUND, "no cycle is called 'unal'"),
        (["diff", "unal", "--from", "@0", "--to", "@0"], ExitCode.NOT_FOUND, "it began after event 0"),
        (["diff", "nasser", "--from", "@0", "--to", "@1"], ExitCode.NOT_FOUND, "no person is called"),
        (["diff", "programme", "--from", "@0", "--to", "@0"], ExitCode.NOT_FOUND, "no programme is called"),
        (["log", "nobody"], ExitCode.NOT_FOUND, "no cycle or person is called"),
        (["log", "c-0000"], ExitCode.NOT_FOUND, "no cycle is called"),
        (["log", "--event", "advanced"], ExitCode.USAGE, "did you mean CycleAdvanced"),
        (["log", "--by", "nobody"], ExitCode.NOT_FOUND, "no person is called"),
        (["log", "--batch", "b-0000"], ExitCode.NOT_FOUND, "no batch is called"),
        (["log", "--since", "soon"], ExitCode.USAGE, "is no date"),
        (["replay"], ExitCode.USAGE, "missing argument"),
        (["as-of", "soon"], ExitCode.USAGE, "is no date"),
    ],
)
def test_what_cannot_be_audited_is_told(term: Desk, words: list[str], code: int, said: str) -> None:
    assert said in term.refused(code, "audit", *words)


def test_a_verification_says_what_was_proved_and_what_was_not(term: Desk) -> None:
    ended = term("audit", "verify", "--format", "table")
    assert ended.exit_code == ExitCode.DONE
    title, *checks = ended.stdout.splitlines()
    assert title == "sqlite mentorcycle.db · 22 events · 2 cycles"
    assert checks[0] == " ✓ positions 1–22 without gaps"
    assert " ✓ 5 texts are those that the log committed to" in checks
    assert all(line.startswith(" ✓ ") for line in checks)
    assert len(checks) == 9
    assert "not proved: no outside checkpoint is compared" in ended.stderr
    assert "verified in " in ended.stderr
    found = term.data("audit", "verify")
    assert (found["holds"], len(found["read_models"]), len(found["not_proved"])) == (True, 4, 2)


def test_a_verification_without_a_replay_says_so(term: Desk) -> None:
    ended = term("audit", "verify", "--no-replay")
    assert ended.exit_code == ExitCode.DONE
    assert "read models were not compared" in ended.stderr
    assert "read models" not in ended.stdout


TAMPERINGS = {
    "an event is deleted": ("DELETE FROM events WHERE position = 7", "positions"),
    "an event is back-dated": ("UPDATE events SET recorded_at = 0 WHERE position = 20", "times"),
    "an event is changed": ("UPDATE events SET state = substr(state, 1, 20) WHERE position = 12", "readable"),
    "an event is unknown": ("UPDATE events SET topic = 'CycleBurnt.1' WHERE position = 12", "readable"),
    "a version is changed": ("UPDATE events SET version = 99 WHERE position = 12", "streams"),
    "a text is changed": ("UPDATE words SET text = 'kept quiet' WHERE field = 'measure'", "words"),
    "a text is removed": ("DELETE FROM words WHERE field = 'notes'", "words"),
    "the protection is off": ("SELECT 1", "file"),
}


@pytest.mark.parametrize(("statement", "check"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_verification_names_what_was_tampered_with(term: Desk, statement: str, check: str) -> None:
    term.data("list")
    tamper(term, statement)
    ended = term("audit", "verify", "--format", "table")
    assert ended.exit_code == ExitCode.VERIFICATION_FAILED, ended.output
    assert " ✗ " in ended.stdout
    assert "verified in" not in ended.stderr
    found = term.data("audit", "verify", code=ExitCode.VERIFICATION_FAILED)
    assert found["holds"] is False
    assert check in [row["check"] for row in found["rows"] if not row["holds"]]
    assert not any(words in ended.output for words in WORDS)


def test_a_tail_that_was_cut_off_is_told_before_and_after_a_rebuild(term: Desk) -> None:
    """With the protection put back, as somebody would who hopes that nobody notices."""
    term.data("list")
    with closing(sqlite3.connect(term.folder / "mentorcycle.db", isolation_level=None)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM events WHERE position > 19")
        for _, sql in triggers:
            connection.execute(sql)
    for words in (["list"], ["show", "unal"], ["audit", "log"]):
        told = term.refused(ExitCode.STORE, *words)
        assert "tell of events that the log does not have" in told
        assert "mentorcycle audit verify" in told
    assert "ends with event 19" in term("audit", "verify").output
    term.done("db", "rebuild")
    term.data("list")
    ended = term("audit", "verify", "--format", "table")
    assert ended.exit_code == ExitCode.VERIFICATION_FAILED
    assert "events after 19 are missing: positions were given up to 22" in ended.stdout


def test_of_many_findings_the_first_are_shown_and_all_are_counted(term: Desk) -> None:
    for number in range(130):
        term.done("person", "add", f"Person {number}")
    tamper(term, "UPDATE events SET topic = 'Rumour.1' WHERE topic = 'PersonAdded.1'")
    table = term("audit", "verify", "--no-replay", "--format", "table")
    data = term.data("audit", "verify", "--no-replay", code=ExitCode.VERIFICATION_FAILED)
    (row,) = [row for row in data["rows"] if row["check"] == "readable"]
    assert row["found"] > 130
    assert len(row["findings"]) == 100
    assert f"     and {row['found'] - 20} more\n" in table.stdout


def test_a_verification_names_a_read_model_that_was_tampered_with(term: Desk) -> None:
    table = serving(term, "people_person")
    tamper(term, f"UPDATE {table} SET name = 'Somebody Else' WHERE name = 'Mira Nasser'")
    found = term.data("audit", "verify", code=ExitCode.VERIFICATION_FAILED)
    (row,) = [row for row in found["rows"] if row["check"] == "read models"]
    assert row["findings"][0]["what"].startswith("people_person")
