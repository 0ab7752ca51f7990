"""A programme moves from a file to PostgreSQL and back: everything is there, and it goes on where it was."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import msgpack
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import (
    CopyUnfinished,
    InvalidInput,
    StoreUnavailable,
    UnknownStore,
    VerificationFailed,
)
from mentorcycle.engine import Copied, Engine, Settings, copy
from mentorcycle.engine.audit import verify, verify_all
from mentorcycle.engine.copying import rehearse
from mentorcycle.engine.simulation.demo import SEED, open_demo
from mentorcycle.engine.simulation.year import run
from mentorcycle.engine.stores.port import tail
from mentorcycle.engine.url import moment_of, open_reader

COORDINATOR = Actor.coordinator("north")
numbers = count()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lived") / "north.db"


@pytest.fixture
def north(kept: Path, tmp_path: Path, clock: Any, begin: Any) -> str:
    """The URL of a file with two tenants, words, refusals, batches of one instant, and commands that did nothing."""
    if not kept.exists():
        for tenant in ("north", "south"):
            with Engine.open(f"sqlite:///{kept}", tenant=tenant, settings=Settings(clock=clock)) as engine:
                story = begin(engine).to("celebrate")
                assert (
                    engine.execute(c.OpenCycle(story.ada.id), COORDINATOR, command_id="same")
                    .or_raise()
                    .already_so
                )
                contacts = [c.LogContact(story.cycle, n, notes=f"talk {n}") for n in (10, 20, -1, 30)]
                assert len(engine.execute_many(contacts, story.bo, command_ids=list("wxyz")).refused) == 1
                engine.queries.cycles(COORDINATOR)
                clock.move(days=1)
    for file in kept.parent.iterdir():
        shutil.copy(file, tmp_path)
    return f"sqlite:///{tmp_path / 'north.db'}"


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], str]:
    """URLs of files that are not there."""
    return lambda: f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, fresh: Callable[[], str]) -> str:
    """The URL of an empty store of each kind."""
    return fresh() if request.param == "sqlite" else str(request.getfixturevalue("log_url"))


def rows(url: str) -> list[Any]:
    """All rows of a finished log."""
    with closing(open_reader(url)) as log, closing(moment_of(log)) as moment:
        return [
            list(moment.events(0)),
            list(moment.commands(0)),
            list(moment.words(0)),
            moment.discarded(),
        ]


def path_of(url: str) -> str:
    return url.removeprefix("sqlite:///")


def change(url: str, *statements: str) -> None:
    """Work on a file as somebody would who has it in their hands."""
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as file:
        triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)
        for _, trigger in triggers:
            file.execute(trigger)


def opened(url: str, clock: Any, tenant: str = "north") -> Engine:
    return Engine.open(url, tenant=tenant, settings=Settings(clock=clock))


def cycle_of(engine: Engine) -> Any:
    (row,) = engine.queries.cycles(COORDINATOR).rows
    return engine.cycle(row.cycle, COORDINATOR)


# The whole way


def test_a_programme_moves_up_and_back_with_everything(
    north: str, log_url: str, fresh: Any, clock: Any
) -> None:
    wanted, down = rows(north), fresh()
    assert any(row.last < row.first for row in wanted[1])
    up = copy(north, log_url)
    assert rows(log_url) == wanted
    back = copy(log_url, down)
    assert rows(down) == wanted
    assert (up.events, up.commands, up.words) == tuple(map(len, wanted[:3]))
    assert up.sha256 == back.sha256 == copy(down, fresh()).sha256
    assert (up.models, back.models) == (("cycles", "people", "minutes", "trail"), ())
    for url in (north, log_url, down):
        with opened(url, clock) as engine:
            assert verify_all(engine.queries.readers).holds
            assert [found.stage for found in engine.queries.cycles(COORDINATOR).rows] == ["celebrate"]


def test_the_engine_goes_on_in_the_copy(north: str, target: str, clock: Any) -> None:
    with opened(north, clock) as engine:
        before, head = cycle_of(engine), engine.store.head()
        bo = Actor.participant(before.mentors[0])
        repeated = c.LogContact(before.id, 10, notes="talk 10")
        first = engine.execute(repeated, bo, command_id="w").or_raise()
        nothing = engine.execute(c.OpenCycle(before.mentees[0]), COORDINATOR, command_id="same").or_raise()
    copy(north, target)
    with opened(target, clock) as engine:
        assert cycle_of(engine) == before
        assert engine.execute(repeated, bo, command_id="w") == first
        assert engine.execute(c.OpenCycle(before.mentees[0]), COORDINATOR, command_id="same") == nothing
        for number in range(3):
            receipt = engine.execute(c.LogContact(before.id, 5 + number), bo).or_raise()
            assert receipt.first == head + 1 + number
        words = engine.history(before.id, bo, words=True)
        assert "talk 20" in [getattr(one.event, "notes", None) and one.event.notes.text for one in words]
        assert [row.position for row in tail(engine.store, 0)] == list(range(1, head + 4))
        assert verify(engine.store).holds


def test_every_copy_is_another_log(north: str, target: str, clock: Any) -> None:
    with opened(north, clock) as engine, opened(target, clock) as early:
        assert engine.queries.cycles(COORDINATOR).rows
        assert not early.queries.cycles(COORDINATOR).rows
        empty = early.store.incarnation()
        copy(north, target)
        with opened(target, clock) as late:
            assert late.store.incarnation() not in ("", empty, engine.store.incarnation())
        bo = next(p for p in early.queries.people(COORDINATOR) if p.name == "Bo")
        assert early.execute(c.MarkReturned(bo.id), COORDINATOR).or_raise().already_so


def test_bytes_of_before_definitions_were_named_are_kept_as_they_are(
    north: str, log_url: str, fresh: Any
) -> None:
    with closing(sqlite3.connect(path_of(north))) as file:
        position, state = file.execute(
            "SELECT position, state FROM events WHERE topic = 'ContactLogged.1'"
        ).fetchone()
    envelope = msgpack.unpackb(state)
    old = msgpack.packb([*envelope[:-2], envelope[-1]])
    change(north, f"UPDATE events SET state = x'{old.hex()}' WHERE position = {position}")
    down = fresh()
    copy(north, log_url)
    copy(log_url, down)
    assert rows(down)[0][position - 1].state == old


def test_what_read_models_leave_out_is_left_out_of_the_copies(
    north: str, log_url: str, fresh: Any, clock: Any
) -> None:
    with opened(north, clock) as engine:
        readers = engine.queries.readers
        (position,) = [row.position for row in tail(engine.store, 0) if row.topic == "ContactLogged.1"][:1]
        change(
            north, f"INSERT INTO discarded_events VALUES ('trail', {position}, 'north', 's', 'KeyError', 1)"
        )
        before = readers.rebuild("trail").after
    down = fresh()
    up = copy(north, log_url)
    assert (up.discarded, "trail" in up.models) == (1, True)
    with opened(log_url, clock) as engine:
        assert {one.name: one.sha256 for one in engine.queries.readers.digests()}["trail"] == before
    back = copy(log_url, down)
    assert (back.discarded, "trail" in back.models) == (1, True)
    assert rows(down) == rows(north)
    with opened(down, clock) as engine:
        assert {one.name: one.sha256 for one in engine.queries.readers.digests()}["trail"] == before


def test_progress_is_told_to_the_end(north: str, fresh: Any) -> None:
    copied: list[tuple[int, int]] = []
    verified: list[tuple[int, int]] = []
    done = copy(
        north,
        fresh(),
        copied=lambda *now: copied.append(now),
        verified=lambda *now: verified.append(now),
        batch=10,
    )
    for told in (copied, verified):
        assert told == sorted(told)
        assert len(told) > 2
    assert copied[-1] == (done.events, done.events)
    assert verified[-1][1] == 6 * done.events  # the target, its replay, and four read models


# Interrupted, and what came meanwhile

COPIER = """
import sys
from mentorcycle.engine import copy
copy(*sys.argv[1:3], batch=int(sys.argv[3]), copied=lambda done, of: print(done, flush=True),
     verified=lambda *_: print("v", flush=True))
