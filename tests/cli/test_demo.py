"""The demo: one command, a whole year, a file of its own, the same for the same seed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
