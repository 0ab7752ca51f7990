"""Reading back: one cycle from its stream, one cycle as of a moment, and the whole log folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any
from uuid import UUID

import msgpack
from eventsourcing.domain import Aggregate

from mentorcycle.domain.ids import cycle_stream
from mentorcycle.engine.codec import decode
from mentorcycle.engine.states import State, folded, nothing
from mentorcycle.engine.stores.port import Store, tail
from mentorcycle.engine.undisturbed import undisturbed

from ..corpus import LONG, Pair
from ..lives import COORDINATOR, TENANT
from ..report import Bar, Row
from ..rounds import rounds, timed
from ..site import LOADED, Bench, Site
from ..stock import Mentoring, aggregates_of, uuid_of


def loads(bench: Bench) -> list[Row]:
    """One cycle from the log, nothing kept: an ordinary one, a long one, and an ordinary one as it was."""
    rows = []
    for site in bench.sites:
        with ExitStack() as stack:
            rows += _loads(site, bench.effort.rounds, stack)
    return rows


def _loads(site: Site, count: int, stack: ExitStack) -> list[Row]:
    corpus = site.corpus
    engine = stack.enter_context(corpus.engine(cached_streams=0))
    app = stack.enter_context(site.stock())
    floor = stack.enter_context(closing(site.floor()))
    wanted = site.effort.loads
    ordinary = corpus.active[:: max(1, len(corpus.active) // wanted)][:wanted]
    half = engine.store.head() // 2

    def row(title: str, pairs: Sequence[Pair], past: bool) -> Row:
        present = {pair: engine.cycle(pair.cycle, COORDINATOR).version for pair in pairs}

        def ours(pair: Pair) -> object:
            if past:
                return engine.as_of(pair.cycle, half, COORDINATOR)
            return engine.cycle(pair.cycle, COORDINATOR)

        def raw(pair: Pair) -> object:
            return floor.stream(TENANT, cycle_stream(pair.cycle), *([half] if past else []))

        def stock(pair: Pair) -> object:
            version = max(1, present[pair] // 2) if past else None
            return app.repository.get(uuid_of(pair.cycle), version=version)

        found = rounds(
            count, {"ours": _all(ours, pairs), "raw": _all(raw, pairs), "stock": _all(stock, pairs)}
        )
        bars = [Bar(found["ours"].faster_than(found["stock"]), "stock")]
        return Row(title, site.events, "µs", found["ours"], found["raw"], found["stock"], bars)

    typical = sorted(engine.cycle(pair.cycle, COORDINATOR).version for pair in ordinary)[len(ordinary) // 2]
    return [
        row(f"one cycle from the log ({typical} events)", ordinary, past=False),
        row(f"one cycle from the log ({LONG} events)", corpus.long[-LOADED:], past=False),
        row("one cycle as of half the log ago", ordinary, past=True),
    ]


def _all(load: Callable[[Pair], object], pairs: Sequence[Pair]) -> Callable[[int], tuple[int, float]]:
    def work() -> int:
        for pair in pairs:
            load(pair)
        return len(pairs)

    return lambda _: timed(work)


def log(bench: Bench) -> list[Row]:
    """Decode and fold the whole log into the state of every stream."""
    return [_log(site, bench.effort.rounds if site is bench.small else 1) for site in bench.sites]


def _log(site: Site, count: int) -> Row:
    """Ours and raw read all of it, once when it is large; the stock library a part, in two ways.

    `repository.get` of one aggregate after the other is its own replay; running the notifications through mapper
    and `mutate` is the quickest that can be built from its parts. Of a large log the first takes aggregates from all
    over it, people and cycles as they are mixed there. Reading our rows and unpacking them, into nothing, is what no
    fold in Python can pass.
    """
    limit = site.effort.replayed
    aggregates = aggregates_of(site.stock_path, limit)
    with ExitStack() as stack:
        store = stack.enter_context(site.corpus.engine()).store
        app = stack.enter_context(site.stock())
        floor = stack.enter_context(closing(site.floor()))
        found = rounds(
            count,
            {
                "ours": lambda _: timed(lambda: _fold(store)),
                "raw": lambda _: timed(floor.log),
                "stock": lambda _: timed(lambda: _replay(app, aggregates, limit)),
                "stock, by parts": lambda _: timed(lambda: _mutate(app, limit)),
                "unpacked": lambda _: timed(lambda: _unpack(store)),
            },
        )
    ours, raw, stock = found["ours"], found["raw"], found["stock"]
    bars = [
        Bar(ours.faster_than(stock), "stock, `repository.get`", least=10),
        Bar(ours.faster_than(found["stock, by parts"]), "stock, mapper and `mutate`"),
        Bar(found["unpacked"].faster_than(stock), "stock is reading and unpacking alone"),
        Bar(ours.faster_than(raw), "raw"),
    ]
    return Row("decode and fold of the log", site.events, "/s", ours, raw, stock, bars)


def _fold(store: Store) -> int:
    states: dict[str, State] = {}
    count = 0
    with undisturbed():
        for row in tail(store, 0):
            stream = row.stream
            states[stream] = folded(states.get(stream) or nothing(stream), decode(row))
            count += 1
    return count


def _unpack(store: Store) -> int:
    return sum(1 for row in tail(store, 0) if msgpack.unpackb(row.state))


def _replay(app: Mentoring, aggregates: Sequence[UUID], limit: int) -> int:
    count = 0
    for id in aggregates:
        aggregate: Aggregate = app.repository.get(id)
        count += aggregate.version
        if count >= limit:
            break
    return count


def _mutate(app: Mentoring, limit: int) -> int:
    aggregates: dict[UUID, Any] = {}
    after = count = 0
    while count < limit and (batch := app.recorder.select_notifications(after + 1, 1000)):
        for notification in islice(batch, limit - count):
            event: Any = app.mapper.to_domain_event(notification)
            aggregates[event.originator_id] = event.mutate(aggregates.get(event.originator_id))
            count += 1
        after = batch[-1].id
    return count
