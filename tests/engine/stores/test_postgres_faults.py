"""When server, network or neighbours fail: what PostgreSQL stores say, and that they go on when it is over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mentorcycle.domain.errors import InvalidInput, StoreUnavailable
from mentorcycle.engine.stores.port import Appended, tail
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.testing.store_contract import command, event

Open = Callable[..., PostgresStore]
both = pytest.mark.parametrize("open_store", ["threads", "tasks"], indirect=True)

PREAMBLE = """
import sys, time, psycopg
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.testing.store_contract import command, event
url = sys.argv[1]
"""
WRITES_AND_WAITS = """
connection = psycopg.connect(url)
connection.execute("SELECT mentorcycle.write(NULL, '{north}', '{a}', '{1}', '{A.1}', ARRAY[''::bytea],"
    " '{north}', '{c1}', ARRAY['h'::bytea], '{0}', '{1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')")
print("written", flush=True)
time.sleep(600)
"""
ENDLESS_BATCHES = """
store = PostgresStore(url)
n = store.head() // 60
print(n, flush=True)
while True:
    store.append_many([command(f"{n}-{m}", *(event(f"{n}-{m}", v) for v in (1, 2, 3))) for m in range(20)])
    n += 1
    print(n, flush=True)
"""
INTERRUPTED = """
import random, signal, threading
def interrupt(*_):
    raise KeyboardInterrupt
def append(who):
    for n in range(15):
        store.append(command(f"{who}-{n}", event(f"s{who}", n + 1)))
signal.signal(signal.SIGALRM, interrupt)
store, chance, interrupted, n = PostgresStore(url), random.Random(1), 0, 0
threads = [threading.Thread(target=append, args=(who,)) for who in range(3)]
for thread in threads:
    thread.start()
while interrupted < 15 or any(thread.is_alive() for thread in threads):
    n += 1
    try:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.004))
        store.append(command(f"main-{n}", event(f"main-{n}", 1)))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupted += 1
