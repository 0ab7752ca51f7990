"""Every command of the registry, on a store full of marked words: nobody outside the pair is shown one of them."""

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mentorcycle.cli.exits import ExitCode
from mentorcycle.cli.lazy import leaves
from mentorcycle.cli.main import cli
from mentorcycle.cli.registry import TREE
from mentorcycle.domain.events.registry import EVENTS

from .conftest import Desk

MARK = "Zmarkerz"
"""In every text that only the pair may read, and in what an outsider types where words go."""
HEADER = "external_id,given_name,family_name,email,areas,capacity\n"

GOAL = ("--statement", f"{MARK} goal", "--measure", f"{MARK} measure")
FOCUS = ("--focus", f"{MARK} focus", "--method", "at-task-scan")
SEEN = ("--minutes", "45", "--context", f"{MARK} context", "--evidence", f"{MARK} seen")
COUNTED = ("--number", f"disruptions={MARK}")
TALK = ("--minutes", "30", "--strength", f"{MARK} strength", "--growth-point", f"{MARK} growth")
STEP = ("--action-step", f"{MARK} step", "--goal-candidate", f"{MARK} candidate")
REFLECTION = ("--reflection", f"{MARK} reflection", "--comments", f"{MARK} comments")
PARTY = ("--achievement", f"{MARK} achievement", "--practice", f"{MARK} practice")

MEASURED = ("--area", "planning", "--measured", "--target", "80", "--unit", "percent")

Words = tuple[str, ...]

