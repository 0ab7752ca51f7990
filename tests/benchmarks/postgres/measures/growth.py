"""What a command costs on a large log and on a small one, in the same rounds, so that growth is not weather."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from ...report import Bar, Row
from ...rounds import Turn, rounds
from ..contestants import Share
from ..crew import crew
from ..site import Bench, Site


def measure(bench: Bench) -> list[Row]:
    with ExitStack() as stack:
        sites = {"small": bench.small, "large": bench.large}
        turns: dict[str, Turn] = {
            name: _turn(site, bench.effort.alone, bench.effort.short_rounds, stack, bench.served)
            for name, site in sites.items()
        }
        for turn in turns.values():
            turn(-1)
        found = rounds(bench.effort.short_rounds, turns)
    small, large = found["small"], found["large"]
    bars = [Bar(small.faster_than(large), f"that at {bench.small.events:,} events", most=1.25)]
    title = "cost of a command, large : small log"
    return [Row(title, bench.large.events, "µs", large, bars=bars)]


def _turn(site: Site, cycles: int, count: int, stack: ExitStack, served: Callable[[], float]) -> Turn:
    corpus = site.corpus
    pairs = [corpus.take_long(cycles) for _ in range(count + 1)]
    ours = stack.enter_context(crew("ours", 1, served, url=corpus.url, now=corpus.now))
    return lambda number: ours.turn([Share(pairs[number], corpus.now)])
