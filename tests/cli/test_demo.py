"""The demo: one command, a whole year, a file of its own, the same for the same seed."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine
from mentorcycle.engine.queries import Queries
from mentorcycle.engine.simulation.demo_file import (
    DemoMark,
    check_replaceable,
    finish,
    put,
    room_beside,
    url_of,
)

from .conftest import REAL, Desk

SEED = ("--seed", "7")


@pytest.fixture
def lived(run: Callable[..., Any]) -> str:
    made = run("demo", *SEED)
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_a_year_is_lived_shown_and_verified_by_the_commands_that_follow(
    lived: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    assert "4 read models equal a replay" in lived
    assert (tmp_path / "mentorcycle-demo.db").exists()

    verified = run("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    listed = run("list", "--format", "json", "--limit", "500")
    assert len(json.loads(listed.stdout)["rows"]) > 100

    again = run("demo", *SEED)
    assert again.returncode == 10
    assert "--yes" in again.stderr
    replaced = run("demo", *SEED, "--yes")
    assert (replaced.returncode, replaced.stdout) == (0, lived)


def test_a_store_that_is_no_demo_is_left_alone(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("external_id,given_name,family_name\n1,Ann,Ünal\n", encoding="utf-8")
    run("import", "t.csv", "--db", "sqlite:///real.db")
    before = (tmp_path / "real.db").read_bytes()

    refused = run("demo", "--db", "sqlite:///real.db", "--yes")

    assert refused.returncode == 10
    assert "something else" in refused.stderr
    assert (tmp_path / "real.db").read_bytes() == before


@pytest.fixture
def beside_demo(desk: Desk) -> Desk:
    """A folder in which a store lies under the demo's name, and none under the usual one."""
    desk.opened("unal")
    for file in list(desk.folder.glob("mentorcycle.db*")):
        file.rename(file.with_name(file.name.replace("mentorcycle.db", "mentorcycle-demo.db")))
    (desk.folder / "t.csv").write_text("external_id,given_name,family_name\n1,Ann,Li\n")
    (desk.folder / "pairs.csv").write_text("mentee,mentor\nnasser,lind\n")
    return desk


def demo_head(desk: Desk) -> int:
    with Queries.open(f"sqlite:///{desk.folder / 'mentorcycle-demo.db'}") as queries:
        return queries.head()


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "unal"),
        ("next", "unal"),
        ("roster", "diff", "t.csv"),
        ("person", "list"),
        ("audit", "verify"),
        ("doctor",),
    ],
)
def test_commands_that_read_find_a_demo_and_say_so(beside_demo: Desk, words: tuple[str, ...]) -> None:
    before = demo_head(beside_demo)
    found = beside_demo(*words)
    assert found.exit_code == 0, found.stderr
    assert "using sqlite:///mentorcycle-demo.db: there is no mentorcycle.db here" in found.stderr
    assert demo_head(beside_demo) == before


@pytest.mark.parametrize(
    "words",
    [
        ("person", "add", "Zed"),
        ("person", "add", "Zed", "--dry-run"),
        ("advance", "unal"),
        ("advance", "--all", "--stage", "goal-set"),
        ("cycle", "pause", "unal", "--reason", "leave"),
        ("cycle", "open", "okoro"),
        ("pair", "publish", "--from", "pairs.csv"),
        ("calendar", "close", "2026-11-02"),
    ],
)
def test_commands_that_write_into_a_demo_are_told_to(beside_demo: Desk, words: tuple[str, ...]) -> None:
    before = demo_head(beside_demo)
    refused = beside_demo(*words)
    assert refused.exit_code == 10
    assert "nothing is written to mentorcycle-demo.db" in refused.stderr
    assert "fix: mentorcycle db init" in refused.stderr
    assert "--db sqlite:///mentorcycle-demo.db" in refused.stderr
    assert demo_head(beside_demo) == before


def test_a_demo_that_is_named_is_written_to_and_an_import_makes_its_own_store(beside_demo: Desk) -> None:
    before = demo_head(beside_demo)
    assert beside_demo("import", "t.csv").exit_code == 0
    assert (beside_demo.folder / "mentorcycle.db").exists()
    assert demo_head(beside_demo) == before
    beside_demo.done("person", "add", "Zed", "--db", "sqlite:///mentorcycle-demo.db")
    assert demo_head(beside_demo) > before


def path_of(desk: Desk) -> Path:
    return desk.folder / "mentorcycle-demo.db"


def marked(desk: Desk) -> int:
    """The store under the demo's name is a demo, as far as it was written; its head."""
    head = demo_head(desk)
    finish(str(path_of(desk)), DemoMark(seed=7, head=head))
    return head


