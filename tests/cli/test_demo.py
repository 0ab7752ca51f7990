"""The demo: one command, a whole year, a file of its own, the same for the same seed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mentorcycle.engine.queries import Queries

from .conftest import Desk

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
