"""Bulk: commands on distinct stored cycles, a slice in one durable commit, beside COPY of the rows that they become.

On the large log, where a slice is whole and touches as many pages as it does in earnest.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack

import psycopg

from ...lives import COORDINATOR
from ...mix import Act, by_coordinator
from ...report import Bar, Row
from ...rounds import rounds, timed
from ..history import COLUMNS, copy
from ..history import Row as Stored
from ..site import Bench

TABLES = ("events", "commands")  # these commands have no words


def measure(bench: Bench) -> list[Row]:
    site, corpus = bench.large, bench.large.corpus
    size = min(bench.effort.bulk, len(corpus.active))
    with ExitStack() as stack:
        engine = stack.enter_context(corpus.engine())
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

        ours(-1)
        found = rounds(bench.effort.rounds, {"ours": ours, "raw": raw})
    mine, theirs = found["ours"], found["raw"]
    bars = [Bar(mine.faster_than(theirs), "raw COPY", least=0.3)]
    return [Row(f"bulk commands, slices of {size:,}", site.events, "/s", mine, theirs, bars=bars)]


def _written(connection: psycopg.Connection, table: str, mark: int) -> list[Stored]:
    query = f"SELECT {', '.join(COLUMNS[table])} FROM mentorcycle.{table} WHERE tx > %s"
    return connection.execute(query, (mark,)).fetchall()
