"""Definitions from the command line: every mistake in a file is told, and another definition runs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mentorcycle.cli.main import cli
from mentorcycle.cli.session import Session

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
LESSON_STUDY = Path(__file__).parents[1] / "domain" / "definition" / "data" / "lesson-study.toml"
PEOPLE = "external_id,given_name,family_name\n1,Ann,Ünal\n2,Bo,Karlsson\n"

Program = Callable[..., Result]


@pytest.fixture
def program(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(tmp_path)

    def start(*words: str) -> Result:
        return CliRunner().invoke(cli, words, obj=Session(now=lambda: NOW, environ=environ))

    return start


def test_the_shipped_definition_is_shown_without_a_store(program: Program, tmp_path: Path) -> None:
    shown = program("definition", "show", "--format", "json")
    assert [row["stage"] for row in json.loads(shown.stdout)["rows"]] == [
        "goal-set",
        "observe",
        "debrief",
        "reflect",
        "celebrate",
    ]
    assert list(tmp_path.iterdir()) == []


def test_it_is_drawn_in_both_languages(program: Program) -> None:
    assert program("definition", "diagram").stdout.startswith("stateDiagram-v2")
    assert program("definition", "diagram", "--dot").stdout.startswith("digraph")


def test_a_sound_file_is_called_so(program: Program) -> None:
    checked = program("definition", "check", str(LESSON_STUDY))
    assert checked.exit_code == 0
    assert "lesson-study" in checked.stdout


def test_every_mistake_has_a_line(program: Program, tmp_path: Path) -> None:
    text = (
        LESSON_STUDY.read_text("utf-8").replace('to = "', 'to = "no-', 1).replace("budget = ", "budgt = ", 1)
    )
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")

    checked, published = (
        program("definition", "check", "bad.toml"),
        program("definition", "publish", "bad.toml"),
    )

    assert checked.exit_code == published.exit_code == 3
    assert len(checked.stdout.splitlines()) >= 2
    assert "budgt" in checked.stdout
    assert "no-" in checked.stdout


def test_a_file_that_is_no_toml_says_where(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = \n", encoding="utf-8")
    checked = program("definition", "check", "bad.toml")
    assert checked.exit_code == 3
    assert "line 1" in checked.stdout + checked.stderr


def test_a_published_definition_runs_beside_the_shipped_one(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(PEOPLE, encoding="utf-8")
    program("import", "t.csv")
    program("pair", "publish", "ann", "bo")

    assert program("definition", "publish", str(LESSON_STUDY)).exit_code == 0
    again = program("definition", "publish", str(LESSON_STUDY))
    assert again.exit_code == 0
    assert "already-so" in again.stdout
    opened = program("cycle", "open", "ann", "--definition", "lesson-study")

    assert opened.exit_code == 0, opened.stderr
    listed = json.loads(program("definition", "list", "--format", "json").stdout)["rows"]
    assert [row["name"] for row in listed] == ["peer-cycle", "lesson-study"]
    row = json.loads(program("list", "--format", "json").stdout)["rows"][0]
    assert row["stage"] == listed[1]["stages"][0]


def test_another_text_under_a_taken_version_is_refused(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(PEOPLE, encoding="utf-8")
    program("import", "t.csv")
    program("definition", "publish", str(LESSON_STUDY))
    text = LESSON_STUDY.read_text("utf-8").replace("budget = 5", "budget = 6", 1)
    assert text != LESSON_STUDY.read_text("utf-8")
    (tmp_path / "other.toml").write_text(text, encoding="utf-8")

    refused = program("definition", "publish", "other.toml")

    assert refused.exit_code == 3
    assert "raise the version number" in refused.stderr


def test_an_unknown_name_is_not_found(program: Program) -> None:
    missing = program("definition", "show", "nothing")
    assert missing.exit_code == 4
