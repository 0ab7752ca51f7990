"""Writes to a log without end and repeats every command until it is acknowledged: a process of its own.

It says what it was told, a line each: `ready`, `ack <command id> <first> <last>`, `error <what> | <why> | <fix>`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import Conflict, StoreUnavailable
from mentorcycle.engine import Engine, Receipt, Settings
from mentorcycle.engine.receipt import Failed

T = TypeVar("T")

url, who, cycle, person, patience = sys.argv[1:]
office, mentor = Actor.coordinator(), Actor.participant(person)
MANY = 6


def say(*words: object) -> None:
    print(*words, flush=True)


def until_done(work: Callable[[], T]) -> T:
    while True:
        try:
            return work()
        except (StoreUnavailable, Conflict) as error:
            say("error", " | ".join(" ".join(part.split()) for part in (error.what, error.why, error.fix)))
            time.sleep(0.05)


def told(receipt: Receipt) -> None:
    say("ack", receipt.command_id, receipt.first, receipt.last)


def single(engine: Engine, command: c.Command, actor: Actor, id: str) -> None:
    told(until_done(lambda: engine.execute(command, actor, command_id=id).or_raise()))


def bulk(engine: Engine, name: str) -> None:
    people = [c.AddPerson(f"{name}-{n}") for n in range(MANY)]
    ids = [f"{name}-{n}" for n in range(MANY)]

    def work() -> None:
        for result in engine.execute_many(people, office, command_ids=ids).results:
            if isinstance(result, Failed):
                raise result.error
            told(result.or_raise())

    until_done(work)


with until_done(lambda: Engine.open(url, settings=Settings(patience=float(patience)))) as engine:
    say("ready")
    n = 0
    while True:
        n += 1
        single(engine, c.AddPerson(f"{who}-{n}"), office, f"{who}-{n}")
        single(engine, c.LogContact(cycle, n % 100 + 1), mentor, f"{who}-{n}-contact")
        if n % 5 == 0:
            bulk(engine, f"{who}-{n}-b")
