"""Read models: built from nothing, caught up in batches, and at one commit per event as one would without batches."""

from __future__ import annotations

from contextlib import ExitStack

from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.sqlite import SQLiteStore

from ..report import Bar, Row
from ..rounds import Turn, rounds, timed
from ..site import Bench, Site
from ..stock_projection import follow, open_projection


def measure(bench: Bench) -> list[Row]:
    rows = []
    for site in bench.sites:
        with ExitStack() as stack:
            rows += _measured(site, bench.effort.rounds, stack)
    return rows


def _measured(site: Site, count: int, stack: ExitStack) -> list[Row]:
    """The rebuild goes as far as leaves enough of the log for every turn of a catch-up."""
    store = stack.enter_context(SQLiteStore(site.corpus.path))
    app = stack.enter_context(site.stock())
    readers = Readers(store)
    projection = open_projection(site.directory / f"view-{site.events}.db")
    stack.callback(projection.view.datastore.close)
    head = store.head()
    each = min(site.effort.one_by_one, head // (4 * count))
    many = min(site.effort.caught_up, head // (2 * count) - each)
    reached = [head - count * (many + each)]

    def rebuilt() -> int:
        return readers.catch_up(reached[0])

    built = rounds(1, {"ours": lambda _: timed(rebuilt)})["ours"]

    def batches(_: int) -> tuple[int, float]:
        reached[0] += many
        return timed(lambda: readers.catch_up(reached[0]) and many)

    def one_by_one(_: int) -> tuple[int, float]:
        start = reached[0]
        reached[0] += each

        def work() -> int:
            for position in range(start + 1, reached[0] + 1):
                readers.catch_up(position)
            return each

        return timed(work)

    turns: dict[str, Turn] = {
        "ours": batches,
        "ours, one commit per event": one_by_one,
        "stock": lambda _: timed(lambda: follow(app, projection, each)),
    }
    found = rounds(count, turns)
    ours, single, stock = found["ours"], found["ours, one commit per event"], found["stock"]
    bars = [
        Bar(ours.faster_than(single), "ours, one commit per event", least=6),
        Bar(ours.faster_than(stock), "stock `Projection`", least=8),
    ]
    models = len(readers.models)
    return [
        Row(f"read models built from nothing ({models} of them)", site.events, "/s", built),
        Row(f"read models caught up, {many:,} events behind", site.events, "/s", ours, None, stock, bars),
        Row("… at one commit per event", site.events, "/s", single, None, stock),
    ]
