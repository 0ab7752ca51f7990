"""Questions about minutes: totals by person, cycle, kind and the like over a period, and the acts behind them.

A period is two instants (`since` <= when it happened < `until`); days and months are the caller's, who knows the zone.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from ..connection import Connection, Rows, Sql, worded
from ..moments import from_micros, to_micros
from .tables import BOTH, MENTEE, MENTOR

By: TypeAlias = Literal["cycle", "programme", "act", "kind", "mode", "formality"]
Role: TypeAlias = Literal["mentee", "mentor"]

ACTS = """SELECT a.position, t.cycle, a.version, t.programme, a.at, a.act, a.kind, a.mode, a.formality, a.minutes,
                 a.people FROM minutes_act_{g} AS a JOIN minutes_team_{g} AS t ON t.opened = a.opened"""
SUM = "count(*), CAST(sum(a.minutes) AS bigint)"
TOTALS = f"SELECT a.{{by}}, {SUM} FROM minutes_act_{{g}} AS a"
TOTALS_OF_TEAM = f"""SELECT t.{{by}}, {SUM} FROM minutes_act_{{g}} AS a
                     JOIN minutes_team_{{g}} AS t ON t.opened = a.opened"""
EACH = Sql(
    "json_each(a.people) AS p",
    """LATERAL (SELECT key COLLATE "C" AS key, value FROM jsonb_each_text(CAST(a.people AS jsonb))) AS p""",
)
PEOPLE = f"SELECT p.key, {SUM} FROM minutes_act_{{g}} AS a CROSS JOIN {{each}}"
OF_PEOPLE = "a.opened IN (SELECT opened FROM minutes_member_{{g}} WHERE tenant = ? AND person IN ({marks}))"
TOOK_PART = "EXISTS (SELECT 1 FROM {{each}} WHERE p.key IN ({marks}))"
OF_CYCLE = "a.opened IN (SELECT opened FROM minutes_team_{g} WHERE tenant = ? AND cycle = ?)"
OF_PROGRAMME = "? = (SELECT programme FROM minutes_team_{g} WHERE opened = a.opened)"
NO_WAY_IN = "({condition}) IS TRUE"
"""The same condition, and no index leads to it."""


class Total(NamedTuple):
    """Acts and minutes of one person, cycle, kind or the like."""

    key: str
    acts: int
    minutes: int


class ActRow(NamedTuple):
    """One act; `people` are those who took part, with their role then: mentee, mentor, both or guest."""

    position: int
    cycle: str
    version: int
    programme: str
    at: datetime
    act: str
    kind: str
    mode: str
    formality: str
    minutes: int
    people: tuple[tuple[str, str], ...]


class MinutesQueries:
    """Questions to one generation of the tables, through one connection and so as of one moment."""

    def __init__(self, connection: Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def per_person(
        self,
        tenant: str,
        *,
        role: Role | None = None,
        people: Collection[str] = (),
        programme: str | None = None,
        cycle: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Total]:
        """Minutes of each person, in order of ids; with `role`, only those given in it."""
        where = _Where(tenant, people, programme, cycle, since, until)
        if people:
            where.one_of("p.key", people)
        if role is not None:
            where.one_of("p.value", (MENTOR if role == "mentor" else MENTEE, BOTH))
        return self._totals(f"{PEOPLE}{where} GROUP BY p.key ORDER BY p.key", where)

    def totals(
        self,
        tenant: str,
        by: By,
        *,
        people: Collection[str] = (),
        programme: str | None = None,
        cycle: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Total]:
        """Minutes by cycle, programme, act, kind, mode or formality; each act counts once, whoever took part.

        `people` are ids (of one person and their duplicates) of which one took part.
        """
        where = _Where(tenant, people, programme, cycle, since, until)
        where.took_part(people)
        totals = TOTALS_OF_TEAM if by in ("cycle", "programme") else TOTALS
        return self._totals(f"{totals.replace('{by}', by)}{where} GROUP BY 1 ORDER BY 1", where)

    def acts(
        self,
        tenant: str,
        *,
        people: Collection[str] = (),
        programme: str | None = None,
        cycle: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> list[ActRow]:
        """Acts in the order in which they happened; `people` as in `totals`."""
        where = _Where(tenant, people, programme, cycle, since, until)
        where.took_part(people)
        rows = self._execute(f"{ACTS}{where} ORDER BY a.at, a.position LIMIT {int(limit)}", where)
        return [_act(*row) for row in rows]

    def _totals(self, statement: str, where: _Where) -> list[Total]:
        return [Total(*row) for row in self._execute(statement, where)]

    def _execute(self, statement: str, where: _Where) -> Rows:
        dialect = self._connection.dialect
        statement = statement.replace("{each}", EACH.on(dialect))
        return self._connection.execute(worded(statement, dialect, self._generation), where.values)


class _Where:
    """Conditions on acts with their values; those without a value are left out.

    What leads to few cycles is looked for through them, all else through the time.
    """

    def __init__(
        self,
        tenant: str,
        people: Collection[str],
        programme: str | None,
        cycle: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        of_time = NO_WAY_IN if people or cycle is not None else "{condition}"
        self.values: list[Any] = []
        self._conditions: list[str] = []
        self._add(of_time.format(condition="a.tenant = ?"), tenant)
        if since is not None:
            self._add(of_time.format(condition="a.at >= ?"), to_micros(since))
        if until is not None:
            self._add(of_time.format(condition="a.at < ?"), to_micros(until))
        if people:
            self._add(OF_PEOPLE.format(marks=_marks(people)), tenant, *people)
        if cycle is not None:
            self._add(OF_CYCLE, tenant, cycle)
        if programme is not None:
            self._add(OF_PROGRAMME, programme)

    def one_of(self, column: str, values: Collection[str]) -> None:
        self._add(f"{column} IN ({_marks(values)})", *values)

    def took_part(self, people: Collection[str]) -> None:
        if people:
            self._add(TOOK_PART.format(marks=_marks(people)), *people)

    def _add(self, condition: str, *values: Any) -> None:
        self._conditions.append(condition)
        self.values += values

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}"


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _act(
    position: int,
    cycle: str,
    version: int,
    programme: str,
    at: int,
    act: str,
    kind: str,
    mode: str,
    formality: str,
    minutes: int,
    people: str,
) -> ActRow:
    taking_part = tuple(json.loads(people).items())
    moment = from_micros(at)
    return ActRow(
        position, cycle, version, programme, moment, act, kind, mode, formality, minutes, taking_part
    )
