"""Several processes and one file: nothing is lost, doubled or half there, also when one is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from mentorcycle.engine.stores.port import tail
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event

PREAMBLE = """
import sys
from mentorcycle.domain.errors import Conflict
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event
path, who = sys.argv[1:]
store = SQLiteStore(path)
"""
HOT_STREAM = """
for n in range(20):
    while True:
        version = len(store.read_stream("north", "hot"))
        try:
            store.append(command(f"{who}-{n}", event("hot", version + 1, f"{who}-{n}".encode())))
            break
        except Conflict:
            pass
    store.append(command(f"{who}-own-{n}", event(f"own-{who}", n + 1)))
store.close()
"""
ENDLESS_BATCHES = """
print("ready", flush=True)
n = store.head() // 60
while True:
    store.append_many([command(f"{who}-{n}-{m}", *(event(f"{who}-{n}-{m}", v) for v in (1, 2, 3))) for m in range(20)])
    print(n, flush=True)
    n += 1
"""


def start(script: str, path: Path, who: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, str(path), who], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_open_a_new_file_at_once_and_retry_conflicts_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    processes = [start(HOT_STREAM, path, str(who)) for who in range(3)]
    assert [process.communicate(timeout=120) and process.returncode for process in processes] == [0, 0, 0]
    with SQLiteStore(path) as store:
        rows = list(tail(store, 0))
        hot = store.read_stream("north", "hot")
        assert store.findings() == []
    assert [row.position for row in rows] == list(range(1, 121))
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(rows))
    assert [row.version for row in hot] == list(range(1, 61))
    assert {row.state.decode() for row in hot} == {f"{who}-{n}" for who in range(3) for n in range(20)}


@pytest.mark.parametrize("lines", [1, 3, 6])
def test_a_killed_process_leaves_whole_batches_and_all_that_it_was_told(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "log.db"
    told = 0
    for _ in range(2):
        with start(ENDLESS_BATCHES, path, "w") as process:
            assert process.stdout is not None
            for _ in range(lines + 1):
                said = process.stdout.readline()
            told = int(said) + 1
            process.kill()
        with SQLiteStore(path) as store:
            rows = list(tail(store, 0))
            assert len(rows) % 60 == 0
            assert len(rows) >= told * 60
            assert [row.position for row in rows] == list(range(1, len(rows) + 1))
            with store.reader() as connection:
                commands = connection.execute("SELECT first, last FROM commands ORDER BY first").fetchall()
            assert commands == [(first, first + 2) for first in range(1, len(rows), 3)]
            assert store.findings() == []


def test_an_append_of_another_process_ends_a_wait(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "log.db") as here, SQLiteStore(tmp_path / "log.db") as there:
        heads: list[int] = []
        waiting = threading.Thread(target=lambda: heads.append(here.wait(0, timeout=60)))
        waiting.start()
        there.append(command("c1", event("a", 1)))  # another store on the file is as far as a process
        waiting.join(60)
        assert heads == [1]


LOOK_AND_LEAVE = """
import sys
from mentorcycle.engine.stores.sqlite import SQLiteStore
with SQLiteStore(sys.argv[1]) as store:
    print(store.head())
"""


def test_who_opens_the_file_once_more_keeps_the_locks_of_the_process(tmp_path: Path) -> None:
    """Else a process that leaves believes that it is the last one, and removes the log under those who write."""
    path = tmp_path / "log.db"

    def seen_by_another() -> str:
        asked = [sys.executable, "-c", LOOK_AND_LEAVE, str(path)]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    with SQLiteStore(path) as first, SQLiteStore(path) as second:
        first.append(command("c1", event("a", 1)))
        second.append(command("c2", event("b", 1)))
        assert seen_by_another() == "2"
        first.append(command("c3", event("a", 2)))
        assert seen_by_another() == "3"
        second.append(command("c4", event("b", 2)))
    assert seen_by_another() == "4"


def test_two_stores_on_one_file_see_each_others_commands(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "log.db") as here, SQLiteStore(tmp_path / "log.db") as there:
        first = here.append(command("c1", event("a", 1)))
        assert there.append(command("c1", event("a", 1))) == first._replace(repeated=True)
        assert there.append(command("c2", event("a", 2))).first == 2
        assert [row.version for row in here.read_stream("north", "a")] == [1, 2]