signal.setitimer(signal.ITIMER_REAL, 0)
assert store.append(command("last", event("last", 1))).last == store.head()
store.close()
print("went on", flush=True)
"""


@contextmanager
def refusal(*words: str, without: str = "\0") -> Iterator[None]:
    """Within the block a `StoreUnavailable` with these words is raised, and it answers all three questions."""
    with pytest.raises(StoreUnavailable) as caught:
        yield
    error = caught.value
    assert error.what
    assert error.why
    assert error.fix
    assert all(word in str(error) for word in words), str(error)
    assert without not in str(error)


def start(script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PREAMBLE + script, url], stdout=subprocess.PIPE, text=True)


# Processes


def test_a_writer_killed_between_two_statements_leaves_nothing(open_store: Open, log_url: str) -> None:
    store = open_store()
    with start(WRITES_AND_WAITS, log_url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()
    assert store.append(command("c2", event("a", 1))) == Appended(1, 1, store.read_log(0, 1)[0].recorded_at)
    assert store.find_command("north", "c1") is None


def test_a_killed_process_leaves_whole_batches_and_all_that_it_was_told(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    for lines in (1, 4):
        with start(ENDLESS_BATCHES, log_url) as process:
            assert process.stdout is not None
            for _ in range(lines + 1):
                told = int(process.stdout.readline())
            process.kill()
        rows = list(tail(store, 0)) if store.head() else []
        assert len(rows) % 60 == 0
        assert len(rows) >= told * 60
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_store_opened_before_a_fork_is_refused_after_it(open_store: Open) -> None:
    store = open_store()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.append(command("c1", event("a", 1)))
        except StoreUnavailable as error:
            code = 0 if "after forking" in error.fix else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert store.append(command("c1", event("a", 1))).first == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers here")
def test_interrupts_at_any_moment_leave_nobody_hanging_and_nothing_open(
    log_url: str, open_store: Open
) -> None:
    with start(INTERRUPTED, log_url) as process:  # a process of its own: an alarm may also ring within pytest
        said, _ = process.communicate(timeout=120)
    assert said == "went on\n"
    store = open_store()
    assert [len(store.read_stream("north", f"s{who}")) for who in range(3)] == [15, 15, 15]


# The server


@both
def test_a_server_that_goes_away_is_named_and_nothing_needs_a_restart_when_it_is_back(
    open_store: Open, server: Any
) -> None:
    store = open_store()
    store.append(command("c1", event("a", 1)))
    heads: list[int] = []
    failed: list[StoreUnavailable] = []

    def wait() -> None:
        while not heads:
            try:
                if (head := store.wait(1, timeout=60)) > 1:
                    heads.append(head)
            except StoreUnavailable as error:
                failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    server.stop()
    try:
        with refusal("cannot be reached", "nothing has to be restarted"):
            store.append(command("c2", event("a", 2)))
        with refusal("cannot be reached"):
            store.read_log(0, 9)
        with refusal("cannot be reached"):
            open_store()
    finally:
        server.start()
    assert store.append(command("c2", event("a", 2))).first == 2
    assert [row.version for row in store.read_stream("north", "a")] == [1, 2]
    waiting.join(60)
    assert heads == [2]
    assert failed


@both
def test_a_connection_that_the_server_ended_while_it_lay_idle_is_not_noticed(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    store.append(command("c1", event("a", 1)))
    with psycopg.connect(log_url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'mentorcycle' AND datname = current_database()"
        ).fetchall()
    assert ended
    assert store.append(command("c2", event("a", 2))).first == 2


@both
def test_a_connection_lost_in_the_middle_leaves_a_command_that_can_be_repeated(
    open_store: Open, slow: Callable[..., Any], server: Any
) -> None:
    store, before = open_store(), slow()
    before.write("a", 1)
    errors: list[BaseException] = []

    def append() -> None:
        try:
            store.append(command("c1", event("a", 1)))
        except StoreUnavailable as error:
            errors.append(error)

    appending = threading.Thread(target=append)
    appending.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        while not connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        ).fetchall():
            pass
    appending.join(60)
    before.rollback()
    assert "same id" in str(errors[0])
    assert not store.append(command("c1", event("a", 1))).repeated


@pytest.fixture
def guarded(server: Any, log_url: str) -> Iterator[str]:
    """The URL of a role that needs a password, which is not in it."""
    hba = server.directory / "pg_hba.conf"
    before = hba.read_text()
    server.sql("CREATE ROLE ada LOGIN PASSWORD 'right'")
    hba.write_text(f"local all ada scram-sha-256\n{before}")
    server.sql("SELECT pg_reload_conf()")
    yield log_url.replace("postgres:@", "ada:%s@", 1)
    hba.write_text(before)
    server.sql("SELECT pg_reload_conf()", "DROP ROLE ada")


def test_a_wrong_password_is_named_and_never_shown(guarded: str) -> None:
    with refusal("the password is wrong", "PGPASSWORD", without="Secr3t"):
        PostgresStore(guarded % "Secr3t")
    with refusal("the password is wrong"):
        PostgresStore(guarded.replace("%s", ""))
    with refusal("rights"):
        PostgresStore(guarded % "right")


def test_a_url_that_cannot_be_read_does_not_show_its_password() -> None:
    for url in ("postgresql://ada:Secr3t@host:port:7/x?y", "postgresql://ada@h/x?password=Secr3t&nonsense=1"):
        with refusal("cannot be read", "% escapes", without="Secr3t"):
            PostgresStore(url)


def test_a_missing_database_or_host_is_named(server: Any) -> None:
    with refusal("there is no such database", "nowhere"):
        PostgresStore(server.database("nowhere"))
    with refusal("cannot be reached"):
        PostgresStore("postgresql://postgres@127.0.0.1:1/x")
    with refusal("postgresql://[::1]:1/x is", without="Secr3t"):
        PostgresStore("postgresql://ada:Secr3t@[::1]:1/x")


# Limits


def test_a_pool_that_is_exhausted_says_so_and_serves_again(open_store: Open) -> None:
    store = open_store(connections=2, patience=0.2)
    with store.connection(), store.connection(), refusal("all 2 connections", "more connections"):
        store.head()
    assert store.head() == 0


@both
def test_a_statement_that_takes_too_long_for_the_server_is_named(
    open_store: Open, slow: Callable[..., Any], log_url: str
) -> None:
    with psycopg.connect(log_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET statement_timeout = '150ms'")
    store, before = open_store(), slow()
    before.connection.execute("SET statement_timeout = 0")
    before.write("a", 1)
    with refusal("statement_timeout", "same id"):
        store.append(command("c1", event("a", 1)))
    before.rollback()
    assert store.append(command("c1", event("a", 1))).first == 1


@both
def test_a_lock_that_lasts_is_named(open_store: Open, slow: Callable[..., Any]) -> None:
    store, before = open_store(patience=0.2), slow()
    before.write("a", 1)
    with refusal("kept a lock", "55P03"):
        store.append(command("c1", event("a", 1)))
    before.rollback()
    assert store.append(command("c1", event("a", 1))).first == 1


class Dawdling(bytes):
    """A digest that stands still when it is compared, which the store does under the locks of the streams."""

    still = threading.Event()
    awake = threading.Event()

    def __ne__(self, other: object) -> bool:
        self.still.set()
        assert self.awake.wait(60)
        return super().__ne__(other)


def test_a_writer_that_stands_still_under_its_locks_loses_them(open_store: Open) -> None:
    first, slow, other = command("c1", event("a", 1)), open_store(patience=0.3), open_store(patience=10)
    other.append(first)
    told: list[StoreUnavailable] = []

    def dawdle() -> None:
        try:
            slow.append(replace(first, content_hash=Dawdling(first.content_hash)))
        except StoreUnavailable as error:
            told.append(error)

    dawdling = threading.Thread(target=dawdle)
    dawdling.start()
    assert Dawdling.still.wait(60)
    try:
        assert other.append(command("c2", event("a", 2))).first == 2
    finally:
        Dawdling.awake.set()
        dawdling.join(60)
    assert "stood still too long" in str(told[0])
    assert slow.append(first).repeated


@both
def test_a_full_disk_loses_nothing_and_room_ends_it(open_store: Open, log_url: str) -> None:
    store = open_store()
    store.append(command("c1", event("a", 1)))
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$"
        )
        connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON mentorcycle.events"
            " FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        with refusal("disk is full", "make room"):
            store.append(command("c2", event("a", 2)))
        with refusal("disk is full"):
            store.append_many([command("c2", event("a", 2)), command("c3", event("b", 1))])
        assert store.head() == 1
        assert store.find_command("north", "c2") is None
        connection.execute("DROP TRIGGER full_disk ON mentorcycle.events")
    assert store.append(command("c2", event("a", 2))).first == 2


@both
def test_a_table_that_is_gone_is_named(open_store: Open, log_url: str) -> None:
    store = open_store()
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute("DROP TABLE mentorcycle.commands")
    with refusal("tables are not as", "commands"):
        store.append(command("c1", event("a", 1)))


@both
def test_text_that_postgresql_cannot_keep_fails_before_it_has_commit_mates(open_store: Open) -> None:
    with pytest.raises(InvalidInput, match="zero byte"):
        open_store().append(command("c\0", event("a", 1)))


@both
@pytest.mark.parametrize("names", [("c" * 3000, "a"), ("c1", "a" * 3000)])
def test_an_id_that_no_index_can_keep_fails_before_it_has_commit_mates(
    open_store: Open, names: tuple[str, str]
) -> None:
    id, stream = names
    with pytest.raises(InvalidInput, match="too long"):
        open_store().append(command(id, event(stream, 1)))


@both
def test_an_interrupt_that_was_dealt_with_before_is_not_raised_once_more(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute("DROP TABLE mentorcycle.commands")
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with refusal("commands"):
            store.append(command("c1", event("a", 1)))


@both
def test_threads_that_append_at_the_same_time_share_commits(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    store, before = open_store(), slow()
    before.write("s0", 1)
    results: list[Appended] = []

    def append(number: int) -> None:
        results.append(store.append(command(f"c{number}", event(f"s{number}", 1 if number else 2))))

    first = threading.Thread(target=append, args=(0,))
    first.start()
    with psycopg.connect(before.connection.info.dsn, autocommit=True) as looking:
        while not looking.execute(
            "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        ).fetchall():
            pass
    others = [threading.Thread(target=append, args=(number,)) for number in range(1, 8)]
    for thread in others:
        thread.start()
    before.commit()
    for thread in (first, *others):
        thread.join(60)
    assert sorted(result.first for result in results) == list(range(2, 10))
    assert store.commits < 8


# Without the driver


def test_without_the_driver_it_is_said_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from mentorcycle.domain.errors import StoreUnavailable\n"
        "from mentorcycle.engine import Engine\n"
        "try: Engine.open('postgresql://localhost/x')\n"
        "except StoreUnavailable as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'mentorcycle[postgres]'" in done.stdout


def test_nothing_loads_the_driver_before_a_url_asks_for_it(tmp_path: Path) -> None:
    script = (
        "import sys; from mentorcycle.engine import Engine\n"
        f"Engine.open('sqlite:///{tmp_path / 'a.db'}').close(); Engine.open('memory://').close()\n"
        "sys.exit(any(name.startswith('psycopg') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_statements_that_a_pooler_forgot_are_prepared_again(open_store: Open) -> None:
    store = open_store()
    store.append(command("c1", event("a", 1)))
    with store.connection() as connection:
        connection.execute("DEALLOCATE ALL")
    assert store.append(command("c2", event("a", 2))).first == 2
