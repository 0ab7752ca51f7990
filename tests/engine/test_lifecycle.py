"""Opening and closing an engine, and what is said when that cannot be."""

from __future__ import annotations

import os
import stat
from urllib.parse import quote

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.errors import InvalidInput, StoreUnavailable
from mentorcycle.engine import Engine, Settings


def test_a_file_is_made_by_opening_it_and_found_again(file, begin, clock):
    with Engine.open(file, settings=Settings(clock=clock)) as engine:
        story = begin(engine)
        story.contact()
    with Engine.open(file, create=False) as again:
        assert len(again.cycle(story.cycle, story.ada).contacts) == 1


def test_closed_it_is_one_file_for_its_owner_alone(file, begin, tmp_path, clock):
    with Engine.open(file, settings=Settings(clock=clock)) as engine:
        begin(engine)
    assert [path.name for path in tmp_path.iterdir()] == ["north.db"]
    assert stat.S_IMODE((tmp_path / "north.db").stat().st_mode) == 0o600


def test_memory_begins_empty_every_time(begin):
    with Engine.open() as engine:
        begin(engine)
    with Engine.open("memory://") as other:
        assert other.store.head() == 0


def test_closing_twice_does_nothing(engine):
    engine.close()
    engine.close()


def test_an_engine_that_is_left_by_an_error_is_closed(file):
    with pytest.raises(ZeroDivisionError), Engine.open(file) as engine:
        1 / 0  # noqa: B018
    with pytest.raises(StoreUnavailable, match="closed"):
        engine.programme()


def test_after_closing_every_use_says_so(story):
    engine, cycle, ada = story.engine, story.cycle, story.ada
    subscription = engine.subscribe()
    engine.close()
    for use in (
        lambda: engine.execute(c.LogContact(cycle, 30), ada),
        lambda: engine.execute_many([c.LogContact(cycle, 30)], ada),
        lambda: engine.can(cycle, ada),
        lambda: engine.cycle(cycle, ada),
        lambda: engine.person(ada.id, ada),
        lambda: engine.programme(),
        lambda: engine.definition(cycle, ada),
        lambda: engine.history(cycle, ada),
        lambda: engine.as_of(cycle, 3, ada),
        lambda: engine.ensure_programme(story.coordinator),
        lambda: next(subscription),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "north.db",
        "sqlite:",
        "sqlite://north.db",
        "sqlite:///",
        "memory",
        "memory:///",
        "mysql://localhost/north",
        "file:///north.db",
        "sqlite:///:memory:",
    ],
)
def test_another_url_is_refused_with_an_example(url):
    with pytest.raises(InvalidInput, match=r"sqlite:///north\.db"):
        Engine.open(url)
    assert not os.path.exists(":memory:")


def test_a_path_may_hold_any_character(tmp_path, begin):
    path = tmp_path / "Skola #1 ü?.db"
    with Engine.open(f"sqlite:///{quote(str(path))}") as engine:
        engine.ensure_programme(begin(engine).coordinator)
    assert path.exists()


def test_what_is_not_there_is_not_made_without_being_asked(tmp_path):
    with pytest.raises(StoreUnavailable, match="no log"):
        Engine.open(f"sqlite:///{tmp_path}/none.db", create=False)
    with pytest.raises(StoreUnavailable, match="no log"):
        Engine.open(f"sqlite:///{tmp_path}/none.db", read_only=True)
    with pytest.raises(StoreUnavailable):
        Engine.open(f"sqlite:///{tmp_path}/no/such/folder.db")
    assert not list(tmp_path.iterdir())


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada, this is no database. " * 40)
    with pytest.raises(StoreUnavailable):
        Engine.open(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear Ada")


def test_read_only_answers_questions_and_takes_no_commands(on_file, file):
    with Engine.open(file, read_only=True) as engine:
        assert engine.cycle(on_file.cycle, on_file.ada) == on_file.state
        assert engine.history(on_file.cycle, on_file.ada)
        with pytest.raises(StoreUnavailable, match="read-only"):
            engine.execute(c.LogContact(on_file.cycle, 30), on_file.bo)
        with pytest.raises(StoreUnavailable, match="read-only"):
            engine.execute_many([c.LogContact(on_file.cycle, 30)], on_file.bo)
        dry = engine.execute(c.LogContact(on_file.cycle, 30), on_file.bo, dry_run=True)
        assert dry.or_raise().events


def test_a_programme_is_ensured_once(engine, story):
    head = engine.store.head()
    assert engine.ensure_programme(story.coordinator) == engine.programme()
    assert engine.store.head() == head
    assert engine.ensure_programme(story.coordinator, name="South", programme="south").name == "South"
    assert engine.store.head() == head + 2
