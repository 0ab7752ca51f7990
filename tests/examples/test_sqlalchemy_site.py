"""The SQLAlchemy site: rows of a session and events of a cycle, with savepoints and hooks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import Engine

COORDINATOR = Actor.coordinator("north")


@pytest.fixture
def site(examples: Path) -> Any:
    spec = spec_from_file_location("sqlalchemy_site", examples / "sqlalchemy_site" / "visits.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sessions(site: Any, url: str) -> Iterator[Any]:
    made = site.sessions(url)
    yield made
    made.kw["bind"].dispose()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with Engine.open(url, create=False) as engine:
        yield engine


class Pair:
    """A pair with an open cycle."""

    def __init__(self, engine: Engine) -> None:
        engine.ensure_programme(COORDINATOR)
        people = [engine.execute(c.AddPerson(name), COORDINATOR).or_raise().subject for name in ("Ada", "Bo")]
        pair = (Participant(people[0], mentee=True), Participant(people[1], mentor=True))
        engine.execute(c.PublishPairing(pair), COORDINATOR).or_raise()
        self.bo = Actor.participant(people[1])
        self.cycle = engine.execute(c.OpenCycle(people[0]), COORDINATOR).or_raise().subject
        self.engine = engine

    def contacts(self) -> list[int]:
        return [contact.minutes for contact in self.engine.cycle(self.cycle, self.bo).contacts]


@pytest.fixture
def pair(engine: Engine) -> Pair:
    return Pair(engine)


@pytest.fixture
def visits(site: Any, sessions: Any) -> Any:
    """The rooms' minutes that are committed."""

    def found() -> list[int]:
        with sessions() as session:
            return list(session.scalars(select(site.Visit.minutes).order_by(site.Visit.id)))

    return found


def test_a_visit_is_in_the_table_and_in_the_cycle(
    site: Any, sessions: Any, engine: Engine, pair: Pair, visits: Any
) -> None:
    with sessions.begin() as session:
        site.book(engine, session, pair.bo, pair.cycle, 30, "104").or_raise()
        assert pair.contacts() == []
    assert (pair.contacts(), visits()) == ([30], [30])


def test_a_visit_that_is_rolled_back_is_in_neither(
    site: Any, sessions: Any, engine: Engine, pair: Pair, visits: Any
) -> None:
    with sessions() as session:
        site.book(engine, session, pair.bo, pair.cycle, 30, "104").or_raise()
        session.rollback()
    with pytest.raises(IntegrityError), sessions.begin() as session:
        site.book(engine, session, pair.bo, pair.cycle, 200, "104")  # the cycle takes it, the table does not
    assert isinstance(_booked(site, sessions, engine, pair, 700), Refused)
    assert (pair.contacts(), visits()) == ([], [])


def _booked(site: Any, sessions: Any, engine: Engine, pair: Pair, minutes: int) -> Any:
    with sessions.begin() as session:
        return site.book(engine, session, pair.bo, pair.cycle, minutes, "104")


def test_a_savepoint_that_is_rolled_back_takes_both_back(
    site: Any, sessions: Any, engine: Engine, pair: Pair, visits: Any
) -> None:
    with sessions.begin() as session:
        site.book(engine, session, pair.bo, pair.cycle, 30, "104")
        lunch = session.begin_nested()
        site.book(engine, session, pair.bo, pair.cycle, 40, "104")
        lunch.rollback()
        with session.begin_nested():
            site.book(engine, session, pair.bo, pair.cycle, 50, "104")
    assert (pair.contacts(), visits()) == ([30, 50], [30, 50])


def test_hooks_run_after_the_commit_of_the_session_and_not_of_a_savepoint(
    site: Any, sessions: Any, engine: Engine, pair: Pair
) -> None:
    told: list[str] = []
    with sessions() as session, site.joined(engine, session) as unit:
        with session.begin_nested():
            unit.execute(c.LogContact(pair.cycle, 30), pair.bo).or_raise()
            unit.on_commit(lambda: told.append("committed"))
        assert told == []
        session.commit()
        assert told == ["committed"]
    with sessions() as session, site.joined(engine, session) as unit:
        unit.execute(c.LogContact(pair.cycle, 30), pair.bo).or_raise()
        unit.on_commit(lambda: told.append("rolled back"))
        session.rollback()
    assert told == ["committed"]
