"""The network to the server stands still, is cut, or is slow: a clear error in time, and nobody restarts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from threading import Thread

import psycopg
import pytest

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.readers.postgres_session import PostgresSession
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import lock_number
from mentorcycle.engine.stores.postgres_schema import init_schema
from mentorcycle.engine.stores.postgres_upgrade import upgrade_schema
from mentorcycle.engine.testing.store_contract import command, event
from mentorcycle.projections import MODELS
from mentorcycle.projections.projection import ReadModel, Table

from .load import OFFICE, Load, eventually
from .proxy import Network
from .servers import Node

STILL = "stands still"
NEW = "cannot be reached"
"""What is said of a new connection that nobody answers."""
EITHER = f"{STILL}|{NEW}"


@pytest.fixture
def network(durable: Node) -> Iterator[Network]:
    network = Network(durable.port)
    yield network
    network.close()


@pytest.fixture
def log(new_log: Callable[[], str]) -> str:
    return new_log()


@pytest.fixture
def far(network: Network, log: str) -> str:
    """The URL of an empty log, through the network."""
    return f"postgresql://postgres@127.0.0.1:{network.port}/{log}"


def test_who_writes_reads_or_waits_while_the_network_stands_still_is_told_and_goes_on(
    network: Network, far: str, durable: Node, log: str
) -> None:
    told: list[StoreUnavailable] = []
    heads: list[int] = []

    def wait(store: PostgresStore) -> None:
        while not heads:
            try:
                if (head := store.wait(1, timeout=60)) > 1:
                    heads.append(head)
            except StoreUnavailable as error:
                told.append(error)

    with PostgresStore(far, patience=0.5) as store, PostgresStore(durable.database(log)) as near:
        store.append(command("c1", event("a", 1)))
        waiting = Thread(target=wait, args=(store,), daemon=True)
        waiting.start()
        network.stall()
        with pytest.raises(StoreUnavailable, match=EITHER):
            store.append(command("c2", event("a", 2)))
        with pytest.raises(StoreUnavailable, match=NEW):
            store.read_log(0, 9)  # on a new connection: the others were given up, too
        assert near.append(command("c3", event("b", 1))).first in (2, 3)  # nothing of ours is in the way
        eventually(lambda: bool(told), "who waits is told")
        network.flow()
        store.append(command("c2", event("a", 2)))  # whether it was recorded the first time or not
        waiting.join(60)
        assert heads
        assert [row.version for row in near.read_stream("north", "a")] == [1, 2]
        network.stall()
    # and it was closed meanwhile


def test_an_answer_that_does_not_come_back_is_given_to_who_repeats_the_command(
    network: Network, far: str, durable: Node, log: str
) -> None:
    with PostgresStore(far, patience=0.5) as store, PostgresStore(durable.database(log)) as near:
        store.append(command("c1", event("a", 1)))
        network.stall(answers_alone=True)
        with pytest.raises(StoreUnavailable, match=STILL) as caught:
            store.append(command("c2", event("a", 2)))
        assert "same id" in caught.value.fix
        assert near.head() == 2  # it is recorded all the same
        network.flow()
        again = store.append(command("c2", event("a", 2)))
        assert (again.first, again.repeated) == (2, True)


def test_connections_that_are_cut_are_made_again_and_a_slow_network_is_only_slow(
    network: Network, far: str
) -> None:
    with PostgresStore(far, patience=5) as store:
        store.append(command("c1", event("a", 1)))
        network.cut()
        assert store.append(command("c2", event("a", 2))).first == 2
        network.delay = 0.02
        assert store.append(command("c3", event("a", 3))).first == 3


def test_the_program_says_that_nothing_answers_and_ends_with_10(network: Network, far: str) -> None:
    network.stall()
    words = [sys.executable, "-m", "mentorcycle.cli", "list", "--db", f"{far}?connect_timeout=2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (10, "")
    assert NEW in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("work", [init_schema, upgrade_schema])
def test_who_makes_or_upgrades_tables_waits_for_nobody_for_ever(
    network: Network, far: str, durable: Node, log: str, work: Callable[..., object]
) -> None:
    """First for somebody who keeps the lock, then for a server of which nothing is heard."""
    told: list[StoreUnavailable] = []

    def attempt(patience: float = 0.1) -> None:
        with pytest.raises(StoreUnavailable) as caught:
            work(far, patience=patience)
        told.append(caught.value)

    with psycopg.connect(durable.database(log)) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("mentorcycle", "init"),))
        attempt()
        assert "kept a lock" in told[0].why
        assert f"run it again: mentorcycle db {work.__name__.partition('_')[0]}" in told[0].fix
        trying = Thread(target=attempt, args=(1.0,), daemon=True)
        trying.start()
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        eventually(lambda: bool(durable.sql(waits)), "it waits for the lock")
        network.stall()
        trying.join(60)
    assert STILL in told[1].why
    network.flow()
    assert not work(far)


def test_a_statement_of_an_upgrade_may_take_longer_than_anybody_has_patience(far: str) -> None:
    slow = "CREATE TABLE slow_row_{g} AS SELECT 1 AS number FROM pg_sleep(2.6 * ({g} % 2))"
    model = ReadModel("slow", 1, (Table("slow_row", "number", slow),), lambda connection, g, events: None)
    assert upgrade_schema(far, models=[model], patience=0.1)
    assert upgrade_schema(far, models=[model]) == []


def test_writers_readers_and_workers_behind_a_network_that_fails_lose_nothing_and_are_not_restarted(
    network: Network, far: str, durable: Node, log: str
) -> None:
    with Load(durable.database(log)) as load, Engine.open(far, settings=Settings(patience=2)) as engine:
        assert (
            engine.queries.total(OFFICE) == 1
        )  # while nobody writes: what is new serves when it has read all
        load.follower(far)
        away, near = load.writer(far, patience=0.5), load.writer()
        cut_off, other = load.worker(far), load.worker()
        away.more_acks(3)
        eventually(partial(load.shared_by, 2), "two workers feed everything")
        assert engine.queries.total(OFFICE) == 1
        network.stall()
        near.more_acks(10)  # whoever stands still holds nobody up for long
        with pytest.raises(StoreUnavailable, match=EITHER):
            engine.queries.total(OFFICE)
        away.wait_for(lambda _: any(re.search(EITHER, line) for line in away.errors()), "an error")
        eventually(partial(load.kept_by, other), "the other worker took over")
        network.flow()
        cut_off.wait_for(lambda lines: any("no longer among" in line for line in lines), "it knows")
        eventually(partial(load.shared_by, 2), "it takes part again")
        assert engine.queries.total(OFFICE) == 1
        load.more_acks(3)
        network.cut()
        load.more_acks(3)
        near.kill()  # on one cycle, whoever is near is always first
        network.delay = 0.01
        load.more_acks(3)
        load.stop()
        load.holds()


def test_a_server_asks_after_hosts_of_which_it_hears_nothing(durable: Node, log: str) -> None:
    """Within a statement that waits for rows nothing else ends the session of a host that is gone."""
    asked = (
        "SELECT current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int"
        " * current_setting('tcp_keepalives_count')::int, current_setting('tcp_user_timeout')::int"
    )
    with PostgresStore(durable.database(log)) as store:
        tables = store.tables()
        assert tables is not None
        with store.connection() as connection:
            assert connection.execute(asked).fetchone() == (60, 60_000)
        with tables.glance() as connection:
            assert connection.execute(asked).fetchone() == (60, 60_000)
        with PostgresSession(tables, MODELS, lease=9) as session, session.glance() as connection:
            assert connection.execute(asked).fetchone() == (9, 9_000)
