"""Questions about minutes: totals by person, cycle, kind and the like over a period, and the acts behind them.

A period is two instants (`since` <= when it happened < `until`); days and months are the caller's, who knows the zone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from ..moments import from_micros, to_micros
from .tables import BOTH, MENTEE, MENTOR

By: TypeAlias = Literal["cycle", "programme", "act", "kind", "mode", "formality"]

BEGINNING, END = -(2**63), 2**63 - 1
ACT = "a.position, a.cycle, a.version, a.programme, a.at, a.act, a.kind, a.mode, a.formality, a.minutes, a.people"
ACTS = f"SELECT {ACT} FROM minutes_act_{{g}} AS a"
OF_PERSON = (
    f"SELECT {ACT} FROM minutes_share_{{g}} AS s JOIN minutes_act_{{g}} AS a ON a.position = s.position"
)
TOTALS = "SELECT a.{by}, count(*), sum(a.minutes) FROM minutes_act_{g} AS a"
TOTALS_OF_PERSON = """SELECT a.{by}, count(DISTINCT a.position), sum(a.minutes) FROM minutes_share_{g} AS s
                      JOIN minutes_act_{g} AS a ON a.position = s.position"""
PEOPLE = "SELECT s.person, count(*), sum(s.minutes) FROM minutes_share_{g} AS s"
PEOPLE_OF_ACTS = PEOPLE + " JOIN minutes_act_{g} AS a ON a.position = s.position"


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

    def __init__(self, connection: sqlite3.Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def per_person(
        self,
        tenant: str,
        *,
        role: Literal["mentee", "mentor"] | None = None,
        people: Collection[str] = (),
        programme: str | None = None,
        cycle: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Total]:
        """Minutes of each person, in order of ids; with `role`, only those given in it."""
        where = _Where("s.tenant = ?", tenant).within("s.at", since, until)
        where.one_of("s.person", people)
        where.one_of("s.role", {None: (), "mentor": (MENTOR, BOTH), "mentee": (MENTEE, BOTH)}[role])
        where.equal("a.programme", programme).equal("a.cycle", cycle)
        statement = PEOPLE if programme is None and cycle is None else PEOPLE_OF_ACTS
        return [
            Total(*row) for row in self._execute(f"{statement}{where} GROUP BY s.person ORDER BY 1", where)
        ]

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
        column = "s" if people else "a"
        where = _Where(f"{column}.tenant = ?", tenant).within(f"{column}.at", since, until)
        where.one_of("s.person", people).equal("a.programme", programme).equal("a.cycle", cycle)
        if len(people) > 1:
            return self._once(by, where)
        statement = (TOTALS_OF_PERSON if people else TOTALS).replace("{by}", by)
        return [Total(*row) for row in self._execute(f"{statement}{where} GROUP BY a.{by} ORDER BY 1", where)]

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
        column = "s" if people else "a"
        where = _Where(f"{column}.tenant = ?", tenant).within(f"{column}.at", since, until)
        where.one_of("s.person", people).equal("a.programme", programme).equal("a.cycle", cycle)
        distinct = " GROUP BY a.position" if len(people) > 1 else ""
        order = f"{distinct} ORDER BY {column}.at, {column}.position LIMIT {int(limit)}"
        rows = self._execute(f"{OF_PERSON if people else ACTS}{where}{order}", where)
        return [_act(*row) for row in rows]

    def _once(self, by: By, where: _Where) -> list[Total]:
        """Totals over several ids: an act in which more than one of them took part counts once."""
        statement = f"SELECT DISTINCT a.position, a.{by}, a.minutes FROM minutes_share_{{g}} AS s"
        statement += f" JOIN minutes_act_{{g}} AS a ON a.position = s.position{where}"
        outer = f"SELECT {by}, count(*), sum(minutes) FROM ({statement}) GROUP BY {by} ORDER BY 1"
        return [Total(*row) for row in self._execute(outer, where)]

    def _execute(self, statement: str, where: _Where) -> sqlite3.Cursor:
        return self._connection.execute(statement.format(g=self._generation), where.values)


class _Where:
    """Conditions of a query with their values; those without a value are left out."""

    def __init__(self, condition: str, value: Any) -> None:
        self.values: list[Any] = [value]
        self._conditions = [condition]

    def equal(self, column: str, value: Any) -> _Where:
        if value is not None:
            self._conditions.append(f"{column} = ?")
            self.values.append(value)
        return self

    def one_of(self, column: str, values: Collection[str]) -> _Where:
        if values:
            self._conditions.append(f"{column} IN ({', '.join('?' * len(values))})")
            self.values += values
        return self

    def within(self, column: str, since: datetime | None, until: datetime | None) -> _Where:
        self._conditions.append(f"{column} >= ? AND {column} < ?")
        self.values += [
            BEGINNING if since is None else to_micros(since),
            END if until is None else to_micros(until),
        ]
        return self

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}"


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
    taking_part = tuple((person, role) for person, role in json.loads(people))
    moment = from_micros(at)
    return ActRow(
        position, cycle, version, programme, moment, act, kind, mode, formality, minutes, taking_part
    )
