"""The fold of a batch of events into the trail: one row each, and what their batches have come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import Role

from ..connection import Connection, each, worded
from ..moments import to_micros
from .tables import heaps_of, kind_of, who_is

EVENT = f"INSERT INTO trail_event_{{g}} VALUES ({'?, ' * 14}?)"
KIND = "INSERT INTO trail_kind_{g} VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
LOAD = each("text_pairs", "trail_batch_{g}", "t.tenant = wanted.a AND t.batch = wanted.b").around(
    "SELECT t.tenant, t.batch, t.first, t.last, t.events, t.actor, t.recorded_at "
)
BATCH = """INSERT INTO trail_batch_{g} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, batch) DO UPDATE SET
           first = excluded.first, last = excluded.last, events = excluded.events, actor = excluded.actor,
           recorded_at = excluded.recorded_at"""


class Batch(NamedTuple):
    """What a batch has come to; `actor` and `recorded_at` are those of its first event."""

    first: int
    last: int
    events: int
    actor: str
    recorded_at: int

    def joined(self, other: Batch) -> Batch:
        """Both together, whichever came first."""
        earlier = min(self, other)
        return earlier._replace(last=max(self.last, other.last), events=self.events + other.events)


def apply(connection: Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
    """Take a batch into the tables of generation `g`."""
    rows = []
    kinds: set[tuple[int, str, str]] = set()
    batches: dict[tuple[str, str], Batch] = {}
    for r in events:
        tenant, name, actor, recorded_at = r.tenant, r.event.event_name, r.actor, to_micros(r.recorded_at)
        kind = kind_of(tenant, name)
        kinds.add((kind, tenant, name))
        who = who_is(tenant, actor.id)
        participant, other = heaps_of(who)
        rows.append(
            (
                r.position,
                tenant,
                r.stream,
                r.version,
                name,
                kind,
                actor.id,
                who,
                participant if actor.role is Role.PARTICIPANT else other,
                actor.role._value_,  # thirty times as fast as `value`, which is looked up in Python
                actor.known._value_,
                to_micros(r.occurred_at),
                recorded_at,
                r.batch,
                r.command_id,
            )
        )
        if r.batch is not None:
            key, one = (tenant, r.batch), Batch(r.position, r.position, 1, actor.id, recorded_at)
            batches[key] = batches[key].joined(one) if key in batches else one
    if batches:
        load = worded(LOAD, connection.dialect, g)
        for tenant, batch, *known in connection.execute(load, (json.dumps(list(batches)),)):
            batches[tenant, batch] = batches[tenant, batch].joined(Batch(*known))
    known_batches = sorted((*key, *batch) for key, batch in batches.items())
    for statement, values in ((EVENT, rows), (KIND, sorted(kinds)), (BATCH, known_batches)):
        connection.executemany(worded(statement, connection.dialect, g), values)