EXERCISED: dict[Words, tuple[Words, ...]] = {
    ("list",): ((), ("--counts",), ("--as-of", "2026-11-10")),
    ("show",): (("unal",), ("unal", "--with-notes"), ("unal", "--with-notes", "--as-of", "2026-11-10")),
    ("stalled",): ((), ("--as-of", "2027-06-01")),
    ("import",): (("roster.csv",), ("roster.csv", "--partial"), ("roster.csv", "--partial", "-n")),
    ("roster", "import"): (("roster.csv", "--partial"),),
    ("roster", "template"): ((),),
    ("roster", "diff"): (("good.csv",),),
    ("roster", "check"): (("roster.csv",), ("good.csv",)),
    ("definition", "list"): ((),),
    ("definition", "show"): ((),),
    ("definition", "check"): (("cycle.toml",),),
    ("definition", "diagram"): ((), ("--dot",)),
    ("definition", "publish"): (("cycle.toml",),),
    ("next",): (("unal",),),
    ("advance",): (("unal",), ("--all", "--stage", "celebrate", "--yes"), ("unal", "reflect")),
    ("cycle", "open"): (("nasser",), ("--all-paired", "--yes")),
    ("cycle", "goal"): (
        ("unal", "--area", "planning", *GOAL),
        ("unal", "--goal", "g1", *GOAL),
        ("unal", "--goal", "g1", "--target", "90"),
        ("okoro", *MEASURED),
    ),
    ("cycle", "baseline"): (("okoro", "--goal", "g1", "--value", "9", "--source", "records"),),
    ("cycle", "agree"): (("unal",),),
    ("cycle", "expectations"): (
        ("unal", "--expectations", f"{MARK} expectations"),
        ("okoro", "--meetings-per-month", "4"),
    ),
    ("cycle", "focus"): (("unal", *FOCUS), ("unal", "--observation", "o1", *FOCUS)),
    ("cycle", "schedule"): (("unal", "--observation", "o1", "--at", "2026-11-27"),),
    ("cycle", "reschedule"): (("unal", "--observation", "o1", "--at", "2026-11-27"),),
    ("cycle", "cancel-observation"): (("unal", "--observation", "o1", "--reason", "absence"),),
    ("cycle", "observe"): (
        ("unal", *SEEN, *COUNTED),
        ("unal", "--minutes", "45", "--judgement", f"{MARK} judgement"),
        ("unal", "--minutes", "45", "--number", f"{MARK}=1"),
    ),
    ("cycle", "debrief"): (("unal", *TALK, *STEP), ("unal", "--observation", "o1", *TALK)),
    ("cycle", "step"): (("unal", "s1", "done"),),
    ("cycle", "reflect"): (("unal", *REFLECTION),),
    ("cycle", "assess"): (("unal", "met", "--goal", "g1"),),
    ("cycle", "consent"): (("unal", "school"),),
    ("cycle", "celebrate"): (("unal", *PARTY),),
    ("cycle", "checkin"): (
        ("unal", "--minutes", "20"),
        ("unal", "--minutes", "20", "--notes", f"{MARK} notes"),
        ("unal", "--minutes", "99999", "--notes", f"{MARK} notes"),
    ),
    ("cycle", "pause"): (("unal", "--reason", "leave"),),
    ("cycle", "resume"): (("okoro",),),
    ("cycle", "cancel"): (("unal", "--reason", "withdrew", "--yes"),),
    ("cycle", "reopen"): (("unal", "--reason", "work-continues"),),
    ("cycle", "rematch"): (("unal",), ("unal", "--leaves", "karlsson", "--joins", "nasser")),
    ("cycle", "extend"): (("unal", "--until", "2027-01-29", "--ground", "absence"),),
    ("cycle", "correct"): (
        ("unal", "2", "--set", "target=20", "--reason", "typing-error"),
        ("unal", "2", "--set", f"statement={MARK} other", "--reason", "typing-error"),
    ),
    ("cycle", "waive"): (("okoro", "baseline", "g1", "--reason", "new-class"),),
    ("cycle", "next-cycle"): (("unal",),),
    ("cycle", "undo"): (("unal",),),
    ("cycle", "diagram"): (("unal",), ("unal", "--dot")),
    ("person", "list"): ((), ("--all",)),
    ("person", "show"): (("unal",),),
    ("person", "workload"): ((),),
    ("person", "add"): (("Eva Dahl",),),
    ("person", "change"): (("nasser", "--capacity", "2"),),
    ("person", "leave"): (("karlsson", "--reason", "retired"),),
    ("person", "return"): (("nasser",),),
    ("person", "merge"): (("karlsson", "nasser"),),
    ("person", "evaluator"): (("nasser", "okoro"),),
    ("person", "keep-apart"): (("nasser", "okoro"),),
    ("pair", "publish"): (("nasser", "okoro"), ("--from", "pairs.csv"), ("--from", "pairs.csv", "--partial")),
    ("pair", "list"): ((), ("--person", "unal")),
    ("pair", "end"): (("unal",),),
    ("batch", "list"): ((),),
    ("batch", "show"): (("BATCH",),),
    ("batch", "undo"): (("BATCH", "--yes"),),
    ("audit", "log"): ((), ("unal",), ("unal", "--newest", "--limit", "5")),
    ("audit", "replay"): (("unal",), ("karlsson",)),
    ("audit", "as-of"): (("2026-11-18",), ("2026-11-18", "unal"), ("2026-11-18", "unal", "--with-notes")),
    ("audit", "diff"): (("unal", "--from", "@8"), ("unal", "--from", "@8", "--to", "@20")),
    ("audit", "verify"): ((),),
    ("calendar", "show"): ((),),
    ("calendar", "close"): (("2026-11-26",),),
    ("calendar", "open"): (("2026-11-28",),),
    ("calendar", "days"): (("2026-11-02", "2026-11-20"),),
    ("db", "init"): (("--change", "--name", "North"),),
    ("db", "upgrade"): ((), ("--print-sql",)),
    ("db", "status"): ((),),
    ("db", "backup"): (("backup.db",),),
    ("db", "restore"): (("copy.db", "--yes"),),
    ("db", "copy"): (("sqlite:///copy.db", "sqlite:///moved.db"),),
    ("db", "rebuild"): ((),),
    ("db", "dead-letters", "list"): ((),),
    ("db", "dead-letters", "show"): (("c-burnt",),),
    ("db", "dead-letters", "retry"): ((), ("c-burnt",)),
    ("db", "dead-letters", "discard"): (("c-burnt", "--yes"),),
    ("worker",): (("--once",),),
    ("worker", "status"): ((),),
    ("doctor",): ((),),
    ("completion",): (("bash",),),
    ("version",): ((),),
}
"""Each command with the ways in which it is called; BATCH stands for its id."""

NOT_EXERCISED: dict[Words, str] = {
    ("demo",): "it makes a store of its own and touches no other; what it shows of it, test_demo holds",
}

WITHOUT_DRY_RUN = {("demo",), ("worker",), ("db", "upgrade"), ("db", "backup"), ("db", "rebuild")}
"""They write, though no event; their help and README say so."""

READING = {
    *((name,) for name in ("list", "show", "stalled", "next", "doctor", "completion", "version")),
    *(("roster", name) for name in ("template", "diff", "check")),
    *(("definition", name) for name in ("list", "show", "check", "diagram")),
    *(("person", name) for name in ("list", "show", "workload")),
    *(("audit", name) for name in ("log", "replay", "as-of", "diff", "verify")),
    *(("pair", "list"), ("batch", "list"), ("batch", "show"), ("calendar", "show"), ("calendar", "days")),
    *(("db", "status"), ("db", "dead-letters", "list"), ("db", "dead-letters", "show")),
    *(("worker", "status"), ("cycle", "diagram")),
}

