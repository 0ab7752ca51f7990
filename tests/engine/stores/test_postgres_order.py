"""One order on PostgreSQL: no reader passes an event that is still to come, whatever writers do; no table is locked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from threading import Barrier, Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from mentorcycle.domain.errors import Conflict, StoreUnavailable
from mentorcycle.engine.stores.port import Appended, Slice, StoredRow
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_horizon import HeldBack
from mentorcycle.engine.stores.postgres_schema import listen_lock
from mentorcycle.engine.testing.store_contract import command, event

Open = Callable[..., PostgresStore]


def tail_beside_writers(store: PostgresStore, slow: Callable[..., Any], transactions: int) -> None:
    """Eight writers with random delays and rollbacks, and one reader that follows."""
    committed: list[tuple[str, int]] = []
    seen: list[StoredRow] = []
    done = Event()

    def write(who: int) -> None:
        chance, writer, version = random.Random(who), slow(), 1
        for _ in range(transactions):
            events = chance.randint(1, 3)
            if chance.random() < 0.2:
                writer.any_transaction()  # and then its number is older than those of others that end before it
                sleep(chance.uniform(0, 0.002))
                writer.rollback()
            writer.write(f"s{who}", version, events=events)
            sleep(chance.uniform(0, 0.003))
            if chance.random() < 0.2:
                writer.rollback()
                continue
            writer.commit()
            committed.extend((f"s{who}", version + n) for n in range(events))
            version += events

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
    writers = [Thread(target=write, args=(who,)) for who in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join(60)
    assert [row.position for row in seen] == list(range(1, len(committed) + 1))
    assert sorted((row.stream, row.version) for row in seen) == sorted(committed)
    for stream in {row.stream for row in seen}:
        assert [row.version for row in seen if row.stream == stream] == list(
            range(1, Counter(row.stream for row in seen)[stream] + 1)
        )
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(seen))
    assert store.read_log(0, len(seen)) == seen


def test_a_reader_beside_eight_writers_that_dawdle_and_roll_back_loses_nothing(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    tail_beside_writers(open_store(), slow, 155)


@pytest.mark.soak
def test_a_reader_of_a_hundred_thousand_events_loses_nothing(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    tail_beside_writers(open_store(), slow, 7850)


def test_a_transaction_that_stalls_delays_those_after_it_and_changes_no_order(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    store, stalled = open_store(patience=0.3), slow()
    store.append(command("c1", event("a", 1)))
    stalled.write("s", 1)
    with pytest.raises(HeldBack):
        store.append(command("c2", event("a", 2)))
    assert store.head() == 1
    assert store.wait(1, 0.05) == 1
    stalled.commit()
    assert [(row.stream, row.version) for row in store.read_stream("north", "a")] == [("a", 1), ("a", 2)]
    assert [(row.position, row.stream) for row in store.read_log(0, 9)] == [(1, "a"), (2, "s"), (3, "a")]


def test_who_holds_the_log_back_is_named_and_the_command_can_be_repeated(
    open_store: Open, slow: Callable[..., Any], server: Any
) -> None:
    store = open_store(patience=0.3)
    elsewhere = slow(server.url, application_name="a forgotten shell")
    elsewhere.any_transaction()
    with pytest.raises(HeldBack) as caught:
        store.append(command("c1", event("a", 1)))
    error = caught.value
    assert error.pid == elsewhere.connection.info.backend_pid
    for words in ("'c1' IS recorded", f"backend {error.pid} (a forgotten shell)", "open since", "same id"):
        assert words in str(error)
    elsewhere.rollback()
    assert store.append(command("c1", event("a", 1))).repeated
    assert store.head() == 1


def test_who_holds_the_log_back_is_named_however_the_database_writes_dates(
    open_store: Open, slow: Callable[..., Any], server: Any, log_url: str
) -> None:
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET datestyle = 'German, DMY'")
    store = open_store(patience=0.3)
    slow(server.url).any_transaction()
    with pytest.raises(HeldBack, match=r"'c1' IS recorded.*open since 20"):
        store.append(command("c1", event("a", 1)))


def test_what_was_decided_on_an_event_that_is_held_back_is_still_right(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    store, stalled = open_store(patience=0.3), slow()
    stalled.any_transaction()
    with pytest.raises(HeldBack):
        store.append(command("c1", event("a", 1)))
    with pytest.raises(StoreUnavailable, match="no position yet"):
        store.read_stream("north", "a")
    assert store.read_stream("north", "a", position=0) == []
    with pytest.raises(Conflict) as caught:
        store.append(command("c2", event("a", 1)))
    assert caught.value.actual == 1
    stalled.rollback()
    assert len(store.read_stream("north", "a")) == 1


def test_a_reader_places_what_its_writer_did_not_live_to_place(
    open_store: Open, slow: Callable[..., Any]
) -> None:
    writer = slow()
    writer.write("a", 1, command="c1", events=2)
    writer.commit()
    assert open_store(read_only=True).head() == 0  # it may not
    store = open_store()
    assert store.head() == 2
    known = store.find_command("north", "c1")
    assert known is not None
    assert (known.first, known.last) == (1, 2)


def test_an_append_of_another_process_ends_a_wait(open_store: Open) -> None:
    here, there = open_store(), open_store()
    heads: list[int] = []
    waiting = Thread(target=lambda: heads.append(here.wait(0, timeout=60)))
    waiting.start()
    sleep(0.05)
    began = monotonic()
    there.append(command("c1", event("a", 1)))
    waiting.join(60)
    assert heads == [1]
    assert monotonic() - began < 0.5  # told, and not found by looking now and then


def test_it_is_told_only_while_somebody_listens(open_store: Open, log_url: str) -> None:
    store = open_store()
    with psycopg.connect(log_url, autocommit=True) as connection:
        connection.execute("LISTEN mentorcycle_placed")
        told = []
        connection.add_notify_handler(told.append)
        store.append(command("c1", event("a", 1)))
        connection.execute("SELECT 1")
        assert told == []
        connection.execute("SELECT pg_advisory_lock_shared(%s)", (listen_lock("mentorcycle"),))
        store.append(command("c2", event("a", 2)))
        connection.execute("SELECT 1")
        assert len(told) == 1


def together(*works: Callable[[], Any]) -> list[Any]:
    """What each of them comes to, begun at the same moment; a conflict is an answer."""
    start, answers = Barrier(len(works)), [None] * len(works)

    def run(number: int) -> None:
        start.wait()
        try:
            answers[number] = works[number]()
        except Exception as error:
            answers[number] = error  # type: ignore[call-overload]

    threads = [Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_two_who_append_to_one_stream_one_wins(open_store: Open) -> None:
    stores = [open_store(), open_store()]
    for version in range(1, 21):
        commands = [command(f"c{version}-{n}", event("a", version)) for n in (0, 1)]
        answers = together(*map(partial, [store.append for store in stores], commands))
        assert {type(answer) for answer in answers} == {Appended, Conflict}
    assert [row.version for row in stores[0].read_stream("north", "a")] == list(range(1, 21))


def test_of_two_who_each_write_what_the_other_has_read_one_wins(open_store: Open) -> None:
    stores = [open_store(), open_store()]
    both = 0
    for n in range(30):
        a, b = f"a{n}", f"b{n}"
        answers = together(
            partial(stores[0].append, command(f"{n}-1", event(b, 1), expected={a: 0, b: 0})),
            partial(stores[1].append, command(f"{n}-2", event(a, 1), expected={a: 0, b: 0})),
        )
        assert {type(answer) for answer in answers} <= {Appended, Conflict}
        both += all(isinstance(answer, Appended) for answer in answers)
    assert both == 0


def test_of_two_who_send_one_command_one_writes(open_store: Open) -> None:
    stores = [open_store(), open_store()]
    for n in range(20):
        same = command(f"c{n}", event(f"s{n}", 1))
        answers = together(*(partial(store.append, same) for store in stores))
        assert sorted(answer.repeated for answer in answers) == [False, True]
        assert answers[0].first == answers[1].first == n + 1


def test_slices_over_the_same_streams_in_any_order_never_wait_in_a_circle(open_store: Open) -> None:
    streams = [f"s{n}" for n in range(6)]

    def work(store: PostgresStore, who: int) -> None:
        chance = random.Random(who)
        for n in range(25):
            wanted = chance.sample(streams, 3)
            versions = {s: len(rows) for s, rows in store.read_streams("north", wanted).items()}
            events = [event(s, versions[s] + 1) for s in wanted[:2]]
            try:
                store.append(Slice("north", f"{who}-{n}", b"h", versions, events))
            except Conflict:
                continue

    stores = [open_store(), open_store(), open_store()]
    answers = together(*(partial(work, store, n) for n, store in enumerate(stores)))
    assert answers == [None, None, None]
    rows = stores[0].read_log(0, 999)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    for stream in streams:
        versions = [row.version for row in rows if row.stream == stream]
        assert versions == list(range(1, len(versions) + 1))


def test_a_batch_of_many_streams_and_single_commands_exclude_each_other_only_as_needed(
    open_store: Open,
) -> None:
    stores = [open_store(), open_store()]
    for n in range(5):
        batch = [command(f"b{n}-{m}", event(f"s{m}", n + 1)) for m in range(100)]
        answers = together(
            partial(stores[0].append_many, batch),
            partial(stores[1].append, command(f"one-{n}", event(f"s{n}", n + 1))),
        )
        taken = [answer for answer in answers[0] if isinstance(answer, Appended)]
        assert len(taken) + isinstance(answers[1], Appended) == 100
    assert {len(stores[0].read_stream("north", f"s{m}")) for m in range(100)} == {5}


def test_no_append_locks_a_table_against_others(
    open_store: Open, slow: Callable[..., Any], server: Any
) -> None:
    store, before = open_store(), slow()
    before.write(
        "other", 1, command="c1"
    )  # the append comes as far as the key of its command, and waits there
    appending = Thread(target=lambda: store.append(command("c1", event("a", 1), content_hash=b"h")))
    appending.start()
    with psycopg.connect(server.url, autocommit=True) as looking:
        modes: set[str] = set()
        while "RowExclusiveLock" not in modes:
            rows = looking.execute(
                "SELECT DISTINCT mode FROM pg_locks WHERE locktype = 'relation' AND pid IN"
                " (SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')"
            )
            modes = {mode for (mode,) in rows}
    before.rollback()
    appending.join(60)
    assert modes == {"AccessShareLock", "RowExclusiveLock"}
    assert store.head() == 1


def test_time_never_falls_along_positions_although_clocks_differ(open_store: Open) -> None:
    ahead, behind = open_store(clock=lambda: 9_000), open_store(clock=lambda: 1_000)
    assert ahead.append(command("c1", event("a", 1))).recorded_at == 9_000
    assert behind.append(command("c2", event("a", 2))).recorded_at == 9_000
    assert behind.append(command("c3", expected={"a": 2})).recorded_at == 9_000
    assert (ahead.position_at(8_999), ahead.position_at(9_000)) == (0, 2)


def test_without_a_clock_the_server_says_what_time_it_is(open_store: Open, server: Any) -> None:
    with psycopg.connect(server.url) as connection:
        (now,) = connection.execute(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint"
        ).fetchone() or (0,)
    appended = open_store().append(command("c1", event("a", 1)))
    assert 0 <= appended.recorded_at - now < 10_000_000


def test_positions_of_old_events_are_found_by_their_instant_in_a_long_log(open_store: Open) -> None:
    now = [0]
    store = open_store(clock=lambda: now[0])
    for n in range(1, 60):
        now[0] = 10 * n
        store.append_many([command(f"c{n}-{m}", event(f"s{n}-{m}", 1)) for m in range(n % 4)])
    rows = store.read_log(0, 999)
    for at in range(0, 600, 7):
        assert store.position_at(at) == sum(row.recorded_at <= at for row in rows)


def test_who_holds_events_back_is_named(log_url: str) -> None:
    with PostgresStore(log_url) as store, psycopg.connect(log_url, application_name="nightly") as other:
        other.execute("CREATE TEMPORARY TABLE mine ()")
        assert store.held_up_by(3600) is None
        who, fix = store.held_up_by(0) or ("", "")
        assert f"backend {other.info.backend_pid} (nightly)" in who
        assert f"pg_terminate_backend({other.info.backend_pid})" in fix
        other.rollback()
        assert store.held_up_by(0) is None
        other.execute("CREATE TABLE public.mine ()")
        other.execute("PREPARE TRANSACTION 'Ann''s'")
        assert "ROLLBACK PREPARED 'Ann''s'" in (store.held_up_by(0) or ("", ""))[1]
        other.rollback()
        with psycopg.connect(log_url, autocommit=True) as later:
            later.execute("ROLLBACK PREPARED 'Ann''s'")
