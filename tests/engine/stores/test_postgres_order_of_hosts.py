"""One order on PostgreSQL, also where appends are part of transactions of hosts, which wrote before and end at will."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from threading import Barrier, Event, Lock, Thread
from time import sleep
from typing import Any

import psycopg
import pytest

from mentorcycle.domain.errors import Conflict, StoreUnavailable
from mentorcycle.engine.stores.borrowed import Written
from mentorcycle.engine.stores.port import Slice, StoredRow
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_horizon import HeldBack
from mentorcycle.engine.testing.store_contract import command, event

Open = Callable[..., PostgresStore]
STREAMS = [f"s{n}" for n in range(5)]


class Writer:
    """A host that appends to streams it shares with others, now in a savepoint, now not, and often regrets it."""

    def __init__(self, store: PostgresStore, url: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.connection = psycopg.connect(url)
        self.log = store.borrow(self.connection)
        self.seed = seed
        self.sent = 0
        self.committed: list[tuple[str, int]] = []
        self.known = dict.fromkeys(
            STREAMS, 0
        )  # versions that are committed, so that not all is read each time

    def transaction(self) -> None:
        """A few appends; what of them is committed is kept."""
        chance, pending = self.chance, []
        if chance.random() < 0.5:
            self.connection.execute("SELECT pg_current_xact_id()")  # older than what the appends will see
            sleep(chance.uniform(0, 0.003))
        streams = sorted(chance.choices(STREAMS, k=chance.randint(1, 3)))  # in a circle they would wait
        for number, stream in enumerate(streams):
            first = stream not in streams[:number]
            if chance.random() < 0.3:
                self.connection.execute("SAVEPOINT host")
                self.append(stream, first=first)
                self.connection.execute("ROLLBACK TO host")
            else:
                pending += self.append(stream, first=first)
            sleep(chance.uniform(0, 0.002))
        if chance.random() < 0.2:
            self.connection.rollback()
            return
        self.connection.commit()
        self.committed += pending

    def append(self, stream: str, *, first: bool) -> list[tuple[str, int]]:
        with self.log.step(writing=True):
            known = self.known[stream]
            version = known + len(self.log.read_stream("north", stream, after=known))
            if first:
                self.known[stream] = version
            written = [(stream, version + n) for n in range(1, self.chance.randint(2, 3))]
            self.sent += 1
            slice_ = Slice(
                "north", f"{self.seed}-{self.sent}", b"h", {stream: version}, [event(*one) for one in written]
            )
            (outcome,) = self.log.append([slice_])
        return written if isinstance(outcome, Written) else []


def tail_beside_hosts(store: PostgresStore, url: str, transactions: int) -> None:
    """Hosts and an engine write to the same streams, and a reader follows."""
    done, lock = Event(), Lock()
    committed: list[tuple[str, int]] = []
    seen: list[StoredRow] = []

    def host(seed: int) -> None:
        writer = Writer(store, url, seed)
        for _ in range(transactions):
            writer.transaction()
        writer.connection.close()
        with lock:
            committed.extend(writer.committed)

    def engine() -> None:
        chance, known = random.Random(0), dict.fromkeys(STREAMS, 0)
        for n in range(transactions):
            stream = chance.choice(STREAMS)
            try:
                known[stream] += len(store.read_stream("north", stream, after=known[stream]))
                version = known[stream] + 1
                store.append(command(f"engine-{n}", event(stream, version)))
            except Conflict:
                continue
            with lock:
                committed.append((stream, version))

    def follow() -> None:
        last = 0
        while True:
            ended = done.is_set()
            head = store.wait(last, 0.02)
            while rows := store.read_log(last, 50):
                seen.extend(rows)
                last = rows[-1].position
            if ended and last >= head:
                return

    reader = Thread(target=follow)
    reader.start()
    writers = [Thread(target=engine), *(Thread(target=host, args=(seed,)) for seed in range(1, 7))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join(60)

    assert len(committed) > 2 * transactions
    assert sorted((row.stream, row.version) for row in seen) == sorted(committed)
    assert [row.position for row in seen] == list(range(1, len(committed) + 1))
    versions: dict[str, list[int]] = defaultdict(list)
    for row in seen:
        versions[row.stream].append(row.version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(seen))
    assert store.read_log(0, len(seen)) == seen


def test_a_reader_beside_hosts_that_wrote_before_they_looked_loses_nothing_and_finds_versions_rising(
    open_store: Open, log_url: str
) -> None:
    tail_beside_hosts(open_store(), log_url, 40)


@pytest.mark.soak
def test_a_reader_beside_many_transactions_of_hosts_loses_nothing(open_store: Open, log_url: str) -> None:
    tail_beside_hosts(open_store(), log_url, 2000)


def write(log: Any, stream: str, version: int, command_id: str) -> Any:
    with log.step(writing=True):
        (outcome,) = log.append([command(command_id, event(stream, version))])
    return outcome


def test_a_transaction_that_is_older_than_what_it_has_seen_comes_after_it(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    with psycopg.connect(log_url) as connection:
        log = store.borrow(connection)
        connection.execute("SELECT pg_current_xact_id()")
        with psycopg.connect(log_url) as other:
            write(store.borrow(other), "a", 1, "theirs")
        assert isinstance(write(log, "a", 2, "ours"), Written)
    assert store.head() == 2
    assert [(row.stream, row.version) for row in store.read_log(0, 9)] == [("a", 1), ("a", 2)]


def test_appends_of_one_transaction_have_numbers_of_their_own_and_none_before_it_ends(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    with psycopg.connect(log_url) as connection:
        log = store.borrow(connection)
        outcomes = [write(log, "a", n, f"c{n}") for n in (1, 2, 3)]
        marks = [outcome.mark for outcome in outcomes]
        assert marks == sorted(set(marks))
        assert store.head() == 0
        assert not log.is_durable("north", "c1", marks[0])
    assert store.head() == 3
    assert [row.version for row in store.read_log(0, 9)] == [1, 2, 3]
    assert log.is_durable("north", "c1", marks[0])
    assert not log.is_durable("north", "c1", marks[1])


def test_a_prepared_transaction_has_its_place_when_it_is_committed(open_store: Open, log_url: str) -> None:
    store = open_store(patience=0.3)
    with psycopg.connect(log_url) as connection:
        connection.tpc_begin("host")
        write(store.borrow(connection), "a", 1, "c1")
        connection.tpc_prepare()
        with pytest.raises(HeldBack, match="prepared transaction 'host'"):
            store.append(command("c2", event("b", 1)))
        connection.tpc_commit()
    assert store.head() == 2
    assert [row.stream for row in store.read_log(0, 9)] == ["a", "b"]


def test_no_ticket_is_ever_left(open_store: Open, log_url: str) -> None:
    store = open_store()
    with psycopg.connect(log_url) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        write(store.borrow(connection), "a", 1, "c1")
    with psycopg.connect(log_url) as connection:
        assert connection.execute("SELECT count(*) FROM mentorcycle.tickets").fetchone() == (0,)


def test_whoever_comes_to_a_stream_that_a_host_has_written_waits_as_for_a_row(
    open_store: Open, log_url: str
) -> None:
    store = open_store(patience=0.2)
    with psycopg.connect(log_url) as connection:
        write(store.borrow(connection), "a", 1, "c1")
        with pytest.raises(StoreUnavailable, match="kept a lock"):
            store.append(command("c2", event("a", 1)))
        connection.rollback()
    assert store.append(command("c2", event("a", 1))).first == 1


def test_of_two_hosts_that_wait_for_each_other_one_is_told_to_begin_anew(
    open_store: Open, log_url: str
) -> None:
    store = open_store()
    said: list[str] = []
    both = Barrier(2)

    def run(first: str, then: str) -> None:
        with psycopg.connect(log_url) as connection:
            log = store.borrow(connection)
            write(log, first, 1, f"{first}-first")
            both.wait()
            try:
                write(log, then, 1, f"{then}-then")
            except StoreUnavailable as error:
                said.append(str(error))
            connection.rollback()

    threads = [Thread(target=run, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1
    assert "waited for each other" in said[0]
    assert "roll the transaction back" in said[0]


def test_in_a_log_from_another_cluster_the_numbers_of_hosts_are_shifted_like_all_others(
    open_store: Open, log_url: str
) -> None:
    with psycopg.connect(log_url) as connection:
        connection.execute("UPDATE mentorcycle.origin SET shift = 5000000000")
    store = open_store()
    store.append(command("c1", event("a", 1)))
    with psycopg.connect(log_url) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        write(store.borrow(connection), "a", 2, "c2")
    store.append(command("c3", event("a", 3)))
    assert [row.version for row in store.read_log(0, 9)] == [1, 2, 3]


def test_an_id_that_two_hosts_use_at_once_on_different_streams_is_a_conflict_for_the_second(
    open_store: Open, log_url: str
) -> None:
    store, answers = open_store(), list[Any]()
    with psycopg.connect(log_url) as first, psycopg.connect(log_url) as second:
        write(store.borrow(first), "a", 1, "same")

        def follow() -> None:
            try:
                write(store.borrow(second), "b", 1, "same")
            except Conflict as error:
                answers.append(error.stream)

        thread = Thread(target=follow)
        thread.start()
        with psycopg.connect(log_url, autocommit=True) as looking:
            while not looking.execute(
                "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' AND pid = %s",
                (second.info.backend_pid,),
            ).fetchall():
                sleep(0.01)
        first.commit()
        thread.join()
        assert second.execute("SELECT 1").fetchone() == (1,)
    assert answers == ["b"]
    assert store.head() == 1