REFUSED_TO_A_COORDINATOR = {
    *(("cycle", name) for name in ("agree", "consent", "reflect")),  # each for themselves
    *(("cycle", name) for name in ("focus", "schedule", "reschedule", "cancel-observation", "observe")),
    *(("cycle", name) for name in ("debrief", "assess", "celebrate")),  # with words, or the stage is past
    *(
        ("cycle", "reopen"),
        ("cycle", "next-cycle"),
        ("batch", "undo"),
    ),  # nothing is completed; it moved on since
    *(("audit", "verify"), ("db", "dead-letters", "retry")),  # the burnt event stays
}

MEANT = {
    ExitCode.DONE,
    ExitCode.REFUSED,
    ExitCode.NOT_FOUND,
    ExitCode.PARTIAL,
    ExitCode.NOT_PERMITTED,
    ExitCode.VERIFICATION_FAILED,
}
"""Neither a bug nor a mistake of usage, so the command was reached; the burnt event fails verification."""

OUTSIDERS = {"coordinator": None, "auditor": "auditor", "stranger": "Mira Nasser"}


def live(desk: Desk) -> None:
    """Ünal's cycle reaches its last stage with marked words wherever words go; Okoro's has a goal."""
    day = lambda month, number: datetime(2026, month, number, 8, tzinfo=UTC)  # noqa: E731
    both = ("unal", "karlsson")
    desk.now = day(10, 5)
    desk.opened("unal", "okoro")
    desk.done("cycle", "goal", "okoro", *MEASURED)
    desk.done(
        "cycle",
        "goal",
        "unal",
        "--area",
        "engagement",
        "--target",
        "80",
        "--unit",
        "percent",
        *GOAL,
        by="unal",
    )
    desk.done("cycle", "baseline", "unal", "--value", "50", "--source", "observation")
    desk.done("cycle", "expectations", "unal", "--expectations", f"{MARK} expectations", by="unal")
    for person in both:
        desk.done("cycle", "agree", "unal", by=person)
    desk.done("advance", "unal")
    desk.done("cycle", "focus", "unal", *FOCUS, by="unal")
    desk.now = day(11, 2)
    desk.done("cycle", "observe", "unal", *SEEN, *COUNTED, by="karlsson")
    desk.done("advance", "unal")
    desk.done("cycle", "debrief", "unal", *TALK, *STEP, by="karlsson")
    desk.done("advance", "unal")
    for person in both:
        desk.done("cycle", "reflect", "unal", *REFLECTION, by=person)
    desk.done("cycle", "assess", "unal", "met", "--goal", "g1", by="unal")
    desk.done("advance", "--all", "--stage", "reflect", "--ready", "--yes")
    desk.done("cycle", "celebrate", "unal", *PARTY, by="unal")
    desk.done("cycle", "checkin", "unal", "--minutes", "20", "--notes", f"{MARK} notes", by="unal")
    desk.done("db", "backup", "copy.db")
    poison(desk)
    desk.now = day(11, 20)
    for words in (
        ("list",),
        ("person", "list"),
    ):  # from here on no question has a read model to bring up to date
        desk.done(*words)