print("done", flush=True)
"""


def killed(source: str, target: str, *, after: str) -> str:
    """Start a copy in a process of its own, and end it when it has said that; what it said last."""
    with subprocess.Popen(
        [sys.executable, "-c", COPIER, source, target, "7"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said = line.strip()
            if said == after or (after.isdecimal() and said.isdecimal() and int(said) >= int(after)):
                os.kill(process.pid, signal.SIGKILL)
                break
        process.wait()
    return said


def stopped(source: str, target: str) -> None:
    """Begin a copy and end it with Ctrl-C when thirty events are there."""

    def stop(done: int, _of: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, copied=stop, batch=7)


def test_a_copy_that_is_killed_goes_on_where_it_stopped(north: str, target: str) -> None:
    reached = 0
    for after in ("1", "30", "v"):
        assert killed(north, target, after=after) != "done"
        with pytest.raises(CopyUnfinished, match="which goes on where it stopped") as told:
            Engine.open(target)
        assert told.value.position >= max(reached, int(after) if after.isdecimal() else 0)
        reached = told.value.position
    done = copy(north, target)
    assert (done.resumed_at, done.events) == (reached, told.value.of)
    assert rows(target) == rows(north)


@pytest.mark.soak
def test_a_simulated_year_moves_up_and_back_however_often_it_is_killed(fresh: Any, log_url: str) -> None:
    first, down = fresh(), fresh()
    engine, simulated = open_demo(first)
    with engine:
        run(engine, simulated, SEED)
    chance = random.Random(SEED)
    for source, target in ((first, log_url), (log_url, down)):
        kills = 0
        while True:
            with subprocess.Popen(
                [sys.executable, "-c", COPIER, source, target, "100"], stdout=subprocess.DEVNULL
            ) as copier:
                with suppress(subprocess.TimeoutExpired):
                    copier.wait(0.3 + kills / 8 + chance.random() / 2)
                copier.kill()
            if copier.returncode == 0:
                break
            kills += 1
        assert kills > 1
        assert rows(target) == rows(first)
        with closing(open_reader(target)) as log:
            assert verify(log).holds


def test_what_the_source_gained_is_told_and_brought_after(north: str, target: str, clock: Any) -> None:
    with opened(north, clock) as engine:
        cycle = cycle_of(engine)
        bo = Actor.participant(cycle.mentors[0])
        head = engine.store.head()

        def meanwhile(done: int, of: int) -> None:
            if engine.store.head() < head + 2 and done < of:
                engine.execute(c.LogContact(cycle.id, done), bo).or_raise()

        first = copy(north, target, copied=meanwhile, batch=10)
        assert (first.events, first.gained) == (head, 2)
        engine.execute(c.OpenCycle(cycle.mentees[0]), COORDINATOR).or_raise()  # no event
        second = copy(north, target)
        assert (second.events, second.resumed_at, second.gained) == (head + 2, head, 0)
        engine.execute(c.OpenCycle(cycle.mentees[0]), COORDINATOR).or_raise()
        assert not copy(north, target).already
        assert rows(target) == rows(north)
        last = copy(north, target)
        assert (last.already, last.resumed_at) == (True, head + 2)
        with opened(target, clock) as moved:
            moved.execute(c.LogContact(cycle.id, 1), bo).or_raise()
        engine.execute(c.LogContact(cycle.id, 2), bo).or_raise()
    before = rows(target)
    with pytest.raises(InvalidInput, match="no untouched copy"):
        copy(north, target)
    assert rows(target) == before


def test_that_there_is_nothing_left_to_copy_is_told_while_others_use_the_copy(
    north: str, target: str, clock: Any
) -> None:
    copy(north, target)
    with opened(target, clock) as engine:
        seen: list[str] = []

        def look(_done: int, _of: int) -> None:
            seen.append(cycle_of(engine).stage)
            Engine.open(target).close()

        assert copy(north, target, verified=look).already
        assert set(seen) == {"celebrate"}
        receipt = engine.execute(c.MarkReturned(cycle_of(engine).mentees[0]), COORDINATOR).or_raise()
        assert receipt.already_so


# Refused


def test_a_target_that_holds_anything_is_refused_and_not_touched(north: str, target: str, clock: Any) -> None:
    with opened(target, clock) as engine:
        engine.ensure_programme(COORDINATOR)
    before = rows(target)
    with pytest.raises(InvalidInput, match=r"not empty: it holds 2 events.*db copy makes the tables itself"):
        copy(north, target)
    assert rows(target) == before


def test_an_unfinished_copy_of_another_log_is_refused(
    north: str, target: str, fresh: Any, clock: Any
) -> None:
    other = fresh()
    with opened(other, clock, "east") as engine:
        engine.ensure_programme(COORDINATOR, name="East")
    stopped(north, target)
    for _ in range(2):
        with pytest.raises(InvalidInput, match=r"unfinished copy of sqlite:\S*north.db.*not that log"):
            copy(other, target)
        with pytest.raises(InvalidInput, match="unfinished copy of"):
            rehearse(other, target)
    assert copy(north, target).resumed_at >= 30


def test_a_source_that_lost_what_was_copied_is_refused(north: str, target: str) -> None:
    stopped(north, target)
    change(
        north,
        "DELETE FROM events WHERE position > 20",
        "DELETE FROM commands WHERE last > 20",
        "DELETE FROM words WHERE position > 20",
        "UPDATE sqlite_sequence SET seq = 20 WHERE name = 'events'",
    )
    with pytest.raises(InvalidInput, match="not that log, or not as it was"):
        copy(north, target)


def test_a_log_is_not_copied_into_itself(north: str, log_url: str, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(path_of(north))
    copy(north, log_url)
    for one, two in ((north, north), (north, f"sqlite:///{tmp_path / 'link.db'}"), (log_url, log_url)):
        for attempt in (copy, rehearse):
            with pytest.raises(InvalidInput, match="is not copied into itself"):
                attempt(one, two)


def test_what_is_no_file_and_no_database_is_refused(north: str, fresh: Any) -> None:
    for one, two in (
        (north, "memory://"),
        ("memory://", fresh()),
        ("north.db", fresh()),
        (north, "mysql://u:Secr3t@h/d"),
    ):
        with pytest.raises(UnknownStore, match="cannot be copied") as told:
            copy(one, two)
        assert "Secr3t" not in str(told.value)


def test_an_empty_or_missing_source_makes_no_target(fresh: Any, tmp_path: Path) -> None:
    empty, missing, made = fresh(), fresh(), fresh()
    Engine.open(empty).close()
    with pytest.raises(InvalidInput, match="holds no events"):
        copy(empty, made)
    with pytest.raises(StoreUnavailable, match="no log at"):
        copy(missing, made)
    assert not Path(path_of(made)).exists()


# Proved

TAMPERED = {
    "a text beside the log": "UPDATE words SET text = 'something else'"
    " WHERE position = (SELECT max(position) FROM words)",
    "a stage that nobody reached": "UPDATE events SET state = (SELECT state FROM events WHERE topic = 'CycleAdvanced.1'"
    " ORDER BY position DESC LIMIT 1) WHERE position = (SELECT min(position) FROM events"
    " WHERE topic = 'CycleAdvanced.1')",
    "when a command was": "UPDATE commands SET recorded_at = recorded_at + 1 WHERE first = 7",
    "bytes": "UPDATE events SET state = x'c0' WHERE position = 9",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_source_that_was_tampered_with_makes_no_copy_that_can_be_used(
    north: str, log_url: str, what: str
) -> None:
    change(north, TAMPERED[what])
    for _ in range(2):
        with pytest.raises(VerificationFailed, match="does not hold, and stays unfinished"):
            copy(north, log_url)
        with pytest.raises(CopyUnfinished):
            Engine.open(log_url)


def test_a_copy_that_stops_at_its_first_row_has_begun(north: str, target: str) -> None:
    change(north, "UPDATE events SET state = 'text' WHERE position = 1")
    with pytest.raises(VerificationFailed, match="event 1 is not of the types"):
        copy(north, target)
    with pytest.raises(CopyUnfinished):
        Engine.open(target)


def test_a_cut_tail_is_found_before_anything_is_written(north: str, fresh: Any) -> None:
    target = fresh()
    change(north, "DELETE FROM events WHERE position > 40")
    for attempt in (copy, rehearse):
        with pytest.raises(VerificationFailed, match="events after 40 are missing"):
            attempt(north, target)
    assert not Path(path_of(target)).exists()


def test_a_copy_that_was_changed_under_its_hands_is_not_finished(north: str, fresh: Any) -> None:
    target = fresh()

    def spoil(done: int, of: int) -> None:
        if done == of:
            change(target, "UPDATE words SET salt = x'00' WHERE position = (SELECT min(position) FROM words)")

    with pytest.raises(VerificationFailed, match="the words are not the same"):
        copy(north, target, copied=spoil)
    with pytest.raises(CopyUnfinished):
        Engine.open(target)


def test_a_read_model_that_is_not_what_the_log_says_is_found(north: str, fresh: Any) -> None:
    with closing(sqlite3.connect(path_of(north), isolation_level=None)) as file:
        file.execute("UPDATE people_person_1 SET name = 'Somebody else'")
    with pytest.raises(
        VerificationFailed, match="the read model people of the source is not what its log says"
    ):
        copy(north, fresh())


def test_a_finished_copy_that_is_not_what_the_source_is_any_more_is_told(north: str, target: str) -> None:
    copy(north, target)
    change(north, TAMPERED["a text beside the log"])
    with pytest.raises(
        VerificationFailed, match=r"a finished copy, and not what \S+ is now.*the words are not the same"
    ):
        copy(north, target)
    Engine.open(target).close()


# A dry run


def test_a_dry_run_verifies_and_writes_nothing(north: str, database: str, fresh: Any, clock: Any) -> None:
    import psycopg

    file = fresh()
    for target in (file, database):
        seen = rehearse(north, target)
        assert (seen.makes, seen.resumed_at, seen.events) == (True, 0, len(rows(north)[0]))
    assert not Path(path_of(file)).exists()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('mentorcycle')").fetchone() == (None,)
    copied = copy(north, database)
    assert isinstance(copied, Copied)
    assert rehearse(north, database).resumed_at == copied.events
    change(north, TAMPERED["a text beside the log"])
    with pytest.raises(VerificationFailed, match="would not be copied"):
        rehearse(north, file)
