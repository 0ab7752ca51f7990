"""All read models caught up in batches, and at one commit per event as one would without batches."""

from __future__ import annotations

from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.postgres import PostgresStore

from ...report import Bar, Row
from ...rounds import rounds, timed
from ..site import Bench


def measure(bench: Bench) -> list[Row]:
    effort, feed = bench.effort, bench.coming.feed
    with PostgresStore(bench.coming.url) as store:
        readers = Readers(store)
        readers.catch_up()

        def batches(_: int) -> tuple[int, float]:
            before = store.head()
            head = feed.more(effort.caught_up)
            return timed(lambda: readers.catch_up(head) - before)

        def one_by_one(_: int) -> tuple[int, float]:
            before = store.head()
            head = feed.more(effort.one_by_one)

            def work() -> int:
                for position in range(before + 1, head + 1):
                    readers.catch_up(position)
                return head - before

            return timed(work)

        one_by_one(-1)
        found = rounds(effort.rounds, {"batches": batches, "one by one": one_by_one})
        models, log = len(readers.models), store.head()
    ours, single = found["batches"], found["one by one"]
    bars = [Bar(ours.faster_than(single), "ours, one commit per event", least=8)]
    title = f"all {models} read models caught up, {effort.caught_up:,} events behind"
    return [
        Row(title, log, "/s", ours, bars=bars),
        Row("… at one commit per event", log, "/s", single),
    ]
