"""The examples of the documentation, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorcycle.engine import Engine


@pytest.fixture
def examples() -> Path:
    return Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new log."""
    if request.param == "postgres":
        found: str = request.getfixturevalue("log_url")
        return found
    made = f"sqlite:///{tmp_path / 'site.db'}"
    Engine.open(made).close()
    return made
