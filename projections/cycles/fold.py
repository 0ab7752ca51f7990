"""The fold of a batch of events into the rows of cycles: touched rows read once, changes written at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mentorcycle.domain import events as e
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.recorded import Recorded

from ..connection import Connection, Sql, worded
from ..moments import to_micros
from ..projection import part_of
from .standing import HANDLERS, Standing, opened
from .tables import NOW, bucket_of, lane_of
from .tally import Bucket, Delta, tallies

Key = tuple[str, str]
"""Tenant and stream."""

LOAD = Sql(
    """CROSS JOIN cycles_head_{g} AS h CROSS JOIN cycles_span_{g} AS s
       WHERE h.tenant = ? AND h.cycle = wanted.value AND s.opened = h.opened
       AND s.valid_from = (SELECT max(valid_from) FROM cycles_span_{g} WHERE opened = h.opened)""",
    """CROSS JOIN LATERAL (SELECT * FROM cycles_head_{g} WHERE tenant = ? AND cycle = wanted.value OFFSET 0) AS h
       CROSS JOIN LATERAL (SELECT * FROM cycles_span_{g} WHERE opened = h.opened
                           ORDER BY valid_from DESC LIMIT 1) AS s""",
).around(
    "SELECT h.cycle, h.opened, h.programme, s.valid_from, s.stage, s.status, s.since, s.kind, s.pairing,"
    " s.participants, s.extended, s.extended_at, s.earlier, s.pauses, s.rematch, s.next_cycle FROM {texts} "
)
HEAD = "INSERT INTO cycles_head_{g} VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SPAN = f"INSERT INTO cycles_span_{{g}} VALUES ({'?, ' * 17}?)"
CLOSE = Sql(
    "UPDATE cycles_span_{g} SET valid_to = ?, lane = ? WHERE opened = ? AND valid_from = ?",
    """UPDATE cycles_span_{g} AS s SET valid_to = w.valid_to, lane = w.lane
       FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[]) AS w(valid_to, lane, opened, valid_from)
       WHERE s.opened = w.opened AND s.valid_from = w.valid_from""",
)
MARK = "INSERT INTO cycles_mark_{g} VALUES (?, ?, ?)"
MEMBER = Sql(
    "INSERT INTO cycles_member_{g} VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    """INSERT INTO cycles_member_{g} SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[])
       ON CONFLICT DO NOTHING""",
)


@dataclass(slots=True)
class Course:
    """One cycle while a batch is folded; `stored` is the position of its open span in the table, 0 for none.

    `spans` holds those that begin in this batch: position, bucket, instant of the event, standing from then on.
    `was` is the status of the stored span.
    """

    tenant: str
    part: int
    programme: str
    opened: int
    bucket: Bucket
    standing: Standing
    stored: int = 0
    was: str = ""
    spans: list[tuple[int, int, int, Standing]] = field(default_factory=list)


@dataclass(slots=True)
class Changes:
    """Rows to write for one batch."""

    heads: list[tuple[Any, ...]] = field(default_factory=list)
    marks: list[tuple[int, int, int]] = field(default_factory=list)
    members: list[tuple[str, str, int]] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)


def apply(connection: Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
    """Take a batch into the tables of generation `g`; raise LookupError for a cycle that was never opened."""
    mine = [r for r in events if r.stream.startswith("cycle:")]
    if not mine:
        return
    opening = {(r.tenant, r.stream) for r in mine if type(r.event) is e.CycleOpened}
    courses = _load(connection, g, {(r.tenant, r.stream) for r in mine} - opening)
    changes = Changes()
    for r in mine:
        handler = HANDLERS.get(type(r.event))
        at = to_micros(r.occurred_at)
        if handler is None and type(r.event) is not e.CycleOpened:
            changes.marks.append((courses[r.tenant, r.stream].opened, r.position, at))
        elif handler is None:
            courses[r.tenant, r.stream] = _open(r, at, changes)
        else:
            course = courses[r.tenant, r.stream]
            _move(course, handler(course.standing, r.event, at), r, at, changes)
    _write(connection, g, courses.values(), changes)


def _load(connection: Connection, g: int, keys: set[Key]) -> dict[Key, Course]:
    cycles: dict[str, list[str]] = {}
    for tenant, stream in keys:
        cycles.setdefault(tenant, []).append(subject_of(stream))
    courses: dict[Key, Course] = {}
    for tenant, ids in cycles.items():
        rows = connection.execute(worded(LOAD, connection.dialect, g), (json.dumps(ids), tenant))
        for cycle, opening, programme, stored, *standing in rows:
            now = Standing(*standing)
            bucket, stream = _bucket(tenant, programme, now.stage, now.status), f"cycle:{cycle}"
            part = part_of(tenant, stream)
            course = Course(tenant, part, programme, opening, bucket, now, stored, now.status)
            courses[tenant, stream] = course
    return courses


def _open(r: Recorded[Any], at: int, changes: Changes) -> Course:
    event: e.CycleOpened = r.event
    standing = opened(event, at)
    bucket = _bucket(r.tenant, event.programme, standing.stage, standing.status)
    part = part_of(r.tenant, r.stream)
    course = Course(r.tenant, part, event.programme, r.position, bucket, standing)
    course.spans.append((r.position, bucket[0], at, standing))
    changes.heads.append(
        (
            r.position,
            r.tenant,
            subject_of(r.stream),
            event.programme,
            event.definition,
            event.definition_version,
            at,
            event.follows,
        )
    )
    changes.members.extend((r.tenant, p.person, r.position) for p in event.participants)
    changes.deltas.append((bucket, part, r.position, 1))
    return course


def _move(course: Course, standing: Standing, r: Recorded[Any], at: int, changes: Changes) -> None:
    if standing == course.standing:
        changes.marks.append((course.opened, r.position, at))
        return
    before, course.standing = course.standing, standing
    if (standing.stage, standing.status) != (before.stage, before.status):
        bucket = _bucket(course.tenant, course.programme, standing.stage, standing.status)
        changes.deltas += (
            (course.bucket, course.part, r.position, -1),
            (bucket, course.part, r.position, 1),
        )
        course.bucket = bucket
    if standing.participants != before.participants:
        changes.members.extend((r.tenant, p.person, course.opened) for p in r.event.participants)
    course.spans.append((r.position, course.bucket[0], at, standing))


@lru_cache(maxsize=4096)
def _bucket(tenant: str, programme: str, stage: str, status: str) -> Bucket:
    return bucket_of(tenant, programme, stage, status), tenant, programme, stage, status


def _write(connection: Connection, g: int, courses: Iterable[Course], changes: Changes) -> None:
    moved = sorted((course for course in courses if course.spans), key=lambda course: course.opened)
    closed, spans = [], []
    for course in moved:
        tenant, first = course.tenant, course.opened
        if course.stored:
            end = course.spans[0][0]
            closed.append((end, lane_of(tenant, course.was, first, end), first, course.stored))
        ends = [span[0] for span in course.spans[1:]] + [NOW]
        for (begin, bucket, at, standing), end in zip(course.spans, ends, strict=True):
            lane = None if end == NOW else lane_of(tenant, standing.status, first, end)
            spans.append((first, begin, end, bucket, lane, at, *standing))
    counts = tallies(connection, g, changes.deltas)
    for statement, rows in (
        (HEAD, changes.heads),
        (CLOSE, closed),
        (SPAN, spans),
        (MARK, sorted(changes.marks)),
        (MEMBER, sorted(changes.members)),
    ):
        connection.executemany(worded(statement, connection.dialect, g), rows)
    counts.write(connection, g)
