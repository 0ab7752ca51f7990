"""The programme as it was: the first page of running cycles and the counts by stage, then and now."""

from __future__ import annotations

from collections.abc import Callable

from mentorcycle.domain.vocabulary import Status
from mentorcycle.engine import Engine
from mentorcycle.engine.codec import from_micros

from ..lives import COORDINATOR
from ..report import Bar, Row
from ..rounds import Turn, rounds, timed
from ..site import Bench, Site

SHARES = (0.25, 0.5, 0.9)
"""Parts of the log that were there at the past moments."""


def measure(bench: Bench) -> list[Row]:
    return [row for site in bench.sites for row in _measured(site, bench.effort.rounds)]


def _measured(site: Site, count: int) -> list[Row]:
    with site.corpus.engine() as engine:
        engine.queries.readers.catch_up()
        moments = [_moment(engine, share) for share in SHARES]

        def page(at: object) -> object:
            return engine.queries.cycles(COORDINATOR, statuses=(Status.ACTIVE,), at=at, limit=50)  # type: ignore[arg-type]

        def counts(at: object) -> object:
            return engine.queries.counts(COORDINATOR, at=at)  # type: ignore[arg-type]

        cycles = f"of {site.corpus.cycles:,} cycles"
        return [
            *_compared(site, count, f"first 50 running {cycles}", page, moments, most=3),
            *_compared(site, count, f"counts by stage {cycles}", counts, moments, most=10),
        ]


def _moment(engine: Engine, share: float) -> object:
    """The instant at which that share of the log had been recorded."""
    (recorded,) = engine.store.read_log(int(engine.store.head() * share) - 1, 1)
    return from_micros(recorded.recorded_at)


def _compared(
    site: Site, count: int, title: str, ask: Callable[[object], object], moments: list[object], most: float
) -> list[Row]:
    def turn(at: object) -> Turn:
        def work() -> int:
            for _ in range(site.effort.queries):
                ask(at)
            return site.effort.queries

        return lambda _: timed(work)

    ask(None)
    turns = {"now": turn(None)} | {str(share): turn(at) for share, at in zip(SHARES, moments, strict=True)}
    found = rounds(count, turns)
    now, then = found["now"], [found[str(share)] for share in SHARES]
    bars = [
        Bar(now.faster_than(past), f"now, at {share:.0%} of the log", most=most)
        for share, past in zip(SHARES, then, strict=True)
    ]
    slowest = max(then, key=lambda past: past.typical)
    return [
        Row(f"{title}, now", site.events, "µs", now),
        Row(f"{title}, then", site.events, "µs", slowest, bars=bars),
    ]
