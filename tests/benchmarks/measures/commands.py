"""Single durable commands: load a cycle of 40 events, decide, append one event, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing

from mentorcycle.engine import Engine

from ..lives import COORDINATOR
from ..mix import Act, in_turn
from ..raw import Row as Stored
from ..report import Bar, Row
from ..rounds import Sample, Turn, rounds, timed
from ..site import Bench, Site
from ..stock import Mentoring, uuid_of

CONTESTANTS = ("ours", "raw", "stock", "ours, nothing kept", "stock, aggregates kept")


def measure(bench: Bench) -> list[Row]:
    """Both sizes take turns in the same rounds, so that growth is not weather."""
    with ExitStack() as stack:
        turns: dict[str, Turn] = {}
        for site in bench.sites:
            turns.update({f"{name} {site.events}": turn for name, turn in _turns(site, stack).items()})
        samples = rounds(bench.effort.short_rounds, turns)
    by_site = [{name: samples[f"{name} {site.events}"] for name in CONTESTANTS} for site in bench.sites]
    rows = [
        row for site, found in zip(bench.sites, by_site, strict=True) for row in _rows(site.events, found)
    ]
    return [*rows, _growth(bench, *by_site)]


def _turns(site: Site, stack: ExitStack) -> dict[str, Turn]:
    corpus, cycles = site.corpus, site.effort.cycles
    kept = [corpus.take_long(cycles) for _ in range(site.effort.short_rounds + 1)]
    fresh = [corpus.take_long(cycles) for _ in range(site.effort.short_rounds + 1)]
    ours = stack.enter_context(corpus.engine())
    cold = stack.enter_context(corpus.engine(cached_streams=0))
    stock = stack.enter_context(site.stock())
    caching = stack.enter_context(site.stock(cached=20_000))
    floor = stack.enter_context(closing(site.floor()))
    written = stack.enter_context(closing(site.written()))
    to_write: deque[list[Stored]] = deque()

    def warm(number: int) -> tuple[int, float]:
        for pair in kept[number]:
            ours.cycle(pair.cycle, COORDINATOR)
        written.mark()
        result = _execute(ours, in_turn(kept[number], corpus.now))
        to_write.append(written.events())
        return result

    def stock_warm(number: int) -> tuple[int, float]:
        for pair in fresh[number]:
            caching.repository.get(uuid_of(pair.cycle))
        return _record(caching, in_turn(fresh[number], corpus.now))

    def raw(number: int) -> tuple[int, float]:
        """The rows of an earlier turn of ours: the warm-up has left some."""
        rows = to_write.popleft()
        return timed(lambda: floor.commit_each(rows))

    turns: dict[str, Turn] = {
        "ours": warm,
        "raw": raw,
        "stock": lambda number: _record(stock, in_turn(kept[number], corpus.now)),
        "ours, nothing kept": lambda number: _execute(cold, in_turn(fresh[number], corpus.now)),
        "stock, aggregates kept": stock_warm,
    }
    for name, turn in turns.items():
        if name != "raw":
            turn(-1)
    return turns


def _execute(engine: Engine, acts: Sequence[Act]) -> tuple[int, float]:
    def work() -> int:
        for act in acts:
            engine.execute(act.command, act.actor).or_raise()
        return len(acts)

    return timed(work)


def _record(app: Mentoring, acts: Sequence[Act]) -> tuple[int, float]:
    def work() -> int:
        for act in acts:
            app.record(act.command.cycle, *act.call)  # type: ignore[attr-defined]
        return len(acts)

    return timed(work)


def _rows(events: int, found: dict[str, Sample]) -> list[Row]:
    ours, raw, stock, cold, caching = (found[name] for name in CONTESTANTS)

    def ratios(mine: Sample, theirs: Sample, least: tuple[float, float] | None = None) -> list[Bar]:
        to_stock, to_raw = least or (None, None)
        return [
            Bar(mine.faster_than(theirs), "stock", least=to_stock),
            Bar(mine.faster_than(raw), "raw", least=to_raw),
        ]

    title = "single durable command"
    most = Bar(raw.faster_than(stock), "stock is what raw comes to")
    kept = [*ratios(ours, stock, (4, 0.5)), most]
    return [
        Row(f"{title}, state kept", events, "µs", ours, raw, stock, kept),
        Row("… nothing kept by either", events, "µs", cold, raw, stock, ratios(cold, stock)),
        Row("… kept by both", events, "µs", ours, raw, caching, ratios(ours, caching)),
    ]


def _growth(bench: Bench, small: dict[str, Sample], large: dict[str, Sample]) -> Row:
    def grown(name: str) -> float:
        return small[name].faster_than(large[name])

    bars = [Bar(grown("ours"), "the small log", most=1.25), Bar(grown("raw"), "the small log, raw")]
    log = bench.large.events
    return Row(
        "cost of a command, large : small log", log, "µs", large["ours"], large["raw"], large["stock"], bars
    )
