"""A writer that goes on makes room in the write-ahead log, and nobody sees anything of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mentorcycle.engine.stores.port import tail
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event

FEW, MANY = 15, 40
SIZE = 32 + 4000 * (4096 + 24)


def append(store: SQLiteStore, first: int, last: int) -> None:
    for n in range(first, last + 1):
        store.append(command(f"c{n}", event("a", n)))


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_a_few_commits_are_not_worth_it_and_many_write_over_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SQLiteStore(path) as store:
        append(store, 1, FEW)
        assert wal_of(path).stat().st_size < SIZE / 10
        append(store, FEW + 1, MANY)
        assert wal_of(path).stat().st_size == SIZE
    assert not wal_of(path).exists()
    with SQLiteStore(path) as store:
        assert [row.version for row in tail(store, 0)] == list(range(1, MANY + 1))


def test_what_a_killed_writer_leaves_is_recovered_up_to_its_last_commit(tmp_path: Path) -> None:
    """The zeros behind the last frame are no frame."""
    path, copy = tmp_path / "log.db", tmp_path / "copy.db"
    with SQLiteStore(path) as store:
        append(store, 1, MANY)
        shutil.copyfile(path, copy)
        shutil.copyfile(wal_of(path), wal_of(copy))
        append(store, MANY + 1, MANY + 2)
    with SQLiteStore(copy) as store:
        assert [row.version for row in tail(store, 0)] == list(range(1, MANY + 1))
        assert store.findings() == []
        append(store, MANY + 1, MANY + 1)


def test_processes_that_write_in_turn_make_room_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    write = (
        "import sys\n"
        "from mentorcycle.domain.errors import Conflict\n"
        "from mentorcycle.engine.stores.sqlite import SQLiteStore\n"
        "from mentorcycle.engine.testing.store_contract import command, event\n"
        "with SQLiteStore(sys.argv[1]) as store:\n"
        "    for n in range(1, 61):\n"
        "        store.append(command(f'{sys.argv[2]}-{n}', event(sys.argv[2], n)))\n"
    )
    with SQLiteStore(path) as store:
        writers = [subprocess.Popen([sys.executable, "-c", write, str(path), who]) for who in ("x", "y")]
        append(store, 1, MANY)
        assert [writer.wait(60) for writer in writers] == [0, 0]
        assert wal_of(path).stat().st_size == SIZE
        assert store.head() == MANY + 120
        assert store.findings() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_where_there_is_no_room_the_log_stays_as_long_as_it_was(tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))\n"
        "from mentorcycle.engine.stores.sqlite import SQLiteStore\n"
        "from mentorcycle.engine.testing.store_contract import command, event\n"
        "with SQLiteStore(sys.argv[1]) as store:\n"
        "    for n in range(1, 41):\n"
        "        store.append(command(f'c{n}', event('a', n)))\n"
        "    print(Path(sys.argv[1] + '-wal').stat().st_size)\n"
    )
    path = tmp_path / "log.db"
    done = subprocess.run(
        [sys.executable, "-c", limited, str(path)], capture_output=True, text=True, check=True
    )
    assert 0 < int(done.stdout) < 2 << 20
    with SQLiteStore(path) as store:
        assert store.head() == MANY
