"""`db`: a store is made, looked at, copied, put back and mended; nothing is overwritten unasked."""

import json
import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.lazy import Branch, leaves
from mentorcycle.cli.registry import TREE
from mentorcycle.engine.stores.sqlite_schema import SCHEMA_VERSION

from .conftest import Desk, Run
from .terms import autumn

MODELS = ["cycles", "people", "minutes", "trail"]


@pytest.fixture
def term(desk: Desk) -> Desk:
    return autumn(desk)


def poison(desk: Desk, reference: str) -> str:
    """Make the last event of a cycle unreadable before any read model has seen it; return the cycle."""
    label = str(desk.data("show", reference)["record"]["id"])
    path = desk.folder / "mentorcycle.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (version,) = connection.execute(
            "SELECT max(version) FROM events WHERE stream = ?", (f"cycle:{label}",)
        ).fetchone()
        connection.execute(
            "INSERT INTO events (position, tenant, stream, version, topic, recorded_at, state)"
            " SELECT max(position) + 1, 'default', ?, ?, 'CycleBurnt.1', max(recorded_at), x'c0' FROM events",
            (f"cycle:{label}", version + 1),
        )
    return label


def test_a_store_is_made_once_with_its_programme(desk: Desk) -> None:
    fresh = ("--db", "sqlite:///north.db")
    made = desk("db", "init", "--name", "North", "--zone", "Europe/Stockholm", *fresh, "--format", "table")
    assert made.stdout == "north.db is ready for North (Europe/Stockholm)\n"
    assert made.stderr.startswith("next: mentorcycle import --db sqlite:///north.db FILE")
    again = desk.done("db", "init", "--name", "North", *fresh)
    assert again == "already so: north.db is ready for North (Europe/Stockholm)"
    changed = desk.done("db", "init", "--change", "--zone", "Europe/Oslo", *fresh)
    assert changed == "North (Europe/Oslo) is what north.db is for now"
    assert stat.S_IMODE((desk.folder / "north.db").stat().st_mode) == 0o600
    assert [row["name"] for row in desk.data("audit", "log", *fresh)["rows"]] == [
        "ProgrammeCreated",
        "DefinitionPublished",
        "ProgrammeChanged",
    ]


@pytest.mark.parametrize(
    "wanted", [("--name", "South"), ("--zone", "Europe/Oslo"), ("--name", "South", "-n")]
)
def test_a_programme_that_is_there_is_not_renamed_unasked(desk: Desk, wanted: tuple[str, ...]) -> None:
    desk.done("db", "init", "--change", "--name", "North")
    said = desk.refused(ExitCode.REFUSED, "db", "init", *wanted)
    assert "North (Europe/Stockholm) has that id" in said
    fix = next(line for line in said.splitlines() if "fix: " in line).partition("fix: mentorcycle ")[2]
    assert desk.done(*shlex.split(fix)).endswith("is what mentorcycle.db is for now")


def test_a_dry_run_makes_no_file(desk: Desk) -> None:
    said = desk.done("db", "init", "--name", "North", "-n", "--db", "sqlite:///north.db")
    assert said == "dry run: north.db is ready for North (UTC)"
    assert not (desk.folder / "north.db").exists()


def test_a_zone_that_does_not_exist_makes_nothing(desk: Desk) -> None:
    told = desk("db", "init", "--zone", "Mars", "--db", "sqlite:///north.db")
    assert (told.exit_code, (desk.folder / "north.db").exists()) == (ExitCode.REFUSED, False)


def test_a_second_programme_is_made_by_name(desk: Desk) -> None:
    desk.done("db", "init", "--name", "South", "--program", "south")
    assert desk.done("calendar", "show", "--program", "south").startswith("South · UTC")
    assert desk.data("list", "--program", "south")["total"] == 0


def test_status_shows_the_store_as_it_is(term: Desk) -> None:
    term.data("list")
    term.done("person", "add", "Nils Berg")
    record = term.data("db", "status")["record"]
    assert (record["events"], record["store_schema"], record["journal_mode"]) == (23, SCHEMA_VERSION, "wal")
    assert [model["name"] for model in record["models"]] == MODELS
    assert {model["state"] for model in record["models"]} == {"active"}
    lags = [model["lag_events"] for model in record["models"]]
    assert term.data("db", "status")["record"]["models"][0]["lag_events"] == lags[0]  # asking changed nothing
    table = term.done("db", "status")
    assert "store   mentorcycle.db" in table
    assert "READ MODEL" in table


