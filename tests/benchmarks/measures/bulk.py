"""Bulk: commands on distinct stored cycles, a slice in one durable commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing

from eventsourcing.domain import Aggregate

from ..lives import COORDINATOR
from ..mix import Act, by_coordinator
from ..raw import Row as Stored
from ..report import Bar, Row
from ..rounds import rounds, timed
from ..site import FULL, Bench, Site
from ..stock import uuid_of


def measure(bench: Bench) -> list[Row]:
    return [_measured(site, bench.effort.rounds) for site in bench.sites]


def _measured(site: Site, count: int) -> Row:
    corpus = site.corpus
    size = min(site.effort.bulk, len(corpus.active))
    with ExitStack() as stack:
        engine = stack.enter_context(corpus.engine())
        app = stack.enter_context(site.stock())
        floor = stack.enter_context(closing(site.floor()))
        written = stack.enter_context(closing(site.written()))
        to_write: deque[Sequence[tuple[str, list[Stored]]]] = deque()

        def acts(number: int) -> list[Act]:
            first = (number + 1) * size % len(corpus.active)
            pairs = [*corpus.active[first:], *corpus.active[:first]][:size]
            return [by_coordinator(pair, corpus.now)[place % 2] for place, pair in enumerate(pairs)]

        def ours(number: int) -> tuple[int, float]:
            commands = [act.command for act in acts(number)]
            written.mark()
            result = timed(lambda: len(engine.execute_many(commands, COORDINATOR).receipts))
            if result[0] != len(commands):
                raise ValueError(f"{len(commands) - result[0]} commands were refused")
            to_write.append(written.tables())
            return result

        def raw(number: int) -> tuple[int, float]:
            """The rows of an earlier turn of ours: events and commands."""
            tables = to_write.popleft()
            return timed(lambda: floor.commit_all(tables))

        def stock(number: int) -> tuple[int, float]:
            given = acts(number)

            def work() -> int:
                aggregates: list[Aggregate] = []
                for act in given:
                    aggregate: Aggregate = app.repository.get(uuid_of(act.command.cycle))  # type: ignore[attr-defined]
                    getattr(aggregate, act.call[0])(**act.call[1])
                    aggregates.append(aggregate)
                app.save(*aggregates)
                return len(given)

            return timed(work)

        ours(-1)
        found = rounds(count, {"ours": ours, "raw": raw, "stock": stock})
    mine, theirs = found["ours"], found["raw"]
    least = (
        0.25 if size == FULL.bulk else None
    )  # the bar is one of whole slices, which a small log does not fill
    bars = [Bar(mine.faster_than(theirs), "raw", least=least), Bar(mine.faster_than(found["stock"]), "stock")]
    title = f"bulk commands, slices of {size:,}"
    return Row(title, site.events, "/s", mine, theirs, found["stock"], bars)
