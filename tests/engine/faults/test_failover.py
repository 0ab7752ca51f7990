"""The standby takes over under load: nothing acknowledged is lost, positions stay, and no process is restarted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from threading import Event, Thread

import psycopg
import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import AddPerson
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.copying import copy
from mentorcycle.engine.stores.port import Slice
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_locks import locks
from mentorcycle.engine.testing.store_contract import command, event

from .load import Load, eventually
from .servers import Node, free_port

_numbers = count(1)


class Pair:
    """A primary and a standby that its commits wait for; after `fail_over`, the other way round."""

    def __init__(self, primary: Node, made: Callable[[], AbstractContextManager[Path]]) -> None:
        self.primary = primary
        self.standby: Node | None = None
        self._ports = (primary.port, free_port())
        self._made = made
        self._stack = ExitStack()
        self._all = [primary]

    def url(self, log: str) -> str:
        """Of a log, wherever it can be written."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        return f"postgresql://postgres@{hosts}/{log}?target_session_attrs=read-write"

    def join(self) -> Node:
        """The standby; where there is none, because the last one took over, a new one."""
        if self.standby is None:
            (port,) = set(self._ports) - {self.primary.port}
            directory = self._stack.enter_context(self._made())
            self.standby = self.primary.standby(directory, "follower", port)
            self._all.append(self.standby)
            self.primary.wait_for("follower")
        return self.standby

    def fail_over(self) -> None:
        """Stop the primary at once and promote the standby; nobody follows that yet."""
        standby = self.join()
        self.primary.stop("immediate")
        standby.promote()
        self.primary, self.standby = standby, None

    def close(self) -> None:
        """Leave the first primary as it was."""
        for node in self._all:
            if node.runs:
                node.stop()
        self._all[0].forget()
        self._all[0].start()
        self._stack.close()


@pytest.fixture(scope="module")
def servers(durable: Node, server_directory: Callable[[], AbstractContextManager[Path]]) -> Iterator[Pair]:
    pair = Pair(durable, server_directory)
    yield pair
    pair.close()


@pytest.fixture
def pair(servers: Pair) -> Pair:
    servers.join()
    return servers


@pytest.fixture
def log(pair: Pair) -> str:
    """The name of an empty log on both servers."""
    name = f"replicated_{next(_numbers)}"
    pair.primary.sql(f"CREATE DATABASE {name} TEMPLATE empty_log")
    return name


def in_flight(store: PostgresStore, slice_: Slice, node: Node, log: str) -> Callable[[], StoreUnavailable]:
    """Begin an append that waits for a lock in the server; gives what tells what it came to."""
    told: list[StoreUnavailable] = []
    keys = {(slice_.tenant, new.stream) for new in slice_.events}
    holding = psycopg.connect(node.database(log))
    holding.execute("SELECT mentorcycle.hold(%s::bigint[], %s::bool[])", locks("mentorcycle", keys, keys))

    def append() -> None:
        try:
            store.append(slice_)
        except StoreUnavailable as error:
            told.append(error)

    appending = Thread(target=append, daemon=True)
    appending.start()
    while not node.sql("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"):
        pass

    def ended() -> StoreUnavailable:
        appending.join(60)
        holding.close()
        return told[0]

    return ended


def test_who_had_seen_a_position_sees_the_same_event_there_after_the_standby_took_over(
    pair: Pair, log: str
) -> None:
    """Positions are written without waiting for the disk or the standby, and reckoned again where they are lost."""
    pair.primary.sql("ALTER SYSTEM SET wal_writer_delay = '10s'", "SELECT pg_reload_conf()")
    with PostgresStore(pair.url(log), patience=10) as store:
        for n in range(1, 6):
            store.append(command(f"c{n}", event("a", n), event(f"b{n}", 1)))
        before, seen = store.incarnation(), store.read_log(0, 99)
        assert [row.position for row in seen] == list(range(1, 11))
        ended = in_flight(store, command("c6", event("a", 6)), pair.primary, log)
        pair.fail_over()
        error = ended()
        assert "recorded or not" in error.why
        assert "same id" in error.fix
        with psycopg.connect(pair.primary.database(log)) as connection:
            placed = connection.execute(
                "SELECT coalesce(sum(events), 0) FROM mentorcycle.positions"
            ).fetchone()
            origin = connection.execute("SELECT shift FROM mentorcycle.origin").fetchone()
        assert placed is not None
        assert placed[0] < 10, "no position was lost, so nothing was tried"
        assert origin == (0,)  # the same cluster goes on: numbers need no shift
        assert store.append(command("c5", event("a", 5), event("b5", 1)))[:2] == (9, 10)
        assert store.append(command("c6", event("a", 6))).first == 11
        assert store.read_log(0, 10) == seen
        assert store.incarnation() != before