def test_a_programme_of_the_demos_name_is_no_demo(run: Callable[..., Any], tmp_path: Path) -> None:
    store = ("--db", "sqlite:///north.db")
    assert run("db", "init", "--name", "North cohort", *store).returncode == 0
    assert run("person", "add", "Real", *store).returncode == 0
    before = (tmp_path / "north.db").read_bytes()

    refused = run("demo", "--yes", *store)

    assert (refused.returncode, refused.stdout) == (10, "")
    assert "something else" in refused.stderr
    assert (tmp_path / "north.db").read_bytes() == before
    assert "Real" in run("person", "list", *store).stdout


def test_a_demo_in_which_somebody_went_on_is_not_replaced(beside_demo: Desk) -> None:
    head = marked(beside_demo)
    demo = ("--db", "sqlite:///mentorcycle-demo.db")
    beside_demo.done("person", "add", "Zed", *demo)

    refused = beside_demo("demo", "--yes")

    assert refused.exit_code == 10
    assert "1 event was written to it after the demo" in refused.stderr
    assert "name another file with --db" in refused.stderr
    assert demo_head(beside_demo) == head + 1
    assert "Zed" in beside_demo.done("person", "list", *demo)


@pytest.mark.parametrize("actor", ["auditor", "unal"])
def test_a_demo_is_made_by_whoever_owns_the_file(beside_demo: Desk, actor: str) -> None:
    head = marked(beside_demo)
    refused = beside_demo("demo", "--yes", by=actor)
    assert refused.exit_code == 7
    assert demo_head(beside_demo) == head


def test_what_is_written_while_the_new_demo_is_put_in_place_is_kept(beside_demo: Desk) -> None:
    marked(beside_demo)
    path = str(path_of(beside_demo))
    check_replaceable(path, yes=True)
    beside_demo.done("person", "add", "Zed", "--db", "sqlite:///mentorcycle-demo.db")
    with room_beside(path) as fresh:
        with Engine.open(url_of(fresh)) as engine:
            engine.ensure_programme(Actor.coordinator(), name="Another")
            head = engine.store.head()
        finish(fresh, DemoMark(seed=8, head=head))
        kept = put(fresh, path, "now")

    assert kept == f"{path}.before-now"
    assert "Zed" in beside_demo.done("person", "list", "--all", "--db", f"sqlite:///{kept}")
    assert demo_head(beside_demo) == head


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_what_lies_in_the_empty_place_of_a_demo_does_it_no_harm(beside_demo: Desk, suffix: str) -> None:
    left = beside_demo.folder / f"new.db{suffix}"
    left.write_bytes(b"" if not suffix else b"of another log")
    with room_beside(str(beside_demo.folder / "new.db")) as fresh:
        with Engine.open(url_of(fresh)) as engine:
            engine.ensure_programme(Actor.coordinator(), name="Another")
        assert put(fresh, str(beside_demo.folder / "new.db"), "now") is None
    assert "Another" in beside_demo.done("db", "init", "--db", "sqlite:///new.db")
    assert not list(beside_demo.folder.glob("*.living"))


@pytest.mark.parametrize("how", ["folder", "link"])
def test_a_folder_in_the_way_that_no_demo_made_is_not_touched(desk: Desk, how: str) -> None:
    theirs = desk.folder / ("theirs" if how == "link" else "own.db.living")
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("years of work")
    if how == "link":
        (desk.folder / "own.db.living").symlink_to(theirs)
    refused = desk("demo", "--db", "sqlite:///own.db")
    assert refused.exit_code == 10
    assert "is in the way" in refused.stderr
    assert (theirs / "thesis.txt").read_text() == "years of work"


def test_a_demo_makes_no_folder(desk: Desk) -> None:
    refused = desk("demo", "--db", "sqlite:///nowhere/demo.db")
    assert refused.exit_code == 10
    assert not (desk.folder / "nowhere").exists()


@pytest.mark.parametrize("pressed", [signal.SIGINT, signal.SIGKILL])
def test_a_year_that_was_not_lived_to_its_end_is_no_demo(
    run: Callable[..., Any], environ: dict[str, str], tmp_path: Path, pressed: signal.Signals
) -> None:
    living = subprocess.Popen(
        [*REAL, "demo"], env=environ, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    fresh = tmp_path / "mentorcycle-demo.db.living" / "mentorcycle-demo.db"
    while not (fresh.exists() and fresh.stat().st_size):
        assert living.poll() is None
        sleep(0.01)
    second = run("demo")
    living.send_signal(pressed)
    code = living.wait(30)

    assert second.returncode == 10
    assert "another process is making it" in second.stderr
    assert code == (130 if pressed == signal.SIGINT else -pressed)
    assert fresh.parent.exists() == (pressed == signal.SIGKILL)
    assert run("list").returncode == 10
    with room_beside(str(tmp_path / "mentorcycle-demo.db")) as room:
        assert [file.name for file in Path(room).parent.iterdir()] == ["lock"]
    assert [file.name for file in tmp_path.glob("*-demo*")] == []
