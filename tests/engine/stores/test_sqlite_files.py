"""What a SQLite log says of files that it cannot use: what, why and what to do; and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.stores.sqlite_reader import SQLiteReader
from mentorcycle.engine.stores.sqlite_schema import SCHEMA_VERSION
from mentorcycle.engine.testing.store_contract import command, event


@contextmanager
def refusal(*words: str) -> Iterator[None]:
    """Within the block a `StoreUnavailable` with these words is raised, and it answers all three questions."""
    with pytest.raises(StoreUnavailable) as caught:
        yield
    error = caught.value
    assert error.what
    assert error.why
    assert error.fix
    assert all(word in str(error) for word in words), str(error)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Path:
    """A log with three events, closed."""
    with SQLiteStore(path) as store:
        store.append(command("c1", event("a", 1), event("a", 2), event("b", 1)))
    return path


def test_opening_a_new_path_makes_a_log_that_only_its_owner_reads(path: Path) -> None:
    with SQLiteStore(path) as store:
        assert store.head() == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_path_may_hold_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "Schule & Köln? #1%20.db"
    with SQLiteStore(path) as store:
        store.append(command("c1", event("a", 1)))
    assert path.exists()
    with SQLiteReader(path, create=False) as reader:
        assert reader.head() == 1


def test_without_create_a_missing_file_is_not_made(path: Path) -> None:
    for read_only in (False, True):
        with refusal("does not exist", "db init"):
            SQLiteStore(path, create=read_only, read_only=read_only)
    assert not path.exists()


def test_without_create_an_empty_file_stays_empty(path: Path) -> None:
    path.touch()
    with refusal("holds no log yet", "db init"):
        SQLiteStore(path, create=False)
    assert path.stat().st_size == 0
    SQLiteStore(path).close()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with refusal("nowhere", "No such file or directory", "make the directory"):
        SQLiteStore(tmp_path / "nowhere" / "log.db")


def test_a_directory_is_not_a_log(tmp_path: Path) -> None:
    with refusal("Is a directory"):
        SQLiteStore(tmp_path)


@pytest.mark.parametrize("content", [b"Dear mentor,", b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_database_is_refused_and_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with refusal("log.db"):
        SQLiteStore(path)
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["log.db"]


@pytest.mark.parametrize("application_id", [0, 77])
def test_a_database_of_another_program_is_refused_and_not_touched(path: Path, application_id: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE events (position INTEGER)")
        other.execute(f"PRAGMA application_id = {application_id}")
        other.commit()
    before = path.read_bytes()
    with refusal("another program"):
        SQLiteStore(path)
    assert path.read_bytes() == before


def test_the_unfinished_writing_of_another_program_is_left_to_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE t (x)")
        other.commit()
        kept = shutil.copytree(path.parent, path.parent / "kept")
    before = {name: (kept / name).read_bytes() for name in ("log.db", "log.db-wal")}
    with refusal("another program"):
        SQLiteStore(kept / "log.db")
    assert {name: (kept / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(("version", "fix"), [(SCHEMA_VERSION + 1, "install a newer"), (0, "that wrote it")])
def test_a_log_of_another_schema_is_refused_with_the_way_out(log: Path, version: int, fix: str) -> None:
    with closing(sqlite3.connect(log)) as other:
        other.execute(f"PRAGMA user_version = {version}")
    for kind in (SQLiteStore, SQLiteReader):
        with pytest.raises(StoreNeedsUpgrade, match=fix):
            kind(log)


def test_a_damaged_page_is_named_and_nothing_of_sqlite_gets_out(log: Path) -> None:
    with SQLiteStore(log) as store:
        for n in range(50):
            store.append(command(f"d{n}", event(f"d{n}", 1, os.urandom(2000))))
    size = log.stat().st_size
    with open(log, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with SQLiteStore(log) as store:
        with refusal("damaged", "doctor", "backup"):
            store.read_log(0, 100)
        with refusal("damaged"):
            store.append(command("c2", event("c", 1)))
        assert any("damaged" in finding for finding in store.findings())


def test_a_log_without_its_tables_is_named(log: Path) -> None:
    with closing(sqlite3.connect(log)) as other:
        other.execute("DROP TABLE commands")
    with SQLiteStore(log) as store, refusal("commands"):
        store.append(command("c2", event("c", 1)))


def test_a_full_disk_loses_nothing_and_room_ends_it(log: Path) -> None:
    with SQLiteStore(log) as store:
        with store.writer() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        big = command("c2", event("c", 1, b"x" * 100_000))
        with refusal("disk is full", "make room"):
            store.append(big)
        with refusal("disk is full"):
            store.append_many([big, command("c3", event("d", 1))])
        assert store.head() == 3
        assert store.find_command("north", "c2") is None
        with store.writer() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        assert store.append(big).first == 4


def test_a_lock_that_lasts_is_named_with_the_time_waited(log: Path) -> None:
    with (
        closing(sqlite3.connect(log, isolation_level=None)) as other,
        SQLiteStore(log, patience=0.05) as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        with refusal("another process holds the write lock", "SQLITE_BUSY", "waited"):
            store.append(command("c2", event("c", 1)))
        assert store.head() == 3
        other.execute("ROLLBACK")
        assert store.append(command("c2", event("c", 1))).first == 4


def test_a_lock_that_ends_is_waited_for(log: Path) -> None:
    with (
        closing(sqlite3.connect(log, isolation_level=None, check_same_thread=False)) as other,
        SQLiteStore(log) as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.05, lambda: other.execute("ROLLBACK"))
        timer.start()
        assert store.append(command("c2", event("c", 1))).first == 4
        timer.join()


def test_a_reader_in_the_middle_of_reading_does_not_hinder_appends(log: Path) -> None:
    # A plain BEGIN, a read and then a write would fail at once here (SQLITE_BUSY_SNAPSHOT).
    with SQLiteStore(log) as store, store.reader() as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (3,)
        store.append(command("c2", event("c", 1)))
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (3,)
        assert store.head() == 4


def test_what_was_opened_read_only_writes_nothing(log: Path) -> None:
    with SQLiteStore(log, read_only=True) as store:
        assert store.head() == 3
        with refusal("read-only"):
            store.append(command("c2", event("c", 1)))
        with refusal("read-only"), store.writer():
            pass
        with refusal("may not be written"), store.reader() as connection:
            connection.execute("DELETE FROM words")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_nobody_may_write_can_be_read_and_says_so_on_writing() -> None:
    def read() -> str:
        with SQLiteStore(log, read_only=True) as store:
            return f"{store.head()} {len(store.read_log(0, 9))} {store.wait(3, 0)}"

    def write() -> str:
        with pytest.raises(StoreUnavailable) as caught, SQLiteStore(log) as store:
            store.append(command("c2", event("c", 1)))
        return str(caught.value)

    with TemporaryDirectory() as directory:
        log = Path(directory) / "log.db"
        with SQLiteStore(log) as store:
            store.append(command("c1", event("a", 1), event("a", 2), event("b", 1)))
        log.chmod(0o444)
        Path(directory).chmod(0o555)
        try:
            assert as_nobody(read) == "3 3 3"
            assert "permissions" in as_nobody(write)
        finally:
            Path(directory).chmod(0o755)


def as_nobody(work: Callable[[], str]) -> str:
    """What `work` returns in a process without special rights (root may write everything)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            os.write(writing, work().encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_a_failed_transaction_of_a_read_model_leaves_nothing(log: Path) -> None:
    with SQLiteStore(log) as store:
        with store.writer() as connection:
            connection.execute("CREATE TABLE model (x)")
        with pytest.raises(ZeroDivisionError), store.writer() as connection:
            _insert_then_fail(connection)
        with refusal("no such table"), store.writer() as connection:
            connection.execute("INSERT INTO nowhere VALUES (1)")
        with store.reader() as connection:
            assert connection.execute("SELECT * FROM model").fetchall() == []
        store.append(command("c2", event("c", 1)))


def test_appending_inside_a_transaction_of_the_same_thread_is_an_error_of_the_caller(log: Path) -> None:
    with SQLiteStore(log) as store:
        with store.writer(), pytest.raises(RuntimeError, match=r"leave writer\(\) first"):
            store.append(command("c2", event("c", 1)))
        with store.writer(), pytest.raises(RuntimeError, match=r"leave writer\(\) first"):
            store.append_many([command("c2", event("c", 1))])
        store.append(command("c2", event("c", 1)))


def test_a_writer_keeps_appends_of_the_process_out(log: Path) -> None:
    with SQLiteStore(log) as store:
        appended = threading.Event()

        def append() -> None:
            store.append(command("c2", event("c", 1)))
            appended.set()

        thread = threading.Thread(target=append)
        with store.writer() as connection:
            thread.start()
            assert not appended.wait(0.05)
            assert connection.execute("SELECT max(position) FROM events").fetchone() == (3,)
        thread.join(60)
        assert appended.is_set()


def test_closing_gives_back_connections_that_other_threads_opened(log: Path) -> None:
    store = SQLiteStore(log)
    threads = [threading.Thread(target=store.read_log, args=(0, 9)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reader(), store.reader():
        store.append(command("c2", event("c", 1)))
        store.close()
    assert os.listdir(log.parent) == ["log.db"]  # the last to leave takes the write-ahead log along


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_store_opened_before_a_fork_is_refused_after_it(log: Path) -> None:
    with SQLiteStore(log) as store:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.append(command("c2", event("c", 1)))
            except StoreUnavailable as error:
                code = 0 if "after forking" in error.fix else 2
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert store.append(command("c2", event("c", 1))).first == 4


def _insert_then_fail(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO model VALUES (1)")
    raise ZeroDivisionError
