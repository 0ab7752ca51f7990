"""Two workers on the parts of one read model, and one: how long from new events to rows that know all of them.

They work in databases of their own, in which the same happens: the events of one week take several times as long as
those of another, and neither may have the better weeks.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from time import perf_counter, sleep

from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.projections import MODELS

from ...report import Bar, Row
from ...rounds import Turn, rounds
from ..crew import crew
from ..history import Feed
from ..site import Bench

GLANCE_SECONDS = 0.01
MODEL = next(model for model in MODELS if model.parts > 1)


def measure(bench: Bench) -> list[Row]:
    effort = bench.effort
    places = (bench.coming.url, bench.coming.feed), bench.coming.twin()
    with ExitStack() as stack:
        one, two = (Work(bench, stack, url, feed, workers) for workers, (url, feed) in enumerate(places, 1))
        loners = stack.enter_context(crew("loner", 2, bench.served))
        share = effort.worked // 100
        turns: dict[str, Turn] = {
            "one": one.turn,
            "two": two.turn,
            "a loner": lambda _: loners.turn([share]),
            "loners": lambda _: loners.turn([share, share]),
        }
        for turn in turns.values():
            turn(-1)
        found = rounds(effort.worked_rounds, turns)
        log = two.readers.store.head()
    title = f"read model `{MODEL.name}` in {MODEL.parts} parts, {effort.worked:,} events behind"
    cores = os.cpu_count() or 1
    bars = [
        Bar(found["two"].faster_than(found["one"]), "one worker", least=1.6),
        Bar(found["loners"].faster_than(found["a loner"]), "two processes that share nothing: one"),
        Bar(two.busy, f"a core busy, of {cores}"),
        Bar(one.busy, "a core busy with one"),
    ]
    return [Row(f"{title}, two workers", log, "/s", found["two"], bars=bars)]


class Work:
    """Gives so many workers something to do, and waits until it is done."""

    def __init__(self, bench: Bench, stack: ExitStack, url: str, feed: Feed, workers: int) -> None:
        self.readers = Readers(stack.enter_context(PostgresStore(url)), models=[MODEL])
        self.readers.catch_up()
        self._bench = bench
        self._feed = feed
        self._crews = [
            stack.enter_context(crew("feeder", 1, bench.served, url=url, model=MODEL.name))
            for _ in range(workers)
        ]
        for one in self._crews:
            stack.callback(one.turn, [False])
            one.turn([True])
        self._busy: dict[int, tuple[float, float]] = {}

    @property
    def busy(self) -> float:
        """How many cores the workers, and the server for them, kept busy."""
        return sum(busy for busy, _ in self._busy.values()) / sum(took for _, took in self._busy.values())

    def turn(self, number: int) -> tuple[int, float]:
        """Wait until the workers have shared the parts out, let events happen, and wait for the rows."""
        self._until_shared()
        before = self.readers.store.head()
        head = self._feed.more(self._bench.effort.worked)
        spent = self._spent()
        start = perf_counter()
        while not all(one.ready(head) for one in self.readers.lineups()):
            sleep(GLANCE_SECONDS)
        took = perf_counter() - start
        if number >= 0:
            self._busy[number] = self._spent() - spent, took
        return head - before, took

    def _spent(self) -> float:
        return self._bench.served() + sum(crew_.taken() for crew_ in self._crews)

    def _until_shared(self) -> None:
        while True:
            seen = self.readers.working()
            owners = {unit.owner for unit in seen.units}
            if None not in owners and len(owners) == len(seen.workers) == len(self._crews):
                return
            sleep(GLANCE_SECONDS)