def poison(desk: Desk) -> None:
    """A stream that no read model can take."""
    with closing(sqlite3.connect(desk.folder / "mentorcycle.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO events (position, tenant, stream, version, topic, recorded_at, state)"
            " SELECT max(position) + 1, 'default', 'cycle:c-burnt', 1, 'CycleBurnt.1', max(recorded_at), x'c0'"
            " FROM events"
        )


class Marked:
    """The desk in front of the marked store, put back as it was before every call."""

    def __init__(self, desk: Desk, kept: Path) -> None:
        self.desk = desk
        self.kept = kept
        self.batch = str(desk.data("batch", "list")["rows"][0]["batch"])

    def __call__(self, path: Words, given: Words, *more: str, by: str | None = None) -> Result:
        for child in self.desk.folder.iterdir():
            shutil.rmtree(child) if child.is_dir() else child.unlink()
        shutil.copytree(self.kept, self.desk.folder, dirs_exist_ok=True)
        return self.desk(*path, *(self.batch if word == "BATCH" else word for word in given), *more, by=by)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marked") / "kept"


@pytest.fixture
def marked(desk: Desk, once: Path) -> Marked:
    if not once.exists():
        from mentorcycle.domain.definition import shipped

        live(desk)
        good = f"{HEADER}001,Ann,Berg,ann@example.org,engagement,\n"
        (desk.folder / "good.csv").write_text(good)
        (desk.folder / "roster.csv").write_text(f"{good}002,Bo,,,,\n")
        (desk.folder / "pairs.csv").write_text("mentee,mentor\nnasser,okoro\nnobody,lind\n")
        second = shipped().source.replace("version = 1 ", "version = 2 ", 1)
        (desk.folder / "cycle.toml").write_text(second, encoding="utf-8")
        shutil.copytree(desk.folder, once)
    for file in once.glob("mentorcycle.db*"):
        shutil.copy(file, desk.folder)
    desk.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return Marked(desk, once)


def test_every_command_of_the_registry_is_walked_or_it_is_said_why_not() -> None:
    paths = {path for path, _ in leaves(TREE)}
    assert paths == EXERCISED.keys() | NOT_EXERCISED.keys()
    assert not EXERCISED.keys() & NOT_EXERCISED.keys()


def test_words_of_every_kind_are_in_the_store(marked: Marked) -> None:
    declared = {name for event in EVENTS.values() for name in event.pair_fields}
    with closing(sqlite3.connect(marked.desk.folder / "mentorcycle.db")) as connection:
        stored = {field.partition(".")[0] for (field,) in connection.execute("SELECT field FROM words")}
        marks = connection.execute("SELECT field FROM words WHERE text LIKE ?", (f"%{MARK}%",)).fetchall()
    assert stored == declared
    assert {field.partition(".")[0] for (field,) in marks} == declared - {"method"}


def test_the_pair_reads_them_so_that_the_walk_could_find_them(marked: Marked) -> None:
    shown = marked(("show",), ("unal", "--with-notes"), by="unal")
    assert shown.exit_code == 0
    assert shown.stdout.count(MARK) > 10


@pytest.mark.parametrize("format", ["table", "json", "csv"])
@pytest.mark.parametrize("hat", OUTSIDERS)
def test_no_command_shows_a_word_to_anybody_outside_the_pair(
    marked: Marked, hat: str, format: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    marked(("version",), ())
    before = held(marked.desk.folder)[1]
    codes: dict[Words, set[int]] = {}
    for path, ways in EXERCISED.items():
        for given in ways:
            ended = marked(path, given, "--format", format, by=OUTSIDERS[hat])
            called = f"{' '.join((*path, *given))} by {hat}"
            assert MARK not in ended.stdout + ended.stderr, called
            codes.setdefault(path, set()).add(ended.exit_code)
            if hat != "coordinator":
                assert held(marked.desk.folder)[1] == before, called
    assert MARK not in caplog.text
    assert {path: found for path, found in codes.items() if not found <= MEANT | {ExitCode.USAGE}} == {}
    assert {path for path, found in codes.items() if not found & MEANT} == set()
    done = {path for path, found in codes.items() if found & {ExitCode.DONE, ExitCode.PARTIAL}}
    if hat == "coordinator":
        assert EXERCISED.keys() - done == REFUSED_TO_A_COORDINATOR


def writing() -> Iterator[Words]:
    """Every command that has `--dry-run`."""
    for path, leaf in leaves(TREE):
        module, _, name = leaf.target.partition(":")
        if any(option.name == "dry_run" for option in getattr(import_module(module), name).params):
            yield path


def test_every_command_that_writes_can_be_tried_without() -> None:
    assert {path for path, _ in leaves(TREE)} - set(writing()) == READING | WITHOUT_DRY_RUN
    for path in WITHOUT_DRY_RUN:
        assert "There is no --dry-run" in " ".join(CliRunner().invoke(cli, [*path, "--help"]).stdout.split())


def held(folder: Path) -> tuple[dict[str, bytes], list[list[tuple[object, ...]]]]:
    """The files of a folder, and what of its store is not made from the log."""
    tables = ("events", "commands", "words", "dead_letters", "discarded_events")
    with closing(sqlite3.connect(folder / "mentorcycle.db")) as connection:
        rows = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
    files = {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("mentorcycle.db")
    }
    return files, rows


def test_a_dry_run_writes_nothing_at_all(marked: Marked) -> None:
    marked(("version",), ())
    assert any("last" in file for file in held(marked.desk.folder)[0])  # what `@last` means is a file too
    before = held(marked.desk.folder)
    rehearsed = set()
    for path in writing():
        for given in EXERCISED[path]:
            for actor in (None, "unal"):
                ended = marked(path, given, "--dry-run", by=actor)
                assert held(marked.desk.folder) == before, (path, given)
                rehearsed.add((path, ended.exit_code))
    assert len({path for path, code in rehearsed if code == ExitCode.DONE}) > 30
