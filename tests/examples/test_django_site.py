"""The Django site: rows of its own and events of a cycle, through requests, savepoints and hooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def run(site: Path, url: str, *program: str) -> str:
    path = os.pathsep.join([str(site), *sys.path])
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-W", "error", *program], env=environment, cwd=site, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rows_of_the_site_and_events_of_the_cycle_agree_whatever_happens(examples: Path, url: str) -> None:
    site = examples / "django_site"
    run(site, url, "manage.py", "migrate")
    story = json.loads(run(site, url, str(Path(__file__).parent / "django_story.py")))

    assert story["vendor"] == ("sqlite" if url.startswith("sqlite") else "postgresql")
    status, receipt = story["booked"]
    assert status == 201
    assert receipt["position"] > 0
    assert story["booked again"] == [201, receipt]
    for refused in ("refused by the cycle", "refused by the table", "another command of the same id"):
        assert story[refused][0] == 409
    assert len(story["refused by the cycle"][1]["reasons"]) == 1
    assert "two_hours_at_most" in story["refused by the table"][1]["reasons"][0]
    assert story["no such cycle"] == 404
    assert story["known then"] == {"rooms": [["104", 30]], "contacts": [30]}
    assert story["savepoint"] == [[], [10, 12]]
    assert story["rolled back"] == []
    assert story["known in the end"] == {
        "rooms": [["104", 30], ["105", 10], ["105", 12]],
        "contacts": [30, 10, 12],
    }


def test_the_migration_makes_the_table_that_the_model_wants(examples: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    assert "No changes" in run(
        examples / "django_site", url, "manage.py", "makemigrations", "--check", "--dry-run"
    )