def test_a_backup_is_a_whole_store_and_overwrites_nothing_unasked(term: Desk) -> None:
    said = term.done("db", "backup", "copy.db")
    assert said.startswith("22 events are safe in copy.db (")
    assert stat.S_IMODE((term.folder / "copy.db").stat().st_mode) == 0o600
    assert term.data("list", "--db", "sqlite:///copy.db")["rows"] == term.data("list")["rows"]
    before = (term.folder / "copy.db").read_bytes()
    assert "add --yes" in term.refused(ExitCode.USAGE, "db", "backup", "copy.db")
    assert (term.folder / "copy.db").read_bytes() == before
    term.done("person", "add", "Nils Berg")
    for file in term.folder.glob("copy.db-*"):
        file.unlink()
    assert term.done("db", "backup", "copy.db", "--yes").startswith("23 events are safe")
    assert sorted(file.name for file in term.folder.glob("copy.db*")) == ["copy.db"]


def test_a_backup_is_never_the_store_itself(term: Desk) -> None:
    told = term.refused(ExitCode.REFUSED, "db", "backup", "mentorcycle.db", "--yes")
    assert "is the store itself" in told


def test_a_backup_becomes_a_store_where_there_is_none(term: Desk) -> None:
    term.done("db", "backup", "copy.db")
    said = term.done("db", "restore", "copy.db", "--db", "sqlite:///new.db")
    assert said == "new.db is restored: 22 events, all verified"
    assert term.data("audit", "verify", "--db", "sqlite:///new.db")["holds"] is True
    assert term.data("db", "status", "--db", "sqlite:///new.db")["record"]["journal_mode"] == "wal"


def test_a_store_is_only_replaced_with_yes_and_then_kept(term: Desk) -> None:
    term.done("db", "backup", "copy.db")
    term.done("person", "add", "Nils Berg")
    told = term.refused(ExitCode.USAGE, "db", "restore", "copy.db")
    assert "it is there and holds 23 events; the backup holds 22 events" in told
    replaced = term("db", "restore", "copy.db", "--yes")
    kept = f"mentorcycle.db.before-{term.now:%Y%m%dT%H%M%S}"
    assert replaced.stderr == f"what was there is kept as {kept}\n"
    assert (term.head(), term.data("audit", "verify")["holds"]) == (22, True)
    old = term.data("audit", "log", "--db", f"sqlite:///{kept}", "--newest", "--limit", "1")
    assert old["rows"][0]["position"] == 23
    assert term.done("person", "add", "Nils Berg").startswith("Nils Berg is added")


def test_a_dry_run_restores_nothing(term: Desk) -> None:
    term.done("db", "backup", "copy.db")
    term.done("person", "add", "Nils Berg")
    term.done("db", "restore", "copy.db", "--yes", "-n")
    assert term.head() == 23


def test_others_who_have_the_store_open_see_the_restored_one(term: Desk) -> None:
    from mentorcycle.domain.actor import Actor
    from mentorcycle.domain.commands import AddPerson
    from mentorcycle.engine import Engine

    term.done("db", "backup", "copy.db")
    with Engine.open("sqlite:///mentorcycle.db") as engine:
        engine.execute(AddPerson("Nils Berg"), Actor.coordinator()).or_raise()
        term.done("db", "restore", "copy.db", "--yes")
        assert engine.store.head() == 22
        engine.execute(AddPerson("Eva Dahl"), Actor.coordinator()).or_raise()
        assert engine.store.head() == 23
    assert term.data("audit", "verify")["holds"] is True


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def rewrite(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE words SET text = 'another text' WHERE field = 'measure'")


def text(path: Path) -> None:
    path.write_text("Dear colleague")


def another(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.execute("PRAGMA application_id = 7")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (cut, ExitCode.STORE),
        (text, ExitCode.STORE),
        (another, ExitCode.STORE),
        (rewrite, ExitCode.VERIFICATION_FAILED),
    ],
)
def test_what_does_not_hold_is_not_restored(term: Desk, damage: Callable[[Path], None], code: int) -> None:
    term.done("db", "backup", "copy.db")
    damage(term.folder / "copy.db")
    ended = term("db", "restore", "copy.db", "--yes")
    assert (ended.exit_code, ended.stdout, term.head()) == (code, "", 22)
    assert ended.stderr.startswith("error: ")
    assert "another text" not in ended.stderr
    assert not list(term.folder.glob("*.before-*"))


