"""Events and the host's own rows commit or roll back together, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import CannotJoin, CommandReused, InvalidInput, NotFound
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import PauseReason
from mentorcycle.engine import Engine, Failed, Pending, Receipt, Settings

Contact = Callable[..., Any]
Minutes = Callable[..., list[int]]


@pytest.fixture
def connection(host: Any) -> Any:
    return host.connect()


# Together


def test_events_and_rows_are_committed_together(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        host.note(connection, "called Ada")
        assert isinstance(contact(unit, 30), Pending)
    assert (host.notes(), minutes()) == ([], [])
    connection.commit()
    assert (host.notes(), minutes()) == (["called Ada"], [30])


def test_events_and_rows_are_rolled_back_together(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        contact(unit, 30)
        host.note(connection, "called Ada")
    connection.rollback()
    assert (host.notes(), minutes()) == ([], [])
    assert contact(engine, 45).or_raise().events[0].event.minutes == 45
    assert minutes() == [45]


def test_a_transaction_that_wrote_before_it_was_joined_is_as_good_as_any(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    host.note(connection, "first")
    with engine.join(connection) as unit:
        contact(unit, 30)
    connection.commit()
    with engine.join(connection) as unit:
        contact(unit, 40)
        contact(unit, 50)
    connection.commit()
    contact(engine, 60)
    assert minutes() == [30, 40, 50, 60]
    positions = [row.position for row in engine.store.read_log(0, 99)]
    assert positions == list(range(1, len(positions) + 1))


def test_what_is_open_stays_open_whatever_becomes_of_the_block(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    def dies() -> None:
        with engine.join(connection) as unit:
            contact(unit, 30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    host.note(connection, "went on")
    assert minutes() == []
    connection.commit()
    assert (host.notes(), minutes()) == (["went on"], [30])


def test_a_transaction_is_decided_on_what_it_did_itself(
    engine: Engine, connection: Any, story: Any, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        first = unit.execute(c.Pause(story.cycle, PauseReason.LEAVE), story.coordinator).or_raise()
        again = unit.execute(c.Pause(story.cycle, PauseReason.LEAVE), story.coordinator)
        assert again.or_raise().already_so
        assert unit.execute(c.Resume(story.cycle), story.coordinator).or_raise().events[0].version == (
            first.events[0].version + 1
        )
        assert story.state.status.value == "active"
    connection.commit()
    assert engine.history(story.cycle, story.coordinator)[-1].event.topic.startswith("CycleResumed")


def test_people_that_were_added_in_the_transaction_can_be_used_in_it(
    engine: Engine, connection: Any, story: Any
) -> None:
    with engine.join(connection) as unit:
        eve = unit.execute(c.AddPerson("Eve"), story.coordinator).or_raise().subject
        unit.execute(c.ChangePerson(eve, "Eva"), story.coordinator).or_raise()
        with pytest.raises(NotFound):
            engine.person(eve, story.coordinator)
    connection.commit()
    assert engine.person(eve, story.coordinator).name == "Eva"


def test_an_instant_is_kept_and_words_are_readable_after_the_commit(
    engine: Engine, connection: Any, story: Any
) -> None:
    monday = datetime(2026, 9, 7, 12, tzinfo=UTC)
    with engine.join(connection) as unit:
        unit.execute(
            c.LogContact(story.cycle, 30, notes="Ada feels better"),
            story.bo,
            occurred_at=monday,
            correlation="visit-7",
        ).or_raise()
    connection.commit()
    last = engine.history(story.cycle, story.bo, words=True)[-1]
    assert (last.occurred_at, last.correlation, last.event.notes.text) == (
        monday,
        "visit-7",
        "Ada feels better",
    )


# Savepoints


def test_what_is_rolled_back_to_a_savepoint_is_forgotten(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        kept = contact(unit, 30)
        connection.execute("SAVEPOINT lunch")
        host.note(connection, "lunch")
        gone = contact(unit, 40)
        connection.execute("ROLLBACK TO lunch")
        after = contact(unit, 50)
        assert kept.events[0].version + 1 == gone.events[0].version == after.events[0].version
    connection.commit()
    assert (host.notes(), minutes()) == ([], [30, 50])
    assert [receipt.command_id for receipt in unit.receipts()] == [kept.command_id, after.command_id]


def test_a_savepoint_that_is_released_is_kept(
    engine: Engine, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        contact(unit, 30)
        connection.execute("SAVEPOINT lunch")
        contact(unit, 40)
        connection.execute("RELEASE lunch")
    connection.commit()
    assert minutes() == [30, 40]


def test_a_command_that_fails_leaves_the_transaction_as_it_was(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes, story: Any
) -> None:
    with engine.join(connection) as unit:
        host.note(connection, "before")
        contact(unit, 30)
        with pytest.raises(InvalidInput):
            unit.execute(c.LogContact(story.cycle, "thirty"), story.bo)  # type: ignore[arg-type]
        with pytest.raises(CommandReused):
            contact(unit, 31, command_id="x") and contact(unit, 32, command_id="x")
        refused = contact(unit, -5)
        assert isinstance(refused, Refused)
        host.note(connection, "after")
    connection.commit()
    assert (host.notes(), minutes()) == (["after", "before"], [30, 31])


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_events_agree_whatever_a_host_does(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes, seed: int
) -> None:
    chance, expected, pending, depth = random.Random(seed), list[int](), list[list[int]](), 0

    def keep(connection: Any, events: Any) -> None:
        for recorded in events:
            host.note(connection, f"{recorded.event.minutes:03}")

    with engine.join(connection, projections=[keep]) as unit:
        for n in range(1, 61):
            match chance.choice(["unit", "unit", "unit", "begin", "release", "undo", "commit", "rollback"]):
                case "unit":
                    contact(unit, n)
                    pending[-1:] = [[*(pending[-1] if pending else []), n]]
                case "begin" if pending:
                    depth += 1
                    connection.execute(f"SAVEPOINT s{depth}")
                    pending.append([])
                case "release" if depth:
                    connection.execute(f"RELEASE s{depth}")
                    depth -= 1
                    inner = pending.pop()
                    pending[-1] += inner
                case "undo" if depth:
                    connection.execute(f"ROLLBACK TO s{depth}")
                    pending[-1] = []
                case "commit":
                    connection.commit()
                    expected += [n for one in pending for n in one]
                    pending, depth = [], 0
                case "rollback":
                    connection.rollback()
                    pending, depth = [], 0
            assert unit.committed() == bool(expected)
        connection.rollback()
    assert expected
    assert minutes() == expected
    assert host.notes() == [f"{n:03}" for n in expected]
    assert [receipt.events[0].event.minutes for receipt in unit.receipts()] == expected


# Hooks and receipts


def test_hooks_run_once_after_the_commit_and_not_before(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    told: list[str] = []
    with engine.join(connection) as unit:
        unit.on_commit(lambda: told.append("registered before"))
        contact(unit, 30)
        unit.on_commit(lambda: told.append("registered after"))
        assert not unit.committed()
    assert not unit.committed()
    assert told == []
    connection.commit()
    assert unit.committed()
    assert told == ["registered before", "registered after"]
    assert unit.committed()
    assert len(told) == 2


def test_after_a_rollback_no_hook_runs_and_nothing_is_known_of_it(
    engine: Engine, connection: Any, contact: Contact, story: Any
) -> None:
    told: list[str] = []
    before = engine.cycle(story.cycle, story.ada)
    with engine.join(connection) as unit:
        contact(unit, 30, command_id="visit")
        unit.on_commit(lambda: told.append("told"))
    connection.rollback()
    assert not unit.committed()
    assert unit.receipts() == ()
    assert engine.cycle(story.cycle, story.ada) == before
    story.clock.move(seconds=1)
    contact(engine, 30, command_id="visit")  # the same command, but another append
    assert not unit.committed()
    assert told == []


def test_the_hook_of_a_savepoint_that_was_rolled_back_does_not_run(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    told: list[int] = []
    with engine.join(connection) as unit:
        contact(unit, 30)
        unit.on_commit(lambda: told.append(30))
        connection.execute("SAVEPOINT lunch")
        contact(unit, 40)
        unit.on_commit(lambda: told.append(40))
        connection.execute("ROLLBACK TO lunch")
        contact(unit, 50)
        unit.on_commit(lambda: told.append(50))
    connection.commit()
    assert unit.committed()
    assert told == [30, 50]


def test_a_hook_that_fails_is_not_run_again_and_those_behind_it_are_not_lost(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    told: list[str] = []
    with engine.join(connection) as unit:
        contact(unit, 30)
        unit.on_commit(lambda: 1 // 0)
        unit.on_commit(lambda: told.append("second"))
    connection.commit()
    with pytest.raises(ZeroDivisionError):
        unit.committed()
    assert unit.committed()
    assert told == ["second"]


def test_the_receipt_after_the_commit_is_the_one_that_the_engine_gives(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    with engine.join(connection) as unit:
        pending = contact(unit, 30, command_id="visit")
        assert [recorded.position for recorded in pending.events] == [0]
        assert unit.receipts() == ()
    connection.commit()
    (receipt,) = unit.receipts()
    assert isinstance(receipt, Receipt)
    assert not receipt.repeated
    assert receipt == contact(engine, 30, command_id="visit")
    assert (receipt.first, receipt.last) == (engine.store.head(), engine.store.head())
    assert receipt.subject == pending.subject


def test_who_waits_for_events_is_told_of_those_of_a_host(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    head = engine.store.head()
    with engine.join(connection) as unit:
        contact(unit, 30)
    connection.commit()
    assert unit.committed()
    assert engine.store.wait(head, 30) == head + 1


# Repeated commands


def test_a_command_is_taken_once_wherever_it_is_repeated(
    engine: Engine, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    contact(engine, 20, command_id="early")
    with engine.join(connection) as unit:
        early = contact(unit, 20, command_id="early")
        first = contact(unit, 30, command_id="visit")
        second = contact(unit, 30, command_id="visit")
        assert (early.repeated, first.repeated, second.repeated) == (True, False, True)
        assert second.events[0].event == first.events[0].event
        assert [recorded.position for recorded in early.events] == [0]
    connection.commit()
    assert contact(engine, 30, command_id="visit").repeated
    assert minutes() == [20, 30]
    assert [(receipt.command_id, receipt.repeated) for receipt in unit.receipts()] == [
        ("early", True),
        ("visit", False),
        ("visit", True),
    ]


def test_a_repeated_command_runs_no_hook(engine: Engine, connection: Any, contact: Contact) -> None:
    told: list[str] = []
    contact(engine, 20, command_id="early")
    with engine.join(connection) as unit:
        contact(unit, 20, command_id="early")
        unit.on_commit(lambda: told.append("told"))
    connection.commit()
    assert not unit.committed()
    assert told == []


def test_an_id_of_another_command_is_refused_and_its_words_are_compared(
    engine: Engine, connection: Any, story: Any
) -> None:
    def said(words: str) -> Any:
        return c.LogContact(story.cycle, 30, notes=words)

    engine.execute(said("one"), story.bo, command_id="x").or_raise()
    with engine.join(connection) as unit:
        assert unit.execute(said("one"), story.bo, command_id="x").or_raise().repeated
        with pytest.raises(CommandReused):
            unit.execute(said("two"), story.bo, command_id="x")


def test_a_command_without_an_effect_is_remembered_with_what_it_was_about(
    engine: Engine, connection: Any, story: Any
) -> None:
    same = c.ChangePerson(story.ada.id, "Ada")
    with engine.join(connection) as unit:
        first = unit.execute(same, story.coordinator, command_id="x").or_raise()
        again = unit.execute(same, story.coordinator, command_id="x").or_raise()
        assert first.already_so
        assert (again.subject, again.repeated) == (story.ada.id, True)
    connection.commit()
    assert engine.execute(same, story.coordinator, command_id="x").or_raise().repeated


# Dry runs and many commands


def test_a_dry_run_writes_nothing(
    engine: Engine, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    with engine.join(connection) as unit:
        rehearsed = contact(unit, 30, dry_run=True)
        assert rehearsed.events[0].event.minutes == 30
        assert contact(unit, 30).events[0].version == rehearsed.events[0].version
        contact(unit, 40, dry_run=True)
    connection.commit()
    assert minutes() == [30]
    assert len(unit.receipts()) == 1


def test_many_commands_are_one_append_and_each_sees_those_before_it(
    engine: Engine, host: Any, connection: Any, story: Any, minutes: Minutes
) -> None:
    contacts = [c.LogContact(story.cycle, minutes) for minutes in (30, -5, 40, 30)]
    with engine.join(connection) as unit:
        host.note(connection, "a day")
        answers = unit.execute_many(contacts, story.bo, command_ids=["a", "b", "c", "a"], batch="b-day")
        kinds = [type(answer) for answer in answers]
        assert kinds == [Pending, Refused, Pending, Pending]
        assert [a.repeated for a in answers if isinstance(a, Pending)] == [False, False, True]
        wrong = unit.execute_many([c.LogContact(story.cycle, 99)], story.bo, command_ids=["a"])
        assert [type(answer) for answer in wrong] == [Failed]
    connection.commit()
    assert minutes() == [30, 40]
    assert [receipt.command_id for receipt in unit.receipts()] == ["a", "c", "a"]
    assert {r.batch for r in engine.history(story.cycle, story.ada)[-2:]} == {"b-day"}


# Projections of the host


def test_a_projection_of_the_host_writes_in_the_same_transaction(
    engine: Engine, host: Any, connection: Any, contact: Contact
) -> None:
    def keep(connection: Any, events: Any) -> None:
        for recorded in events:
            assert recorded.position == 0
            host.note(connection, f"{recorded.event.minutes} minutes")

    with engine.join(connection, projections=[keep]) as unit:
        contact(unit, 30)
        assert isinstance(contact(unit, -3), Refused)
        connection.execute("SAVEPOINT lunch")
        contact(unit, 40)
        connection.execute("ROLLBACK TO lunch")
    assert host.notes() == []
    connection.commit()
    assert host.notes() == ["30 minutes"]


def test_a_projection_that_fails_undoes_its_command_and_nothing_else(
    engine: Engine, host: Any, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    def keep(connection: Any, events: Any) -> None:
        host.note(connection, f"{events[0].event.minutes} minutes")
        if events[0].event.minutes == 40:
            host.note(connection, "40 minutes")  # which is there already

    driver = host.driver_error
    with engine.join(connection, projections=[keep]) as unit:
        contact(unit, 30)
        with pytest.raises(driver):  # as the host's own driver says it
            contact(unit, 40)
        contact(unit, 50)
    connection.commit()
    assert (host.notes(), minutes()) == (["30 minutes", "50 minutes"], [30, 50])
    assert len(unit.receipts()) == 2


def test_an_interrupt_undoes_its_command_and_nothing_else(
    engine: Engine, connection: Any, contact: Contact, minutes: Minutes
) -> None:
    def interrupted(connection: Any, events: Any) -> None:
        if events[0].event.minutes == 40:
            raise KeyboardInterrupt

    with engine.join(connection, projections=[interrupted]) as unit:
        contact(unit, 30)
        with pytest.raises(KeyboardInterrupt):
            contact(unit, 40)
    connection.commit()
    assert minutes() == [30]


# Where a unit can be used


def test_a_unit_is_used_within_its_block_and_by_the_thread_that_entered_it(
    engine: Engine, connection: Any, contact: Contact
) -> None:
    with pytest.raises(CannotJoin, match="with block"):
        contact(engine.join(connection), 30)
    said: list[str] = []

    def elsewhere() -> None:
        try:
            contact(unit, 30)
        except CannotJoin as error:
            said.append(str(error))

    with engine.join(connection) as unit:
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert "another thread" in said[0]
    with pytest.raises(CannotJoin, match="with block"):
        contact(unit, 30)


def test_a_connection_that_would_commit_by_itself_is_refused_until_it_is_in_a_transaction(
    engine: Engine, host: Any, contact: Contact, minutes: Minutes
) -> None:
    connection = host.autocommitting()
    with engine.join(connection) as unit:
        with pytest.raises(CannotJoin, match="no transaction"):
            contact(unit, 30)
        connection.execute("BEGIN")
        contact(unit, 40)
        assert minutes() == []
        connection.execute("COMMIT")
        assert minutes() == [40]
        connection.execute("BEGIN")
        contact(unit, 50)
        connection.execute("ROLLBACK")
    assert minutes() == [40]
    assert unit.committed()


def test_what_is_no_connection_of_the_driver_is_refused_with_the_way_to_it(engine: Engine) -> None:
    with pytest.raises(CannotJoin, match=r"connection\.connection") as caught:
        engine.join("a connection")
    assert "driver_connection" in str(caught.value)


def test_a_log_in_memory_cannot_be_joined(settings: Settings, connection: Any) -> None:
    with Engine.open(settings=settings) as engine, pytest.raises(CannotJoin, match="memory"):
        engine.join(connection)


def test_a_connection_to_another_database_is_refused(
    engine: Engine, host: Any, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    from mentorcycle.engine.stores.postgres_schema import init_schema

    if host.on_sqlite:
        other = type(host)(f"sqlite:///{tmp_path / 'other.db'}")
        Engine.open(other.url).close()
        others = [other.connect(), other.connect()]
        others[1] = type(host)("sqlite:///:memory:").connect()
    else:
        other = type(host)(request.getfixturevalue("database"))
        others = [other.connect()]
        with pytest.raises(CannotJoin, match="there is no log"), engine.join(others[0]):
            pass
        assert others[0].execute("SELECT 1").fetchone() == (1,)  # and it can go on
        init_schema(other.url)
        others.append(other.connect())
    for connection in others:
        with pytest.raises(CannotJoin, match="another database"), engine.join(connection):
            pass
        connection.close()


def test_the_cache_of_the_engine_learns_nothing_from_a_host_but_helps_it(
    engine: Engine, host: Any, connection: Any, contact: Contact, story: Any
) -> None:
    state = engine.cycle(story.cycle, story.ada)
    with engine.join(connection) as unit:
        version = contact(unit, 30).events[0].version
        assert version == state.version + 1
        connection.execute("SAVEPOINT s")
        contact(unit, 40)
        connection.execute("ROLLBACK TO s")
        assert engine.cycle(story.cycle, story.ada) == state
    connection.rollback()
    contact(engine, 50)
    with engine.join(connection) as unit:
        assert contact(unit, 60).events[0].version == version + 1
    connection.rollback()
