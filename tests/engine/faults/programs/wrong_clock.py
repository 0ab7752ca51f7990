"""A host whose clock is wrong by some hours: adds people and contacts, and looks itself over with `doctor`."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.engine import Engine, settings
from mentorcycle.engine.doctor import examine
from mentorcycle.engine.queries import Queries

url, hours, cycle, person = sys.argv[1:]


class Wrong(datetime):
    """The machine's clock, as this process sees it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(hours=float(hours))


settings.datetime = Wrong  # type: ignore[misc, attr-defined]
with Engine.open(url) as engine:
    for n in range(4):
        engine.execute(c.AddPerson(f"{hours}-{n}"), Actor.coordinator()).or_raise()
        engine.execute(c.LogContact(cycle, n + 1), Actor.participant(person)).or_raise()
for check in examine(lambda: Queries.open(url), settings.utc_now):
    print(f"{check.name} | {check.what} | {check.fix}")
