"""What happens to a site, step by step, told in JSON. It runs in a process of its own: Django has one configuration."""

import json
import os
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from django.db import connection, transaction  # noqa: E402 -- when Django is set up
from django.test import Client  # noqa: E402
from visits.mentoring import engine, joined  # noqa: E402
from visits.models import Visit  # noqa: E402

from mentorcycle.domain import commands as c  # noqa: E402
from mentorcycle.domain.actor import Actor  # noqa: E402
from mentorcycle.domain.events import Participant  # noqa: E402

COORDINATOR = Actor.coordinator("north")
CLIENT = Client()

engine().ensure_programme(COORDINATOR)
ADA, BO = (
    Actor.participant(engine().execute(c.AddPerson(name), COORDINATOR).or_raise().subject)
    for name in ("Ada", "Bo")
)
PAIR = (Participant(ADA.id, mentee=True), Participant(BO.id, mentor=True))
engine().execute(c.PublishPairing(PAIR), COORDINATOR).or_raise()
CYCLE = engine().execute(c.OpenCycle(ADA.id), COORDINATOR).or_raise().subject


def book(minutes: int, command: str, cycle: str = CYCLE) -> list[Any]:
    asked = {"actor": BO.id, "cycle": cycle, "minutes": minutes, "room": "104", "command": command}
    answer = CLIENT.post("/visits/", json.dumps(asked), content_type="application/json")
    return [answer.status_code, answer.json()]


def known() -> Any:
    return CLIENT.get("/rooms/", {"cycle": CYCLE, "actor": BO.id}).json()


def visit(unit: Any, minutes: int, told: list[int]) -> None:
    pending = unit.execute(c.LogContact(CYCLE, minutes), BO).or_raise()
    Visit.objects.create(cycle=CYCLE, room="105", minutes=minutes, command=pending.command_id)
    unit.on_commit(lambda: told.append(minutes))


def a_transaction_with_a_savepoint() -> list[Any]:
    told: list[int] = []
    with transaction.atomic(), joined() as unit:
        visit(unit, 10, told)
        try:
            with transaction.atomic():
                visit(unit, 11, told)
                raise KeyError
        except KeyError:
            pass
        visit(unit, 12, told)
        before = list(told)
    return [before, told]


def a_transaction_that_is_rolled_back() -> list[int]:
    told: list[int] = []
    try:
        with transaction.atomic(), joined() as unit:
            visit(unit, 13, told)
            raise KeyError
    except KeyError:
        return told


story = {
    "booked": book(30, "one"),
    "booked again": book(30, "one"),
    "refused by the cycle": book(700, "two"),
    "refused by the table": book(200, "three"),
    "another command of the same id": book(31, "one"),
    "no such cycle": book(30, "four", "c-none")[0],
    "known then": known(),
    "savepoint": a_transaction_with_a_savepoint(),
    "rolled back": a_transaction_that_is_rolled_back(),
    "known in the end": known(),
    "vendor": connection.vendor,
}
engine().close()
connection.close()
print(json.dumps(story))
