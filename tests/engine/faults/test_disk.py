"""The disk of the server is full: what is said, that nothing is half written, and that room is all that is needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine import Engine
from mentorcycle.engine.audit import verify

from .load import OFFICE
from .servers import Node

MANY = 100
ROOM = 2048
"""Kilobytes beside what an empty log takes."""


def mount(options: str, *where: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", "-o", options, *where], capture_output=True, text=True)


@pytest.fixture
def small(durable: Node) -> Iterator[Path]:
    """Where a file system of the server's own is mounted, with room for an empty log and not much more."""
    disk = durable.directory / "small"
    disk.mkdir()
    ((needed,),) = durable.sql("SELECT pg_database_size('empty_log')")
    try:
        mounted = mount(f"size={needed // 1024 + ROOM}k", "-t", "tmpfs", "tmpfs", str(disk))
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    place = disk / "space"
    place.mkdir(mode=0o700)
    if durable.user is not None:
        shutil.chown(place, durable.user)
    durable.sql(
        f"CREATE TABLESPACE small LOCATION '{place}'",
        "CREATE DATABASE on_small TEMPLATE empty_log TABLESPACE small STRATEGY file_copy",
    )
    yield disk
    durable.sql("DROP DATABASE on_small WITH (FORCE)", "DROP TABLESPACE small")
    subprocess.run(["umount", str(disk)], check=True)


def run(*words: str, url: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "mentorcycle.cli", *words, "--db", url]
    return subprocess.run(program, capture_output=True, text=True, timeout=120)


def test_a_full_disk_of_the_server_takes_nothing_by_halves_and_room_is_all_that_is_needed(
    durable: Node, small: Path, tmp_path: Path
) -> None:
    url, roster = durable.database("on_small"), tmp_path / "teachers.csv"
    rows = [f"t{n},Aylin,Ünal,{'North ' * 30}" for n in range(1000)]
    roster.write_text("\n".join(["external_id,given_name,family_name,school", *rows]), "utf-8")
    taken = 0

    def fill(engine: Engine) -> None:
        nonlocal taken
        while True:
            batch = add(engine, taken)
            assert not any(receipt.repeated for receipt in batch)
            taken += 1

    def add(engine: Engine, number: int) -> list[object]:
        people = [c.AddPerson(f"Person {number} {n}", school="North " * 50) for n in range(MANY)]
        ids = [f"{number}-{n}" for n in range(MANY)]
        batch = engine.execute_many(people, OFFICE, command_ids=ids)
        for result in batch.results:
            result.or_raise()
        return list(batch.receipts)

    with Engine.open(url) as engine:
        engine.ensure_programme(OFFICE)
        with pytest.raises(StoreUnavailable, match="disk is full") as caught:
            fill(engine)
        assert "make room" in caught.value.fix
        assert taken > 2
        done = run("import", str(roster), url=url)
        assert done.returncode == 10, done.stderr
        assert "disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        mount("remount,size=128m", str(small))
        assert all(not receipt.repeated for receipt in add(engine, taken))
        assert verify(engine.store).holds
        assert engine.queries.counts(OFFICE) == []
        people = engine.queries.people(OFFICE, limit=1_000_000)
        assert sum(row.name.startswith("Person ") for row in people) == (taken + 1) * MANY