def test_a_commit_that_its_standby_does_not_have_is_not_acknowledged(pair: Pair, log: str) -> None:
    standby = pair.join()
    with (
        PostgresStore(pair.url(log), patience=0.5) as store,
        PostgresStore(pair.primary.database(log), patience=0.5) as reader,
    ):
        store.append(command("c1", event("a", 1)))
        standby.stop("fast")
        with pytest.raises(StoreUnavailable, match="stands still"):
            store.append(command("c2", event("a", 2)))
        assert reader.head() == 1  # what may still be lost is shown to nobody
        with pytest.raises(StoreUnavailable, match="kept a lock"):
            store.append(command("c2", event("a", 2)))  # the first still waits
        standby.start()
        pair.primary.wait_for("follower")
        appended = store.append(command("c2", event("a", 2)))
        assert (appended.first, appended.repeated) == (2, True)


def test_a_server_that_is_made_to_stop_waiting_for_its_standby_is_not_believed_until_it_has_come(
    pair: Pair, log: str
) -> None:
    standby = pair.join()
    pair.primary.sql(f"ALTER DATABASE {log} SET statement_timeout = '300ms'")
    with PostgresStore(pair.url(log), patience=0.5) as store:
        store.append(command("c1", event("a", 1)))
        standby.stop("fast")
        with pytest.raises(StoreUnavailable, match="not surely on its standby") as caught:
            store.append(command("c2", event("a", 2)))
        assert "statement_timeout" in str(caught.value)
        assert "same id" in caught.value.fix
        with pytest.raises(StoreUnavailable, match="stands still"):
            store.append(command("c2", event("a", 2)))  # waits for the standby, as it is to do
        standby.start()
        pair.primary.wait_for("follower")
        assert store.append(command("c2", event("a", 2))).repeated
    with PostgresStore(standby.database(log), read_only=True) as copy:
        while copy.head() < 2:
            pass
        assert [row.version for row in copy.read_stream("north", "a")] == [1, 2]


@contextmanager
def impatient(node: Node) -> Iterator[None]:
    """Within, somebody cancels whatever waits for the standby: the server then goes on without, with a warning."""
    ended = Event()

    def cancel() -> None:
        while not ended.wait(0.01):
            node.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")

    cancelling = Thread(target=cancel, daemon=True)
    cancelling.start()
    try:
        yield
    finally:
        ended.set()
        cancelling.join(60)


def test_no_hook_is_called_before_the_standby_has_what_a_host_committed(pair: Pair, log: str) -> None:
    standby, url = pair.join(), pair.primary.database(log)
    told: list[str] = []
    with Engine.open(url, settings=Settings(patience=0.5)) as engine, psycopg.connect(url) as host:
        engine.ensure_programme(Actor.coordinator())
        with engine.join(host) as unit:
            unit.execute(AddPerson("Ada"), Actor.coordinator())
            unit.on_commit(lambda: told.append("Ada is there"))
        standby.stop("fast")
        with impatient(pair.primary):
            host.commit()
            with pytest.raises(StoreUnavailable, match="not surely on its standby") as caught:
                unit.committed()
        assert "committed() again" in caught.value.fix
        with pytest.raises(StoreUnavailable, match="stands still"):
            unit.committed()  # waits, as it is to do
        assert not told
        standby.start()
        pair.primary.wait_for("follower")
        assert unit.committed()
        assert told == ["Ada is there"]


def test_a_copy_says_when_its_standby_may_not_have_it(pair: Pair, tmp_path: Path) -> None:
    standby, source = pair.join(), f"sqlite:///{tmp_path}/source.db"
    with Engine.open(source) as engine:
        engine.ensure_programme(Actor.coordinator())
    name = f"replicated_{next(_numbers)}"
    pair.primary.sql(f"CREATE DATABASE {name}")
    standby.stop("fast")
    with (
        impatient(pair.primary),
        pytest.raises(StoreUnavailable, match="not surely on its standby") as caught,
    ):
        copy(source, pair.primary.database(name))
    assert "the same db copy again" in caught.value.fix
    standby.start()
    pair.primary.wait_for("follower")
    done = copy(source, pair.primary.database(name))
    assert (done.events, done.already) == (2, True)


def fails_over(pair: Pair, log: str, rounds: int, seed: int) -> None:
    chance = Random(seed)
    with Load(pair.url(log)) as load:
        load.follower()
        writers = [load.writer() for _ in range(2)]
        load.worker()
        for _ in range(rounds):
            pair.join()
            load.more_acks(chance.randint(2, 12))
            before = [len(writer.errors()) for writer in writers]
            pair.fail_over()
            load.more_acks(3)
            assert [len(writer.errors()) for writer in writers] > before
        eventually(partial(load.shared_by, 1), "the worker feeds everything again")
        load.stop()
        load.holds()


def test_the_standby_takes_over_under_load_and_nothing_acknowledged_is_lost(pair: Pair, log: str) -> None:
    fails_over(pair, log, rounds=1, seed=1)


@pytest.mark.soak
def test_servers_that_take_over_from_each_other_ten_times_lose_nothing_acknowledged(
    pair: Pair, log: str
) -> None:
    fails_over(pair, log, rounds=10, seed=2)