def test_a_database_of_another_program_is_not_replaced(term: Desk) -> None:
    term.done("db", "backup", "copy.db")
    shutil.copy(term.folder / "copy.db", term.folder / "theirs.db")
    another(term.folder / "theirs.db")
    ended = term("db", "restore", "copy.db", "--yes", "--db", "sqlite:///theirs.db")
    assert ended.exit_code == ExitCode.STORE
    assert "it is a database of another program" in ended.stderr


def test_a_damaged_store_is_moved_away_for_its_backup(term: Desk) -> None:
    term.done("db", "backup", "copy.db")
    with closing(sqlite3.connect(term.folder / "mentorcycle.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cut(term.folder / "mentorcycle.db")
    assert term("list").exit_code == ExitCode.STORE
    term.done("db", "restore", "copy.db", "--yes")
    assert term.head() == 22
    assert len(list(term.folder.glob("mentorcycle.db.before-*"))) >= 1


def test_read_models_are_rebuilt_and_compared(term: Desk) -> None:
    rows = term.data("db", "rebuild")["rows"]
    assert [(row["name"], row["position"], row["equal"]) for row in rows] == [
        (name, 22, True) for name in MODELS
    ]
    assert [row["name"] for row in term.data("db", "rebuild", "people")["rows"]] == ["people"]


def test_a_rebuild_mends_a_read_model_that_was_tampered_with(term: Desk) -> None:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'people_person_[0-9]*'"
    term.data("list")
    with closing(sqlite3.connect(term.folder / "mentorcycle.db", isolation_level=None)) as connection:
        ((table,),) = connection.execute(query)
        connection.execute(f"UPDATE {table} SET name = 'Somebody Else' WHERE name = 'Mira Nasser'")
    rebuilt = term("db", "rebuild", "people")
    assert "people did not say what the log says, and does now" in rebuilt.stderr
    assert term.data("audit", "verify")["holds"] is True


def test_an_event_that_cannot_be_read_is_set_aside_and_others_go_on(term: Desk) -> None:
    cycle = poison(term, "okoro")
    assert term.data("list")["total"] == 2
    found = term("db", "dead-letters", "list", "--exit-code", "--format", "json")
    assert found.exit_code == ExitCode.ATTENTION
    rows = term.data("db", "dead-letters", "list")["rows"]
    assert {(row["ref"], row["position"], row["event"], row["waiting"]) for row in rows} == {
        (cycle, 23, "CycleBurnt.1", 1)
    }
    retried = term("db", "dead-letters", "retry", "--format", "table")
    assert retried.exit_code == ExitCode.REFUSED
    assert "stops at event 23" in retried.stdout
    assert "add --yes" in term.refused(ExitCode.USAGE, "db", "dead-letters", "discard", cycle)
    discarded = term("db", "dead-letters", "discard", cycle[:6], "--yes", "--format", "table")
    assert (discarded.exit_code, discarded.stderr) == (0, f"{len(rows)} of {len(rows)} taken\n")
    assert term("db", "dead-letters", "list").stderr == "nothing is set aside\n"
    assert term("db", "dead-letters", "retry").exit_code == ExitCode.DONE
    assert [row["what"] for row in term.data("doctor")["rows"] if row["name"] == "events left out"] == [
        ", ".join(f"{row['model']} leaves 1 out" for row in rows)
    ]
    audited = term("audit", "verify", "--format", "json")
    assert audited.exit_code == ExitCode.VERIFICATION_FAILED
    named = [(one["model"], one["position"], one["stream"]) for one in json.loads(audited.stdout)["left_out"]]
    assert named == [(row["model"], 23, f"cycle:{cycle}") for row in rows]
    table = term("audit", "verify", "--format", "table").stdout
    assert f"event 23: cycles leaves it out, of cycle:{cycle} (HistoryUnreadable)" in table
    assert "read models equal their replay without the events left out" in table


def test_what_was_set_aside_and_then_cut_off_is_still_listed(term: Desk) -> None:
    cycle = poison(term, "okoro")
    term.data("list")
    with closing(sqlite3.connect(term.folder / "mentorcycle.db", isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM events WHERE position = 23")
    assert "not in the log any more: mentorcycle audit verify" in term.done("db", "dead-letters", "list")
    assert "not in the log any more" in term.done("db", "dead-letters", "show", cycle)


def test_what_would_be_mended_is_told_and_nothing_is(term: Desk) -> None:
    cycle = poison(term, "okoro")
    term.data("list")
    rows = term.data("db", "dead-letters", "list")["rows"]
    rehearsed = term("db", "dead-letters", "discard", cycle, "-n", "--format", "json")
    said = json.loads(rehearsed.stdout)
    assert (rehearsed.exit_code, said["dry_run"]) == (0, True)
    assert {row["outcome"] for row in said["rows"]} == {"would be taken"}
    tried = term("db", "dead-letters", "retry", "--dry-run", "--format", "table")
    assert tried.exit_code == ExitCode.REFUSED
    assert "stops at event 23" in tried.stdout
    assert tried.stderr == f"0 of {len(rows)} would be taken\nnothing was written\n"
    assert term.data("db", "dead-letters", "list")["rows"] == rows
    assert term.data("db", "rebuild", "cycles")["rows"][0]["position"] == 23
    assert len(term.data("db", "dead-letters", "list")["rows"]) == len(rows)  # the rebuild read it again


EVERY_DB = {
    ("init",): ("--name", "North"),
    ("upgrade",): (),
    ("status",): (),
    ("backup",): ("backup.db",),
    ("restore",): ("copy.db", "--yes"),
    ("copy",): ("sqlite:///copy.db", "sqlite:///moved.db"),
    ("rebuild",): (),
    ("dead-letters", "list"): (),
    ("dead-letters", "show"): ("c-0000",),
    ("dead-letters", "retry"): (),
    ("dead-letters", "discard"): ("c-0000", "--yes"),
}


def test_db_is_for_the_owner_of_the_file_alone(term: Desk) -> None:
    branch = TREE["db"]
    assert isinstance(branch, Branch)
    assert {path for path, _ in leaves(branch.commands)} == set(EVERY_DB)
    term.done("db", "backup", "copy.db")
    there = {file.name for file in term.folder.iterdir()}
    for path, more in EVERY_DB.items():
        for actor in ("Aylin Ünal", "auditor", "Nobody Known"):
            told = term.refused(ExitCode.NOT_PERMITTED, "db", *path, *more, by=actor)
            assert f"db {' '.join(path)} is not done for a participant or auditor" in told
            assert "belongs to whoever owns the file" in told
        helped = " ".join(term("db", *path, "--help").stdout.split())
        assert "db belongs to whoever owns the file" in helped
    assert {file.name for file in term.folder.iterdir()} == there
    term.done("db", "status", by="coordinator")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["rebuild", "hours"], ExitCode.NOT_FOUND, "there are cycles, people, minutes, trail"),
        (["dead-letters", "discard", "c-0000", "--yes"], ExitCode.NOT_FOUND, "dead-letters list"),
        (["dead-letters", "retry", "--model", "hours"], ExitCode.NOT_FOUND, "no read model is called"),
        (["restore", "nowhere.db"], ExitCode.NOT_FOUND, "there is no file nowhere.db"),
        (["backup"], ExitCode.USAGE, "missing argument"),
        (["backup", "no/such/folder/copy.db"], ExitCode.STORE, "no backup can be made"),
    ],
)
def test_what_cannot_be_done_is_told(term: Desk, words: list[str], code: int, said: str) -> None:
    assert said in term.refused(code, "db", *words)


def newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mentorcycle.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")


def no_database(folder: Path) -> None:
    for file in folder.glob("mentorcycle.db*"):
        file.unlink()
    text(folder / "mentorcycle.db")


def missing(folder: Path) -> None:
    for file in folder.glob("mentorcycle.db*"):
        file.unlink()


def empty(folder: Path) -> None:
    missing(folder)
    (folder / "mentorcycle.db").touch()


FAULTS = {
    "newer": (newer, "has schema 99", "install a newer mentorcycle"),
    "no database": (no_database, "is not a mentorcycle log", "name another file"),
    "missing": (missing, "there is no log at mentorcycle.db", "mentorcycle db init"),
    "empty": (empty, "holds no log yet", "mentorcycle db init"),
}
COMMANDS = (
    ["list"],
    ["show", "unal"],
    ["stalled"],
    ["calendar", "show"],
    ["calendar", "close", "today"],
    ["audit", "log"],
    ["audit", "replay", "unal"],
    ["audit", "verify"],
    ["db", "status"],
    ["db", "backup", "copy.db"],
    ["db", "rebuild"],
)


@pytest.mark.parametrize(("fault", "what", "fix"), FAULTS.values(), ids=FAULTS)
def test_every_command_tells_a_fault_of_the_store_in_three_lines(
    term: Desk, fault: Callable[[Path], None], what: str, fix: str
) -> None:
    fault(term.folder)
    for words in COMMANDS:
        ended = term(*words)
        assert (ended.exit_code, ended.stdout) == (ExitCode.STORE, ""), words
        lines = ended.stderr.splitlines()
        assert [line[:7] for line in lines] == ["error: ", "  why: ", "  fix: "], words
        assert (what in lines[0], fix in lines[2]) == (True, True), words
    for more in ([], ["--exit-code"]):
        looked = term("doctor", *more, "--format", "plain")
        assert looked.exit_code == ExitCode.STORE
        assert fix in looked.stdout


@pytest.mark.parametrize(("fault", "what", "fix"), FAULTS.values(), ids=FAULTS)
def test_a_process_of_its_own_ends_without_a_traceback(
    term: Desk, run: Run, fault: Callable[[Path], None], what: str, fix: str
) -> None:
    fault(term.folder)
    ended = run("audit", "verify")
    assert (ended.returncode, ended.stdout) == (ExitCode.STORE, "")
    assert "Traceback" not in ended.stderr
    assert what in ended.stderr
    assert fix in ended.stderr


def test_a_pipe_that_closes_is_silent(term: Desk) -> None:
    for words in ("audit log", "show unal"):
        command = f"{sys.executable} -m mentorcycle.cli {words} --format json --quiet | true"
        done = subprocess.run(
            ["bash", "-c", command],
            env=term.environ,
            cwd=term.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == "", words


class Nobody:
    """The same program in a process of a user who may write nothing."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def __call__(self, *words: str) -> tuple[int, str, str]:
        elsewhere = f"sqlite:///{self.desk.folder / 'mentorcycle.db'}"
        self.desk(*words, "--db", elsewhere)  # loads what it needs: the interpreter may be out of reach
        reading, writing = os.pipe()
        if not (child := os.fork()):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            ended = self.desk(*words)
            os.write(writing, json.dumps([ended.exit_code, ended.stdout, ended.stderr]).encode())
            os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            code, stdout, stderr = json.loads(pipe.read())
        os.waitpid(child, 0)
        return code, stdout, stderr


@pytest.fixture
def nobody(term: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nobody]:
    """The store, up to date and alone in a folder, for a user who may only read it."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    folder = Path(mkdtemp())
    term.done("db", "backup", str(folder / "mentorcycle.db"))
    with closing(sqlite3.connect(folder / "mentorcycle.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    (folder / "mentorcycle.db").chmod(0o444)
    folder.chmod(0o555)
    monkeypatch.chdir(folder)
    term.environ = {**term.environ, "HOME": str(folder)}
    yield Nobody(term)
    shutil.rmtree(folder)


def test_what_may_not_be_written_can_be_read(nobody: Nobody) -> None:
    for words in (["list"], ["show", "unal"], ["audit", "verify"], ["audit", "log"], ["db", "status"]):
        code, stdout, stderr = nobody(*words)
        assert (code, bool(stdout)) == (0, True), stderr
    assert nobody("list")[1] == nobody.desk("list").stdout


def test_what_may_not_be_written_is_not_written_and_says_so(nobody: Nobody) -> None:
    for words in (["calendar", "close", "2026-11-26"], ["db", "rebuild"]):
        code, stdout, stderr = nobody(*words)
        assert (code, stdout) == (ExitCode.STORE, ""), words
        assert [line[:7] for line in stderr.splitlines()[-3:]] == ["error: ", "  why: ", "  fix: "], words


def test_a_file_of_somebody_else_cannot_be_opened_and_says_so(nobody: Nobody) -> None:
    Path("mentorcycle.db").chmod(0o400)
    code, stdout, stderr = nobody("list")
    assert (code, stdout) == (ExitCode.STORE, "")
    assert "Permission denied" in stderr
    assert "Traceback" not in stderr
