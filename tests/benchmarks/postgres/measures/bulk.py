"""Bulk: commands on distinct stored cycles, a slice in one durable commit, beside COPY of the rows that they become."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack

import psycopg
from eventsourcing.domain import Aggregate

from ...lives import COORDINATOR
from ...mix import Act, by_coordinator
from ...report import Bar, Row
from ...rounds import rounds, timed
from ...stock import uuid_of
from ..history import COLUMNS, copy
from ..history import Row as Stored
from ..site import Bench
from ..stock import open_stock

TABLES = ("events", "commands")  # these commands have no words


def measure(bench: Bench) -> list[Row]:
    site, corpus = bench.common, bench.common.corpus
    size = min(bench.effort.bulk, len(corpus.active))
    with ExitStack() as stack:
        engine = stack.enter_context(corpus.engine())
        app = open_stock(site.stock)
        stack.callback(app.close)
        look = stack.enter_context(psycopg.connect(corpus.url, autocommit=True))
        floor = stack.enter_context(psycopg.connect(site.raw, autocommit=True))
        to_write: deque[dict[str, list[Stored]]] = deque()

        def acts(number: int) -> list[Act]:
            first = (number + 1) * size % len(corpus.active)
            pairs = [*corpus.active[first:], *corpus.active[:first]][:size]
            return [by_coordinator(pair, corpus.now)[place % 2] for place, pair in enumerate(pairs)]

        def ours(number: int) -> tuple[int, float]:
            commands = [act.command for act in acts(number)]
            (mark,) = look.execute("SELECT max(tx) FROM mentorcycle.arrivals").fetchone() or (0,)
            result = timed(lambda: len(engine.execute_many(commands, COORDINATOR).receipts))
            if result[0] != len(commands):
                raise ValueError(f"{len(commands) - result[0]} commands were refused")
            to_write.append({table: _written(look, table, mark) for table in TABLES})
            return result

        def raw(number: int) -> tuple[int, float]:
            """The rows of an earlier turn of ours, in one transaction."""
            rows = to_write.popleft()

            def work() -> int:
                with floor.transaction():
                    for table in TABLES:
                        copy(floor, f"mentorcycle.{table}", COLUMNS[table], rows[table])
                return len(rows["events"])

            return timed(work)

        def stock(number: int) -> tuple[int, float]:
            given = acts(number)[: max(1, size // 5)]
            return timed(lambda: _saved(app, given))

        ours(-1)
        found = rounds(bench.effort.rounds, {"ours": ours, "raw": raw, "stock": stock})
    mine = found["ours"]
    bars = [
        Bar(mine.faster_than(found["raw"]), "raw COPY", least=0.3),
        Bar(mine.faster_than(found["stock"]), "stock"),
    ]
    title = f"bulk commands, slices of {size:,}"
    return [Row(title, site.events, "/s", mine, found["raw"], found["stock"], bars)]


def _written(connection: psycopg.Connection, table: str, mark: int) -> list[Stored]:
    query = f"SELECT {', '.join(COLUMNS[table])} FROM mentorcycle.{table} WHERE tx > %s"
    return connection.execute(query, (mark,)).fetchall()


def _saved(app: object, given: Sequence[Act]) -> int:
    aggregates: list[Aggregate] = []
    for act in given:
        aggregate: Aggregate = app.repository.get(uuid_of(act.command.cycle))  # type: ignore[attr-defined]
        getattr(aggregate, act.call[0])(**act.call[1])
        aggregates.append(aggregate)
    app.save(*aggregates)  # type: ignore[attr-defined]
    return len(given)
