"""`worker` and `worker status`, on a file and on PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from mentorcycle.cli.exits import ExitCode
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import AddPerson
from mentorcycle.engine import Engine

from .conftest import REAL, Desk, Run

PARTS = 11


def test_once_brings_a_file_up_to_date_and_says_how_far(desk: Desk) -> None:
    desk.opened("unal")
    head = desk.head()
    assert desk.data("worker", "--once")["record"] == {"position": head, "left": []}
    assert f"up to event {head}" in desk.done("worker", "--once")
    found = desk.data("worker", "status", "--exit-code")
    assert found["shared"] is False
    assert "this store needs no worker" in desk("worker", "status").stderr
    assert {(row["model"], row["position"], row["owner"]) for row in found["rows"]} == {
        (name, head, None) for name in ("cycles", "people", "minutes", "trail")
    }


def test_what_lags_is_a_matter_of_attention(desk: Desk) -> None:
    desk.done("worker", "--once")
    with Engine.open(desk.url) as engine:
        engine.execute(AddPerson("Eva Dahl"), Actor.coordinator()).or_raise()
    rows = desk.data("worker", "status", "--exit-code", code=ExitCode.ATTENTION)["rows"]
    assert [row["lag_events"] for row in rows if row["model"] == "trail"] == [1]
    desk.data("worker", "status")


def test_a_read_model_that_there_is_not_is_not_found(desk: Desk) -> None:
    assert "cycles, people" in desk.refused(
        ExitCode.NOT_FOUND, "worker", "--once", "--models", "people,nobody"
    )


@pytest.mark.parametrize("models", ["", " ", ","])
def test_no_read_model_does_not_mean_all(desk: Desk, models: str) -> None:
    said = desk.refused(ExitCode.USAGE, "worker", "--once", "--models", models)
    assert "there are cycles, people, minutes, trail" in said


def test_a_worker_is_for_whoever_looks_after_the_store(desk: Desk) -> None:
    for words in (("worker", "--once"), ("worker", "status")):
        assert "is not done for a participant" in desk.refused(ExitCode.NOT_PERMITTED, *words, by="auditor")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_on_a_file_ends_when_it_is_told_to(desk: Desk, environ: dict[str, str], number: int) -> None:
    ended = {signal.SIGTERM: 0, signal.SIGINT: ExitCode.INTERRUPTED}
    with subprocess.Popen(
        [*REAL, "worker", "--db", desk.url], env=environ, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr is not None
        assert "takes part" in worker.stderr.readline()
        worker.send_signal(number)
        assert worker.wait(60) == ended[signal.Signals(number)]
        assert "worker stopped" in worker.stderr.read()


def test_for_a_file_nothing_of_postgresql_is_loaded(desk: Desk, environ: dict[str, str]) -> None:
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        f"sys.argv[1:] = ['worker', '--once', '--quiet', '--db', {desk.url!r}];"
        "from mentorcycle.cli.main import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "mentorcycle.engine.readers.worker" in loaded
    assert not {name for name in loaded if "psycopg" in name or "postgres" in name}


@pytest.fixture
def north(on_postgres: Desk) -> Desk:
    on_postgres.done("db", "init", "--name", "North")
    return on_postgres


def test_who_keeps_what_is_shown_while_a_worker_runs(north: Desk, environ: dict[str, str], run: Run) -> None:
    head = north.head()
    assert north.data("worker", "--once")["record"]["position"] == head
    found = north.data("worker", "status", "--exit-code", code=ExitCode.ATTENTION)
    assert (len(found["rows"]), found["workers"]) == (PARTS, [])
    with subprocess.Popen(
        [*REAL, "worker", "--db", north.url], env=environ, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            found = _owned(north)
            assert {row["owner"].rpartition(":")[2] for row in found["rows"]} == {str(worker.pid)}
            assert [one["units"] for one in found["workers"]] == [PARTS]
            assert "11 of 11 parts" in north.done("doctor")
            assert "1 worker" in north("worker", "status", "--format", "table").stderr
            assert north("person", "add", "Eva Dahl").exit_code == 0
            assert "Eva Dahl" in north.done("person", "list")
            assert north.data("worker", "status", "--exit-code")["as_of"] == head + 1
            once = json.loads(run("worker", "--once", "--db", north.url, "--format", "json").stdout)
            assert once["record"]["position"] == head + 1
        finally:
            worker.terminate()
        assert worker.wait(60) == 0


def test_read_models_in_a_database_are_mended_there(north: Desk) -> None:
    north("person", "add", "Eva Dahl")
    assert [row["equal"] for row in north.data("db", "rebuild")["rows"]] == [True] * 4
    status = north.data("db", "status")["record"]
    assert [model["state"] for model in status["models"]] == ["active"] * 4
    assert "is up to date" in north.done("db", "upgrade")
    assert north.data("db", "upgrade", "--print-sql")["record"]["statements"] == []
    assert north.data("db", "dead-letters", "list")["rows"] == []
    north.refused(ExitCode.NOT_FOUND, "db", "dead-letters", "show", "c-1")


def _owned(desk: Desk) -> Any:
    deadline = time.monotonic() + 60
    while True:
        found = desk.data("worker", "status")
        if all(row["owner"] for row in found["rows"]):
            return found
        assert time.monotonic() < deadline
        time.sleep(0.1)
