"""Whoever asks is checked as whoever commands is: by every method that takes an actor, in threads and in tasks."""

from __future__ import annotations

import asyncio
import inspect
from datetime import date
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.domain.vocabulary import Role
from mentorcycle.engine import AsyncEngine, Engine
from mentorcycle.engine.queries import Queries
from mentorcycle.engine.roster.model import Roster

NOBODY = {
    "a text": ("p-ada", "it is a str, not a Actor"),
    "nothing": (None, "it is a NoneType, not a Actor"),
    "a class": (Actor, "it is a type, not a Actor"),
    "a number": (Actor(7, Role.AUDITOR), "id: it is a int, not a text"),
    "an empty id": (Actor("", Role.AUDITOR), "id: it is empty"),
    "half a character": (Actor("\ud83d", Role.AUDITOR), "id: it holds half a character"),
    "a role that is a text": (Actor("p-ada", "participant"), "role: it is a str, not a Role"),
    "a text for how it is known": (Actor("x", Role.AUDITOR, "asserted"), "known: it is a str, not a Known"),
    "a programme of no name": (Actor("x", Role.AUDITOR, programme=7), "programme: it is a int, not a text"),
    "other ids in a list": (Actor("x", Role.AUDITOR, also=["y"]), "also: it is a list, not a frozenset"),
    "another id of no text": (Actor("x", Role.AUDITOR, also=frozenset({7})), "also: it is a int, not a text"),
}
METHODS = [
    (place, name)
    for place, kind in (("engine", Engine), ("queries", Queries))
    for name, method in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_") and "actor" in inspect.signature(method).parameters
]


def asked(engine: Any, place: str, name: str, actor: Any, story: Any) -> Any:
    """What a method answers to an actor, with values for all that it has to be given besides."""
    given = {
        "command": c.LogContact(story.cycle, 5),
        "commands": [c.LogContact(story.cycle, 5)],
        "cycle": story.cycle,
        "ref": story.cycle,
        "person": story.ada.id,
        "batch": "b-1",
        "text": "ada",
        "at": 1,
        "programme": story.engine.programme(),
        "day": date(2026, 9, 8),
        "source": "csv",
        "roster": Roster((), (), (), {}, "csv", False, frozenset()),
    }
    method = getattr(engine if place == "engine" else engine.queries, name)
    parameters = inspect.signature(method).parameters.values()
    needed = {one.name for one in parameters if one.default is one.empty} - {"actor", "self"}
    return method(**{key: given[key] for key in needed}, actor=actor)


@pytest.mark.parametrize(("actor", "why"), NOBODY.values(), ids=NOBODY)
def test_nobody_is_told_anything(story: Any, actor: Any, why: str) -> None:
    assert len(METHODS) > 25
    for place, name in METHODS:
        with pytest.raises(InvalidInput) as caught:
            asked(story.engine, place, name, actor, story)
        assert caught.value.what == "this actor cannot be taken", name
        assert caught.value.why.startswith(why), name
        assert caught.value.fix


@pytest.mark.parametrize(("actor", "why"), NOBODY.values(), ids=NOBODY)
def test_nobody_is_told_anything_in_a_task(story: Any, actor: Any, why: str) -> None:
    async def ask() -> None:
        async with AsyncEngine.open() as engine:
            for place, name in METHODS:
                with pytest.raises(InvalidInput) as caught:
                    await asked(engine, place, name, actor, story)
                assert caught.value.why.startswith(why), name

    asyncio.run(ask())
